/** FIFOs as targets, and pipes that have a path (`/dev/fd/3`): they are written front to back, and read meanwhile. */
import { closeSync, constants, openSync } from "node:fs";
import { Socket } from "node:net";
import { ImageError } from "../../core/error.ts";
import { isDeno, systemCode, systemMessage } from "../../core/node/node-errors.ts";

/** Milliseconds after which a reader is looked for again. */
const RETRY_MS = 10;

/** Has `use` write to a FIFO, which is opened for its first bytes, and closed however that ends: its reader then goes on. */
export async function withPipe<R>(path: string, use: (stream: WritableStream<Uint8Array>) => Promise<R>): Promise<R> {
  // it makes no socket of what is open already
  if (isDeno()) throw new ImageError("INPUT", `${path}: is a pipe, which Deno cannot write to by its path`, { path });
  const pipe = new Pipe(path);
  const stream = new WritableStream<Uint8Array>({ write: (chunk) => pipe.write(chunk), close: () => pipe.end() });
  try {
    return await use(stream);
  } finally {
    pipe.close();
  }
}

class Pipe {
  readonly #path: string;
  #socket: Socket | undefined;
  #isClosed = false;

  constructor(path: string) {
    this.#path = path;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#socket ??= await this.#open();
    const socket = this.#socket;
    await this.#wait((done) => socket.write(chunk, done));
  }

  /** All is written: waits until the pipe has taken it. */
  async end(): Promise<void> {
    await this.#wait((done) => this.#socket?.end(done));
  }

  /** Nothing more will come; whoever waits for a writer to open the FIFO does so no longer. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#socket) this.#socket.destroy();
    else this.#tellReader();
  }

  #tellReader(): void {
    try {
      closeSync(this.#openNow());
    } catch {
      // there is none
    }
  }

  /** Waits for a reader as a shell does, but in a way that lets a build be aborted. */
  async #open(): Promise<Socket> {
    for (;;) {
      if (this.#isClosed) throw new ImageError("ABORTED", "the build was aborted");
      try {
        const socket = new Socket({ fd: this.#openNow(), readable: false, writable: true });
        // each write is told of its own failure
        return socket.on("error", () => undefined);
      } catch (cause) {
        if (systemCode(cause) !== "ENXIO") throw this.#refused(cause);
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  #openNow(): number {
    return openSync(this.#path, constants.O_WRONLY | constants.O_NONBLOCK);
  }

  #wait(start: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => start((error) => (error ? reject(this.#refused(error)) : resolve())));
  }

  #refused(cause: unknown): ImageError {
    const path = this.#path;
    const why = systemCode(cause) === "EPIPE" ? "closed by the reader" : systemMessage(cause);
    return new ImageError("IO", `${path}: ${why}`, { path, cause });
  }
}
