/**
 * Everything that EROFS fixes on disk: structures, flags, limits. Source: Linux fs/erofs/erofs_fs.h and xattr.h; what
 * they mean, and what the kernel checks, is in docs/erofs-format.md. All integers are little-endian.
 *
 *     0        1024        1152                 …                       …                          end
 *     | unused | superblock | root, inodes, tails, directory blocks | shared attributes | file data |
 *     |<---------------------- metadata zone ---------------------->|<----------->|<- data zone ->|
 */
import { raw, s64, struct, u8, u16, u32, u64 } from "../../core/struct.ts";

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

/** The slot behind it, where there is a metabox. */
export const SUPER_METABOX = struct("erofs_super_block, slot 1", 16, { metabox_nid: u64, reserved3: u64 });

/** feature_compat: the checksum is valid. */
export const COMPAT_SB_CHKSUM = 0x1;
/** feature_compat: times are modification times. */
export const COMPAT_MTIME = 0x2;
/** feature_compat: h_name_filter is meaningful. */
export const COMPAT_XATTR_FILTER = 0x4;
/** feature_compat: shared attributes lie in the metabox. */
export const COMPAT_SHARED_EA_IN_METABOX = 0x8;
/** feature_compat: the table of long prefixes lies in the image itself, whatever else there is. */
export const COMPAT_PLAIN_XATTR_PFX = 0x10;
/** feature_compat: a prefix is the name of fingerprints. */
export const COMPAT_ISHARE_XATTRS = 0x20;
/** feature_incompat: there is a table of long prefixes of attributes' names. */
export const INCOMPAT_XATTR_PREFIXES = 0x40;
/** feature_incompat: some inode is chunk-based. */
export const INCOMPAT_CHUNKED_FILE = 0x4;
/** feature_incompat: data lies in further devices. */
export const INCOMPAT_DEVICE_TABLE = 0x8;

/** struct erofs_deviceslot; the first one lies at a multiple of its size, the others behind it */
export const DEVICE_SLOT = struct("erofs_deviceslot", 128, {
  tag: raw(64),

  blocks_lo: u32,
  uniaddr_lo: u32,
  blocks_hi: u16,
  uniaddr_hi: u16,
  reserved: raw(52),
});

/** feature_incompat: compressed data stands at the end of its blocks. On every compressed image, never on another. */
export const INCOMPAT_ZERO_PADDING = 0x1;
/** feature_incompat: compression configurations follow the superblock; pclusters may have several blocks. */
export const INCOMPAT_COMPR_CFGS = 0x2;
/** feature_incompat: some compressed tail lies behind its inode. */
export const INCOMPAT_ZTAILPACKING = 0x10;
/** feature_incompat: there is a packed inode with fragments, or pclusters are shared. */
export const INCOMPAT_FRAGMENTS = 0x20;

/** feature_incompat: extents are listed with their places in bytes; addresses may have 48 bits. */
export const INCOMPAT_48BIT = 0x80;

/** feature_incompat: inodes may lie in the data of another one, the metabox. */
export const INCOMPAT_METABOX = 0x100;

/** struct erofs_xattr_long_prefix; a 16-bit number of bytes stands before it, the infix behind it */
export const LONG_PREFIX_HEAD = struct("erofs_xattr_long_prefix", 1, { base_index: u8 });
/** Items of the table, and the table, begin at multiples of this: `xattr_prefix_start` counts in it. */
export const PREFIX_UNIT = 4;
/** e_name_index bit 7: the rest is the number of a long prefix. */
export const LONG_PREFIX = 0x80;
/** Most long prefixes of an image. */
export const MAX_PREFIXES = 128;

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
/** i_format bit 4 of a directory: it has no entry for itself. */
export const FORMAT_DOT_OMITTED = 0x10;

/** Data layout: whole blocks at i_u. */
export const LAYOUT_PLAIN = 0;
/** Data layout: whole blocks at i_u, the rest directly behind the inode and its attributes. */
export const LAYOUT_INLINE = 2;
/** Data layout: compressed, with an index of eight bytes for each lcluster. */
export const LAYOUT_COMPRESSED_FULL = 1;
/** Data layout: compressed, with an index of bit-packed entries. */
export const LAYOUT_COMPRESSED_COMPACT = 3;
/** Data layout: an array of chunk addresses behind the inode. */
export const LAYOUT_CHUNK = 4;

/** Whether the layout in bits 1..3 of an i_format is a compressed one. */
export function isCompressed(format: number): boolean {
  const layout = format >> FORMAT_LAYOUT_SHIFT;
  return layout === LAYOUT_COMPRESSED_FULL || layout === LAYOUT_COMPRESSED_COMPACT;
}

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
/** What stands in its place without {@link CHUNK_INDEXES}: an address of four bytes. */
export const CHUNK_ADDRESS = struct("chunk address", 4, { startblk_lo: u32 });

