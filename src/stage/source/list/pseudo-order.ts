/**
 * Which definitions of pseudo files count, and in which order they are carried out: a directory before what lies in it,
 * however they stand in their files. Of several for one path the first counts, as for mksquashfs.
 */
import { show } from "../../text/line-words.ts";
import { splitPath } from "../../tree/path.ts";
import { S_IFDIR, S_IFMT } from "../../tree/tree.ts";
import type { PseudoEntry } from "./pseudo.ts";

/** Definitions in order. */
export interface OrderedPseudo<E extends PseudoEntry> {
  /** What makes entries or changes them, directories first. */
  entries: E[];
  /** Further names of entries. */
  links: E[];
  /** What gives attributes to entries that are there once all others are done. */
  xattrs: E[];
}

/**
 * Sorts out what counts.
 *
 * @param hasSource the root is that of a source, so that nothing here may define it
 * @param ignore is told of each that does not count
 */
export function orderPseudo<E extends PseudoEntry>(
  definitions: readonly E[],
  hasSource: boolean,
  ignore: (definition: E, why: string) => void,
): OrderedPseudo<E> {
  const chosen = new Chosen<E>();
  const xattrs: E[] = [];
  for (const definition of definitions) {
    const names = splitPath(definition.path);
    if (definition.action === "xattr") {
      xattrs.push(definition);
    } else if (names.length === 0) {
      if (!isDirectory(definition)) ignore(definition, "/ is a directory");
      else if (hasSource) ignore(definition, "/ is that of the source");
      else chosen.setRoot(definition);
    } else {
      const why = chosen.add(names, definition);
      if (why !== undefined) ignore(definition, why);
    }
  }
  const all = chosen.inOrder();
  return {
    entries: all.filter(({ action }) => action !== "link"),
    links: all.filter(({ action }) => action === "link"),
    xattrs,
  };
}

function isDirectory({ action, mode }: PseudoEntry): boolean {
  return action === "add" && (mode & S_IFMT) === S_IFDIR;
}

/** The definitions that count so far, by path. */
class Chosen<E extends PseudoEntry> {
  readonly #byPath = new Map<string, { definition: E; depth: number }>();
  /** Paths that something is to lie below. */
  readonly #parents = new Set<string>();

  setRoot(definition: E): void {
    this.#byPath.set("", { definition, depth: 0 });
  }

  /** Adds one; gives the reason if it does not count. */
  add(names: readonly string[], definition: E): string | undefined {
    const path = names.join("/");
    const above = names.slice(1).map((_, index) => names.slice(0, index + 1).join("/"));
    const file = above.find((each) => this.#byPath.has(each) && !mayHold(this.#byPath.get(each)!.definition));
    if (file !== undefined) return `${show(file)} is defined as what holds nothing`;
    if (this.#byPath.has(path)) return `${show(path)} is defined already`;
    if (this.#parents.has(path) && !mayHold(definition)) return `${show(path)} has to be a directory`;
    this.#byPath.set(path, { definition, depth: names.length });
    for (const each of above) this.#parents.add(each);
    return undefined;
  }

  /** Directories before what lies in them, else in the order in which they were given. */
  inOrder(): E[] {
    return [...this.#byPath.values()].sort((a, b) => a.depth - b.depth).map(({ definition }) => definition);
  }
}

/** Something may lie in what a definition makes, or changes. */
function mayHold(definition: PseudoEntry): boolean {
  return definition.action === "modify" || isDirectory(definition);
}
