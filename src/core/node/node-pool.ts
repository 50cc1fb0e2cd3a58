/**
 * Worker threads. A pool of n threads is the main thread and up to n-1 helpers, which start with the first job that has
 * pieces for them: each does its part in the same job over the same shared memory until no piece is left. With one
 * thread there are no helpers, and the same code is the serial reference.
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { Control } from "../control.ts";
import { fromPortable, ImageError, type PortableError } from "../error.ts";
import { JobContext, type JobTable } from "../threads.ts";

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
/** How long helpers may take to stop when a build is aborted: one may wait for a disk that never answers. */
const GRACE_MS = 500;

/** Helpers that were told to end while the system had them wait for something. */
const stuck = new Set<Helper>();

/** Whether a thread of an aborted build still waits for the system: then the process cannot exit before it is answered. */
export function hasStuckThreads(): boolean {
  return stuck.size > 0;
}

/** As many threads as this process may use processors. */
export function defaultThreads(): number {
  return availableParallelism();
}

/** The main thread and its helpers. */
export class ThreadPool<T extends JobTable> {
  readonly control: Control;
  readonly #threads: number;
  readonly #jobs: T;
  readonly #workerUrl: URL;
  readonly #helpers: Helper[] = [];
  /** Rejects when the build is aborted. */
  readonly #aborted = new Refusal();
  /** Rejects when helpers are not waited for any longer. */
  readonly #givenUp = new Refusal();
  #grace: NodeJS.Timeout | undefined;

  constructor(threads: number, jobs: T, workerUrl: URL) {
    this.control = new Control(threads);
    this.#threads = threads;
    this.#jobs = jobs;
    this.#workerUrl = workerUrl;
  }

  /** Runs a job in all threads that are of use; rejects with the first error, after all have stopped. */
  async run<K extends keyof T & string>(name: K, params: Parameters<T[K]["run"]>[1]): Promise<void> {
    const known = this.#jobs[name]!;
    await this.#settle((job) => [
      ...this.#helpersFor(known.pieces(params as never)).map((helper) =>
        Promise.race([helper.ask({ job: name, params }), this.#givenUp.promise]),
      ),
      job.run(() => known.run(job, params as never)),
    ]);
  }

  /** The helpers of a job with so many pieces. */
  #helpersFor(pieces: number): Helper[] {
    const threads = Math.min(this.#threads, pieces);
    while (this.#helpers.length + 1 < threads) {
      const start = { control: this.control.buffer, thread: this.#helpers.length + 1 };
      this.#helpers.push(new Helper(this.#workerUrl, start));
    }
    return this.#helpers.slice(0, Math.max(0, threads - 1));
  }

  /**
   * Stops all jobs, and does not wait for those of the main thread: they may wait for a caller that never answers. Nor for
   * long for helpers, which may wait for the system.
   */
  abort(): void {
    this.control.stop();
    this.#aborted.reject();
    this.#grace ??= setTimeout(() => {
      // first of all: what they have open may be closed now, and its number be something else's
      this.close();
      this.#givenUp.reject();
    }, GRACE_MS).unref();
  }

  /** Does `work` in the main thread alone; returns its result. */
  async here<R>(work: (job: JobContext) => Promise<R>): Promise<R> {
    let result: { value: R } | undefined;
    await this.#settle((job) => {
      const working = job.run(work).then((value) => {
        result = { value };
      });
      return [Promise.race([working, this.#aborted.promise]).finally(() => job.release())];
    });
    return result!.value;
  }

  /** Ends the helpers, which have nothing to do any more, in their own time. */
  close(): void {
    clearTimeout(this.#grace);
    for (const helper of this.#helpers) helper.close();
  }

  async #settle(start: (job: JobContext) => Promise<void>[]): Promise<void> {
    this.control.check();
    this.control.reset();
    const errors: unknown[] = [];
    await Promise.all(
      start(mainContext(this.control)).map((work) =>
        work.catch((error: unknown) => {
          errors.push(error);
          this.control.stop();
        }),
      ),
    );
    // threads that were stopped because of an error say only that
    const isCause = (error: unknown) => !(error instanceof ImageError && error.code === "ABORTED");
    if (errors.length > 0) throw errors.find(isCause) ?? errors[0];
    // all may have been done when the build was aborted
    this.control.check();
  }
}

/** A promise that is rejected at most, because the build was aborted. */
class Refusal {
  readonly promise: Promise<never>;
  #reject!: (error: ImageError) => void;

  constructor() {
    this.promise = new Promise((_, reject) => {
      this.#reject = reject;
    });
    // most builds are not aborted, and then nobody waits for this
    this.promise.catch(() => undefined);
  }

  reject(): void {
    this.#reject(new ImageError("ABORTED", "the build was aborted"));
  }
}

/** One worker thread, from start to end. */
class Helper {
  readonly #worker: Worker;
  /** Why it is no more. */
  #lost: unknown;
  #finish: ((error?: unknown) => void) | undefined;

  constructor(url: URL, start: HelperStart) {
    this.#worker = new Worker(url, {
      workerData: start,
      execArgv: [],
      // jobs make short-lived garbage only: a small nursery keeps a helper near its code's own size (8 were no quicker)
      resourceLimits: { maxYoungGenerationSizeMb: 3 },
    });
    this.#worker.on("message", ({ error }: JobReply) => this.#finish?.(error && fromPortable(error)));
    this.#worker.on("error", (cause: Error) =>
      this.#lose(new ImageError("INTERNAL", `a worker thread failed: ${cause.message}`, { cause })),
    );
    this.#worker.on("exit", (code) =>
      this.#lose(new ImageError("INTERNAL", `a worker thread ended with code ${code}`)),
    );
  }

  /** Has it run a job. */
  ask(request: JobRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#finish = (error) => {
        this.#finish = undefined;
        if (error === undefined) resolve();
        else reject(error);
      };
      if (this.#lost === undefined) this.#worker.postMessage(request);
      else this.#finish(this.#lost);
    });
  }

  close(): void {
    if (this.#finish && this.#lost === undefined) stuck.add(this);
    this.#worker.unref();
    void this.#worker.terminate();
  }

  #lose(error: unknown): void {
    stuck.delete(this);
    this.#lost ??= error;
    this.#finish?.(error);
  }
}

/** The context of the thread that owns the event loop: long work is cut so that signals and timers get through. */
function mainContext(control: Control): JobContext {
  let last = performance.now();
  return new JobContext(control, 0, () => {
    if (performance.now() - last < PAUSE_EVERY_MS) return undefined;
    return new Promise((resolve) =>
      setImmediate(() => {
        last = performance.now();
        resolve();
      }),
    );
  });
}