/** struct z_erofs_map_header, 8-byte aligned behind a compressed inode and its attributes */
export const MAP_HEADER = struct("z_erofs_map_header", 8, {
  h_fragmentoff: u32,
  h_advise: u16,
  h_algorithmtype: u8,
  h_clusterbits: u8,
});

/** The same first word of a map header where a compressed tail lies behind the index: its bytes. */
export const MAP_HEADER_IDATA = struct("z_erofs_map_header (inline)", 4, { h_reserved1: u16, h_idata_size: u16 });
/** The same eight bytes where the whole file is a fragment: its offset, and in the last bit that it is so. */
export const MAP_HEADER_FRAGMENT = struct("z_erofs_map_header (fragment)", 8, { h_fragmentoff: u64 });
/** h_clusterbits: the whole file is a fragment. */
export const WHOLE_FRAGMENT = 0x80;

/** h_advise: entries are packed 16 in 32 bytes where they can be. */
export const ADVISE_COMPACTED_2B = 0x01;
/** h_advise: pclusters of the first algorithm, and the second, may have several blocks. */
export const ADVISE_BIG_PCLUSTERS = 0x06;
/** h_advise: the last pcluster lies behind the index. */
export const ADVISE_INLINE_PCLUSTER = 0x08;
/** h_advise: a byte of an uncompressed pcluster stands where its file offset says, modulo a block. */
export const ADVISE_INTERLACED_PCLUSTER = 0x10;
/** h_advise: the last extent is a part of the packed inode. */
export const ADVISE_FRAGMENT_PCLUSTER = 0x20;

/** h_advise, with a full index: extents are listed instead, in records of 16 or of 32 bytes. */
export const ADVISE_EXTENTS_16 = 0x05;
/** See {@link ADVISE_EXTENTS_16}. */
export const ADVISE_EXTENTS_32 = 0x07;

/** struct z_erofs_extent, the long form; the short one ends behind lstart_lo */
export const EXTENT = struct("z_erofs_extent", 32, {
  plen: u32,
  pstart_lo: u32,
  pstart_hi: u32,
  lstart_lo: u32,

  lstart_hi: u32,
  reserved: raw(12),
});
/** What stands in front of extents that are no more than their plen: where the data of the first one starts */
export const EXTENT_START = struct("start of the first extent", 8, { pstart: u64 });
/** plen: from this bit on, how the extent is compressed: 0 not at all, else one more than the algorithm. */
export const EXTENT_FORMAT_SHIFT = 28;
/** plen: the extent is but the start of what its pcluster holds. */
export const EXTENT_PARTIAL_REF = 1 << 27;

/** struct z_erofs_lcluster_index, where an extent starts: di_u is the address of its blocks */
export const LCLUSTER_INDEX = struct("z_erofs_lcluster_index", 8, { di_advise: u16, di_clusterofs: u16, blkaddr: u32 });
/** The same where an extent goes on: di_u are the distances to its head, and to the next one */
export const LCLUSTER_DELTAS = struct("z_erofs_lcluster_index (nonhead)", 8, {
  di_advise: u16,
  di_clusterofs: u16,
  delta_0: u16,
  delta_1: u16,
});
/** A byte of the packed entries of a compact index, which have no whole bytes each */
export const PACK_BYTE = struct("entries of a pack", 1, { bits: u8 });
/** The last four bytes of a pack of a compact index */
export const PACK_BASE = struct("base of a pack", 4, { blkaddr: u32 });

/** Type of an lcluster: an uncompressed extent starts in it. */
export const LCLUSTER_PLAIN = 0;
/** Type of an lcluster: a compressed extent starts in it. */
export const LCLUSTER_HEAD = 1;
/** Type of an lcluster: it continues an extent. */
export const LCLUSTER_NONHEAD = 2;
/** di_advise: the extent needs only the start of what its pcluster holds. */
export const LCLUSTER_PARTIAL_REF = 0x8000;
/** Marks the first distance behind a head as the number of its blocks; other distances are less. */
export const CBLKCNT = 0x800;

/** Largest lcluster, in bits, whose entries can be packed at all; and 16 in 32 bytes. */
export const MAX_COMPACT_BITS = 14;
/** See {@link MAX_COMPACT_BITS}. */
export const MAX_COMPACT_2B_BITS = 12;
/** Largest pcluster in bytes. */
export const MAX_PCLUSTER = 0x100000;
/** Most bytes that Linux decodes a pcluster to. */
export const MAX_DECODED = 0xc00000;

/** struct erofs_dirent */
export const DIRENT = struct("erofs_dirent", 12, { nid: u64, nameoff: u16, file_type: u8, reserved: u8 });

/** struct erofs_xattr_ibody_header */
export const XATTR_HEADER = struct("erofs_xattr_ibody_header", 12, {
  h_name_filter: u32,
  h_shared_count: u8,
  h_reserved2: raw(7),
});

/** An element of h_shared_xattrs, behind the header */
export const SHARED_XATTR = struct("h_shared_xattrs", 4, { id: u32 });
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
