/** A tree with rules for the order of its contents, which can be found in any image. */
import { mkdirSync, writeFileSync } from "node:fs";
import type { BuildOptions } from "../../../dist/index.js";
import { makeRandomTree } from "./random-tree.ts";

/** A sort file for the tree. */
export const RULES = `# what starts the system comes first, what nobody reads last
-5 zz/last
-9 [glob] m/*
7 aa/first
`;

/** Contents that do not compress, so that they can be found in any image. */
function noise(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0, state = seed; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** What lies where; the first four do not compress. */
export const CONTENTS: [path: string, bytes: Buffer][] = [
  ["aa/first", noise(1, 9000)],
  ["aa/large", noise(2, 300_000)],
  // equal to one that comes later in the tree, and earlier by the rules
  ["aa/twin", noise(3, 20_000)],
  ["m/large", noise(4, 200_000)],
  ["m/small", noise(5, 5000)],
  ["zz/last", noise(3, 20_000)],
  ["zz/text", Buffer.from("some text\n".repeat(5000))],
];

/** Ways to build that an order holds for. */
export const SORTED_OPTIONS: BuildOptions[] = [
  {},
  { inlineData: false, dsunit: 4 },
  { dedupe: "none" },
  { compress: { algorithm: "lz4" } },
  { compress: { algorithm: "lz4hc" }, fragments: "tails" },
  { compress: { algorithm: "zstd" }, fragments: "all", dedupeExtents: true },
  { compress: { algorithm: "deflate" }, fragments: "tails" },
  { compress: { algorithm: "lz4" }, tailPacking: true },
];

/** Makes the tree; with random entries of every kind and owner around it where the user is root. */
export function makeSortedTree(tree: string): void {
  if (process.getuid?.() === 0) makeRandomTree(`${tree}/random`, 7, 60);
  for (const [path, bytes] of CONTENTS) {
    mkdirSync(`${tree}/${path.split("/")[0]}`, { recursive: true });
    writeFileSync(`${tree}/${path}`, bytes);
  }
}
