/** The job of SquashFS images. Pieces are of a megabyte: each is worth a thread. */
import type { Job } from "../../core/threads/threads.ts";
import { countDataPieces, type DataCoding, writeData } from "../../squashfs/data.ts";
import type { DataPlan } from "../../squashfs/plan.ts";
import { type JobInput, openInput } from "../contents.ts";
import { openSink, type SharedTarget } from "../target/target.ts";

/** Compresses data blocks and fragment blocks. */
export const data: Job<JobInput & { plan: DataPlan; coding: DataCoding; target: SharedTarget }> = {
  threads: ({ plan }) => countDataPieces(plan),
  async run(job, { plan, coding, target, ...input }) {
    const { tree, contents } = await openInput(job, input);
    await writeData(job, plan, coding, tree, contents, openSink(job, target));
  },
};
