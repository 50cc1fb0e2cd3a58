/**
 * What threads do together. A job's work is cut into pieces; each thread that takes part claims the next piece until
 * none is left. What a piece becomes never depends on who does it.
 */
import type { Control } from "./control.ts";

/** A job: its parameters are plain data, most of it in shared memory. */
export interface Job<P> {
  /**
   * How many threads are of use from the start on: never more than there are pieces, nor so many that one has less to do
   * than it takes to start it, which is about 40 ms. See {@link JobContext.recruit}.
   */
  threads(params: P): number;
  /** Does the part of one thread. */
  run(job: JobContext, params: P): Promise<void>;
}

/** Jobs by name, as each thread knows them: loaded where they are run. */
export type JobTable = Record<string, () => Promise<Job<never>>>;

/** The parameters of a job. */
export type JobParams<T extends JobTable, K extends keyof T> = Parameters<Awaited<ReturnType<T[K]>>["run"]>[1];

/** Bytes that one thread reads and writes in the time that it takes to start another one. */
const BYTES_A_THREAD = 16 << 20;
/** Files, links or directories that it lists, opens and reads in that time. */
const ENTRIES_A_THREAD = 2048;

/** Names of the root, of which nothing else is known yet: each is taken to have 64 entries. */
const TOPS_A_THREAD = 32;

/** How many threads are of use for reading so much. */
export function threadsFor({
  bytes = 0,
  entries = 0,
  tops = 0,
}: Partial<Record<"bytes" | "entries" | "tops", number>>): number {
  return 1 + Math.floor(bytes / BYTES_A_THREAD + entries / ENTRIES_A_THREAD + tops / TOPS_A_THREAD);
}

/** A thread that is to rest does so once it has worked for so long, and never longer at a time. */
const REST = { afterMs: 5, mostMs: 500 };

/** A thread's part in a job: which pieces it gets, how it tells what it has done, and what it has open. */
export class JobContext {
  readonly control: Control;
  /** 0 for the main thread. */
  readonly thread: number;
  readonly #pause: () => Promise<void> | undefined;
  readonly #recruit: (threads: number) => void;
  readonly #kept: { release(): void }[] = [];
  /** In percent of the time. */
  readonly #restShare: number;
  #workedSince = 0;

  /**
   * @param pause gives a promise when it is time to let others have their turn, in a thread that must do so
   * @param recruit has helpers join, in a thread that can start some
   */
  constructor(
    control: Control,
    thread: number,
    pause: () => Promise<void> | undefined = () => undefined,
    recruit: (threads: number) => void = () => undefined,
  ) {
    this.control = control;
    this.thread = thread;
    this.#pause = pause;
    this.#recruit = recruit;
    this.#restShare = control.restShare;
    if (this.#restShare > 0) this.#workedSince = performance.now();
  }

  /** Says that so many threads are of use by now, or will be in the next job, where that was not known before. */
  recruit(threads: number): void {
    this.#recruit(threads);
  }

  /**
   * The pieces that this thread gets of `count`, in ascending order; throws `ABORTED` when the build is to stop. A job
   * with two kinds of pieces counts each by itself.
   */
  *pieces(count: number, counter: 0 | 1 = 0): Generator<number, void, void> {
    const { control } = this;
    for (let piece = control.claim(counter); piece < count; piece = control.claim(counter)) yield piece;
  }

  /** Notes progress: bytes of content, or entries. */
  advance(done: number): void {
    this.control.advance(this.thread, done);
  }

  /** Adds to the bytes of contents that have been read. */
  countRead(bytes: number): void {
    this.control.countRead(this.thread, bytes);
  }

  /**
   * To be called every few milliseconds, and given what has been done since; throws `ABORTED` when the build is to stop.
   * What it returns is to be awaited: now and then the main thread lets signals, timers and progress through. Mostly
   * there is nothing to await, so that hot paths need not.
   */
  breathe(done = 0): Promise<void> | undefined {
    this.control.check();
    this.control.advance(this.thread, done);
    return this.#restShare > 0 ? (this.#rest() ?? this.#pause()) : this.#pause();
  }

  /** Of a build that is to leave the machine to others. */
  #rest(): Promise<void> | undefined {
    const worked = performance.now() - this.#workedSince;
    if (worked < REST.afterMs) return undefined;
    const restMs = Math.min((worked * this.#restShare) / (100 - this.#restShare), REST.mostMs);
    return new Promise((resolve) => {
      setTimeout(() => {
        this.#workedSince = performance.now();
        resolve();
      }, restMs);
    });
  }

  /**
   * Takes the turn to write, or gives a promise of it. A thread that dies while it has the turn never gives it back: the
   * main thread must be able to see that, and to answer signals while another thread's write takes its time.
   */
  takeTurn(): Promise<void> | undefined {
    return this.control.tryTakeTurn() ? undefined : this.#waitForTurn();
  }

  async #waitForTurn(): Promise<void> {
    while (!this.control.tryTakeTurn()) {
      this.control.waitTurn();
      await this.breathe();
    }
  }

  /** Has something released when the part is over, however it ends. */
  keep<T extends { release(): void }>(open: T): T {
    this.#kept.push(open);
    return open;
  }

  /** Does `work` as the part. */
  async run<R>(work: (job: JobContext) => Promise<R>): Promise<R> {
    try {
      return await work(this);
    } finally {
      this.release();
    }
  }

  /** Releases what is kept, although the part is not over: it has been given up, as it may wait for ever. */
  release(): void {
    for (const open of this.#kept) open.release();
  }
}
