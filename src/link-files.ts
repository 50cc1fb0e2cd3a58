/** The search for equal runs of bytes, in files or in the packed inode: each thread opens what it reads. */
import type { CompressFiles } from "./compress-files.ts";
import { SpilledContents } from "./compress-files.ts";
import type { JobContext } from "./core/control.ts";
import { SpillFile } from "./core/node-spill.ts";
import { cutGrains, type GrainWork } from "./erofs/grains.ts";
import { type RunWork, verifyRuns } from "./erofs/verify-runs.ts";
import type { Contents } from "./stage/contents.ts";
import { FileContents } from "./stage/node-files.ts";
import type { SharedPaths } from "./stage/node-paths.ts";
import type { Tree } from "./stage/tree.ts";

/** Contents for `use`, or without `paths` those of the packed inode; nothing stays open, however it ends. */
async function withReaders(
  tree: Tree,
  paths: SharedPaths | undefined,
  { fragments }: CompressFiles,
  use: (targets: Contents, sources: Contents) => Promise<void>,
): Promise<void> {
  if (paths === undefined) {
    const file = new SpillFile(fragments);
    try {
      const contents = new SpilledContents(file);
      await use(contents, contents);
    } finally {
      file.close();
    }
    return;
  }
  const targets = new FileContents(tree, paths);
  const sources = new FileContents(tree, paths);
  try {
    await use(targets, sources);
  } finally {
    targets.release();
    sources.release();
  }
}

/** Cuts files into grains. */
export async function cutFileGrains(
  context: JobContext,
  tree: Tree,
  paths: SharedPaths | undefined,
  work: GrainWork,
  files: CompressFiles,
): Promise<void> {
  await withReaders(tree, paths, files, (contents) => cutGrains(context, tree, work, contents));
}

/** Compares runs of equal grains. */
export async function verifyFileRuns(
  context: JobContext,
  tree: Tree,
  paths: SharedPaths | undefined,
  work: RunWork,
  files: CompressFiles,
): Promise<void> {
  await withReaders(tree, paths, files, (targets, sources) => verifyRuns(context, work, targets, sources));
}
