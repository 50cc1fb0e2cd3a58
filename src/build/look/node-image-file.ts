/** Images in files and on block devices, from a byte on. */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ByteSource } from "../../core/byte-source.ts";
import { ImageError } from "../../core/error.ts";
import { attempt } from "../../core/node/node-errors.ts";
import { CallFolder } from "../../core/node/node-folder.ts";

/** A FIFO is not waited for: Windows has no such flag, and no FIFOs. */
const READ_AT_ONCE = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
/** The largest device that is looked for the end of. */
const MOST_DEVICE_BITS = 52;

/** A file with an image, open. */
export class ImageFile implements ByteSource {
  readonly size: number;
  /** What messages call the file, from which the image starts at {@link offset}. */
  readonly path: string;
  readonly offset: number;
  /** Undefined once it is closed: the number may be another file's by then. */
  #descriptor: number | undefined;

  /**
   * @param path of the file
   * @param shownPath what messages call it
   * @throws ImageError `IO` for what cannot be read, `INPUT` for what is neither a file nor a block device
   */
  constructor(path: string, offset = 0, shownPath: string = path) {
    this.path = shownPath;
    this.offset = offset;
    const whole = CallFolder.now().resolveText(path);
    const descriptor = attempt(shownPath, () => openSync(whole, READ_AT_ONCE));
    this.#descriptor = descriptor;
    try {
      this.size = sizeOf(shownPath, descriptor) - offset;
      if (this.size < 0) {
        throw new ImageError("INPUT", `${shownPath}: has ${this.size + offset} bytes, and no image at ${offset}`, {
          path: shownPath,
        });
      }
    } catch (error) {
      this.release();
      throw error;
    }
  }

  readAt(into: Uint8Array, offset: number): number {
    const { path } = this;
    const descriptor = this.#descriptor;
    if (descriptor === undefined) throw new ImageError("INPUT", `${path}: has been closed`, { path });
    const length = Math.min(into.length, this.size - offset);
    if (length <= 0) return 0;
    return attempt(path, () => readSync(descriptor, into, 0, length, this.offset + offset));
  }

  /** Closes it, once. */
  release(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function sizeOf(path: string, descriptor: number): number {
  const stats = attempt(path, () => fstatSync(descriptor));
  if (stats.isFile()) return stats.size;
  if (!stats.isBlockDevice()) throw new ImageError("INPUT", `${path}: is neither a file nor a block device`, { path });
  return deviceSize(path, descriptor);
}

/** No call of Node's tells it: where nothing is read any more it has ended. */
function deviceSize(path: string, descriptor: number): number {
  const byte = new Uint8Array(1);
  const hasByte = (at: number) => attempt(path, () => readSync(descriptor, byte, 0, 1, at)) > 0;
  let size = 0;
  for (let bit = MOST_DEVICE_BITS - 1; bit >= 0; bit--) {
    const more = size + 2 ** bit;
    if (hasByte(more - 1)) size = more;
  }
  return size;
}

/** The path of a file that is given by its path or URL. Throws `INPUT` for a URL of no file. */
export function pathOf(from: string | URL): string {
  if (typeof from === "string") return from;
  if (from.protocol !== "file:") {
    throw new ImageError(
      "INPUT",
      `${from.href}: only URLs of files are opened; an object with size and readAt() may read others`,
    );
  }
  try {
    return fileURLToPath(from);
  } catch (cause) {
    // it names another machine, or has a slash in a name
    throw new ImageError("INPUT", `${from.href}: is the URL of no file of this machine`, { cause });
  }
}
