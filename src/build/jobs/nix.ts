/** The jobs that read NARs, and that find out what store paths are as NARs. */
import { type Job, threadsFor } from "../../core/threads/threads.ts";
import { type HashWork, hashPaths } from "../../stage/source/nix/nar/node-hash-paths.ts";
import { type ArchiveWork, readArchives } from "../../stage/source/nix/nar/node-read-archives.ts";
import { type JobInput, openInput } from "../contents.ts";

/** Reads archives into a tree. */
export const archives: Job<ArchiveWork> = {
  threads: ({ order, ranges }) =>
    Math.min(order.length, threadsFor({ bytes: ranges.places.reduce((sum, { size }) => sum + size, 0) })),
  run: readArchives,
};

/** Hashes store paths. */
export const hash: Job<JobInput & { work: HashWork; bytes: number }> = {
  threads: ({ work, bytes }) => Math.min(work.entries.length, threadsFor({ bytes, tops: work.entries.length })),
  async run(job, { work, ...input }) {
    const { tree, contents } = await openInput(job, input, false);
    await hashPaths(job, tree, contents, work);
  },
};
