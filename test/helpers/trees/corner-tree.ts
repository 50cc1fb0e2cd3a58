/**
 * Real directory trees that hold the corners of the formats: sizes beside block borders, awkward names, holes,
 * duplicates, links, devices, extreme ids, modes and times. Root only. The same call makes the same tree wherever it
 * is made, short of what the filesystem underneath cannot hold.
 */
import { addDirectories, addDuplicates, addSizes, addSparse } from "./corner-contents.ts";
import { addHardLinks, addNames, addOwnersAndModes, addSpecials, addSymlinks, addTimes } from "./corner-metadata.ts";
import { TreeBuilder } from "./tree-builder.ts";

/** What {@link makeCornerTree} leaves out or puts in. */
export interface CornerOptions {
  /** `u32`: only times that SquashFS can hold (whole seconds from 0 to 2^32−1). Default: `any`. */
  times?: "any" | "u32" | undefined;
  /** A file of a 5 GiB hole and one byte; a tool that stores holes makes 5 GiB of it. Default: true. */
  hugeHole?: boolean | undefined;
}

/** Builds the corner tree at `dir`, which is made if it is missing. */
export function makeCornerTree(dir: string, options: CornerOptions = {}): void {
  const tree = new TreeBuilder(dir, options.times === "u32");
  addSizes(tree);
  addSparse(tree, options.hugeHole !== false);
  addDuplicates(tree);
  addDirectories(tree);
  addNames(tree);
  addSymlinks(tree);
  addOwnersAndModes(tree);
  addTimes(tree);
  addSpecials(tree);
  addHardLinks(tree);
  tree.finish();
}
