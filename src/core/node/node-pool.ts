/**
 * Worker threads. A pool of n threads is the main thread and up to n-1 helpers, each of which starts when a job has
 * enough to do for it: it does its part in the same job over the same shared memory until no piece is left. With one
 * thread there are no helpers, and the same code is the serial reference.
 */
// not by name: Node 16, which has no such function, would fail before it can be told why (see check-host.ts)
import os from "node:os";
import type { Worker } from "node:worker_threads";
import { fromPortable, ImageError, type PortableError } from "../error.ts";
import { Control } from "../threads/control.ts";
import { type Room, room } from "../threads/room.ts";
import { JobContext, type JobParams, type JobTable } from "../threads/threads.ts";
import { now } from "./node-clock.ts";
import { systemCode } from "./node-errors.ts";
import { isModuleMissing, isThreadRefused } from "./node-start.ts";

/** What the main thread sends a helper. */
export interface JobRequest {
  job: string;
  /** See {@link Control.begin}. */
  number: number;
  params: unknown;
}

/** What a helper answers that has done its part; nothing when it has started. */
export interface JobReply {
  error: PortableError | undefined;
}

/** What a helper is told first. */
export interface HelperStart {
  control: SharedArrayBuffer;
  room: Room;
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
  return os.availableParallelism();
}

/** The main thread and its helpers. */
export class ThreadPool<T extends JobTable> {
  readonly control: Control;
  /** Most threads that work, the main thread among them. */
  readonly threads: number;
  readonly #jobs: T;
  readonly #startWorker: () => Worker;
  readonly #helpers: Helper[] = [];
  /** For tests: small work too is done by all threads, which it would be over for before they have started. */
  readonly #isEager = process.env.TS_MKEROFS_EAGER_THREADS === "1";
  /** Rejects when the build is aborted. */
  readonly #aborted = new Refusal();
  /** Rejects when helpers are not waited for any longer. */
  readonly #givenUp = new Refusal();
  #grace: NodeJS.Timeout | undefined;
  /** Jobs so far. */
  #runs = 0;
  #isClosed = false;

  /** @param startWorker throws what {@link isThreadRefused} and {@link isModuleMissing} know */
  constructor(threads: number, jobs: T, startWorker: () => Worker) {
    this.control = new Control(threads);
    this.threads = threads;
    this.#jobs = jobs;
    this.#startWorker = startWorker;
  }

