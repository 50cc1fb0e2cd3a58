/** The context of a job that runs alone, for tests of stages. */
import { Control, type JobContext } from "../../src/core/control.ts";

export function soloContext(): JobContext {
  return { control: new Control(1), thread: 0, pause: () => undefined };
}
