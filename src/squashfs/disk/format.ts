/**
 * Everything that SquashFS 4.0 fixes on disk: structures, flags, limits. Source: Linux fs/squashfs/squashfs_fs.h; what they
 * mean, and what the kernel checks, is in docs/squashfs-format.md. All integers are little-endian, all positions count
 * from byte 0 of the image.
 *
 *     0            96                                                                                bytes_used
 *     | superblock | compressor | data and fragment | inode | directory | fragment | export | id | xattr | zeros |
 *     |            | options    | blocks            | table | table     | table    | table  | tab| tables|       |
 */
import { s16, struct, u16, u32, u64 } from "../../core/struct.ts";

/** `s_magic` of the superblock: `hsqs`. */
export const SUPER_MAGIC = 0x73717368;

/** struct squashfs_super_block */
export const SUPER = struct("squashfs_super_block", 96, {
  s_magic: u32,
  inodes: u32,
  mkfs_time: u32,
  block_size: u32,

  fragments: u32,
  compression: u16,
  block_log: u16,
  flags: u16,
  no_ids: u16,
  s_major: u16,
  s_minor: u16,

  root_inode: u64,
  bytes_used: u64,

  id_table_start: u64,
  xattr_id_table_start: u64,

  inode_table_start: u64,
  directory_table_start: u64,

  fragment_table_start: u64,
  lookup_table_start: u64,
});

/** flags: the inode table is stored uncompressed. */
export const FLAG_NOI = 0x1;
/** flags: data blocks are stored uncompressed. */
export const FLAG_NOD = 0x2;
/** flags: fragment blocks are stored uncompressed. */
export const FLAG_NOF = 0x8;
/** flags: no file's end is in a fragment block. */
export const FLAG_NO_FRAGMENTS = 0x10;
/** flags: the ends of files larger than a block are in fragment blocks too. */
export const FLAG_ALWAYS_FRAGMENTS = 0x20;
/** flags: equal files share their data. */
export const FLAG_DUPLICATES = 0x40;
/** flags: there is an export table. */
export const FLAG_EXPORTABLE = 0x80;
/** flags: the extended attributes are stored uncompressed. */
export const FLAG_NOX = 0x100;
/** flags: extended attributes were not looked for. */
export const FLAG_NO_XATTRS = 0x200;
/** flags: the compressor's options stand behind the superblock. */
export const FLAG_COMP_OPT = 0x400;
/** flags: the id table is stored uncompressed. */
export const FLAG_NOID = 0x800;

/** A table that is not there; a fragment or attribute set that an inode does not have. Tables have both halves so. */
export const ABSENT = 0xffffffff;

/** Smallest and largest block: the kernel takes none below its page size. */
export const MIN_BLOCK = 4096;
/** See {@link MIN_BLOCK}. */
export const MAX_BLOCK = 1 << 20;
/** Bytes of a metadata block before compression. */
export const META_BLOCK = 8192;
/** What stands in front of a metadata block: its bytes as stored, and {@link META_RAW}. */
export const META_HEADER = struct("header of a metadata block", 2, { size: u16 });
/** Header of a metadata block: the bytes behind it are stored uncompressed. */
export const META_RAW = 0x8000;
/** An element of block_list, the words behind a file's inode: bytes of a block as stored, and {@link WORD_RAW}. */
export const BLOCK_WORD = struct("block_list", 4, { size: u32 });
/** Word of a data block: it is stored uncompressed. */
export const WORD_RAW = 1 << 24;
/** Most distinct user and group ids together. */
export const MAX_IDS = 0xffff;
/** Longest name in bytes. */
export const MAX_NAME = 255;
/** Longest target that Linux follows: a link's is read into a page. */
export const MAX_LINK = 4095;

/** Inode types; the extended form of each is seven more. */
export const TYPE = { dir: 1, file: 2, symlink: 3, block: 4, char: 5, fifo: 6, socket: 7 } as const;
/** From a basic inode type to its extended form. */
export const EXTENDED = 7;

const BASE = { inode_type: u16, mode: u16, uid: u16, guid: u16, mtime: u32, inode_number: u32 };

/** struct squashfs_base_inode */
export const BASE_INODE = struct("squashfs_base_inode", 16, BASE);

/** struct squashfs_dir_inode */
export const DIR_INODE = struct("squashfs_dir_inode", 32, {
  ...BASE,

  start_block: u32,
  nlink: u32,
  file_size: u16,
  offset: u16,
  parent_inode: u32,
});

