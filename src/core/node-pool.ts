/**
 * Worker threads. A pool of n threads is the main thread and n-1 helpers: each runs the same job over the same shared
 * memory until no piece is left. With one thread there are no helpers, and the same code is the serial reference.
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { Control, type Job, type JobContext } from "./control.ts";
import { type PortableError, unpackError } from "./error.ts";

/** What the main thread sends a helper. */
export interface JobRequest {
  job: string;
  params: unknown;
}

/** What a helper answers. */
export interface JobReply {
  error: PortableError | undefined;
}

/** What a helper is started with. */
export interface HelperStart {
  control: SharedArrayBuffer;
  thread: number;
}

const PAUSE_EVERY_MS = 12;

/** Jobs by name, as each thread knows them. */
export type JobTable = Record<string, Job<never>>;

/** As many threads as this process may use processors. */
export function defaultThreads(): number {
  return availableParallelism();
}

/** The main thread and its helpers. */
export class ThreadPool<T extends JobTable> {
  readonly control: Control;
  readonly #jobs: T;
  readonly #helpers: Worker[] = [];

  constructor(threads: number, jobs: T, workerUrl: URL) {
    this.control = new Control(threads);
    this.#jobs = jobs;
    for (let thread = 1; thread < threads; thread++) {
      const start: HelperStart = { control: this.control.buffer, thread };
      const helper = new Worker(workerUrl, {
        workerData: start,
        execArgv: [],
        // scanning makes short-lived garbage only: a small nursery keeps a helper near its code's own size
        resourceLimits: { maxYoungGenerationSizeMb: 8 },
      });
      helper.setMaxListeners(0);
      this.#helpers.push(helper);
    }
  }

  /** Runs a job in every thread; rejects with the first error, after all have stopped. */
  async run<K extends keyof T & string>(name: K, params: Parameters<T[K]>[1]): Promise<void> {
    this.control.check();
    this.control.reset();
    let failure: { error: unknown } | undefined;
    const settle = (work: Promise<void>) =>
      work.catch((error: unknown) => {
        failure ??= { error };
        this.control.stop();
      });
    const request: JobRequest = { job: name, params };
    const helpers = this.#helpers.map((helper) => settle(ask(helper, request)));
    await Promise.all([settle(this.#jobs[name]!(mainContext(this.control), params as never)), ...helpers]);
    if (failure !== undefined) throw failure.error;
  }

  /** Runs a job in the main thread alone. */
  async runHere(job: (context: JobContext) => Promise<void>): Promise<void> {
    this.control.check();
    this.control.reset();
    await job(mainContext(this.control));
  }

  /** Ends the helpers. */
  async close(): Promise<void> {
    await Promise.all(this.#helpers.map((helper) => helper.terminate()));
  }
}

function ask(helper: Worker, request: JobRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (error?: unknown) => {
      helper.off("message", onMessage).off("error", finish).off("exit", onExit);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onMessage = (reply: JobReply) => finish(reply.error && unpackError(reply.error));
    const onExit = (code: number) => finish(new Error(`a worker thread ended with code ${code}`));
    helper.on("message", onMessage).on("error", finish).on("exit", onExit);
    helper.postMessage(request);
  });
}

/** The context of the thread that owns the event loop: long work is cut so that signals and timers get through. */
function mainContext(control: Control): JobContext {
  let last = performance.now();
  return {
    control,
    thread: 0,
    pause() {
      if (performance.now() - last < PAUSE_EVERY_MS) return undefined;
      return new Promise((resolve) =>
        setImmediate(() => {
          last = performance.now();
          resolve();
        }),
      );
    },
  };
}
