/** dm-verity's superblock and hash tree, where they stand behind an image. */
import { isZero } from "../core/bytes.ts";
import type { XxHash } from "../core/hash/xxhash.ts";
import { VERITY_BLOCK, VERITY_SB } from "../verity/format.ts";
import { planHashTree } from "../verity/levels.ts";
import { checksumOf } from "./checksum.ts";
import type { ImageBytes } from "./image.ts";
import { describe, line } from "./text.ts";
import type { StructureKind, Tile, Tiles } from "./tiles.ts";

/** The kinds of their structures, for the tables of both formats. */
export const TREE_KINDS = {
  veritySuperblock: { name: "superblock of the hash tree", sharing: "none" },
  /** `detail`: which level, from 0, the lowest, on. */
  hashes: { name: "level of the hash tree", sharing: "none" },
} as const satisfies Record<string, StructureKind>;

type TreeKind = (typeof TREE_KINDS)[keyof typeof TREE_KINDS];

/** `verity`, which the superblock begins with. */
const SIGNATURE = [0x76, 0x65, 0x72, 0x69, 0x74, 0x79, 0, 0] as const;
/** Blocks of zeros that may stand in front of it, as an image may be padded. */
const MOST_PADDING = 256;

/**
 * Notes them, if there are any; what has no superblock cannot be told from anything else.
 *
 * @param from where the image ends
 */
export async function addHashTree<P extends StructureKind>(
  tiles: Tiles<P | TreeKind>,
  bytes: ImageBytes,
  from: number,
): Promise<void> {
  const first = Math.ceil(from / VERITY_BLOCK) * VERITY_BLOCK;
  for (
    let at = first;
    at + VERITY_BLOCK <= bytes.size && at <= first + MOST_PADDING * VERITY_BLOCK;
    at += VERITY_BLOCK
  ) {
    const block = await bytes.read(at, VERITY_BLOCK);
    if (SIGNATURE.every((byte, index) => block[index] === byte)) return addLevels(tiles, bytes, at);
    if (!isZero(block)) return;
  }
}

async function addLevels<P extends StructureKind>(
  tiles: Tiles<P | TreeKind>,
  bytes: ImageBytes,
  at: number,
): Promise<void> {
  // it hashes what stands in front of it
  const { levels, blocks } = planHashTree(at / VERITY_BLOCK);
  const treeAt = at + VERITY_BLOCK;
  if (treeAt + blocks * VERITY_BLOCK > bytes.size) return;
  tiles.add(TREE_KINDS.veritySuperblock, at, at + VERITY_SB.byteSize);
  for (const [level, { first, blocks: count }] of levels.entries()) {
    const start = treeAt + first * VERITY_BLOCK;
    tiles.add(TREE_KINDS.hashes, start, start + count * VERITY_BLOCK, 0, level);
  }
}

/** The line of one of them. */
export async function treeLine(bytes: ImageBytes, tile: Tile<StructureKind>, xxhash: XxHash): Promise<string> {
  const { kind, at, end, detail } = tile;
  if (kind === TREE_KINDS.veritySuperblock) {
    return line(at, VERITY_SB.byteSize, describe(VERITY_SB, await bytes.view(at, VERITY_SB.byteSize), 0));
  }
  const blocks = (end - at) / VERITY_BLOCK;
  const hashes = (await checksumOf(bytes, at, end, xxhash)) ?? "zeros";
  return line(at, end - at, `hash tree, level ${detail}: ${blocks} block${blocks === 1 ? "" : "s"}, ${hashes}`);
}