/** struct squashfs_ldir_inode; its indexes stand behind it. */
export const LDIR_INODE = struct("squashfs_ldir_inode", 40, {
  ...BASE,

  nlink: u32,
  file_size: u32,
  start_block: u32,
  parent_inode: u32,

  i_count: u16,
  offset: u16,
  xattr: u32,
});

/** struct squashfs_reg_inode; its block words stand behind it. */
export const REG_INODE = struct("squashfs_reg_inode", 32, {
  ...BASE,

  start_block: u32,
  fragment: u32,
  offset: u32,
  file_size: u32,
});

/** struct squashfs_lreg_inode; its block words stand behind it. */
export const LREG_INODE = struct("squashfs_lreg_inode", 56, {
  ...BASE,

  start_block: u64,
  file_size: u64,

  sparse: u64,
  nlink: u32,
  fragment: u32,

  offset: u32,
  xattr: u32,
});

/** struct squashfs_symlink_inode; the target stands behind it, and in the extended form the attribute set behind that. */
export const SYMLINK_INODE = struct("squashfs_symlink_inode", 24, { ...BASE, nlink: u32, symlink_size: u32 });

/** What the extended form has behind the target. */
export const SYMLINK_XATTR = struct("xattr of squashfs_symlink_inode", 4, { xattr: u32 });

/** struct squashfs_dev_inode */
export const DEV_INODE = struct("squashfs_dev_inode", 24, { ...BASE, nlink: u32, rdev: u32 });
/** struct squashfs_ldev_inode */
export const LDEV_INODE = struct("squashfs_ldev_inode", 28, { ...BASE, nlink: u32, rdev: u32, xattr: u32 });

/** struct squashfs_ipc_inode: FIFOs and sockets. */
export const IPC_INODE = struct("squashfs_ipc_inode", 20, { ...BASE, nlink: u32 });
/** struct squashfs_lipc_inode */
export const LIPC_INODE = struct("squashfs_lipc_inode", 24, { ...BASE, nlink: u32, xattr: u32 });

/** struct squashfs_dir_index; a name stands behind it. */
export const DIR_INDEX = struct("squashfs_dir_index", 12, { index: u32, start_block: u32, size: u32 });
/** struct squashfs_dir_header */
export const DIR_HEADER = struct("squashfs_dir_header", 12, { count: u32, start_block: u32, inode_number: u32 });
/** struct squashfs_dir_entry; a name stands behind it. */
export const DIR_ENTRY = struct("squashfs_dir_entry", 8, { offset: u16, inode_number: s16, type: u16, size: u16 });

/** Most entries of one group of a directory. */
export const MAX_GROUP = 256;
/** Bytes that a directory's size counts for the entries `.` and `..`, which are not stored. */
export const DOTS_SIZE = 3;
/** Most entries in the index of a directory. */
export const MAX_INDEX = 0xffff;

/** struct squashfs_fragment_entry */
export const FRAGMENT_ENTRY = struct("squashfs_fragment_entry", 16, { start_block: u64, size: u32, unused: u32 });

/** An element of the id table: an owner. */
export const ID = struct("id", 4, { id: u32 });
/** An element of the export table, by inode number: reference to the inode. */
export const EXPORT = struct("export", 8, { inode: u64 });
/** An element of the list that ends each lookup table: position of a metadata block. */
export const TABLE_BLOCK = struct("block of a table", 8, { start: u64 });

/** struct squashfs_xattr_entry; the name without its prefix stands behind it. */
export const XATTR_ENTRY = struct("squashfs_xattr_entry", 4, { type: u16, size: u16 });
/** struct squashfs_xattr_val; the value stands behind it. */
export const XATTR_VALUE = struct("squashfs_xattr_val", 4, { vsize: u32 });
/** Type of an attribute: the value is elsewhere, and the reference to it stands in its place. */
export const XATTR_OUT_OF_LINE = 0x100;
/** The value of such an attribute. */
export const XATTR_REFERENCE = struct("reference to a value", 8, { vref: u64 });
/** struct squashfs_xattr_id */
export const XATTR_ID = struct("squashfs_xattr_id", 16, { xattr: u64, count: u32, size: u32 });
/** struct squashfs_xattr_id_table; the positions of the blocks of the table stand behind it. */
export const XATTR_ID_TABLE = struct("squashfs_xattr_id_table", 16, {
  xattr_table_start: u64,
  xattr_ids: u32,
  unused: u32,
});
