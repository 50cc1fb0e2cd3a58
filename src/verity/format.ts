/**
 * What dm-verity finds beside the data that it protects: a superblock, which Linux itself never reads, as `veritysetup`
 * writes it, and a tree of hashes. Sources: cryptsetup's "DMVerity" page (its on-disk format), and Linux
 * Documentation/admin-guide/device-mapper/verity.rst. All integers are little-endian.
 *
 *     | data, blocks of 4096 | superblock, padded to 4096 | hashes of hashes | … | hashes of the data's blocks |
 *                                                          the top level        the lowest level
 *
 * Each hash is SHA-256 of the salt with a block behind it (hash type 1); 128 of them fill a block of the level above. The
 * root hash is that of the only block of the top level, or, without any level, of the only block of data.
 */
import { raw, StructView, struct, u16, u32, u64 } from "../core/struct.ts";

/** Bytes of a block, of data and of hashes. */
export const VERITY_BLOCK = 4096;
/** Bytes of a hash. */
export const HASH_BYTES = 32;
/** Hashes in a block. */
export const HASHES_A_BLOCK: number = VERITY_BLOCK / HASH_BYTES;
/** Most bytes of a salt. */
export const MAX_SALT = 256;

/** struct verity_sb */
export const VERITY_SB = struct("verity_sb", 512, {
  signature: raw(8),
  version: u32,
  hash_type: u32,

  uuid: raw(16),

  algorithm: raw(32),

  data_block_size: u32,
  hash_block_size: u32,
  data_blocks: u64,

  salt_size: u16,
  _pad1: raw(6),
  salt: raw(MAX_SALT),
  _pad2: raw(168),
});

/** What a superblock says beyond what is the same in all of them. */
export interface VeritySuperblock {
  uuid: Uint8Array;
  /** Blocks of data. */
  dataBlocks: number;
  salt: Uint8Array;
}

const ascii = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** The superblock with the zeros that fill its block. */
export function encodeVeritySuperblock({ uuid, dataBlocks, salt }: VeritySuperblock): Uint8Array {
  const bytes = new Uint8Array(VERITY_BLOCK);
  const view = new StructView(bytes.buffer);
  view.setRaw(0, VERITY_SB.signature, ascii("verity"));
  view.setU32(0, VERITY_SB.version, 1);
  view.setU32(0, VERITY_SB.hash_type, 1);
  view.setRaw(0, VERITY_SB.uuid, uuid);
  view.setRaw(0, VERITY_SB.algorithm, ascii("sha256"));
  view.setU32(0, VERITY_SB.data_block_size, VERITY_BLOCK);
  view.setU32(0, VERITY_SB.hash_block_size, VERITY_BLOCK);
  view.setU64(0, VERITY_SB.data_blocks, dataBlocks);
  view.setU16(0, VERITY_SB.salt_size, salt.length);
  view.setRaw(0, VERITY_SB.salt, salt);
  return bytes;
}
