/** Entry of a helper thread: does its part in each job that the main thread names. */
import { parentPort, workerData } from "node:worker_threads";
import { Control } from "../core/control.ts";
import { toPortable } from "../core/error.ts";
import { cacheCode } from "../core/node/node-code-cache.ts";
import type { HelperStart, JobReply, JobRequest } from "../core/node/node-pool.ts";
import { limitRoom } from "../core/room.ts";
import { JobContext, type JobTable } from "../core/threads.ts";
import { JOBS } from "./jobs.ts";

cacheCode();
const start = workerData as HelperStart;
limitRoom(start.room);
const control = new Control(start.control);
const jobs: JobTable = JOBS;

parentPort!.on("message", async ({ job: name, number, params }: JobRequest) => {
  if (!control.begin(start.thread, number)) return;
  const reply: JobReply = { error: undefined };
  try {
    const { run } = await jobs[name]!();
    await new JobContext(control, start.thread).run((job) => run(job, params as never));
  } catch (error) {
    control.stop();
    reply.error = toPortable(error);
  }
  parentPort!.postMessage(reply);
});
