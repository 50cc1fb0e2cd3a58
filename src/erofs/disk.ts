/**
 * Everything that EROFS fixes on disk: structures, flags, limits. Source: Linux fs/erofs/erofs_fs.h and xattr.h; the
 * facts with their proofs are in the format description. All integers are little-endian.
 *
 *     0        1024        1152                 …                       …                          end
 *     | unused | superblock | root, inodes, tails, directory blocks | shared attributes | file data |
 *     |<---------------------- metadata zone ---------------------->|<----------->|<- data zone ->|
 */
import { raw, s64, struct, u8, u16, u32, u64 } from "../core/struct.ts";

/** The superblock's place, whatever the block size. */
export const SUPER_OFFSET = 1024;
/** `magic` of the superblock. */
export const SUPER_MAGIC = 0xe0f5e1e2;

/** struct erofs_super_block */
export const SUPER = struct("erofs_super_block", 128, {
  magic: u32,
  checksum: u32,
  feature_compat: u32,
  blkszbits: u8,
  sb_extslots: u8,
  rootnid_2b: u16,

  inos: u64,
  epoch: s64,

  fixed_nsec: u32,
  blocks_lo: u32,
  meta_blkaddr: u32,
  xattr_blkaddr: u32,

  uuid: raw(16),

  volume_name: raw(16),

  feature_incompat: u32,
  available_compr_algs: u16,
  extra_devices: u16,
  devt_slotoff: u16,
  dirblkbits: u8,
  xattr_prefix_count: u8,
  xattr_prefix_start: u32,

  packed_nid: u64,
  xattr_filter_reserved: u8,
  ishare_xattr_prefix_id: u8,
  reserved: u16,
  build_time: u32,

  rootnid_8b: u64,
  reserved2: u64,
});

/** feature_compat: the checksum is valid. */
export const COMPAT_SB_CHKSUM = 0x1;
/** feature_compat: times are modification times. */
export const COMPAT_MTIME = 0x2;
/** feature_compat: h_name_filter is meaningful. */
export const COMPAT_XATTR_FILTER = 0x4;
/** feature_incompat: some inode is chunk-based. */
export const INCOMPAT_CHUNKED_FILE = 0x4;

/** struct erofs_inode_compact */
export const COMPACT = struct("erofs_inode_compact", 32, {
  i_format: u16,
  i_xattr_icount: u16,
  i_mode: u16,
  i_nb: u16,
  i_size: u32,
  i_mtime: u32,

  i_u: u32,
  i_ino: u32,
  i_uid: u16,
  i_gid: u16,
  i_reserved: u32,
});

/** struct erofs_inode_extended */
export const EXTENDED = struct("erofs_inode_extended", 64, {
  i_format: u16,
  i_xattr_icount: u16,
  i_mode: u16,
  i_nb: u16,
  i_size: u64,

  i_u: u32,
  i_ino: u32,
  i_uid: u32,
  i_gid: u32,

  i_mtime: s64,
  i_mtime_nsec: u32,
  i_nlink: u32,

  i_reserved2: raw(16),
});

/** i_format bit 0: the extended form. */
export const FORMAT_EXTENDED = 1;
/** i_format bits 1..3: the data layout. */
export const FORMAT_LAYOUT_SHIFT = 1;

/** Data layout: whole blocks at i_u. */
export const LAYOUT_PLAIN = 0;
/** Data layout: whole blocks at i_u, the rest directly behind the inode and its attributes. */
export const LAYOUT_INLINE = 2;
/** Data layout: an array of chunk addresses behind the inode. */
export const LAYOUT_CHUNK = 4;

/** NIDs count these many bytes. */
export const SLOT = 32;
/** i_u of an inode without blocks; chunk address of a hole. */
export const NULL_BLOCK = 0xffffffff;
/** Largest root NID of the 16-bit field. */
export const MAX_ROOT_NID = 0xffff;
/** Longest symbolic link that Linux follows, in bytes. */
export const MAX_LINK = 4095;
/** Longest name in bytes. */
export const MAX_NAME = 255;

/** Chunk format: 8-byte indexes instead of 4-byte addresses. */
export const CHUNK_INDEXES = 0x20;
/** Chunk format: largest log2 of blocks in a chunk. */
export const MAX_CHUNK_BITS = 31;

/** struct erofs_inode_chunk_index */
export const CHUNK_INDEX = struct("erofs_inode_chunk_index", 8, { startblk_hi: u16, device_id: u16, startblk_lo: u32 });

/** struct erofs_dirent */
export const DIRENT = struct("erofs_dirent", 12, { nid: u64, nameoff: u16, file_type: u8, reserved: u8 });

/** struct erofs_xattr_ibody_header */
export const XATTR_HEADER = struct("erofs_xattr_ibody_header", 12, {
  h_name_filter: u32,
  h_shared_count: u8,
  h_reserved2: raw(7),
});

/** struct erofs_xattr_entry */
export const XATTR_ENTRY = struct("erofs_xattr_entry", 4, { e_name_len: u8, e_name_index: u8, e_value_size: u16 });

/** Most shared attributes of one inode. */
export const MAX_SHARED_XATTRS = 255;
/** Longest attribute value in bytes: one less than Linux allows elsewhere. */
export const MAX_XATTR_VALUE = 0xffff;
/** Largest body of attributes in bytes. */
export const MAX_XATTR_BODY = 12 + 4 * (0xffff - 1);
/** Seed of the attribute name filter. */
export const XATTR_FILTER_SEED = 0x25bbe08f;
