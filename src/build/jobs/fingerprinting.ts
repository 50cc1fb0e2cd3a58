/** Digests of files, where an image is to have fingerprints. */
import { type Job, type JobContext, threadsFor } from "../../core/threads.ts";
import type { Fingerprints } from "../../erofs/disk/fingerprint.ts";
import type { Contents } from "../../stage/tree/contents.ts";
import type { Tree } from "../../stage/tree/tree.ts";
import { type JobInput, openInput } from "../contents.ts";
import type { HashingContents } from "./node-fingerprinter.ts";

/** Has contents hashed as a thread reads them; undefined where no digests are wanted. */
export async function openFingerprinter(
  job: JobContext,
  tree: Tree,
  contents: Contents,
  fingerprints: Fingerprints | undefined,
): Promise<HashingContents | undefined> {
  if (fingerprints === undefined) return undefined;
  const { HashingContents: Opened } = await import("./node-fingerprinter.ts");
  return new Opened(job, tree, contents, fingerprints);
}

/** Reads files from their start to their end which no other job has read so. */
export const fingerprint: Job<JobInput & { entries: Uint32Array; bytes: number; fingerprints: Fingerprints }> = {
  threads: ({ entries, bytes }) => Math.min(entries.length, threadsFor({ bytes, entries: entries.length })),
  async run(job, { entries, fingerprints, ...input }) {
    const { tree, contents } = await openInput(job, input);
    const fingerprinter = (await openFingerprinter(job, tree, contents, fingerprints))!;
    for (const piece of job.pieces(entries.length)) {
      const entry = entries[piece]!;
      await fingerprinter.take(entry, entry);
      contents.close();
      job.advance(tree.size.view[entry]!);
    }
  },
};
