/** Entry of a helper thread: does its part in each job that the main thread names. */
import { parentPort } from "node:worker_threads";
import { toPortable } from "../core/error.ts";
import type { HelperStart, JobReply, JobRequest } from "../core/node/node-pool.ts";
import { cacheCode } from "../core/node/node-start.ts";
import { Control } from "../core/threads/control.ts";
import { limitRoom } from "../core/threads/room.ts";
import { JobContext, type JobTable } from "../core/threads/threads.ts";
import { JOBS } from "./jobs.ts";

cacheCode();
const jobs: JobTable = JOBS;

parentPort!.once("message", (start: HelperStart) => {
  limitRoom(start.room);
  const control = new Control(start.control);
  parentPort!.on("message", (request: JobRequest) => answer(request, control, start.thread));
  parentPort!.postMessage(undefined);
});

async function answer({ job: name, number, params }: JobRequest, control: Control, thread: number): Promise<void> {
  if (!control.begin(thread, number)) return;
  const reply: JobReply = { error: undefined };
  try {
    const { run } = await jobs[name]!();
    await new JobContext(control, thread).run((job) => run(job, params as never));
  } catch (error) {
    control.stop();
    reply.error = toPortable(error);
  }
  parentPort!.postMessage(reply);
}
