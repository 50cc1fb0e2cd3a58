/** Opens an image for callers, wherever its bytes are. */
import { type ByteSource, blobSource, bytesSource } from "../../core/byte-source.ts";
import { ImageError } from "../../core/error.ts";
import { givenPath } from "../../core/node/node-folder.ts";
import {
  able,
  BYTES,
  type Checks,
  checkOptions,
  either,
  list,
  NUMBER,
  object,
  showValue,
  TEXT,
} from "../../core/options/checks.ts";
import { Image } from "../../inspect/filesystem.ts";
import { openReader } from "../../inspect/open-image.ts";
import { ImageFile, pathOf } from "./node-image-file.ts";

/** Where the bytes of an image are: a file or block device by its path, memory, a Blob, or what reads at offsets. */
export type ImageBytesSource = string | URL | Uint8Array | Blob | ByteSource;

/** How an image is opened. */
export interface OpenImageOptions {
  /** Bytes before the image (`--offset`). Default: 0. */
  offset?: number | undefined;
  /** In what data of an EROFS image lies besides (`--device`), in the order of its table. Default: none is there. */
  devices?: readonly ImageBytesSource[] | undefined;
}

const WANTED = "a path, a URL of a file, a Uint8Array, a Blob, or an object with size and readAt()";
const SOURCE = either(WANTED, TEXT, object<URL | Blob>(WANTED), BYTES, able<ByteSource>(WANTED, "readAt"));
const CHECKS: Checks<OpenImageOptions> = { offset: NUMBER, devices: list("a list of images", SOURCE) };

/**
 * Opens an image of either format, to look into it. {@link Image.close} closes the files.
 *
 * @throws ImageError `DAMAGED` where it is none, or does not hold together; `INPUT` where it has what is not read here;
 * `IO` where it cannot be read
 */
export async function openImage(source: ImageBytesSource, options: OpenImageOptions = {}): Promise<Image> {
  checkOptions(options, CHECKS);
  const { offset = 0, devices = [] } = options;
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new ImageError("INPUT", `offset: ${offset} is no number of bytes`);
  }
  const files: ImageFile[] = [];
  const release = () => {
    for (const file of files.splice(0)) file.release();
  };
  const open = (what: string, from: ImageBytesSource, skip: number): ByteSource => {
    const source = toSource(what, from, skip);
    if (source instanceof ImageFile) files.push(source);
    return source;
  };
  try {
    const bytes = open("openImage()", source, offset);
    const others = devices.map((device, index) => open(`devices[${index}]`, device, 0));
    return new Image(await openReader(bytes, others), {
      name: files[0] === bytes ? files[0].path : undefined,
      release,
    });
  } catch (error) {
    release();
    throw error;
  }
}

/** What is given, from a byte on; a path is opened. @param what messages call it */
function toSource(what: string, from: ImageBytesSource, skip: number): ByteSource {
  if (typeof from === "string" || from instanceof URL) {
    const path = pathOf(from);
    givenPath(what, path);
    return new ImageFile(path, skip);
  }
  const source = from instanceof Uint8Array ? bytesSource(from) : from instanceof Blob ? blobSource(from) : from;
  const size = (source as ByteSource | undefined)?.size;
  if (typeof source?.readAt !== "function" || !Number.isSafeInteger(size)) {
    throw new ImageError("INPUT", `${showValue(from)} is no image: ${WANTED} is`);
  }
  if (skip > source.size)
    throw new ImageError("INPUT", `offset: there are ${source.size} bytes, and no image at ${skip}`);
  if (skip === 0) return source;
  return { size: source.size - skip, readAt: (into, offset) => source.readAt(into, skip + offset) };
}
