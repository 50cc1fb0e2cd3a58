// What passes between the files of the benchmarks: cases that are run, samples of them, rows of figures. Types only.

/** Tells whoever waits what is going on, a line at a time. */
export type Say = (line: string) => void;

/** `next(n)`: an integer below n. */
export type Next = (below: number) => number;

/** How much lies somewhere. */
export interface Total {
  entries: number;
  bytes: number;
}

/** A file, link or directory that was found, with what is in it. */
export interface Node extends Total {
  path: string;
  children?: Node[];
}

/** Neighbours that become one path of a store. */
export interface Unit extends Total {
  parts: Node[];
  first: Node;
  hash: string;
  chosen?: boolean;
}

/** What a store is made of: at most so many paths, entries and bytes of a closure, and paths in each of two stores. */
export interface StoreBudgets extends Total {
  paths: number;
  small: number;
  large: number;
}

/** How much of a store there is. */
export interface StoreTotal extends Total {
  paths: number;
}

/** The layout of scenario.mjs. */
export interface StoreLayout {
  closure: StoreTotal;
  stores: Record<"small" | "large", StoreTotal>;
}

/** The tree of compress.mjs and squashfs.mjs; `listing`: the beginning of a hash of what is in it. */
export interface TreeLayout extends Total {
  listing: string;
}

/** Whose program a case runs. */
export type Side = "ours" | "peer" | "other";

/** The mkfs.erofs that ours is held against, and what it can do. */
export interface Peer {
  command: string;
  version: string;
  tar: boolean;
  workers: boolean;
  label: boolean;
}

/** What is to be done, and what is promised of it: `wall` and `size` at most so many times the peer's. */
export interface Mode {
  name: string;
  wall: number;
  size: number;
}

/** A command to measure. */
export interface Case {
  name: string;
  side: Side;
  /** Why it is not run. */
  skipped?: string | undefined;
  /** What it leaves is no image: see floor.mjs. */
  isFloor?: boolean;
}

/** A way to the image of a closure. */
export interface ScenarioCase extends Case {
  argv: (image: string) => string[];
  /** Where it is run. */
  cwd?: string;
}

/** A program in a mode. */
export interface ModeCase<M extends Mode = Mode> extends Case {
  mode: M;
  argv: (image: string, tree: string) => string[];
}

/** One with a place for its image, in a folder that is emptied before each run. */
export interface PlacedCase<M extends Mode = Mode> extends ModeCase<M> {
  folder: string;
  image: string;
}

/** What one run of a command took: seconds, bytes. What is not known is missing. */
export interface Sample {
  wall?: number | undefined;
  cpu?: number | undefined;
  peak?: number | undefined;
  /** Bytes of the image. */
  size?: number | undefined;
  /** Stopped before its end. */
  late?: boolean | undefined;
  /** Not repeated in each round. */
  once?: boolean | undefined;
  /** What went wrong. */
  failure?: string | undefined;
}

/** What a pass over a mounted image took; `dropped`: without the kernel's page cache. `refused`: it did not mount. */
export interface Pass {
  wall?: number | undefined;
  bytes?: number | undefined;
  dropped?: boolean | undefined;
  failure?: string | undefined;
  refused?: boolean | undefined;
}

/** The timed passes over an image. */
export type PassName = "all" | "random";

/** One round of passes, or why there is none. */
export interface ReadSample extends Partial<Record<PassName, Pass>> {
  skipped?: string | undefined;
  failure?: string | undefined;
}

/** Seconds of each round, for comparing two by pairs of the same round. */
export interface Walls {
  walls?: (number | undefined)[];
  late?: boolean | undefined;
  once?: boolean | undefined;
}

/** The figures of a case: medians. */
export interface Row extends Walls {
  name: string;
  side: Side;
  mode?: string;
  skipped?: string | undefined;
  failure?: string | undefined;
  wall?: number | undefined;
  cpu?: number | undefined;
  peak?: number | undefined;
  size?: number | undefined;
  /** How many times as long as ours it took. */
  times?: number | undefined;
}

/** The figures of reading a case's image. */
export interface ReadRow extends Partial<Record<PassName, Walls>> {
  name: string;
  side: Side;
  mode: string;
  skipped?: string | undefined;
  failure?: string | undefined;
}

/** What reading all images took, or why they were not read. */
export interface Reading {
  rows: ReadRow[];
  skipped?: string;
  dropped?: boolean;
  reads?: number;
}

/** A promise and what became of it; `met` is undefined where nothing was measured. */
export interface Verdict {
  promise: string;
  limit: string;
  got: string;
  met: boolean | undefined;
}

/** A run: what it was measured on (`[what, value]` a line), its figures, its promises. */
export interface RunRecord {
  machine: [string, string][];
  rounds: number;
  rows: Row[];
  promises: Verdict[];
}

/** A run of scenario.mjs. */
export interface StoreRecord extends RunRecord {
  layout: StoreLayout;
  /** Each image was written over the one before. */
  overwrite: boolean;
}

/** A run over a tree. */
export interface TreeRecord extends RunRecord {
  layout: TreeLayout;
}

/** A run of compress.mjs. */
export interface CompressRecord extends TreeRecord {
  reading: Reading;
}

/** A line of a table; one of two cells is a name and a remark. */
export type Line = string[];
