/** Standard output and standard error, with errors that can be awaited. */
import { DescriptorStream } from "../../build/target.ts";
import { ImageError } from "../../core/error.ts";
import { systemMessage } from "../../core/node/node-errors.ts";

/** Writes and waits until the system has taken it. Throws `IO` when no one will read it. */
export function print(stream: NodeJS.WriteStream, chunk: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(chunk, (error) => (error ? reject(outputError(stream, error)) : resolve()));
  });
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
