/** Standard output and standard error, with errors that can be awaited. */
import { DescriptorStream } from "../../build/target/target.ts";
import { ImageError } from "../../core/error.ts";
import { systemMessage } from "../../core/node/node-errors.ts";

/** Bytes that are printed at once. */
const PRINTED_BYTES = 1 << 16;

/** Writes and waits until the system has taken it. Throws `IO` when no one will read it. */
export function print(stream: NodeJS.WriteStream, chunk: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(chunk, (error) => (error ? reject(outputError(stream, error)) : resolve()));
  });
}

/** Text, and bytes, that are printed as they come, many at once. */
export class TextOutput {
  readonly #stream: NodeJS.WriteStream;
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  #isClosed = false;
  /** What ends the object of JSON that is being printed, but for its last brace; undefined: none is. */
  ending: string | undefined;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** Nobody reads any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** A terminal, which file names are to leave as it is. */
  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  /** Columns of a terminal; else a number that is usual. */
  get columns(): number {
    return this.#stream.columns || 80;
  }

  /** Prints a line, or bytes as they are, which may be reused at once; there is nothing to await until enough has come. */
  write(chunk: string | Uint8Array): Promise<void> | undefined {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk.slice();
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    return this.#bytes < PRINTED_BYTES ? undefined : this.flush();
  }

  /** Prints what waits. Throws `IO` when no one will read it. */
  async flush(): Promise<void> {
    if (this.#bytes === 0) return;
    const all = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#bytes = 0;
    try {
      await print(this.#stream, all);
    } catch (error) {
      this.#isClosed = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === "EPIPE";
      throw error;
    }
  }
}

/** An image's way to standard output; a write that waits for its reader ends with `signal`. */
export function imageStream(stream: typeof process.stdout, signal: AbortSignal): WritableStream<Uint8Array> {
  return new DescriptorStream(stream.fd, {
    write: (chunk) =>
      new Promise((resolve, reject) => {
        const onAbort = () => reject(new ImageError("ABORTED", "the build was aborted"));
        signal.addEventListener("abort", onAbort);
        print(stream, chunk)
          .finally(() => signal.removeEventListener("abort", onAbort))
          .then(resolve, reject);
      }),
  });
}

function outputError(stream: NodeJS.WriteStream, cause: Error): ImageError {
  const name = stream === process.stdout ? "standard output" : "standard error";
  const why = (cause as NodeJS.ErrnoException).code === "EPIPE" ? "closed by the reader" : systemMessage(cause);
  return new ImageError("IO", `${name}: ${why}`, { path: name, cause });
}
