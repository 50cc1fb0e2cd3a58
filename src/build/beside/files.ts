/** Files that a build writes besides its image: a registration, a device for data, a description of disks. */

import { ImageError } from "../../core/error.ts";
import { isBlockDevice } from "../../core/node/node-file-sink.ts";
import { type FileIdentity, identifyPath } from "../../core/node/node-identity.ts";
import { areOneTarget, prepareTarget } from "../../core/node/node-target.ts";
import { withPipe } from "../target/node-pipe.ts";
import {
  checkTarget,
  type FileTarget,
  type ImageTarget,
  type SharedTarget,
  withFileSink,
  writeFileTarget,
} from "../target/target.ts";

/** A file beside the image. */
export interface FileBeside {
  path: string;
  /** What it is, for messages. */
  what: string;
  /** One that is there already is left out of what is packed. */
  isOwn: boolean;
}

/**
 * Before anything is listed: the files that are there already and are to be replaced.
 *
 * @param image the file that is there in the image's place, see identifyTarget
 * @throws ImageError `INPUT` for one that would be written over the image, or over another of them
 */
export function prepareBeside(
  files: readonly FileBeside[],
  out: ImageTarget,
  image: FileIdentity | undefined,
): FileIdentity[] {
  for (const [index, { path, what }] of files.entries()) {
    checkTarget(path);
    const isImage =
      typeof out === "string" ? areOneTarget(path, out) : image !== undefined && identifyPath(path)?.id === image.id;
    const other = files.slice(0, index).find((before) => areOneTarget(path, before.path));
    const first = isImage ? "the image" : other?.what;
    if (first !== undefined) throw new ImageError("INPUT", `${path}: is to be ${first} and ${what}`, { path });
  }
  return files.filter(({ isOwn }) => isOwn).flatMap(({ path }) => prepareTarget(path) ?? []);
}

/** Who leaves the build's own files out of what it packs. */
interface Owner {
  leaveOut(files: readonly FileIdentity[]): void;
}

/** Does `work`, and writes the bytes that it has come to to a file beside the image. */
export function withFileBeside<R>(
  session: Owner,
  path: string,
  work: () => Promise<R>,
  bytesOf: (result: R) => Uint8Array,
): Promise<R> {
  return writeFileTarget(path, 0, async (file, temporary) => {
    session.leaveOut(temporary.named);
    const result = await work();
    await writeBeside(file, bytesOf(result));
    return result;
  });
}

/** Writes all of a file beside the image, which may be a pipe. */
export function writeBeside(file: FileTarget, bytes: Uint8Array): Promise<void> {
  if (file.isPipe) {
    return withPipe(file.path, async (stream) => {
      const writer = stream.getWriter();
      await writer.write(bytes);
      await writer.close();
    });
  }
  return withFileSink(file, async (sink) => {
    sink.truncate(bytes.length);
    sink.writeAt(bytes, 0);
    sink.sync();
  });
}

/** Throws `INPUT` for a file that cannot be read again. */
export function checkReadable(file: FileTarget, path: string): void {
  if (!file.isPipe && (!file.inPlace || isBlockDevice(path))) return;
  throw new ImageError("INPUT", `${path}: what is written to it cannot be read again`, { path });
}

/**
 * Has `work` write a file beside the image at any place, and read it again.
 *
 * @param lengthOf how long it has become
 */
export function withDeviceBeside<R>(
  session: Owner,
  path: string,
  work: (device: SharedTarget) => Promise<R>,
  lengthOf: (result: R) => number,
): Promise<R> {
  return writeFileTarget(path, 0, async (file, temporary) => {
    checkReadable(file, path);
    session.leaveOut(temporary.named);
    const result = await work(file);
    await withFileSink(file, async (sink) => {
      sink.truncate(lengthOf(result));
      sink.sync();
    });
    return result;
  });
}
