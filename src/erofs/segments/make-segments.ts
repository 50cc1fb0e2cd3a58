/** The segments of a staged tree: each thread takes the next piece of its order. */
import type { JobContext } from "../../core/threads.ts";
import type { Contents } from "../../stage/tree/contents.ts";
import type { Tree } from "../../stage/tree/tree.ts";
import { InodeSizes } from "../plan/measure.ts";
import { SegmentBuilder } from "./builder.ts";
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
  inodeOf: Uint32Array | undefined;
  /** By entry: the file whose data it shares, or NONE, where that has been decided before. */
  sharesWith: Uint32Array | undefined;
  /** See BuilderInput. */
  plainEnds: Uint8Array | undefined;
  parents: SharedParentLinks;
  makes: "all" | "inodes" | "data";
}

/** Makes segments until none is left; run by every thread at once. */
export async function makeSegments(
  job: JobContext,
  tree: Tree,
  work: SegmentWork,
  contents: Contents,
  image: ImageFile,
): Promise<void> {
  const { columns, order, starts, makes, inodeOf, settings, xattrIbodies } = work;
  const files = { tree, contents };
  const lines = new Set<PlacedLine>();
  const matter: PackedMatter = {
    image,
    dedupes: settings.dedupe && makes === "all",
    pieces: starts.length - 1,
    matterOf: () => ({ files: () => files, columns, inodeOf }),
    filesOf: () => files,
    placed: (_, line) => lines.add(line),
  };
  const packing = await SegmentPacking.create(job, work.packing, work, matter);
  if (!packing) return;
  const sizes = new InodeSizes(tree, settings, { ibodies: xattrIbodies }, columns.formats);
  const { line, afterPut } = packing;
  const hasKeys = matter.dedupes;
  const builder = new SegmentBuilder(job, { ...work, ...files, sizes, hasKeys, cuts: undefined, line, afterPut });
  const make = async (piece: number) => {
    builder.startPiece(piece);
    for (let at = starts[piece]!; at < starts[piece + 1]!; at++) {
      const adding = builder.add(order[at]!);
      if (adding !== undefined) await adding;
      if ((at & 63) === 63) await job.breathe();
    }
    await builder.endPiece();
    await job.breathe();
  };
  await packing.run({ make, finish: () => undefined });
  contents.close();
  for (const { parents } of lines) parents.leave(work.parents);
}
