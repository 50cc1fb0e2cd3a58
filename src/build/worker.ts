/** Entry of a helper thread: runs each job that the main thread names. */
import { parentPort, workerData } from "node:worker_threads";
import { Control } from "../core/control.ts";
import { packError } from "../core/error.ts";
import type { HelperStart, JobReply, JobRequest } from "../core/node/node-pool.ts";
import { type Job, JobContext } from "../core/threads.ts";
import { JOBS } from "./jobs.ts";

const start = workerData as HelperStart;
const control = new Control(start.control);
const context = new JobContext(control, start.thread);

parentPort!.on("message", async ({ job, params }: JobRequest) => {
  const reply: JobReply = { error: undefined };
  try {
    await (JOBS as Record<string, Job<unknown>>)[job]!(context, params);
  } catch (error) {
    control.stop();
    reply.error = packError(error);
  }
  parentPort!.postMessage(reply);
});
