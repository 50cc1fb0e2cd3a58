/** The jobs that threads run, by name. */

import type { JobContext } from "../core/threads.ts";
import { loadXxHash } from "../core/xxhash.ts";
import { type CompressWork, compressPieces } from "../erofs/compress/compress.ts";
import type { Compression } from "../erofs/compress-options.ts";
import { emitMetadata } from "../erofs/emit/compressed.ts";
import { emitParallel } from "../erofs/emit/emit.ts";
import { cutGrains, type GrainWork } from "../erofs/links/grains.ts";
import { type RunWork, verifyRuns } from "../erofs/links/verify-runs.ts";
import type { ErofsPlan } from "../erofs/plan/plan.ts";
import { type DataCoding, packData } from "../squashfs/data.ts";
import type { DataPlan } from "../squashfs/plan.ts";
import { walkJob } from "../stage/source/disk/node-walk.ts";
import { compareCandidates, type DedupeCandidates } from "../stage/tree/dedupe.ts";
import { type SparseScan, scanSparse } from "../stage/tree/sparse.ts";
import { type SharedTree, Tree } from "../stage/tree/tree.ts";
import { type JobInput, openContents, openInput } from "./contents.ts";
import { type CompressFiles, openFiles } from "./spilled.ts";
import { openSink, type SharedTarget } from "./target.ts";

async function compareJob(job: JobContext, input: JobInput & { candidates: DedupeCandidates }): Promise<void> {
  const { tree, contents } = openInput(job, input);
  await compareCandidates(job, tree, input.candidates, contents, await loadXxHash());
}

async function scanJob(job: JobContext, input: JobInput & { scan: SparseScan }): Promise<void> {
  const { tree, contents } = openInput(job, input);
  await scanSparse(job, tree, input.scan, contents);
}

async function emitJob(job: JobContext, input: JobInput & { plan: ErofsPlan; target: SharedTarget }): Promise<void> {
  const { tree, contents } = openInput(job, input);
  await emitParallel(job, input.plan, tree, contents, openSink(job, input.target));
}

async function packJob(
  job: JobContext,
  input: JobInput & { plan: DataPlan; coding: DataCoding; target: SharedTarget },
): Promise<void> {
  const { tree, contents } = openInput(job, input);
  await packData(job, input.plan, input.coding, tree, contents, openSink(job, input.target));
}

async function compressJob(
  job: JobContext,
  input: JobInput & { work: CompressWork; files: CompressFiles },
): Promise<void> {
  const { tree, contents } = openInput(job, input);
  await compressPieces(job, tree, input.work, contents, openFiles(job, input.files));
}

async function grainsJob(job: JobContext, input: JobInput & { work: GrainWork }): Promise<void> {
  const { tree, contents } = openInput(job, input);
  await cutGrains(job, tree, input.work, contents);
}

async function verifyJob(job: JobContext, input: JobInput & { work: RunWork }): Promise<void> {
  const { tree, contents } = openInput(job, input);
  await verifyRuns(job, input.work, contents, openContents(job, tree, input.contents));
}

async function metadataJob(
  job: JobContext,
  params: { tree: SharedTree; plan: ErofsPlan; compression: Compression; files: CompressFiles },
): Promise<void> {
  const { image, records } = openFiles(job, params.files);
  const readRecords = (into: Uint8Array, offset: number) => records.readAt(into, offset);
  await emitMetadata(job, params.plan, params.compression, Tree.attach(params.tree), readRecords, image);
}

/** See {@link ThreadPool}. */
export const JOBS = {
  walk: walkJob,
  compare: compareJob,
  scan: scanJob,
  emit: emitJob,
  pack: packJob,
  grains: grainsJob,
  verify: verifyJob,
  compress: compressJob,
  metadata: metadataJob,
};