  /**
   * Runs a job in all threads that are of use; rejects with the first error, after all have stopped.
   *
   * @param before is done by the main thread before its part, while others do theirs
   */
  async run<K extends keyof T & string>(
    name: K,
    params: JobParams<T, K>,
    before: () => Promise<void> = async () => undefined,
  ): Promise<void> {
    const known = await this.#jobs[name]!();
    const request = { job: name, number: ++this.#runs, params };
    await this.#settle(async (guard) => {
      const parts: Promise<void>[] = [];
      const recruit = (threads: number) => {
        while (parts.length + 1 < Math.min(threads, this.threads)) parts.push(guard(this.#ask(parts.length, request)));
      };
      recruit(this.#isEager ? this.threads : known.threads(params as never));
      if (this.#isEager) await Promise.all(this.#helpers.map(({ started }) => started));
      const context = mainContext(this.control, recruit);
      await guard(context.run(() => before().then(() => known.run(context, params as never))));
      // a helper that has not begun yet finds nothing left to do: there is no need to wait until it has started
      const begun = parts.filter((_, index) => !this.control.withdraw(index + 1, request.number));
      await Promise.all(begun);
    });
  }

  /** Has a helper do its part, and starts it if there is no such helper yet. */
  #ask(index: number, request: JobRequest): Promise<void> {
    const helper = this.#helper(index);
    this.control.ask(index + 1, request.number);
    return Promise.race([helper.ask(request), this.#givenUp.promise]);
  }

  #helper(index: number): Helper {
    this.#helpers[index] ??= new Helper(this.#startWorker, {
      control: this.control.buffer,
      room: room(),
      thread: index + 1,
    });
    return this.#helpers[index];
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

  /**
   * Does `work` in the main thread alone; returns its result. Threads that it recruits start, and wait for the next job; none
   * does when the pool has been closed while the work waited for a caller.
   */
  async here<R>(work: (job: JobContext) => Promise<R>): Promise<R> {
    let result: { value: R } | undefined;
    const recruit = (threads: number) => {
      for (let index = 0; index + 1 < Math.min(threads, this.threads) && !this.#isClosed; index++) this.#helper(index);
    };
    await this.#settle((guard) => {
      const job = mainContext(this.control, recruit);
      const working = job.run(work).then((value) => {
        result = { value };
      });
      return guard(Promise.race([working, this.#aborted.promise]).finally(() => job.release()));
    });
    return result!.value;
  }

  /** Ends the helpers, which have nothing to do any more, in their own time. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#grace);
    for (const helper of this.#helpers) helper.close();
  }

  /** Waits for all parts of a job, each of which is given to `guard`: the first one that fails stops the others. */
  async #settle(start: (guard: (part: Promise<void>) => Promise<void>) => Promise<unknown>): Promise<void> {
    this.control.check();
    this.control.reset();
    const errors: unknown[] = [];
    await start((part) =>
      part.catch((error: unknown) => {
        errors.push(error);
        this.control.stop();
      }),
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
  /** Resolves when it runs, or never will. */
  readonly started: Promise<void>;
  /** Undefined where the system gave no thread. */
  readonly #worker: Worker | undefined;
  /** Why it is no more. */
  #lost: unknown;
  /** Node could not start it: it has done nothing, never will, and the others do its part. */
  #isMissing = false;
  #finish: ((error?: unknown) => void) | undefined;

  constructor(startWorker: () => Worker, start: HelperStart) {
    let worker: Worker;
    try {
      worker = startWorker();
    } catch (cause) {
      this.#isMissing = isThreadRefused(cause) || isModuleGone(cause);
      if (!this.#isMissing) throw cause;
      this.#lost = cause;
      this.started = Promise.resolve();
      return;
    }
    this.#worker = worker;
    worker.postMessage(start);
    this.started = new Promise((resolve) => {
      worker.once("message", () => resolve()).once("exit", () => resolve());
    });
    worker.on("message", (reply: JobReply | undefined) => {
      if (reply) this.#finish?.(reply.error && fromPortable(reply.error));
    });
    worker.on("error", (cause: Error) => {
      this.#isMissing = isFolderGone(cause) || isThreadRefused(cause) || isModuleGone(cause);
      this.#lose(new ImageError("INTERNAL", `a worker thread failed: ${cause.message}`, { cause }));
    });
    worker.on("exit", (code) => this.#lose(new ImageError("INTERNAL", `a worker thread ended with code ${code}`)));
  }

  /** Has it run a job; is never settled if {@link Control.withdraw} takes that back. */
  ask(request: JobRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#finish = (error) => {
        this.#finish = undefined;
        if (error === undefined) resolve();
        else reject(error);
      };
      if (this.#lost === undefined) this.#worker?.postMessage(request);
      else if (!this.#isMissing) this.#finish(this.#lost);
    });
  }

  close(): void {
    if (this.#finish && this.#lost === undefined) stuck.add(this);
    this.#worker?.unref();
    void this.#worker?.terminate();
  }

  #lose(error: unknown): void {
    stuck.delete(this);
    this.#lost ??= error;
    if (!this.#isMissing) this.#finish?.(error);
  }
}

/** Whether Node starts no thread, as the current directory has been removed: a new thread asks for its path. */
function isFolderGone(cause: Error): boolean {
  return systemCode(cause) === "ENOENT" && "syscall" in cause && cause.syscall === "uv_cwd";
}

let isSaid = false;

/** Whether the module of a thread is not there, of which the user is told once. */
function isModuleGone(cause: unknown): boolean {
  if (!isModuleMissing(cause)) return false;
  if (!isSaid) {
    const why = "the module of its threads is not beside it, and one thread does all work";
    process.emitWarning(`ts-mkerofs: ${why}: ${(cause as Error).message}`, { code: "TS_MKEROFS_NO_WORKER" });
  }
  isSaid = true;
  return true;
}

/** The context of the thread that owns the event loop: long work is cut so that signals and timers get through. */
function mainContext(control: Control, recruit?: (threads: number) => void): JobContext {
  let last = now();
  const pause = () => {
    if (now() - last < PAUSE_EVERY_MS) return undefined;
    return new Promise<void>((resolve) =>
      setImmediate(() => {
        last = now();
        resolve();
      }),
    );
  };
  return new JobContext(control, 0, pause, recruit);
}
