/** The job that lists a tree. */
import type { Job } from "../../core/threads.ts";
import { type WalkParams, walkAll } from "../../stage/source/disk/node-walk.ts";

/** Lists everything below the tops. */
export const walk: Job<WalkParams> = {
  // nobody knows yet how many directories there are
  threads: () => 1,
  run: walkAll,
};
