/** SHA-256 and size of store paths as NARs, and to which others they refer: each thread takes the next path. */
import { createHash, type Hash } from "node:crypto";
import { Column } from "../../../../core/column.ts";
import type { JobContext } from "../../../../core/threads.ts";
import type { Contents } from "../../../tree/contents.ts";
import type { Tree } from "../../../tree/tree.ts";
import { NarWriter } from "./nar-writer.ts";
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
  const { scan } = work;
  const scanner = scan && new ReferenceScanner(scan.hashParts, scan.folder);
  let hash: Hash;
  const take = (bytes: Uint8Array) => {
    hash.update(bytes);
    scanner?.push(bytes);
  };
  const writer = new NarWriter(tree, contents, take, (bytes) => job.breathe(bytes));
  for (const piece of job.pieces(work.entries.length)) {
    hash = createHash("sha256");
    scanner?.clear();
    await writer.write(work.entries[piece]!);
    work.hashes.set(hash.digest(), HASH_BYTES * piece);
    work.sizes[piece] = writer.size;
    if (scanner) noteReferences(scan!, piece, scanner);
  }
  contents.close();
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
