/** Standard input that is a pipe, into one buffer: as a stream each part of it would be memory of its own, and three promises. */
import { fstatSync } from "node:fs";
import { Socket } from "node:net";

/** More than Linux has in a pipe. */
const BUFFER = 1 << 18;

/**
 * The bytes of standard input, each part good until the next one is asked for; to be read once.
 *
 * @param signal ends it, with an error
 */
export function readPipe(signal: AbortSignal): AsyncIterable<Uint8Array> {
  // Bun makes no socket of what is open already, and would end without a word
  if (process.platform !== "win32" && !("bun" in process.versions) && fstatSync(0).isFIFO())
    return { [Symbol.asyncIterator]: () => new PipeInput(signal) };
  const { stdin } = process;
  signal.addEventListener("abort", () => stdin.destroy()); // or its reader would wait for its end
  return stdin;
}

/** What the next part is waited for with. */
interface Waiting {
  resolve(result: IteratorResult<Uint8Array>): void;
  reject(error: unknown): void;
}

class PipeInput implements AsyncIterator<Uint8Array> {
  readonly #socket: Socket;
  #waiting: Waiting | undefined;
  /** How it has ended. */
  #end: { error: unknown } | undefined;

  constructor(signal: AbortSignal) {
    const callback = (length: number, buffer: Uint8Array) => {
      this.#take()?.resolve({ done: false, value: buffer.subarray(0, length) });
      // nothing more before that has been looked at
      return false;
    };
    const options = {
      fd: 0,
      readable: true,
      writable: false,
      onread: { buffer: Buffer.allocUnsafeSlow(BUFFER), callback },
    };
    this.#socket = new Socket(options);
    this.#socket.on("end", () => this.#stop(undefined));
    this.#socket.on("error", (error) => this.#stop(error));
    this.#socket.on("close", () => this.#stop(undefined));
    this.#socket.pause();
    signal.addEventListener("abort", () => this.#socket.destroy(new Error("aborted")));
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      if (this.#end) this.#stop(this.#end.error);
      else this.#socket.resume();
    });
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.#socket.destroy();
    return Promise.resolve({ done: true, value: undefined });
  }

  #take(): Waiting | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }

  #stop(error: unknown): void {
    this.#end ??= { error };
    const waiting = this.#take();
    if (this.#end.error === undefined) waiting?.resolve({ done: true, value: undefined });
    else waiting?.reject(this.#end.error);
  }
}
