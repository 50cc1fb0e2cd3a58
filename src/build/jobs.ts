/** The jobs of builds: how many pieces each has, and what a thread does that takes part. */

import type { Job } from "../core/threads.ts";
import { loadXxHash } from "../core/xxhash.ts";
import { type CompressWork, compressPieces } from "../erofs/compress/compress.ts";
import type { Compression } from "../erofs/compress-options.ts";
import { emitMetadata } from "../erofs/emit/compressed.ts";
import { cutGrains, type GrainWork } from "../erofs/links/grains.ts";
import { countVerifyPieces, type RunWork, verifyRuns } from "../erofs/links/verify-runs.ts";
import { countBatches } from "../erofs/plan/inode-batches.ts";
import { countCompressPieces } from "../erofs/plan/pieces.ts";
import type { ErofsPlan } from "../erofs/plan/plan.ts";
import { makeSegments, type SegmentWork } from "../erofs/segments/make-segments.ts";
import { countDataPieces, type DataCoding, writeData } from "../squashfs/data.ts";
import type { DataPlan } from "../squashfs/plan.ts";
import { type WalkParams, walkAll } from "../stage/source/disk/node-walk.ts";
import { compareCandidates, countGroups, type DedupeCandidates } from "../stage/tree/dedupe.ts";
import { type SparseScan, scanSparse } from "../stage/tree/sparse.ts";
import { type SharedTree, Tree } from "../stage/tree/tree.ts";
import { type ClosureWork, makeClosureSegments } from "./closure-segments.ts";
import { type JobInput, openContents, openInput } from "./contents.ts";
import { type CompressFiles, openFiles } from "./spilled.ts";
import { openImage, openSink, type SharedTarget } from "./target.ts";

const walk: Job<WalkParams> = {
  // nobody knows how many directories there are
  pieces: () => Number.POSITIVE_INFINITY,
  run: walkAll,
};

const compare: Job<JobInput & { candidates: DedupeCandidates }> = {
  pieces: ({ candidates }) => countGroups(candidates),
  async run(job, { candidates, ...input }) {
    const { tree, contents } = openInput(job, input);
    await compareCandidates(job, tree, candidates, contents, await loadXxHash());
  },
};

const scan: Job<JobInput & { scan: SparseScan }> = {
  pieces: ({ scan }) => scan.entries.length,
  async run(job, { scan, ...input }) {
    const { tree, contents } = openInput(job, input);
    await scanSparse(job, tree, scan, contents);
  },
};

const segments: Job<JobInput & { work: SegmentWork; target: SharedTarget }> = {
  pieces: ({ work }) => work.starts.length - 1,
  async run(job, { work, target, ...input }) {
    const { tree, contents } = openInput(job, input);
    await makeSegments(job, tree, work, contents, openImage(job, target));
  },
};

const grains: Job<JobInput & { work: GrainWork }> = {
  pieces: ({ work }) => countCompressPieces(work.pieces),
  async run(job, { work, ...input }) {
    const { tree, contents } = openInput(job, input);
    await cutGrains(job, tree, work, contents);
  },
};

const verify: Job<JobInput & { work: RunWork }> = {
  pieces: ({ work }) => countVerifyPieces(work),
  async run(job, { work, ...input }) {
    const { tree, contents } = openInput(job, input);
    await verifyRuns(job, work, contents, openContents(job, tree, input.contents));
  },
};

const compress: Job<JobInput & { work: CompressWork; files: CompressFiles }> = {
  pieces: ({ work }) => countCompressPieces(work.pieces),
  async run(job, { work, files, ...input }) {
    const { tree, contents } = openInput(job, input);
    await compressPieces(job, tree, work, contents, openFiles(job, files));
  },
};

const metadata: Job<{ tree: SharedTree; plan: ErofsPlan; compression: Compression; files: CompressFiles }> = {
  pieces: ({ plan }) => countBatches(plan),
  async run(job, { tree, plan, compression, files }) {
    const { image, records } = openFiles(job, files);
    const readRecords = (into: Uint8Array, offset: number) => records.readAt(into, offset);
    await emitMetadata(job, plan, compression, Tree.attach(tree), readRecords, image);
  },
};

const data: Job<JobInput & { plan: DataPlan; coding: DataCoding; target: SharedTarget }> = {
  pieces: ({ plan }) => countDataPieces(plan),
  async run(job, { plan, coding, target, ...input }) {
    const { tree, contents } = openInput(job, input);
    await writeData(job, plan, coding, tree, contents, openSink(job, target));
  },
};

const closure: Job<{ tree: SharedTree; work: ClosureWork; target: SharedTarget }> = {
  pieces: ({ work }) => work.groups.length - 1,
  async run(job, { tree, work, target }) {
    await makeClosureSegments(job, Tree.attach(tree), work, openImage(job, target));
  },
};

/** All jobs, as every thread knows them: see {@link ThreadPool}. */
export const JOBS = { walk, compare, scan, segments, closure, grains, verify, compress, metadata, data };
