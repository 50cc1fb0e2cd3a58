/**
 * Images are made in a file, whatever the target: what has been written is read again for what is equal to it, and some of
 * an image is known only when all else is in place. A target that is no file, or a device, gets the finished image front
 * to back.
 */
import { checkDeviceRoom, HeadLastSink } from "../core/node/node-file-sink.ts";
import { withSpills } from "../core/node/node-spill.ts";
import type { JobContext } from "../core/threads.ts";
import type { BuildSession } from "./session.ts";
import {
  copyImage,
  type FileTarget,
  type ImageTarget,
  openSink,
  type SharedTarget,
  sendImage,
  withFileSink,
  writeFileTarget,
} from "./target.ts";

/** Bytes at the head of a device that are written last: the superblock's block, however large blocks are. */
const HEAD_BYTES = 65536;

/** Has `make` make the image of a build, and brings it to the target; `make` says how long it is, and all of it is written. */
export async function makeImageFile<R extends { bytes: number }>(
  session: BuildSession,
  out: ImageTarget,
  make: (image: SharedTarget) => Promise<R>,
): Promise<R> {
  const { offset } = session;
  if (typeof out !== "string") {
    return spool(session, make, (job, path, length) => sendImage(job, path, length, out, offset));
  }
  return writeFileTarget(out, offset, async (file) => {
    if (file.inPlace) return spool(session, make, (job, path, length) => copyToDevice(job, path, length, file));
    const made = await make(file);
    await session.watch("write", made.bytes, () => session.here((job) => sync(job, file, made.bytes)));
    return made;
  });
}

/** Gives the file its length, and makes it durable. */
async function sync(job: JobContext, file: SharedTarget, bytes: number): Promise<void> {
  await withFileSink(file, async (sink) => {
    sink.truncate(bytes);
    sink.sync();
    job.advance(bytes);
  });
}

/** Makes the image in a temporary file, which `send` passes on. */
async function spool<R extends { bytes: number }>(
  session: BuildSession,
  make: (image: SharedTarget) => Promise<R>,
  send: (job: JobContext, path: string, length: number) => Promise<void>,
): Promise<R> {
  return withSpills(undefined, async (folder) => {
    const path = folder.create("image");
    const image = { path, shownPath: path, offset: 0 };
    const made = await make(image);
    await withFileSink(image, async (sink) => sink.truncate(made.bytes));
    await session.watch("write", made.bytes, () => session.here((job) => send(job, path, made.bytes)));
    return made;
  });
}

async function copyToDevice(job: JobContext, path: string, length: number, device: FileTarget): Promise<void> {
  checkDeviceRoom(device.path, device.offset + length);
  await copyImage(job, path, length, new HeadLastSink(openSink(job, device), HEAD_BYTES));
}
