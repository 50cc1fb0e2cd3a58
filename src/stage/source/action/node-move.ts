/** `move` of actions: where entries go is decided for all of them before the first one goes. */
import { bytesFromLatin1, latin1FromBytes, showBytes } from "../../../core/bytes.ts";
import { NONE, S_IFDIR } from "../../tree/tree.ts";
import type { Amending } from "../node-amend.ts";

/** Where an entry goes; what is undefined stays as it is. */
interface Move {
  directory: number | undefined;
  name: string | undefined;
}

/** Gathers moves, and makes them. */
export class Mover {
  readonly #work: Amending;
  readonly #warn: (message: string) => void;
  readonly #moves = new Map<number, Move>();

  /** @param warn is told of each move that cannot be */
  constructor(work: Amending, warn: (message: string) => void) {
    this.#work = work;
    this.#warn = warn;
  }

  /** Notes that an entry goes to `path`: into it, if that is a directory, else it is its new name. */
  plan(entry: number, path: string): void {
    const { tree, editor } = this.#work;
    const from = tree.parent.view[entry]!;
    let directory = path.startsWith("/") ? 0 : from;
    const names = path.split("/").filter((name) => name !== "" && name !== ".");
    let name: string | undefined;
    for (const [index, part] of names.entries()) {
      if (part === "..") {
        directory = tree.parent.view[directory]!;
        continue;
      }
      const next = editor.child(directory, part);
      if (next !== NONE && tree.kind(next) === S_IFDIR) {
        directory = next;
        continue;
      }
      if (index < names.length - 1) {
        this.#refuse(entry, path, `${showName(part)} is no directory`);
        return;
      }
      name = part;
    }
    this.#merge(entry, path, { directory: directory === from ? undefined : directory, name });
  }

  /** Several moves of one entry are one, if they do not contradict each other. */
  #merge(entry: number, path: string, { directory, name }: Move): void {
    const known = this.#moves.get(entry) ?? { directory: undefined, name: undefined };
    const contradicts = (a: unknown, b: unknown) => a !== undefined && b !== undefined && a !== b;
    if (contradicts(known.directory, directory) || contradicts(known.name, name)) {
      this.#refuse(entry, path, "it is moved elsewhere already");
      return;
    }
    this.#moves.set(entry, { directory: known.directory ?? directory, name: known.name ?? name });
  }

  /** Makes the moves, the last one first, as mksquashfs does. */
  finish(): void {
    const { tree, editor } = this.#work;
    for (const [entry, move] of [...this.#moves].reverse()) {
      const own = latin1FromBytes(tree.name(entry));
      const { directory = tree.parent.view[entry]!, name = own } = move;
      if (directory === tree.parent.view[entry] && name === own) continue;
      const path = `${latin1FromBytes(tree.path(directory))}/${name}`;
      if (editor.child(directory, name) !== NONE) this.#refuse(entry, path, "something is there already");
      else if (this.#isInside(directory, entry)) this.#refuse(entry, path, "that lies inside of it");
      else editor.move(entry, directory, name);
    }
  }

  #isInside(directory: number, entry: number): boolean {
    const { parent } = this.#work.tree;
    for (let at = directory; at !== 0; at = parent.view[at]!) if (at === entry) return true;
    return false;
  }

  #refuse(entry: number, path: string, why: string): void {
    this.#warn(`${showBytes(this.#work.tree.path(entry))} cannot be moved to ${showName(path)}: ${why}`);
  }
}

function showName(name: string): string {
  return showBytes(bytesFromLatin1(name));
}
