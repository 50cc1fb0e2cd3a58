/** The job that has contents of zip archives where they can be read at random. */
import { type Job, threadsFor } from "../../core/threads/threads.ts";
import { type UnpackWork, unpackMembers } from "../../stage/source/archive/zip/node-unpack.ts";

/** Unpacks members. */
export const unpack: Job<UnpackWork> = {
  threads({ rows, packedLens, entries }) {
    const bytes = packedLens.reduce((sum, length) => sum + length, 0);
    // to decompress takes many times as long as to read
    return Math.min(rows.length - 1, threadsFor({ bytes: 8 * bytes, entries: entries.length }));
  },
  run: unpackMembers,
};
