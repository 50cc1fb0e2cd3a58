/** The job that reads extended attributes of files. */
import { type Job, threadsFor } from "../../core/threads.ts";
import { readSets, type XattrParams } from "../../stage/source/xattr/node-read-sets.ts";

/** Reads the attributes of all entries that lie on disk. */
export const xattrs: Job<XattrParams> = {
  threads: ({ entries }) => threadsFor({ entries }),
  run: readSets,
};
