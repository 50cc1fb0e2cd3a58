/**
 * Writing in large pieces, a thread at a time. Data gathers in a window of several runs, each contiguous in the image.
 * When the window is full and another thread is writing, it waits its turn in a second buffer, and gathering goes on in
 * the first.
 */
import { roundUp } from "../../core/bytes.ts";
import type { Control } from "../../core/control.ts";
import type { Sink } from "../../core/sink.ts";

/** Bytes gathered before they are written. */
const DATA_WINDOW = 1 << 20;

/** A buffer of runs; `at[i]` is where run i starts in `bytes`, `imageOff[i]` where it goes. */
class Gathered {
  readonly bytes: Uint8Array;
  readonly at: number[] = [];
  readonly imageOff: number[] = [];
  used = 0;

  constructor(room: number) {
    this.bytes = new Uint8Array(room);
  }

  clear(): void {
    this.at.length = 0;
    this.imageOff.length = 0;
    this.used = 0;
  }

  run(index: number): Uint8Array {
    return this.bytes.subarray(this.at[index]!, this.at[index + 1] ?? this.used);
  }
}

/** Gathers data until a window is full, and writes it at once. */
export class DataWindow {
  readonly #sink: Sink;
  readonly #control: Control;
  readonly #blockSize: number;
  #filling: Gathered;
  #waiting: Gathered;

  constructor(sink: Sink, control: Control, blockSize: number) {
    this.#sink = sink;
    this.#control = control;
    this.#blockSize = blockSize;
    // room for what is gathered, the padding of a last block, and the byte that a read to the end may scribble on
    this.#filling = new Gathered(DATA_WINDOW + blockSize + 1);
    this.#waiting = new Gathered(DATA_WINDOW + blockSize + 1);
  }

  /** Where what was reserved goes; another buffer after each {@link reserve}. */
  get buffer(): Uint8Array {
    return this.#filling.bytes;
  }

  /** The place in `buffer` for `length` bytes, which may be looked at, and committed, until the next call. */
  reserve(length: number): number | Promise<number> {
    if (this.#filling.used + length <= DATA_WINDOW) return this.#filling.used;
    const flushing = this.#flush();
    return flushing === undefined ? 0 : flushing.then(() => 0);
  }

  /** Keeps `length` bytes of what was reserved for `imageOff`, padded to whole blocks. */
  commit(imageOff: number, length: number): void {
    const { at, bytes, imageOff: offsets, used } = this.#filling;
    const follows = at.length > 0 && offsets.at(-1)! + used - at.at(-1)! === imageOff;
    if (!follows) {
      at.push(used);
      offsets.push(imageOff);
    }
    this.#filling.used = used + roundUp(length, this.#blockSize);
    bytes.fill(0, used + length, this.#filling.used);
  }

  /** Writes `bytes` that were not gathered, when it is this thread's turn. */
  async writeAt(bytes: Uint8Array, imageOff: number): Promise<void> {
    this.#control.takeTurn();
    try {
      await this.#sink.writeAt(bytes, imageOff);
    } finally {
      this.#control.giveTurn();
    }
  }

  /** Writes all that has been gathered. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#settle();
  }

  /** Makes room: writes what was put aside before, and what has been gathered, or puts that aside. */
  #flush(): Promise<void> | undefined {
    const settling = this.#settle();
    return settling === undefined ? this.#turnOver() : settling.then(() => this.#turnOver());
  }

  #settle(): Promise<void> | undefined {
    if (this.#waiting.used === 0) return undefined;
    this.#control.takeTurn();
    return this.#write(this.#waiting);
  }

  #turnOver(): Promise<void> | undefined {
    if (this.#control.tryTakeTurn()) return this.#write(this.#filling);
    [this.#filling, this.#waiting] = [this.#waiting, this.#filling];
    return undefined;
  }

  /** Writes the runs and gives the turn back; nothing is awaited where the sink does not ask for it. */
  #write(gathered: Gathered): Promise<void> | undefined {
    const done = () => {
      gathered.clear();
      this.#control.giveTurn();
    };
    try {
      for (let run = 0; run < gathered.at.length; run++) {
        const writing = this.#sink.writeAt(gathered.run(run), gathered.imageOff[run]!);
        if (writing) return this.#writeRest(gathered, run + 1, writing).finally(done);
      }
    } catch (error) {
      done();
      throw error;
    }
    done();
    return undefined;
  }

  async #writeRest(gathered: Gathered, next: number, first: Promise<void>): Promise<void> {
    await first;
    for (let run = next; run < gathered.at.length; run++) {
      await this.#sink.writeAt(gathered.run(run), gathered.imageOff[run]!);
    }
  }
}
