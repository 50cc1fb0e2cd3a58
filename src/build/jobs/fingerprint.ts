/** The job that hashes files for fingerprints which no other job has read from their start to their end. */
import { type Job, threadsFor } from "../../core/threads/threads.ts";
import type { Fingerprints } from "../../erofs/disk/fingerprint.ts";
import { type JobInput, openInput } from "../contents.ts";
import { openFingerprinter } from "./fingerprinting.ts";

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
