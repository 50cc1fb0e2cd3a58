/** The context of a job that runs alone, for tests of stages. */
import { Control } from "../../src/core/threads/control.ts";
import { JobContext } from "../../src/core/threads/threads.ts";

export function soloContext(): JobContext {
  return new JobContext(new Control(1), 0);
}
