/** On-disk structures against numbers transcribed from fs/erofs/erofs_fs.h. */
import { expect, test } from "vitest";
import * as disk from "../../../src/erofs/disk/format.ts";

/** The named offsets of a structure, and its size. */
const offsets = (shape: object) => Object.fromEntries(Object.entries(shape));

test("the superblock has the kernel's fields at the kernel's offsets", () => {
  expect(disk.SUPER_OFFSET).toBe(1024);
  expect(disk.SUPER_MAGIC).toBe(0xe0f5e1e2);
  expect(offsets(disk.SUPER)).toEqual({
    ...{ magic: 0, checksum: 4, feature_compat: 8, blkszbits: 12, sb_extslots: 13, rootnid_2b: 14 },
    ...{ inos: 16, epoch: 24, fixed_nsec: 32, blocks_lo: 36, meta_blkaddr: 40, xattr_blkaddr: 44 },
    ...{ uuid: 48, volume_name: 64, feature_incompat: 80, available_compr_algs: 84, extra_devices: 86 },
    ...{ devt_slotoff: 88, dirblkbits: 90, xattr_prefix_count: 91, xattr_prefix_start: 92, packed_nid: 96 },
    ...{ xattr_filter_reserved: 104, ishare_xattr_prefix_id: 105, reserved: 106, build_time: 108 },
    ...{ rootnid_8b: 112, reserved2: 120, byteSize: 128 },
  });
});

test("inodes of both forms have the kernel's fields at the kernel's offsets", () => {
  expect(offsets(disk.COMPACT)).toEqual({
    ...{ i_format: 0, i_xattr_icount: 2, i_mode: 4, i_nb: 6, i_size: 8, i_mtime: 12 },
    ...{ i_u: 16, i_ino: 20, i_uid: 24, i_gid: 26, i_reserved: 28, byteSize: 32 },
  });
  expect(offsets(disk.EXTENDED)).toEqual({
    ...{ i_format: 0, i_xattr_icount: 2, i_mode: 4, i_nb: 6, i_size: 8, i_u: 16, i_ino: 20, i_uid: 24, i_gid: 28 },
    ...{ i_mtime: 32, i_mtime_nsec: 40, i_nlink: 44, i_reserved2: 48, byteSize: 64 },
  });
});

test("directory entries, chunk indexes and attributes have the kernel's fields at the kernel's offsets", () => {
  expect(offsets(disk.DIRENT)).toEqual({ nid: 0, nameoff: 8, file_type: 10, reserved: 11, byteSize: 12 });
  expect(offsets(disk.CHUNK_INDEX)).toEqual({ startblk_hi: 0, device_id: 2, startblk_lo: 4, byteSize: 8 });
  expect(offsets(disk.DEVICE_SLOT)).toEqual({
    ...{ tag: 0, blocks_lo: 64, uniaddr_lo: 68, blocks_hi: 72, uniaddr_hi: 74, reserved: 76, byteSize: 128 },
  });
  expect(offsets(disk.CHUNK_ADDRESS)).toEqual({ startblk_lo: 0, byteSize: 4 });
  expect(offsets(disk.XATTR_HEADER)).toEqual({ h_name_filter: 0, h_shared_count: 4, h_reserved2: 5, byteSize: 12 });
  expect(offsets(disk.XATTR_ENTRY)).toEqual({ e_name_len: 0, e_name_index: 1, e_value_size: 2, byteSize: 4 });
  expect(offsets(disk.SHARED_XATTR)).toEqual({ id: 0, byteSize: 4 });
});

test("map headers, indexes and extents have the kernel's fields at the kernel's offsets", () => {
  const header = { h_fragmentoff: 0, h_advise: 4, h_algorithmtype: 6, h_clusterbits: 7, byteSize: 8 };
  expect(offsets(disk.MAP_HEADER)).toEqual(header);
  expect(offsets(disk.MAP_HEADER_IDATA)).toEqual({ h_reserved1: 0, h_idata_size: 2, byteSize: 4 });
  expect(offsets(disk.MAP_HEADER_FRAGMENT)).toEqual({ h_fragmentoff: 0, byteSize: 8 });
  expect(offsets(disk.LCLUSTER_INDEX)).toEqual({ di_advise: 0, di_clusterofs: 2, blkaddr: 4, byteSize: 8 });
  const deltas = { di_advise: 0, di_clusterofs: 2, delta_0: 4, delta_1: 6, byteSize: 8 };
  expect(offsets(disk.LCLUSTER_DELTAS)).toEqual(deltas);
  expect(offsets(disk.PACK_BASE)).toEqual({ blkaddr: 0, byteSize: 4 });
  expect(offsets(disk.EXTENT_START)).toEqual({ pstart: 0, byteSize: 8 });
  expect(offsets(disk.PACK_BYTE)).toEqual({ bits: 0, byteSize: 1 });
  expect(offsets(disk.EXTENT)).toEqual({
    ...{ plen: 0, pstart_lo: 4, pstart_hi: 8, lstart_lo: 12, lstart_hi: 16, reserved: 20, byteSize: 32 },
  });
});

test("flags and limits are the kernel's", () => {
  expect([disk.COMPAT_SB_CHKSUM, disk.COMPAT_MTIME, disk.COMPAT_XATTR_FILTER]).toEqual([1, 2, 4]);
  expect([disk.INCOMPAT_CHUNKED_FILE, disk.INCOMPAT_DEVICE_TABLE]).toEqual([4, 8]);
  expect([disk.FORMAT_EXTENDED, disk.FORMAT_LAYOUT_SHIFT]).toEqual([1, 1]);
  expect([disk.LAYOUT_PLAIN, disk.LAYOUT_INLINE, disk.LAYOUT_CHUNK]).toEqual([0, 2, 4]);
  expect([disk.CHUNK_INDEXES, disk.MAX_CHUNK_BITS]).toEqual([0x20, 31]);
  expect([disk.SLOT, disk.NULL_BLOCK, disk.MAX_ROOT_NID]).toEqual([32, 0xffffffff, 0xffff]);
  expect([disk.MAX_NAME, disk.MAX_LINK]).toEqual([255, 4095]);
  expect([disk.MAX_SHARED_XATTRS, disk.MAX_XATTR_VALUE, disk.MAX_XATTR_BODY]).toEqual([255, 65535, 262148]);
  expect(disk.XATTR_FILTER_SEED).toBe(0x25bbe08f);
});
