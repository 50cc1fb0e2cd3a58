/**
 * The few words of shared memory through which threads at one job agree: whether to stop, which piece of work is next,
 * how far each has come. Pieces are claimed in order by an atomic counter; who does which never shows in the bytes.
 */
import { ImageError } from "../error.ts";

const STOP = 0;
const TURN = 1;
const PLACED = 2;
/** Counters of pieces, as many as a job may need. */
const CLAIM = 3;
const COUNTERS = 2;
const REST = CLAIM + COUNTERS;
/** An even number of them: doubles follow. */
const WORDS = 2 * Math.ceil((REST + 1) / 2);
/** What each thread has: two doubles and a word. */
const THREAD_BYTES = 20;
const TURN_MS = 50;
/** In the place of a job's number: the thread is asked for nothing. */
const NOTHING = 0;

/** Shared state of the threads that work on one build. */
export class Control {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #done: Float64Array;
  /** By thread: bytes of contents, of all jobs. */
  readonly #read: Float64Array;
  /** By thread: the job that it may begin with, below 0 once it has. */
  readonly #asked: Int32Array;

  constructor(threads: number | SharedArrayBuffer) {
    this.buffer = typeof threads === "number" ? new SharedArrayBuffer(4 * WORDS + THREAD_BYTES * threads) : threads;
    const count = (this.buffer.byteLength - 4 * WORDS) / THREAD_BYTES;
    this.#words = new Int32Array(this.buffer, 0, WORDS);
    this.#done = new Float64Array(this.buffer, 4 * WORDS, count);
    this.#read = new Float64Array(this.buffer, 4 * WORDS + 8 * count, count);
    this.#asked = new Int32Array(this.buffer, 4 * WORDS + 16 * count, count);
  }

  /** The share of the time, in percent, in which threads are to do nothing. */
  get restShare(): number {
    return Atomics.load(this.#words, REST);
  }

  set restShare(percent: number) {
    Atomics.store(this.#words, REST, percent);
  }

  /** Asks every thread to give up at its next piece. */
  stop(): void {
    Atomics.store(this.#words, STOP, 1);
  }

  /** Throws `ABORTED` once {@link stop} has been called. */
  check(): void {
    if (Atomics.load(this.#words, STOP) !== 0) throw new ImageError("ABORTED", "the build was aborted");
  }

  /** The number of the next piece nobody has taken, from 0; a job with two kinds of pieces counts each by itself. */
  claim(counter: 0 | 1 = 0): number {
    this.check();
    return Atomics.add(this.#words, CLAIM + counter, 1);
  }

  /** Before a new job: pieces count from 0 again, progress too. */
  reset(): void {
    for (let counter = 0; counter < COUNTERS; counter++) Atomics.store(this.#words, CLAIM + counter, 0);
    Atomics.store(this.#words, PLACED, 0);
    this.#done.fill(0);
  }

  /** Lets a thread begin with its part in a job, whose number is not 0. */
  ask(thread: number, job: number): void {
    Atomics.store(this.#asked, thread, job);
  }

  /** In that thread: whether it may begin. It may be too late, as a thread takes long to start. */
  begin(thread: number, job: number): boolean {
    return Atomics.compareExchange(this.#asked, thread, job, -job) === job;
  }

  /** Takes back {@link ask}, when nothing is left to do; false when the thread has begun. */
  withdraw(thread: number, job: number): boolean {
    return Atomics.compareExchange(this.#asked, thread, job, NOTHING) === job;
  }

  /**
   * Takes the turn to write, if no other thread has it: Linux writes to one file one thread at a time and has the others
   * spin.
   */
  tryTakeTurn(): boolean {
    return Atomics.compareExchange(this.#words, TURN, 0, 1) === 0;
  }

  /** Waits a moment for the turn to be free. */
  waitTurn(): void {
    Atomics.wait(this.#words, TURN, 1, TURN_MS);
  }

  /** Lets the next thread write. */
  giveTurn(): void {
    Atomics.store(this.#words, TURN, 0);
    Atomics.notify(this.#words, TURN, 1);
  }

  /** How many pieces have been placed: the number of the one whose turn it is. See OrderedOutput. */
  get placed(): number {
    return Atomics.load(this.#words, PLACED);
  }

  /** The piece whose turn it was is placed; lets the next one be. */
  advancePlaced(): void {
    Atomics.add(this.#words, PLACED, 1);
    Atomics.notify(this.#words, PLACED);
  }

  /** Waits a moment for another thread to place a piece, if `piece` is still the one whose turn it is. */
  waitPlaced(piece: number): void {
    Atomics.wait(this.#words, PLACED, piece, TURN_MS);
    this.check();
  }

  /** Adds to what `thread` has done; each thread writes its own word only. */
  advance(thread: number, amount: number): void {
    this.#done[thread]! += amount;
  }

  /** Adds to the bytes of contents that `thread` has read; each thread writes its own word only. */
  countRead(thread: number, bytes: number): void {
    this.#read[thread]! += bytes;
  }

  /** Bytes of contents that all threads have read, in all jobs. */
  get bytesRead(): number {
    return this.#read.reduce((sum, bytes) => sum + bytes, 0);
  }

  /** What all threads have done since {@link reset}. */
  get done(): number {
    return this.#done.reduce((sum, amount) => sum + amount, 0);
  }
}
