/** The job that compares contents of an image's files with those of a source. */
import { type Job, threadsFor } from "../../../core/threads/threads.ts";
import { readerOf } from "../../../inspect/open-image.ts";
import { ContentsComparison } from "../../compare/contents.ts";
import { type JobInput, openInput } from "../../contents.ts";
import { type ImagePlace, withPlace } from "../../look/image-place.ts";

/** What is to be compared; typed arrays are in shared memory. */
export interface MatchWork extends JobInput {
  place: ImagePlace;
  /** Entries of the tree, and the inodes that they are in the image. */
  entries: Uint32Array;
  ids: Float64Array;
  /** By file: 1 where it holds something else. */
  differs: Uint8Array;
  /** Bytes of the files. */
  bytes: number;
}

/** Files that a thread takes at once: neighbours. */
const BATCH = 32;

/** Compares files. */
export const match: Job<MatchWork> = {
  threads: ({ entries, bytes }) =>
    Math.min(Math.ceil(entries.length / BATCH), threadsFor({ bytes, entries: entries.length })),
  run: (job, { place, entries, ids, differs, ...input }) =>
    withPlace(place, async (image) => {
      const reader = readerOf(image);
      const { tree, contents } = await openInput(job, input);
      const comparison = new ContentsComparison(reader, tree, contents);
      for (const batch of job.pieces(Math.ceil(entries.length / BATCH))) {
        const end = Math.min((batch + 1) * BATCH, entries.length);
        for (let index = batch * BATCH; index < end; index++) {
          const inode = await reader.inode(ids[index]!);
          if (!(await comparison.isEqual(job, entries[index]!, inode))) differs[index] = 1;
        }
      }
      comparison.close();
    }),
};
