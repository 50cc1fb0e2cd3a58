/**
 * Actions carried out on a tree that has been walked, stage by stage:
 *
 *     exclude, dereference, changes      of what the sources have
 *     (pseudo files)
 *     move, prune, empty                 of all there is
 *     (the root)
 *     fragment, xattrs                   of what is left
 */
import { readdirSync } from "node:fs";
import { bytesFromLatin1 } from "../../../core/bytes.ts";
import { FILE_ANY_TAIL, FILE_COMPRESSED, FILE_NO_FRAGMENT, FILE_RAW, FILE_SMALL_TAIL } from "../../tree/file-order.ts";
import { S_IFDIR, S_IFLNK, S_IFREG } from "../../tree/tree.ts";
import type { Amending } from "../node-amend.ts";
import type { Action, Changeable, Doing, FileStorage } from "./actions.ts";
import { evaluate } from "./evaluate.ts";
import { Log } from "./log.ts";
import { Mover } from "./node-move.ts";
import { Subjects } from "./node-subjects.ts";

/** What actions are carried out with. */
export interface ActionHost {
  /** How files are stored that no action says anything of. */
  readonly fragments: "all" | "small" | "none";
  /** Prints a line of `-log-action`. */
  readonly print: (line: string) => void;
  /** Is told what could not be done. */
  readonly warn: (message: string) => void;
}

type ActionOf<S extends Doing["stage"]> = Action & { does: Extract<Doing, { stage: S }> };

/** Carries out actions. */
export class ActionRunner {
  readonly #work: Amending;
  readonly #actions: readonly Action[];
  readonly #host: ActionHost;
  readonly #subjects: Subjects;
  /** By one name of the inode, of files that an action stores otherwise. */
  readonly #storage = new Map<number, FileStorage>();
  /** Directories that something was taken out of. */
  readonly #emptied = new Set<number>();
  /** Numbers of named fragments. */
  readonly #fragments = new Map<string, number>();

  constructor(work: Amending, actions: readonly Action[], host: ActionHost) {
    this.#work = work;
    this.#actions = actions;
    this.#host = host;
    this.#subjects = new Subjects(work);
  }

  /** Leaves out what is excluded, with all below it. */
  exclude(): void {
    const actions = this.#of("exclude");
    if (actions.length > 0) this.#removeBefore(0, (entry) => actions.some((action) => this.#matches(action, entry)));
  }

  /** The links that are to be followed, and whether one that leads nowhere is kept. */
  linksToFollow(): Map<number, { keep: boolean }> {
    const found = new Map<number, { keep: boolean }>();
    const actions = this.#of("dereference");
    if (actions.length === 0) return found;
    this.#each(0, (entry) => {
      if (this.#work.tree.kind(entry) !== S_IFLNK) return;
      const action = actions.find((each) => this.#matches(each, entry));
      if (action) found.set(entry, { keep: action.does.keep });
    });
    return found;
  }

