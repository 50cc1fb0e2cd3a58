/** The jobs that look for equal files, and for holes. */

import { loadXxHash } from "../../core/hash/xxhash.ts";
import { type Job, threadsFor } from "../../core/threads/threads.ts";
import { compareCandidates, countGroups, type DedupeCandidates } from "../../stage/tree/dedupe.ts";
import { type SparseScan, scanSparse } from "../../stage/tree/sparse.ts";
import { type JobInput, openInput } from "../contents.ts";

/** Compares candidates. */
export const compare: Job<JobInput & { candidates: DedupeCandidates }> = {
  threads: ({ candidates }) =>
    Math.min(countGroups(candidates), threadsFor({ bytes: candidates.bytes, entries: candidates.entries.length })),
  async run(job, { candidates, ...input }) {
    const { tree, contents } = await openInput(job, input);
    await compareCandidates(job, tree, candidates, contents, await loadXxHash());
  },
};

/** Looks for zeros in files that may have holes. */
export const scan: Job<JobInput & { scan: SparseScan }> = {
  threads: ({ scan }) => Math.min(scan.entries.length, threadsFor({ bytes: scan.bytes, entries: scan.entries.length })),
  async run(job, { scan, ...input }) {
    const { tree, contents } = await openInput(job, input);
    await scanSparse(job, tree, scan, contents);
  },
};
