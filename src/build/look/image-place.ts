/** Where an image is, as plain data that every thread can open it by. */

import { Interruption } from "../../core/abort.ts";
import type { ByteSource } from "../../core/byte-source.ts";
import { ImageError } from "../../core/error.ts";
import { type FileIdentity, identifyPath } from "../../core/node/node-identity.ts";
import { type OpenedImage, openReader } from "../../inspect/open-image.ts";
import { ImageFile } from "./node-image-file.ts";

/** An image in a file. */
export interface ImagePlace {
  path: string;
  /** What messages call it. Default: its path. */
  shownPath?: string;
  /** Bytes before it. */
  offset: number;
  /** Paths of what data of an EROFS image lies in besides. */
  devices: readonly string[];
}

/** The regular files that an image is in: who builds or extracts does not touch them. */
export function filesOf({ path, devices }: ImagePlace): FileIdentity[] {
  return [path, ...devices].map(identifyPath).filter((identity) => identity !== undefined);
}

/** Does `work` with an image that is open; errors of it name the file. Once `signal` has fired nothing is read any more. */
export async function withPlace<R>(
  { path, shownPath = path, offset, devices }: ImagePlace,
  work: (image: OpenedImage) => Promise<R>,
  signal?: AbortSignal,
): Promise<R> {
  const interruption = new Interruption(signal);
  const files: ImageFile[] = [];
  const open = (file: string, at: number, shown = file) => {
    const opened = new ImageFile(file, at, shown);
    files.push(opened);
    return interruptible(opened, interruption);
  };
  try {
    const others = devices.map((device) => open(device, 0));
    return await work(await openReader(open(path, offset, shownPath), others));
  } catch (error) {
    if (!(error instanceof ImageError) || error.path !== undefined || error.code === "ABORTED") throw error;
    throw new ImageError(error.code, `${shownPath}: ${error.message}`, {
      path: shownPath,
      offset: error.offset,
      cause: error,
    });
  } finally {
    for (const file of files) file.release();
  }
}

function interruptible(file: ImageFile, interruption: Interruption): ByteSource {
  return {
    size: file.size,
    readAt(into, offset) {
      const pause = interruption.check();
      return pause === undefined ? file.readAt(into, offset) : pause.then(() => file.readAt(into, offset));
    },
  };
}
