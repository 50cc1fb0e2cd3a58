/** The segments of a staged tree, made by all threads: each takes the next one. */
import type { JobContext } from "../../core/threads.ts";
import type { Contents } from "../../stage/tree/contents.ts";
import type { Tree } from "../../stage/tree/tree.ts";
import type { InodeColumns } from "./inode-columns.ts";
import type { ImageFile } from "./large-files.ts";
import { type SegmentCommons, SegmentMaker } from "./maker.ts";
import type { SharedParentLinks } from "./parent-links.ts";

/** What is to be made; plain data, most of it in shared memory. */
export interface SegmentWork extends SegmentCommons {
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
  const { columns, order, starts, makes, inodeOf, sharesWith, plainEnds } = work;
  const matter = { tree, columns, contents, image, cuts: undefined, makes, inodeOf, sharesWith, plainEnds };
  const maker = await SegmentMaker.create(job, work, matter);
  for (const piece of job.pieces(starts.length - 1)) {
    maker.builder.startPiece(piece);
    for (let at = starts[piece]!; at < starts[piece + 1]!; at++) {
      const adding = maker.builder.add(order[at]!);
      if (adding !== undefined) await adding;
      if ((at & 63) === 63) await job.breathe();
    }
    await maker.builder.endPiece();
    await job.breathe();
  }
  await maker.finish();
  contents.close();
  maker.parents.leave(work.parents);
}
