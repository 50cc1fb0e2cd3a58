/** Where images go: a path, a stream, or a sink of the caller's. */

import { ImageError } from "../../core/error.ts";
import { FileSink } from "../../core/node/node-file-sink.ts";
import { type FileIdentity, identifyDescriptor } from "../../core/node/node-identity.ts";
import { SpillFile } from "../../core/node/node-spill.ts";
import { openTarget, prepareTarget, spoolFor } from "../../core/node/node-target.ts";
import { type TemporaryFile, TemporaryFiles } from "../../core/node/node-temporary.ts";
import { SequentialSink, type Sink } from "../../core/sink.ts";
import type { JobContext } from "../../core/threads/threads.ts";
import type { Digest } from "../jobs/node-digest.ts";

/** Bytes of a finished image that are copied at once. */
const COPY_BYTES = 1 << 20;

/** A path (written beside it and renamed; a block device is written in place), a Sink, or a stream. */
export type ImageTarget = string | Sink | WritableStream<Uint8Array>;

/** Throws `INPUT` for what no image can be written to, before any work is done. */
export function checkTarget(out: ImageTarget): void {
  if (out === "") throw new ImageError("INPUT", 'the path to write to is ""');
  if (typeof out === "string") {
    if (!out.includes("\0")) return;
    throw new ImageError("INPUT", `the path to write to holds a NUL: ${JSON.stringify(out)}`);
  }
  if (typeof out === "object" && out !== null) {
    if ("getWriter" in out) {
      if (!out.locked) return;
      throw new ImageError("INPUT", "the stream to write to is locked by another writer");
    }
    if ([out.writeAt, out.truncate, out.close].every((method) => typeof method === "function")) return;
  }
  throw new ImageError(
    "INPUT",
    "the target is neither a path, nor a WritableStream, nor a Sink {writeAt, truncate, close}",
  );
}

/** Throws `INPUT` for a stream that takes nothing any more; the error it has failed with is then the cause. */
export async function checkStream(out: ImageTarget): Promise<void> {
  if (typeof out !== "object" || !("getWriter" in out)) return;
  checkTarget(out);
  const writer = out.getWriter();
  let ended: ImageError | undefined;
  writer.closed.then(
    () => {
      ended = streamClosed();
    },
    (cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      ended = new ImageError("INPUT", `the stream to write to has failed: ${why}`, { cause });
    },
  );
  // what was settled before has been told by then; letting go of the writer is told later, to nobody
  await Promise.resolve();
  const error = ended;
  writer.releaseLock();
  if (error) throw error;
}

function streamClosed(cause?: unknown): ImageError {
  return new ImageError("INPUT", "the stream to write to is closed", { cause });
}

/** What Node says of a write to a stream that is being closed; the second, a fault of its own, in the middle of the close. */
const CLOSING_CODES: readonly unknown[] = ["ERR_INVALID_STATE", "ERR_INTERNAL_ASSERTION"];

/** What writing to a stream failed with: its own error, but for what says that it was being closed. */
function streamError(error: unknown): unknown {
  const isClosing = error instanceof Error && "code" in error && CLOSING_CODES.includes(error.code);
  return isClosing ? streamClosed(error) : error;
}

/** A stream to what this process has open: where that is a file, the build leaves it out of what it packs. */
export class DescriptorStream extends WritableStream<Uint8Array> {
  readonly descriptor: number;

  constructor(descriptor: number, sink: ConstructorParameters<typeof WritableStream<Uint8Array>>[0]) {
    super(sink);
    this.descriptor = descriptor;
  }
}

/** Before anything is listed: tells the file that is there already, and is to be replaced or written. */
export function identifyTarget(out: ImageTarget): FileIdentity | undefined {
  if (typeof out === "string") return prepareTarget(out);
  return out instanceof DescriptorStream ? identifyDescriptor(out.descriptor) : undefined;
}

/**
 * Where a build puts what it has to read again: archives that come by pipes, and what of them is decompressed.
 *
 * @param listsFolders whether it lists any, which may be the target's
 */
export function spoolOf(out: ImageTarget, listsFolders: boolean): TemporaryFiles {
  const target = typeof out === "string" ? out : undefined;
  return target === undefined || listsFolders ? TemporaryFiles.ofSystem(target) : spoolFor(target);
}

