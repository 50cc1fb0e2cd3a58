/** SHA-256 and size of store paths as NARs, and to which others they refer: each thread takes the next path. */
import { createHash, type Hash } from "node:crypto";
import { Column } from "../../../../core/column.ts";
import type { JobContext } from "../../../../core/threads/threads.ts";
import type { Contents } from "../../../tree/contents.ts";
import type { Tree } from "../../../tree/tree.ts";
import { type HeldOf, NarWriter } from "./nar-writer.ts";
import { ReferenceScanner } from "./reference-scanner.ts";

const HASH_BYTES = 32;

/** What is to be found out, and room for it: plain data, most of it in shared memory. */
export interface HashWork {
  /** Entries of the paths, in the order in which they are taken. */
  entries: Uint32Array;
  /** 32 bytes for each. */
  hashes: Uint8Array;
  sizes: Float64Array;
  scan: ScanWork | undefined;
}

/** What is known of the paths that may be referred to. */
export interface ScanWork {
  /** Digits of all paths of the closure, by number; undefined: of one that has none. */
  hashParts: readonly (string | undefined)[];
  /** Folder of the store: `/nix/store`. */
  folder: string;
  /** How many pairs have been found. */
  count: Int32Array;
  /** Pairs: place in `entries`, number of the path that is referred to. A column. */
  pairs: SharedArrayBuffer;
  /** For each of `entries`, bytes of a path that is none of the closure, up to a NUL. */
  missing: Uint8Array;
}

/** Bytes for a path in {@link ScanWork.missing}. */
export const MISSING_BYTES = 512;
const MAX_PAIRS = 2 ** 25;

/** Room for what is found of so many paths. */
export function createHashWork(entries: Uint32Array, scan?: Pick<ScanWork, "hashParts" | "folder">): HashWork {
  const { length } = entries;
  return {
    entries,
    hashes: new Uint8Array(new SharedArrayBuffer(HASH_BYTES * length)),
    sizes: new Float64Array(new SharedArrayBuffer(8 * length)),
    scan: scan && {
      ...scan,
      count: new Int32Array(new SharedArrayBuffer(4)),
      pairs: Column.create(Uint32Array, 2 * MAX_PAIRS).buffer,
      missing: new Uint8Array(new SharedArrayBuffer(MISSING_BYTES * length)),
    },
  };
}

/** Hashes paths until none is left; run by every thread at once. */
export async function hashPaths(job: JobContext, tree: Tree, contents: Contents, work: HashWork): Promise<void> {
  const hasher = new PathHasher(tree, contents, work, (bytes) => job.breathe(bytes));
  for (const piece of job.pieces(work.entries.length)) {
    hasher.start(piece, work.entries[piece]!);
    await hasher.advance();
  }
  contents.close();
}

/** Hashes one path after another. */
export class PathHasher {
  readonly #work: HashWork;
  readonly #writer: NarWriter;
  readonly #scanner: ReferenceScanner | undefined;
  #hash!: Hash;
  #piece = 0;
  #isDone = false;

  /** See {@link NarWriter}. */
  constructor(
    tree: Tree,
    contents: Contents,
    work: HashWork,
    breathe: (bytes: number) => Promise<void> | undefined,
    heldOf?: HeldOf,
  ) {
    const { scan } = work;
    this.#work = work;
    this.#scanner = scan && new ReferenceScanner(scan.hashParts, scan.folder);
    const take = (bytes: Uint8Array) => {
      this.#hash.update(bytes);
      this.#scanner?.push(bytes);
    };
    this.#writer = new NarWriter(tree, contents, take, breathe, heldOf);
  }

  /** Starts with a path, by its place in the work, and its entry. */
  start(piece: number, entry: number): void {
    this.#piece = piece;
    this.#isDone = false;
    this.#hash = createHash("sha256");
    this.#scanner?.clear();
    this.#writer.start(entry);
  }

  /** Hashes on, to the end, or as far as entries are known: see {@link NarWriter.advance}. */
  async advance(isReady?: (entry: number) => boolean): Promise<void> {
    if (this.#isDone || !(await this.#writer.advance(isReady))) return;
    this.#isDone = true;
    const { hashes, sizes, scan } = this.#work;
    hashes.set(this.#hash.digest(), HASH_BYTES * this.#piece);
    sizes[this.#piece] = this.#writer.size;
    if (this.#scanner) noteReferences(scan!, this.#piece, this.#scanner);
  }
}

function noteReferences(scan: ScanWork, piece: number, { found, missing }: ReferenceScanner): void {
  const at = Atomics.add(scan.count, 0, found.size);
  const pairs = new Column(Uint32Array, scan.pairs).ensure(2 * (at + found.size));
  [...found].forEach((number, index) => {
    pairs[2 * (at + index)] = piece;
    pairs[2 * (at + index) + 1] = number;
  });
  if (missing === undefined) return;
  for (let byte = 0; byte < Math.min(missing.length, MISSING_BYTES - 1); byte++) {
    scan.missing[MISSING_BYTES * piece + byte] = missing.charCodeAt(byte);
  }
}
