/** On-disk structures against numbers transcribed from fs/erofs/erofs_fs.h, and the vectors of the format description. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { crc32c } from "../../src/core/crc32c.ts";
import { StructView } from "../../src/core/struct.ts";
import { loadXxHash } from "../../src/core/xxhash.ts";
import * as disk from "../../src/erofs/disk/format.ts";
import { emitInode, fitsCompact, measureInode } from "../../src/erofs/disk/inode.ts";
import { filterBit } from "../../src/erofs/disk/xattr.ts";
import { encodeDevice } from "../../src/stage/tree/tree.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const unspaced = (hex: string) => hex.replaceAll(/\s/g, "");
/** The named offsets of a structure, and its size. */
const offsets = (layout: object) => Object.fromEntries(Object.entries(layout));

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
  expect(offsets(disk.EXTENT)).toEqual({
    ...{ plen: 0, pstart_lo: 4, pstart_hi: 8, lstart_lo: 12, lstart_hi: 16, reserved: 20, byteSize: 32 },
  });
});

test("flags and limits are the kernel's", () => {
  expect([disk.COMPAT_SB_CHKSUM, disk.COMPAT_MTIME, disk.COMPAT_XATTR_FILTER]).toEqual([1, 2, 4]);
  expect(disk.INCOMPAT_CHUNKED_FILE).toBe(4);
  expect([disk.FORMAT_EXTENDED, disk.FORMAT_LAYOUT_SHIFT]).toEqual([1, 1]);
  expect([disk.LAYOUT_PLAIN, disk.LAYOUT_INLINE, disk.LAYOUT_CHUNK]).toEqual([0, 2, 4]);
  expect([disk.CHUNK_INDEXES, disk.MAX_CHUNK_BITS]).toEqual([0x20, 31]);
  expect([disk.SLOT, disk.NULL_BLOCK, disk.MAX_ROOT_NID]).toEqual([32, 0xffffffff, 0xffff]);
  expect([disk.MAX_NAME, disk.MAX_LINK]).toEqual([255, 4095]);
  expect([disk.MAX_SHARED_XATTRS, disk.MAX_XATTR_VALUE, disk.MAX_XATTR_BODY]).toEqual([255, 65535, 262148]);
  expect(disk.XATTR_FILTER_SEED).toBe(0x25bbe08f);
});

test("crc32c keeps its register: no final inversion", () => {
  expect(crc32c(bytesOf("123456789"))).toBe(0x1cf96d7c);
  expect(crc32c(new Uint8Array(0))).toBe(0xffffffff);
});

test("crc32c equals the bitwise definition, in one go or continued anywhere", () => {
  const bitwise = (bytes: Uint8Array) => {
    let register = 0xffffffff;
    for (const byte of bytes) {
      register ^= byte;
      for (let bit = 0; bit < 8; bit++) register = register & 1 ? (register >>> 1) ^ 0x82f63b78 : register >>> 1;
    }
    return register >>> 0;
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(40), (bytes, cut) => {
      expect(crc32c(bytes)).toBe(bitwise(bytes));
      expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(bitwise(bytes));
    }),
  );
});

test.each([
  [0, 0, 0],
  [1, 3, 0x103],
  [8, 1, 0x801],
  [259, 300, 0x11032c],
  [511, 300_000, 0x4931ffe0],
  [4095, 1_048_575, 0xffffffff],
])("device %i:%i is stored as the kernel encodes it", (major, minor, rdev) => {
  expect(encodeDevice(major, minor, "dev")).toBe(rdev);
});

test("devices decode as the kernel's new_decode_dev does", () => {
  fc.assert(
    fc.property(fc.nat(4095), fc.nat(1_048_575), (major, minor) => {
      const rdev = encodeDevice(major, minor, "dev");
      expect((rdev & 0xfff00) >>> 8).toBe(major);
      expect((rdev & 0xff) | ((rdev >>> 12) & 0xfff00)).toBe(minor);
    }),
  );
});

test.each([
  [4096, 0],
  [0, 1_048_576],
  [-1, 0],
  [0, -1],
])("device %i:%i is refused with its path", (major, minor) => {
  const refused = expect.objectContaining({ code: "LIMIT", path: "dev/x" });
  expect(() => encodeDevice(major, minor, "dev/x")).toThrow(refused);
});

test.each([
  [1, "", 0xea92ca90, 16],
  [1, "k", 0x55a66bce, 14],
  [1, "mime_type", 0xb688ac77, 23],
  [1, "overlay.metacopy", 0x1ddc44bf, 31],
  [2, "", 0x0857597e, 30],
  [3, "", 0x59eeabb5, 21],
  [4, "overlay.opaque", 0x4ce0a7f4, 20],
  [6, "selinux", 0x9490146b, 11],
  [6, "capability", 0x8c47ac5d, 29],
])("attribute name %i %j has its place in the name filter", async (index, name, hash, bit) => {
  const xxhash = await loadXxHash();
  expect(xxhash.h32Raw(bytesOf(name), disk.XATTR_FILTER_SEED + index)).toBe(hash);
  expect(filterBit(index, bytesOf(name), xxhash)).toBe(bit);
});

/** An inode with a different value in every field, in a buffer of one slot more on either side. */
function inode(extended: boolean, values: { size: number; mtime: number }): string {
  const around = new StructView(new ArrayBuffer(128));
  const mode = 0o104755;
  const [layout, icount, nlink, union, serial, nsec] = [disk.LAYOUT_INLINE, 0x1234, 0xabcd, 0x89abcdef, 0x01020304, 7];
  const [uid, gid] = extended ? [0xfffefdfc, 0x70605040] : [0xfeff, 0x8001];
  const { size, mtime } = values;
  const end = emitInode(around, 32, extended, layout, icount, mode, nlink, size, union, serial, uid, gid, mtime, nsec);
  expect(end).toBe(32 + measureInode(extended));
  const bytes = new Uint8Array(around.buffer);
  expect([...bytes.subarray(0, 32), ...bytes.subarray(end)].some((byte) => byte !== 0)).toBe(false);
  return hexOf(bytes.subarray(32, end));
}

test("a compact inode's 32 bytes, without a time of its own", () => {
  expect(inode(false, { size: 0xfffffffe, mtime: 99 })).toBe(
    unspaced(`
      0400 3412 ed89 cdab  feffffff 00000000
      efcdab89 04030201    fffe 0180 00000000`),
  );
});

test("an extended inode's 64 bytes, with a size and a time beyond 32 bits", () => {
  expect(inode(true, { size: 0x1f_2345_6789_abcd, mtime: -2 })).toBe(
    unspaced(`
      0500 3412 ed89 0000  cdab8967 45231f00
      efcdab89 04030201    fcfdfeff 40506070
      feffffff ffffffff    07000000 cdab0000
      00000000 00000000    00000000 00000000`),
  );
});

test("the compact form holds 32 bits of size and 16 bits of everything else", () => {
  expect(fitsCompact(0xffffffff, 0xffff, 0xffff, 0xffff)).toBe(true);
  expect(fitsCompact(0x1_0000_0000, 0, 0, 1)).toBe(false);
  expect(fitsCompact(0, 0x10000, 0, 1)).toBe(false);
  expect(fitsCompact(0, 0, 0x10000, 1)).toBe(false);
  expect(fitsCompact(0, 0, 0, 0x10000)).toBe(false);
  expect([measureInode(false), measureInode(true)]).toEqual([32, 64]);
});
