/** The job that hashes an image, or a level of its hash tree, for dm-verity. */
import { type Job, threadsFor } from "../../core/threads/threads.ts";
import { HASHES_A_BLOCK, VERITY_BLOCK } from "../../verity/format.ts";
import { openImage, openSink, type SharedTarget } from "../target/target.ts";
import { BlockHasher } from "./node-block-hasher.ts";

/** A level of a tree. */
export interface VerityWork {
  salt: Uint8Array;
  /** What is hashed, from its `offset` on. */
  from: SharedTarget;
  /** Blocks of it. */
  hashed: number;
  /** What gets the hashes, from its `offset` on, the last block filled with zeros. */
  to: SharedTarget;
}

/** Each piece becomes a block of hashes. */
export const verity: Job<VerityWork> = {
  threads: ({ hashed }) => Math.min(Math.ceil(hashed / HASHES_A_BLOCK), threadsFor({ bytes: hashed * VERITY_BLOCK })),
  async run(job, { salt, from, hashed, to }) {
    const input = openImage(job, from);
    const output = openSink(job, to);
    const hasher = new BlockHasher(salt, Math.min(hashed, HASHES_A_BLOCK));
    const block = new Uint8Array(VERITY_BLOCK);
    for (const piece of job.pieces(Math.ceil(hashed / HASHES_A_BLOCK))) {
      const count = Math.min(hashed - piece * HASHES_A_BLOCK, HASHES_A_BLOCK);
      const bytes = count * VERITY_BLOCK;
      const got = input.readAt(hasher.blocks.subarray(0, bytes), piece * HASHES_A_BLOCK * VERITY_BLOCK);
      if (got < bytes) throw input.fail("what was written cannot be read again");
      block.fill(0);
      block.set(hasher.hash(count));
      output.writeAt(block, piece * VERITY_BLOCK);
      await job.breathe(bytes);
    }
  },
};
