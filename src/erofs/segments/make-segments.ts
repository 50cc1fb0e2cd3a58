/** The segments of a staged tree: each thread takes the next piece of its order. */
import type { JobContext } from "../../core/threads/threads.ts";
import type { Contents } from "../../stage/tree/contents.ts";
import type { Tree } from "../../stage/tree/tree.ts";
import { InodeSizes } from "../plan/measure.ts";
import { type Fingerprinter, SegmentBuilder, type SegmentFollower } from "./builder.ts";
import type { ImageFile } from "./copies.ts";
import type { InodeColumns } from "./inode-columns.ts";
import { type PackedMatter, type SegmentCommons, SegmentPacking, type SharedPacking } from "./packing.ts";
import type { SharedParentLinks } from "./place/parent-links.ts";
import type { PlacedLine } from "./place/placed-line.ts";

/** What is to be made; plain data, most of it in shared memory. */
export interface SegmentWork extends SegmentCommons {
  packing: SharedPacking;
  columns: InodeColumns;
  /** Of all files. */
  bytes: number;
  /** See SegmentOrder. */
  order: Uint32Array;
  starts: Uint32Array;
  /** Segments at which pieces of the work start, and their number; undefined: each is one. */
  pieces?: Uint32Array | undefined;
  inodeOf: Uint32Array | undefined;
  /** By entry: the file whose data it shares, or NONE, where that has been decided before. */
  sharesWith: Uint32Array | undefined;
  /** See BuilderInput. */
  plainEnds: Uint8Array | undefined;
  parents: SharedParentLinks;
  makes: "all" | "inodes" | "data";
}

/** A follower that is told of each entry. */
export interface EntryFollower extends SegmentFollower {
  /** An entry is in the segment, behind all that were before. */
  follow(entry: number): Promise<void> | undefined;
}

/** Who is told of files while segments are made of them. */
export interface FileReaders {
  follower?: EntryFollower | undefined;
  fingerprinter?: Fingerprinter | undefined;
}

/** How many pieces the work has. */
export function countPieces({ starts, pieces = starts }: SegmentWork): number {
  return pieces.length - 1;
}

/** Makes segments until none is left; run by every thread at once. */
export async function makeSegments(
  job: JobContext,
  tree: Tree,
  work: SegmentWork,
  contents: Contents,
  image: ImageFile,
  { follower, fingerprinter }: FileReaders = {},
): Promise<void> {
  const { columns, order, starts, makes, inodeOf, settings, xattrs } = work;
  const files = { tree, contents };
  const lines = new Set<PlacedLine>();
  const matter: PackedMatter = {
    image,
    dedupes: settings.dedupe && makes === "all",
    pieces: countPieces(work),
    isSlow: follower !== undefined || fingerprinter !== undefined,
    matterOf: () => ({ files: () => files, columns, inodeOf }),
    filesOf: () => files,
    placed: (_, line) => lines.add(line),
  };
  const packing = await SegmentPacking.create(job, work.packing, work, matter);
  if (!packing) return;
  const sizes = new InodeSizes(tree, settings, xattrs, columns.formats);
  const { line, afterPut } = packing;
  const hasKeys = matter.dedupes;
  const builder = new SegmentBuilder(job, {
    ...{ ...work, ...files, sizes, hasKeys, follower, fingerprinter, cuts: undefined, line, afterPut },
  });
  const fill = async (segment: number) => {
    for (let at = starts[segment]!; at < starts[segment + 1]!; at++) {
      const adding = builder.add(order[at]!);
      if (adding !== undefined) await adding;
      const following = follower?.follow(order[at]!);
      if (following !== undefined) await following;
      if ((at & 63) === 63) await job.breathe();
    }
  };
  const make = async (piece: number) => {
    builder.startPiece(piece);
    const { pieces } = work;
    const end = pieces ? pieces[piece + 1]! : piece + 1;
    for (let segment = pieces ? pieces[piece]! : piece; segment < end; segment++) {
      await fill(segment);
      await (segment + 1 < end ? builder.endSegment() : builder.endPiece());
      await job.breathe();
    }
  };
  await packing.run({ make, finish: () => undefined });
  contents.close();
  for (const { parents } of lines) parents.leave(work.parents);
}