/** A file that holds an image, which every thread can open. */
export interface SharedTarget extends TemporaryFile {
  /** Bytes in front of the image. */
  offset: number;
}

/** A file to be written: the temporary one beside the target, or a device itself. */
export interface FileTarget extends SharedTarget {
  /** The target itself is written to (a device), so that the head must come last. */
  inPlace: boolean;
  /** The target is a FIFO: it is written front to back. */
  isPipe: boolean;
}

/**
 * Has `write` make the file `out`, and puts it in its place; after a failure `out` is as it was. What else has to be kept in
 * files meanwhile is among the `temporary` ones.
 */
export async function writeFileTarget<R>(
  out: string,
  offset: number,
  write: (file: FileTarget, temporary: TemporaryFiles) => Promise<R>,
): Promise<R> {
  const { path, inPlace, isPipe, temporary, commit, close } = openTarget(out);
  try {
    const result = await write({ path, shownPath: out, offset, inPlace, isPipe }, temporary);
    commit();
    return result;
  } finally {
    close();
  }
}

/** Opens a file to write to in a thread's part of a job. */
export function openSink(job: JobContext, { path, shownPath, offset }: SharedTarget): FileSink {
  return job.keep(new FileSink(path, shownPath, offset));
}

/** Opens the file of an image to write and read in a thread's part of a job. */
export function openImage(job: JobContext, { path, shownPath, offset }: SharedTarget): SpillFile {
  return job.keep(new SpillFile(path, shownPath, offset));
}

/** Opens a file for `use`; it is closed however that ends. */
export async function withFileSink<R>(
  { path, shownPath, offset }: SharedTarget,
  use: (sink: FileSink) => Promise<R>,
): Promise<R> {
  const sink = new FileSink(path, shownPath, offset);
  try {
    return await use(sink);
  } finally {
    sink.release();
  }
}

/** A sink whose offset 0 is another's `offset`. */
function moveSink(out: Sink, offset: number): Sink {
  return {
    writeAt: (bytes, at) => out.writeAt(bytes, at + offset),
    truncate: (length) => out.truncate(length + offset),
    close: () => out.close(),
  };
}

/**
 * Copies a finished image of `length` bytes, which lies in a temporary file, to a sink, front to back.
 *
 * @param digest gets the bytes too
 */
export async function copyImage(
  job: JobContext,
  file: TemporaryFile,
  length: number,
  sink: Sink,
  digest?: Digest,
): Promise<void> {
  const image = job.keep(new SpillFile(file.path, file.shownPath));
  await sink.truncate(length);
  let done = 0;
  for (const bytes of chunksOf(image, length)) {
    digest?.update(bytes);
    await sink.writeAt(bytes, done);
    done += bytes.length;
    await job.breathe(bytes.length);
  }
  await sink.close();
}

/** Adds a finished image of `length` bytes to its digest, as the file has it. */
export async function digestImage(job: JobContext, file: SharedTarget, length: number, digest: Digest): Promise<void> {
  for (const bytes of chunksOf(openImage(job, file), length)) {
    digest.update(bytes);
    await job.breathe();
  }
}

/** All bytes of an image, in order; each chunk is gone when the next is asked for. */
function* chunksOf(image: SpillFile, length: number): Generator<Uint8Array, void, void> {
  const buffer = new Uint8Array(Math.min(COPY_BYTES, length));
  for (let done = 0; done < length; ) {
    const got = image.readAt(buffer.subarray(0, Math.min(COPY_BYTES, length - done)), done);
    if (got === 0) throw image.fail("what was written cannot be read again");
    yield buffer.subarray(0, got);
    done += got;
  }
}

/** The same to a stream or a caller's Sink, `offset` bytes from its start. */
export async function sendImage(
  job: JobContext,
  file: TemporaryFile,
  length: number,
  out: Exclude<ImageTarget, string>,
  { offset, digest }: { offset: number; digest: Digest | undefined },
): Promise<void> {
  if (!("getWriter" in out)) return copyImage(job, file, length, moveSink(out, offset), digest);
  await checkStream(out);
  const stream = new SequentialSink(out);
  try {
    await copyImage(job, file, length, moveSink(stream, offset), digest);
  } catch (error) {
    void stream.abort(error);
    throw streamError(error);
  }
}
