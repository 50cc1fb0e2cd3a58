/** The job that lists a tree. */
import { type Job, threadsFor } from "../../core/threads/threads.ts";
import { type WalkParams, walkAll } from "../../stage/source/disk/node-walk.ts";

/** Lists everything below the tops. */
export const walk: Job<WalkParams> = {
  // nobody knows yet how many directories there are; more threads join when there are many
  threads: ({ paths }) => (paths.isDirectory ? 1 : threadsFor({ tops: paths.from.length })),
  run: walkAll,
};