  /** Changes what all sources have. */
  change(): void {
    if (this.#of("change").length > 0) this.#each(0, (entry) => this.changeOne(entry));
  }

  /** Changes one entry; `keepsOwner`: an owner that it is given stays, whatever all entries get. */
  changeOne(entry: number, keepsOwner = false): void {
    const kind = this.#work.tree.kind(entry);
    for (const action of this.#of("change")) {
      if (action.does.kinds(kind) && this.#matches(action, entry))
        action.does.change(this.#changeable(entry, keepsOwner));
    }
  }

  /** Moves, then prunes, then leaves out empty directories. */
  rearrange(): void {
    const moves = this.#of("move");
    if (moves.length > 0) {
      const mover = new Mover(this.#work, this.#host.warn);
      this.#each(0, (entry) => {
        for (const action of moves) if (this.#matches(action, entry)) mover.plan(entry, action.does.to);
      });
      mover.finish();
    }
    const prunes = this.#of("prune");
    for (const isLinkTurn of prunes.length > 0 ? [true, false] : []) {
      this.#removeAfter(0, (entry) => {
        if ((this.#work.tree.kind(entry) === S_IFLNK) !== isLinkTurn) return false;
        return prunes.some((action) => this.#matches(action, entry));
      });
    }
    const empties = this.#of("empty");
    if (empties.length > 0) this.#removeAfter(0, (entry) => this.#isEmptyFor(entry, empties));
  }

  /** Decides how files are stored, and which attributes entries have. */
  finish(): void {
    const fragments = this.#of("fragment");
    const xattrs = this.#of("xattrs");
    for (const [entry, storage] of this.#storage) this.#store(entry, this.#flagsOf(storage));
    if (fragments.length + xattrs.length === 0) return;
    this.#each(0, (entry) => {
      if (this.#work.tree.kind(entry) === S_IFREG) {
        const action = fragments.find((each) => this.#matches(each, entry));
        if (action) this.#group(entry, action.does.name);
      }
      this.#changeXattrs(entry, xattrs);
    });
    this.#changeXattrs(0, xattrs);
  }

  #of<S extends Doing["stage"]>(stage: S): ActionOf<S>[] {
    return this.#actions.filter((action): action is ActionOf<S> => action.does.stage === stage);
  }

  #matches(action: Action, entry: number): boolean {
    const { name, words, expression, logs } = action;
    const subject = this.#subjects.of(entry);
    if (logs === "none") return evaluate(expression, subject, undefined);
    const log = new Log();
    log.write(`${subject.path}=${name}${words.length > 0 ? `(${words.join(",")})` : ""}@`);
    const result = evaluate(expression, subject, log);
    if (logs === "all" || (logs === "true") === result) this.#host.print(log.text);
    return result;
  }

  /** Calls `use` with all entries below one, each directory before what is in it, by name. */
  #each(directory: number, use: (entry: number) => void): void {
    for (const entry of this.#children(directory)) {
      use(entry);
      if (this.#work.tree.kind(entry) === S_IFDIR) this.#each(entry, use);
    }
  }

  #children(directory: number): number[] {
    const children = [...this.#work.editor.children(directory)].sort(([a], [b]) => (a < b ? -1 : 1));
    return children.map(([, entry]) => entry);
  }

  #removeBefore(directory: number, isUnwanted: (entry: number) => boolean): void {
    for (const entry of this.#children(directory)) {
      if (isUnwanted(entry)) this.#remove(entry);
      else if (this.#work.tree.kind(entry) === S_IFDIR) this.#removeBefore(entry, isUnwanted);
    }
  }

  #removeAfter(directory: number, isUnwanted: (entry: number) => boolean): void {
    for (const entry of this.#children(directory)) {
      if (this.#work.tree.kind(entry) === S_IFDIR) this.#removeAfter(entry, isUnwanted);
      if (isUnwanted(entry)) this.#remove(entry);
    }
  }

  #remove(entry: number): void {
    this.#emptied.add(this.#work.tree.parent.view[entry]!);
    this.#work.editor.remove(entry);
    this.#work.tree.addExcluded(1);
  }

  #isEmptyFor(entry: number, actions: readonly ActionOf<"empty">[]): boolean {
    if (this.#work.tree.kind(entry) !== S_IFDIR || this.#children(entry).length > 0) return false;
    const why = this.#hasLost(entry) ? "excluded" : "source";
    return actions.some(
      (action) => (action.does.reason === "all" || action.does.reason === why) && this.#matches(action, entry),
    );
  }

  /** Whether a directory is empty because of what was excluded, by an action or on the way here. */
  #hasLost(entry: number): boolean {
    if (this.#emptied.has(entry)) return true;
    if (entry >= this.#work.firstAdded) return false;
    return readdirSync(Buffer.from(bytesFromLatin1(this.#work.diskPath(entry)))).length > 0;
  }

  #changeable(entry: number, keepsOwner: boolean): Changeable {
    const { tree, editor } = this.#work;
    const names = editor.namesOf(entry);
    return {
      mode: tree.mode.view[entry]!,
      setMode: (mode) => {
        for (const name of names) tree.mode.view[name] = mode;
      },
      setOwner: (owner) => {
        editor.setOwner(entry, { ...owner, keepsOwner });
        this.#subjects.noteOwner(entry, owner);
      },
      changeStorage: (change) => {
        this.#storage.set(names[0]!, { ...this.#storageOf(names[0]!), ...change });
      },
    };
  }

  #storageOf(inode: number): FileStorage {
    const { fragments } = this.#host;
    const normal = { noFragments: fragments === "none", tails: fragments === "all", raw: undefined };
    return this.#storage.get(inode) ?? normal;
  }

  #flagsOf({ noFragments, tails, raw }: FileStorage): number {
    const fragment = noFragments ? FILE_NO_FRAGMENT : tails ? FILE_ANY_TAIL : FILE_SMALL_TAIL;
    return fragment | (raw === undefined ? 0 : raw ? FILE_RAW : FILE_COMPRESSED);
  }

  #store(entry: number, flags: number): void {
    for (const name of this.#work.editor.namesOf(entry)) this.#work.tree.noteStorage(name, flags, 0);
  }

  #group(entry: number, name: string): void {
    const known = this.#fragments.get(name) ?? this.#fragments.size + 1;
    this.#fragments.set(name, known);
    for (const each of this.#work.editor.namesOf(entry)) this.#work.tree.noteStorage(each, 0, known);
  }

  #changeXattrs(entry: number, actions: readonly ActionOf<"xattrs">[]): void {
    const matching = actions.filter((action) => this.#matches(action, entry));
    if (matching.length === 0) return;
    const kind = this.#work.tree.kind(entry);
    const before = this.#work.xattrs(entry);
    this.#work.setXattrs(
      entry,
      matching.reduce((xattrs, { does }) => does.change(xattrs, kind), before),
    );
  }
}
