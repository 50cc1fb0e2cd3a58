/** Entry of a helper thread: does its part in each job that the main thread names. */
import { parentPort, workerData } from "node:worker_threads";
import { Control } from "../core/control.ts";
import { toPortable } from "../core/error.ts";
import type { HelperStart, JobReply, JobRequest } from "../core/node/node-pool.ts";
import { JobContext, type JobTable } from "../core/threads.ts";
import { JOBS } from "./jobs.ts";

const start = workerData as HelperStart;
const control = new Control(start.control);
const jobs: JobTable = JOBS;

parentPort!.on("message", async ({ job: name, params }: JobRequest) => {
  const reply: JobReply = { error: undefined };
  try {
    await new JobContext(control, start.thread).run((job) => jobs[name]!.run(job, params as never));
  } catch (error) {
    control.stop();
    reply.error = toPortable(error);
  }
  parentPort!.postMessage(reply);
});
