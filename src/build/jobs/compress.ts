/** The jobs of compressed EROFS images. Pieces are of some megabytes: each is worth a thread, if it is compressed. */
import { type Job, threadsFor } from "../../core/threads/threads.ts";
import { type CompressWork, compressPieces } from "../../erofs/compress/compress.ts";
import { type Compression, compresses } from "../../erofs/compress-options.ts";
import type { Fingerprints } from "../../erofs/disk/fingerprint.ts";
import { emitMetadata } from "../../erofs/emit/compressed.ts";
import { cutGrains, type GrainWork } from "../../erofs/links/grains.ts";
import { countVerifyPieces, type RunWork, verifyRuns } from "../../erofs/links/verify-runs.ts";
import { countBatches } from "../../erofs/plan/inode-batches.ts";
import { countCompressPieces, weighPieces } from "../../erofs/plan/pieces.ts";
import type { ErofsPlan, InodePlan } from "../../erofs/plan/plan.ts";
import { type SharedTree, Tree } from "../../stage/tree/tree.ts";
import { type JobInput, openContents, openInput } from "../contents.ts";
import { type CompressFiles, openFiles } from "../spilled.ts";
import { openFingerprinter } from "./fingerprinting.ts";

/** Cuts files where their contents say so. */
export const grains: Job<JobInput & { work: GrainWork }> = {
  threads: ({ work }) => countCompressPieces(work.pieces),
  async run(job, { work, ...input }) {
    const { tree, contents } = await openInput(job, input);
    await cutGrains(job, tree, work, contents);
  },
};

/** Compares runs that seem to be equal. */
export const verify: Job<JobInput & { work: RunWork }> = {
  threads: ({ work }) => countVerifyPieces(work),
  async run(job, { work, ...input }) {
    const { tree, contents } = await openInput(job, input);
    await verifyRuns(job, work, contents, await openContents(job, tree, input.contents));
  },
};

/** Compresses files. */
export const compress: Job<
  JobInput & { work: CompressWork; files: CompressFiles; fingerprints?: Fingerprints | undefined }
> = {
  threads({ work: { compression, files, pieces } }) {
    const most = countCompressPieces(pieces);
    if (compresses(compression)) return most;
    return Math.min(most, threadsFor({ bytes: weighPieces(pieces), entries: files.length }));
  },
  async run(job, { work, files, fingerprints, ...input }) {
    const { tree, contents } = await openInput(job, input);
    const fingerprinter = await openFingerprinter(job, tree, contents, fingerprints);
    await compressPieces(job, tree, work, fingerprinter ?? contents, openFiles(job, files));
  },
};

/** Writes inodes and directories. */
export const metadata: Job<{
  tree: SharedTree;
  plan: InodePlan | ErofsPlan;
  compression: Compression;
  files: CompressFiles;
}> = {
  threads: ({ plan }) => Math.min(countBatches(plan), threadsFor({ entries: plan.order.length })),
  async run(job, { tree, plan, compression, files }) {
    const { image, records, box } = openFiles(job, files);
    const readRecords = (into: Uint8Array, offset: number) => records.readAt(into, offset);
    await emitMetadata(job, plan, compression, Tree.attach(tree), readRecords, { image, box });
  },
};
