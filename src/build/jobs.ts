/** The jobs that threads run, by name, with their parameters as shared plain data. */

import { FileSink } from "../core/node/node-file-sink.ts";
import type { JobContext } from "../core/threads.ts";
import { loadXxHash } from "../core/xxhash.ts";
import type { CompressWork } from "../erofs/compress/compress.ts";
import type { Compression } from "../erofs/compress-options.ts";
import { emitParallel } from "../erofs/emit/emit.ts";
import { cutGrains, type GrainWork } from "../erofs/links/grains.ts";
import { type RunWork, verifyRuns } from "../erofs/links/verify-runs.ts";
import type { ErofsPlan } from "../erofs/plan/plan.ts";
import { type DataCoding, packData } from "../squashfs/data.ts";
import type { DataPlan } from "../squashfs/plan.ts";
import { FileContents } from "../stage/source/disk/node-files.ts";
import type { SharedPaths } from "../stage/source/disk/node-paths.ts";
import { walkJob } from "../stage/source/disk/node-walk.ts";
import type { Contents } from "../stage/tree/contents.ts";
import { compareCandidates, type DedupeCandidates } from "../stage/tree/dedupe.ts";
import { type SparseScan, scanSparse } from "../stage/tree/sparse.ts";
import { type SharedTree, Tree } from "../stage/tree/tree.ts";
import { type CompressFiles, compressFiles, compressFragments, writeMetadata } from "./spilled.ts";

/** A tree whose files lie on this machine. */
interface FileTree {
  tree: SharedTree;
  paths: SharedPaths;
}

/** Files to read while `work` lasts; none stays open, however it ends. */
async function withContents(
  tree: Tree,
  { paths }: FileTree,
  work: (contents: Contents) => Promise<void>,
): Promise<void> {
  const contents = new FileContents(tree, paths);
  try {
    await work(contents);
  } finally {
    contents.release();
  }
}

async function compareJob(context: JobContext, params: FileTree & { candidates: DedupeCandidates }): Promise<void> {
  const tree = Tree.attach(params.tree);
  const xxhash = await loadXxHash();
  await withContents(tree, params, (contents) => compareCandidates(context, tree, params.candidates, contents, xxhash));
}

async function scanJob(context: JobContext, params: FileTree & { scan: SparseScan }): Promise<void> {
  const tree = Tree.attach(params.tree);
  await withContents(tree, params, (contents) => scanSparse(context, tree, params.scan, contents));
}

async function emitJob(
  context: JobContext,
  params: FileTree & { plan: ErofsPlan; target: { path: string; shownPath: string; offset: number } },
): Promise<void> {
  const tree = Tree.attach(params.tree);
  const { path, shownPath, offset } = params.target;
  const sink = new FileSink(path, shownPath, offset);
  try {
    await withContents(tree, params, (contents) => emitParallel(context, params.plan, tree, contents, sink));
  } finally {
    sink.release();
  }
}

async function packJob(
  context: JobContext,
  params: FileTree & {
    plan: DataPlan;
    coding: DataCoding;
    target: { path: string; shownPath: string; offset: number };
  },
): Promise<void> {
  const tree = Tree.attach(params.tree);
  const { plan, coding } = params;
  const { path, shownPath, offset } = params.target;
  const sink = new FileSink(path, shownPath, offset);
  try {
    await withContents(tree, params, (contents) => packData(context, plan, coding, tree, contents, sink));
  } finally {
    sink.release();
  }
}

/** Compresses files of the tree or, without `paths`, the packed inode out of the file it was gathered in. */
async function compressJob(
  context: JobContext,
  params: { tree: SharedTree; paths: SharedPaths | undefined; work: CompressWork; files: CompressFiles },
): Promise<void> {
  const tree = Tree.attach(params.tree);
  if (params.paths === undefined) await compressFragments(context, tree, params.work, params.files);
  else {
    await withContents(tree, { tree: params.tree, paths: params.paths }, (contents) =>
      compressFiles(context, tree, params.work, contents, params.files),
    );
  }
}

/** Cuts files into grains. */
async function grainsJob(context: JobContext, params: FileTree & { work: GrainWork }): Promise<void> {
  const tree = Tree.attach(params.tree);
  await withContents(tree, params, (contents) => cutGrains(context, tree, params.work, contents));
}

/** Compares runs of equal grains. */
async function verifyJob(context: JobContext, params: FileTree & { work: RunWork }): Promise<void> {
  const tree = Tree.attach(params.tree);
  await withContents(tree, params, (targets) =>
    withContents(tree, params, (sources) => verifyRuns(context, params.work, targets, sources)),
  );
}

async function emitMetadataJob(
  context: JobContext,
  params: { tree: SharedTree; plan: ErofsPlan; compression: Compression; files: CompressFiles },
): Promise<void> {
  await writeMetadata(context, params.plan, params.compression, Tree.attach(params.tree), params.files);
}

/** See {@link ThreadPool}. */
export const JOBS = {
  compress: compressJob,
  grains: grainsJob,
  verify: verifyJob,
  metadata: emitMetadataJob,
  walk: walkJob,
  compare: compareJob,
  scan: scanJob,
  emit: emitJob,
  pack: packJob,
};
