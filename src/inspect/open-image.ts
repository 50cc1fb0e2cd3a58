/** Opens images of either format, told by their superblocks. */
import type { ByteSource } from "../core/byte-source.ts";
import { isErofs } from "./erofs/image.ts";
import { ErofsReader, openErofs } from "./erofs/reader.ts";
import { damaged, ImageBytes } from "./image.ts";
import type { ImageReader } from "./reader.ts";
import { isSquashfs, openSquashfs } from "./squashfs/image.ts";
import { SquashfsReader } from "./squashfs/reader.ts";

/** An image that is open, of its format. */
export type OpenedImage = OpenedErofs | OpenedSquashfs;

/** One of EROFS. */
export interface OpenedErofs {
  readonly format: "erofs";
  readonly bytes: ImageBytes;
  readonly reader: ErofsReader;
}

/** One of SquashFS. */
export interface OpenedSquashfs {
  readonly format: "squashfs";
  readonly bytes: ImageBytes;
  readonly reader: SquashfsReader;
}

/**
 * Reads the superblock, and what has to be known for the rest.
 *
 * @param devices in what data of an EROFS image lies besides, in the order of its table
 * @throws ImageError `DAMAGED` where this is no image, or does not hold together; `INPUT` where it has what is not read here
 */
export async function openReader(
  source: Uint8Array | ByteSource,
  devices: readonly ByteSource[] = [],
): Promise<OpenedImage> {
  const bytes = new ImageBytes(source);
  if (await isErofs(bytes)) {
    const image = await openErofs(
      bytes,
      devices.map((device, index) => new ImageBytes(device, `device ${index + 1}`)),
    );
    return { format: "erofs", bytes, reader: new ErofsReader(image) };
  }
  if (await isSquashfs(bytes)) {
    return { format: "squashfs", bytes, reader: await SquashfsReader.open(await openSquashfs(bytes)) };
  }
  throw damaged(0, "this is an image of neither EROFS nor SquashFS");
}

/** The same, whatever its format. */
export function readerOf(image: OpenedImage): ImageReader {
  return image.reader as ImageReader;
}
