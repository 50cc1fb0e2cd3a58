/** Entry of a helper thread: runs each job that the main thread names. */
import { parentPort, workerData } from "node:worker_threads";
import { Control, type Job } from "../core/control.ts";
import { packError } from "../core/error.ts";
import type { HelperStart, JobReply, JobRequest } from "../core/node/node-pool.ts";
import { JOBS } from "./jobs.ts";

const start = workerData as HelperStart;
const context = { control: new Control(start.control), thread: start.thread, pause: () => undefined };

parentPort!.on("message", async ({ job, params }: JobRequest) => {
  const reply: JobReply = { error: undefined };
  try {
    await (JOBS as Record<string, Job<unknown>>)[job]!(context, params);
  } catch (error) {
    context.control.stop();
    reply.error = packError(error);
  }
  parentPort!.postMessage(reply);
});
