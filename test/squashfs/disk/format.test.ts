/** On-disk structures against numbers transcribed from fs/squashfs/squashfs_fs.h. */
import { describe, expect, test } from "vitest";
import * as disk from "../../../src/squashfs/disk/format.ts";

/** The named offsets of a structure, and its size. */
const offsets = (shape: object) => Object.fromEntries(Object.entries(shape));
const base = { inode_type: 0, mode: 2, uid: 4, guid: 6, mtime: 8, inode_number: 12 };

describe("structures have the kernel's fields at the kernel's offsets", () => {
  test("the superblock", () => {
    expect(offsets(disk.SUPER)).toEqual({
      ...{
        s_magic: 0,
        inodes: 4,
        mkfs_time: 8,
        block_size: 12,
        fragments: 16,
        compression: 20,
        block_log: 22,
        flags: 24,
      },
      ...{ no_ids: 26, s_major: 28, s_minor: 30, root_inode: 32, bytes_used: 40, id_table_start: 48 },
      ...{ xattr_id_table_start: 56, inode_table_start: 64, directory_table_start: 72, fragment_table_start: 80 },
      ...{ lookup_table_start: 88, byteSize: 96 },
    });
  });

  test("inodes", () => {
    expect(offsets(disk.BASE_INODE)).toEqual({ ...base, byteSize: 16 });
    const directory = { start_block: 16, nlink: 20, file_size: 24, offset: 26, parent_inode: 28 };
    expect(offsets(disk.DIR_INODE)).toEqual({ ...base, ...directory, byteSize: 32 });
    const large = { nlink: 16, file_size: 20, start_block: 24, parent_inode: 28, i_count: 32, offset: 34, xattr: 36 };
    expect(offsets(disk.LDIR_INODE)).toEqual({ ...base, ...large, byteSize: 40 });
    const file = { start_block: 16, fragment: 20, offset: 24, file_size: 28 };
    expect(offsets(disk.REG_INODE)).toEqual({ ...base, ...file, byteSize: 32 });
    const lreg = { start_block: 16, file_size: 24, sparse: 32, nlink: 40, fragment: 44, offset: 48, xattr: 52 };
    expect(offsets(disk.LREG_INODE)).toEqual({ ...base, ...lreg, byteSize: 56 });
    expect(offsets(disk.SYMLINK_INODE)).toEqual({ ...base, nlink: 16, symlink_size: 20, byteSize: 24 });
    expect(offsets(disk.DEV_INODE)).toEqual({ ...base, nlink: 16, rdev: 20, byteSize: 24 });
    expect(offsets(disk.LDEV_INODE)).toEqual({ ...base, nlink: 16, rdev: 20, xattr: 24, byteSize: 28 });
    expect(offsets(disk.BLOCK_WORD)).toEqual({ size: 0, byteSize: 4 });
    expect(offsets(disk.SYMLINK_XATTR)).toEqual({ xattr: 0, byteSize: 4 });
    expect(offsets(disk.IPC_INODE)).toEqual({ ...base, nlink: 16, byteSize: 20 });
    expect(offsets(disk.LIPC_INODE)).toEqual({ ...base, nlink: 16, xattr: 20, byteSize: 24 });
  });

  test("metadata blocks, directories, tables, attributes", () => {
    expect(offsets(disk.META_HEADER)).toEqual({ size: 0, byteSize: 2 });
    expect(offsets(disk.DIR_INDEX)).toEqual({ index: 0, start_block: 4, size: 8, byteSize: 12 });
    expect(offsets(disk.DIR_HEADER)).toEqual({ count: 0, start_block: 4, inode_number: 8, byteSize: 12 });
    expect(offsets(disk.DIR_ENTRY)).toEqual({ offset: 0, inode_number: 2, type: 4, size: 6, byteSize: 8 });
    expect(offsets(disk.FRAGMENT_ENTRY)).toEqual({ start_block: 0, size: 8, unused: 12, byteSize: 16 });
    expect(offsets(disk.ID)).toEqual({ id: 0, byteSize: 4 });
    expect(offsets(disk.EXPORT)).toEqual({ inode: 0, byteSize: 8 });
    expect(offsets(disk.TABLE_BLOCK)).toEqual({ start: 0, byteSize: 8 });
    expect(offsets(disk.XATTR_ENTRY)).toEqual({ type: 0, size: 2, byteSize: 4 });
    expect(offsets(disk.XATTR_VALUE)).toEqual({ vsize: 0, byteSize: 4 });
    expect(offsets(disk.XATTR_REFERENCE)).toEqual({ vref: 0, byteSize: 8 });
    expect(offsets(disk.XATTR_ID)).toEqual({ xattr: 0, count: 8, size: 12, byteSize: 16 });
    expect(offsets(disk.XATTR_ID_TABLE)).toEqual({ xattr_table_start: 0, xattr_ids: 8, unused: 12, byteSize: 16 });
  });
});
