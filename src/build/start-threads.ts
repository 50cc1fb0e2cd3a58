/** The threads of a build, or of what reads images. */
import { ThreadPool } from "../core/node/node-pool.ts";
import { JOBS } from "./jobs.ts";
import { startBuildWorker } from "./node-build-worker.ts";

/** Threads that do the jobs of builds; they start when there is something to do. */
export type BuildThreads = ThreadPool<typeof JOBS>;

/** So many threads, this one among them. */
export function startThreads(threads: number): BuildThreads {
  return new ThreadPool(threads, JOBS, startBuildWorker);
}
