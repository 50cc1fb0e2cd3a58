/**
 * An image in words: a line for each structure, in the order of its bytes, so that every byte is named once. Two images
 * can be compared by their dumps: what differs says what it is.
 *
 *     0x00000480      32  erofs_inode_compact / nid=36 inline: i_format=4 …
 *     0x000004a0      12  erofs_dirent .: nid=36 nameoff=48 file_type=2 reserved=0
 *
 * Offset and bytes, then the structure with all its fields by the kernel's names. Contents are told by a checksum. Zeros
 * that fill up are told at the end of the line before them if they are few. What no pointer leads to is `unknown`, unless
 * it is zero. What lies in a metabox comes behind it all, in lines that begin with `box:`.
 */

import type { ByteSource } from "../core/byte-source.ts";
import { loadXxHash } from "../core/hash/xxhash.ts";
import { checksumOf } from "./checksum.ts";
import { boxLine, erofsLines } from "./erofs/lines.ts";
import { mapErofs } from "./erofs/map.ts";
import { type OpenedImage, openReader } from "./open-image.ts";
import { squashfsLines } from "./squashfs/lines.ts";
import { mapSquashfs } from "./squashfs/map.ts";
import { tileLines } from "./tile-lines.ts";
import type { Gap } from "./tiles.ts";

/**
 * Dumps an image, which may be of any size: memory is taken for its inodes and the ranges that they name.
 *
 * @throws ImageError `DAMAGED` where the image does not hold together, `INPUT` where it is none, or has what cannot be
 * read yet
 */
export async function* dumpImage(image: Uint8Array | ByteSource): AsyncGenerator<string> {
  yield* dumpOpened(await openReader(image));
}

/** The same of an image that is open. */
export async function* dumpOpened(opened: OpenedImage): AsyncGenerator<string> {
  const { bytes } = opened;
  const xxhash = await loadXxHash();
  const rest = ({ at, end }: Gap) => checksumOf(bytes, at, end, xxhash);
  if (opened.format === "squashfs") {
    const map = await mapSquashfs(opened.reader.image);
    yield* tileLines(map.tiles, { lines: (tile) => squashfsLines(map, tile, xxhash), rest });
    return;
  }
  const map = await mapErofs(opened.reader.image);
  yield* tileLines(map.tiles, { lines: (tile) => erofsLines(map, tile, xxhash), rest });
  const { box } = map.image;
  if (box === undefined || map.boxTiles === undefined) return;
  yield* tileLines(map.boxTiles, {
    lines: (tile) => erofsLines(map, tile, xxhash, true),
    rest: ({ at, end }) => checksumOf(box, at, end, xxhash),
    lineAt: boxLine,
  });
}
