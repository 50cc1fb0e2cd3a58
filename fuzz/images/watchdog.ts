/** Ends a process that hangs, and says in which run: a loop without end lets nothing else happen. */
import { Worker } from "node:worker_threads";
import { largestArray, watchArrays } from "./allocations.ts";

const CODE = `
const { workerData: { state, most } } = require("node:worker_threads");
const view = new Float64Array(state);
setInterval(() => {
  const [since, seed] = view;
  const { user, system } = process.cpuUsage();
  if (since < 0 || (user + system) / 1000 - since < most) return;
  require("node:fs").writeSync(2, "FINDING: the run of seed " + seed + " does not end\\n");
  process.kill(process.pid, "SIGKILL");
}, 1000);
`;

/** Looks after the runs of one process. */
export class Watchdog {
  readonly #view: Float64Array;
  readonly #worker: Worker;
  readonly #restore = watchArrays();

  /** @param most milliseconds of a run, of the processor's time: it may be stopped meanwhile */
  constructor(most: number) {
    const state = new SharedArrayBuffer(16);
    this.#view = new Float64Array(state).fill(-1);
    this.#worker = new Worker(CODE, { eval: true, workerData: { state, most }, execArgv: [] });
    this.#worker.unref();
  }

  /** Makes a run. */
  async watch<T extends { finding?: string | undefined }>(seed: number, run: () => Promise<T>): Promise<T> {
    this.#view[1] = seed;
    const { user, system } = process.cpuUsage();
    this.#view[0] = (user + system) / 1000;
    largestArray.bytes = 0;
    try {
      const outcome = await run();
      if (outcome.finding !== undefined || largestArray.bytes <= largestArray.limit) return outcome;
      return { ...outcome, finding: `takes ${largestArray.bytes} bytes at once\n${largestArray.stack}` };
    } finally {
      this.#view[0] = -1;
    }
  }

  /** Ends it. */
  async end(): Promise<void> {
    this.#restore();
    await this.#worker.terminate();
  }
}
