/**
 * Images are made in a file, whatever the target: what has been written is read again for what is equal to it, and some of
 * an image is known only when all else is in place. A target that is no file, or a device, gets the finished image front
 * to back.
 */

import { equalBytes } from "../../core/bytes.ts";
import { checkDeviceRoom, HeadLastSink } from "../../core/node/node-file-sink.ts";
import { SpillFile } from "../../core/node/node-spill.ts";
import type { TemporaryFile, TemporaryFiles } from "../../core/node/node-temporary.ts";
import type { JobContext } from "../../core/threads/threads.ts";
import type { Expectation } from "../compare/verify-build.ts";
import type { Digest } from "../jobs/node-digest.ts";
import type { BuildSession } from "../session.ts";
import { withPipe } from "./node-pipe.ts";
import {
  copyImage,
  digestImage,
  type FileTarget,
  type ImageTarget,
  openImage,
  openSink,
  type SharedTarget,
  sendImage,
  withFileSink,
  writeFileTarget,
} from "./target.ts";

/** Bytes at the head of a device that are written last: the superblock's block, however large blocks are. */
const HEAD_BYTES = 65536;

/** Makes an image in a file; what has to be kept in others meanwhile is among the `temporary` ones. */
type MakeImage<R> = (image: SharedTarget, temporary: TemporaryFiles) => Promise<R>;

/**
 * Has an image made, and brings it to the target; what makes it says how long it is, and all of it is written. A hash tree
 * that is asked for is made behind it.
 *
 * @param expectation what it is to hold, where it is to be verified
 */
export function makeImageFile<R extends { bytes: number }>(
  session: BuildSession,
  out: ImageTarget,
  make: MakeImage<R>,
  expectation?: Expectation,
): Promise<R> {
  const { verity } = session;
  const isVerified = expectation !== undefined;
  const verified = isVerified ? withVerification(session, make, expectation) : make;
  if (verity === undefined) return makeFile(session, out, verified, isVerified);
  const sealed: MakeImage<R> = async (image, temporary) => verity.seal(image, await verified(image, temporary));
  return verity.withFiles(() => makeFile(session, out, sealed, isVerified));
}

async function makeFile<R extends { bytes: number }>(
  session: BuildSession,
  out: ImageTarget,
  make: MakeImage<R>,
  isVerified: boolean,
): Promise<R> {
  const { offset, digest } = session;
  if (typeof out !== "string") {
    return spool(session, make, session.temporary, (...image) => sendImage(...image, out, session));
  }
  return writeFileTarget(out, offset, async (file, temporary) => {
    if (file.isPipe) {
      const send = (stream: WritableStream<Uint8Array>) =>
        spool(session, make, temporary, (...image) => sendImage(...image, stream, session));
      return withPipe(file.path, send);
    }
    if (file.inPlace)
      return spool(session, make, temporary, (...image) => copyToDevice(...image, file, digest, isVerified));
    session.leaveOut(temporary.named);
    const made = await make(file, temporary);
    temporary.letGo();
    session.endReading();
    await session.watch("write", made.bytes, () => session.here((job) => finish(job, file, made.bytes, digest)));
    return made;
  });
}

/** What makes an image, and reads it back. */
function withVerification<R extends { bytes: number }>(
  session: BuildSession,
  make: MakeImage<R>,
  expectation: Expectation,
): MakeImage<R> {
  return async (image, temporary) => {
    const made = await make(image, temporary);
    // an image may end with zeros that have not been written
    await withFileSink(image, async (sink) => sink.truncate(made.bytes));
    const { verifyBuild } = await import("../compare/verify-build.ts");
    await verifyBuild(session, image, expectation);
    return made;
  };
}

/** Gives the file its length, makes it durable, and reads it once more where its digest is asked for. */
async function finish(job: JobContext, file: SharedTarget, bytes: number, digest: Digest | undefined): Promise<void> {
  await withFileSink(file, async (sink) => {
    sink.truncate(bytes);
    sink.sync();
    job.advance(bytes);
  });
  if (digest) await digestImage(job, file, bytes, digest);
}

/** Makes the image in a temporary file, which `send` passes on. */
async function spool<R extends { bytes: number }>(
  session: BuildSession,
  make: MakeImage<R>,
  temporary: TemporaryFiles,
  send: (job: JobContext, file: TemporaryFile, length: number) => Promise<void>,
): Promise<R> {
  const image = { ...temporary.createHidden(), offset: 0 };
  session.leaveOut(temporary.named);
  const made = await make(image, temporary);
  await withFileSink(image, async (sink) => sink.truncate(made.bytes));
  await session.watch("write", made.bytes, () => session.here((job) => send(job, image, made.bytes)));
  return made;
}

/** Copies a finished image of `length` bytes to a device, its head last. */
async function copyToDevice(
  job: JobContext,
  file: TemporaryFile,
  length: number,
  device: FileTarget,
  digest: Digest | undefined,
  isVerified: boolean,
): Promise<void> {
  checkDeviceRoom(device.path, device.offset + length);
  const readBack = isVerified ? () => compareCopy(job, file, length, device) : undefined;
  await copyImage(job, file, length, new HeadLastSink(openSink(job, device), HEAD_BYTES, readBack), digest);
}

/** Throws `IO` unless a device has what was copied to it, but for the head, which is not there yet. */
async function compareCopy(job: JobContext, file: TemporaryFile, length: number, device: FileTarget): Promise<void> {
  const [image, copy] = [job.keep(new SpillFile(file.path, file.shownPath)), openImage(job, device)];
  const [expected, bytes] = [new Uint8Array(HEAD_BYTES), new Uint8Array(HEAD_BYTES)];
  for (let at = HEAD_BYTES; at < length; at += HEAD_BYTES) {
    const part = Math.min(HEAD_BYTES, length - at);
    image.readAt(expected.subarray(0, part), at);
    copy.readAt(bytes.subarray(0, part), at);
    if (!equalBytes(expected.subarray(0, part), bytes.subarray(0, part))) {
      throw copy.fail(`what was written at byte ${device.offset + at} reads otherwise`);
    }
    await job.breathe();
  }
}
