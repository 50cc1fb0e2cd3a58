/** Pseudo file definitions applied to a tree that has been walked. What does not fit is told, and left out. */
import { ImageError } from "../../../core/error.ts";
import { show } from "../../text/line-words.ts";
import { splitPath } from "../../tree/path.ts";
import { NONE, S_IFBLK, S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "../../tree/tree.ts";
import type { Amending } from "../node-amend.ts";
import type { OutsideFiles } from "../node-outside.ts";
import { copyData, type PseudoFile, runCommand } from "./node-pseudo.ts";
import type { PseudoEntry } from "./pseudo.ts";
import { orderPseudo } from "./pseudo-order.ts";

/** What applies to all definitions. */
export interface PseudoDefaults {
  /** Of entries that are given no time. */
  mtime: number;
  /** What directories are like that are missing on the way to an entry; without it, that is an error. */
  directory: PseudoEntry | undefined;
  /** The root is that of a source, which no definition changes. */
  hasSource: boolean;
  /** Owners that definitions give stay, whatever all entries get. */
  keepsOwners: boolean;
  /** Is told of each definition that does not fit; what it throws ends the build. */
  warn: (message: string) => void;
}

/** A definition with what it needs of its file. */
interface Definition extends PseudoEntry {
  contents: PseudoFile["data"];
}

/**
 * Does what the definitions say, whatever their order.
 *
 * @throws ImageError `INPUT` naming the definition: where a directory is missing, or what it needs cannot be read
 */
export function applyPseudo(
  work: Amending,
  files: readonly PseudoFile[],
  defaults: PseudoDefaults,
  outside: OutsideFiles,
): void {
  const all = files.flatMap(({ entries, data }) => entries.map((entry) => ({ ...entry, contents: data })));
  new PseudoWriter(work, defaults, outside).apply(all);
}

class PseudoWriter {
  readonly #work: Amending;
  readonly #defaults: PseudoDefaults;
  readonly #outside: OutsideFiles;

  constructor(work: Amending, defaults: PseudoDefaults, outside: OutsideFiles) {
    this.#work = work;
    this.#defaults = defaults;
    this.#outside = outside;
  }

  apply(definitions: readonly Definition[]): void {
    const ignore = (definition: Definition, why: string) => this.#ignore(definition, why);
    const { entries, links, xattrs } = orderPseudo(definitions, this.#defaults.hasSource, ignore);
    for (const entry of entries) this.#at(entry, () => this.#define(entry));
    this.#link(links);
    for (const entry of xattrs) this.#at(entry, () => this.#addXattr(entry));
  }

  /** Says of an error which definition it comes from. */
  #at({ where }: Definition, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof ImageError) || error.message.startsWith(where)) throw error;
      throw new ImageError(error.code, `${where}: ${error.message}`, { path: error.path, cause: error.cause });
    }
  }

  #ignore({ where, path }: Definition, why: string): void {
    this.#defaults.warn(`${where}: the definition of /${show(splitPath(path).join("/"))} is ignored: ${why}`);
  }

  #define(entry: Definition): void {
    const { editor } = this.#work;
    const { action, path } = entry;
    const names = splitPath(path);
    const file = this.#findAbove(entry, names);
    const present = editor.find(path);
    if (file !== undefined) this.#ignore(entry, `${show(file)} is no directory`);
    else if (action === "modify") {
      if (present === NONE) this.#ignore(entry, "nothing is there to be changed");
      else this.#modify(present, entry);
    } else if (present !== NONE && names.length > 0) {
      this.#ignore(entry, "something is there already (-e leaves it out)");
    } else if (action === "copy" || action === "follow") {
      this.#copy(entry, action === "follow");
    } else this.#add(entry);
  }

  /** Makes the directories that are missing above an entry; gives the path of what is there and is none. */
  #findAbove(entry: Definition, names: readonly string[]): string | undefined {
    const { editor, tree } = this.#work;
    const { directory, mtime } = this.#defaults;
    for (let depth = 1; depth < names.length; depth++) {
      const path = names.slice(0, depth).join("/");
      const found = editor.find(path);
      if (found !== NONE && tree.kind(found) !== S_IFDIR) return path;
      if (found !== NONE) continue;
      if (directory === undefined) this.#missing(entry, path);
      editor.add(path, { ...this.#metaOf(directory), mtime: directory.mtime ?? mtime });
    }
    return undefined;
  }

  #modify(at: number, { mode, mtime, uid, gid }: Definition): void {
    const { editor, tree } = this.#work;
    const { keepsOwners } = this.#defaults;
    const kept = tree.mtime.view[at]!;
    editor.setMeta(at, {
      ...{ mode: tree.kind(at) | (mode & 0o7777), uid, gid },
      ...{ mtime: mtime ?? kept, keepsOwner: keepsOwners },
    });
  }

  #metaOf({ mode, uid, gid, mtime }: PseudoEntry) {
    return { mode, uid, gid, mtime: mtime ?? this.#defaults.mtime, keepsOwner: this.#defaults.keepsOwners };
  }

  #add(entry: Definition): void {
    const { editor } = this.#work;
    const { path, target, contents } = entry;
    const meta = this.#metaOf(entry);
    const kind = entry.mode & S_IFMT;
    if (entry.data) this.#work.addMade(path, meta, (file) => copyData(contents!, entry, file));
    else if (kind === S_IFREG) this.#work.addMade(path, meta, (file) => runCommand(entry, file));
    else if (kind === S_IFLNK) editor.setTarget(editor.add(path, meta), target);
    else if (kind === S_IFCHR || kind === S_IFBLK) this.#work.addDevice(path, meta, entry.major, entry.minor);
    else editor.add(path, meta);
  }

  /** Adds a file of this machine; if it is in the image already, as a further name of that. */
  #copy({ path, target, where }: Definition, follow: boolean): void {
    const stats = this.#work.stat(target, follow);
    if ((Number(stats.mode) & S_IFMT) === S_IFDIR) {
      throw new ImageError("INPUT", `${where}: a directory cannot be linked to`);
    }
    this.#outside.add(path, target, follow);
  }

  /** A link may stand before the one that it leads to. */
  #link(links: readonly Definition[]): void {
    const { editor } = this.#work;
    let pending = links;
    for (let before = Number.POSITIVE_INFINITY; pending.length < before; ) {
      before = pending.length;
      pending = pending.filter((entry) => {
        const original = editor.find(entry.target);
        if (original === NONE) return true;
        this.#at(entry, () => this.#addLink(entry, original));
        return false;
      });
    }
    for (const entry of pending) this.#missing(entry, entry.target);
  }

  #addLink(entry: Definition, original: number): void {
    const { editor } = this.#work;
    const file = this.#findAbove(entry, splitPath(entry.path));
    if (file !== undefined) this.#ignore(entry, `${show(file)} is no directory`);
    else if (editor.find(entry.path) !== NONE) this.#ignore(entry, "something is there already (-e leaves it out)");
    else editor.addLink(entry.path, original);
  }

  #addXattr(entry: Definition): void {
    const at = this.#work.editor.find(entry.path);
    if (at === NONE) this.#missing(entry, entry.path);
    if (this.#work.takesXattr(entry.xattr!.name)) this.#work.addXattr(at, entry.xattr!);
  }

  #missing({ where }: Definition, path: string): never {
    throw new ImageError("INPUT", `${where}: there is no ${show(path)} in the image`);
  }
}
