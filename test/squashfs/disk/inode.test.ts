/** Which form an inode takes, and what is in it. */
import { expect, test } from "vitest";
import { decodeStruct, StructView } from "../../../src/core/struct.ts";
import * as disk from "../../../src/squashfs/disk/format.ts";
import {
  emitDevice,
  emitDirectoryInode,
  emitFile,
  emitIpc,
  emitSymlink,
  type FileBody,
  type InodeHead,
} from "../../../src/squashfs/disk/inode.ts";

const { ABSENT } = disk;
const HEAD = { type: 0, mode: 0o107755, uid: 11, gid: 12, mtime: 0xfffffffe, number: 14, nlink: 1, xattr: ABSENT };
const FILE = { size: 1, startOff: 0, fragment: 0x21222324, fragmentOff: 0x31323334, sparseBytes: 0 };
const LISTING = { block: 0x41424344, offset: 0x5152, bytes: 100, index: new Uint8Array(0), indexEntries: 0 };

/** Room for an inode, and where it begins in there. */
function room() {
  const bytes = new Uint8Array(100);
  return { bytes, view: new StructView(bytes.buffer), at: 4 };
}

/** The fields that all inodes begin with. */
function baseOf(head: InodeHead, type: number) {
  const { mode, uid, gid, mtime, number } = head;
  return { inode_type: type, mode: mode & 0o7777, uid, guid: gid, mtime, inode_number: number };
}

/** The type of a file's inode. */
function fileType(given: Partial<InodeHead & FileBody>): number {
  const { view, at } = room();
  const end = emitFile(view, at, { ...HEAD, type: 2, ...given }, { ...FILE, ...given });
  const type = view.getU16(at, disk.BASE_INODE.inode_type);
  expect(end - at).toBe(type === 2 ? 32 : 56);
  return type;
}

test("a file needs the extended form for what the basic one has no field for", () => {
  expect(fileType({ size: 2 ** 32 - 1, startOff: 2 ** 32 - 1 })).toBe(2);
  expect(fileType({ size: 2 ** 32 })).toBe(9);
  expect(fileType({ startOff: 2 ** 32 })).toBe(9);
  expect(fileType({ nlink: 2 })).toBe(9);
  expect(fileType({ sparseBytes: 1 })).toBe(9);
  expect(fileType({ xattr: 0 })).toBe(9);
});

test("a file's inode says what it is given, in both forms", () => {
  const { view, at } = room();
  const head = { ...HEAD, type: 2 };
  const fragment = { fragment: FILE.fragment, offset: FILE.fragmentOff };
  emitFile(view, at, head, { ...FILE, size: 5, startOff: 6 });
  const basic = { ...baseOf(head, 2), ...fragment, file_size: 5, start_block: 6 };
  expect(decodeStruct(view, at, disk.REG_INODE)).toEqual(basic);
  const linked = { ...head, nlink: 3, xattr: 7 };
  emitFile(view, at, linked, { ...FILE, size: 2 ** 40 + 5, startOff: 2 ** 33 + 6, sparseBytes: 2 ** 34 });
  expect(decodeStruct(view, at, disk.LREG_INODE)).toEqual({
    ...{ ...baseOf(linked, 9), ...fragment, nlink: 3, xattr: 7 },
    ...{ file_size: 2n ** 40n + 5n, start_block: 2n ** 33n + 6n, sparse: 2n ** 34n },
  });
});

test("a directory's inode says what it is given, and is extended for a size of 16 bits, an index or attributes", () => {
  const { view, at } = room();
  const head = { ...HEAD, type: 1, nlink: 9 };
  const place = { start_block: LISTING.block, offset: LISTING.offset, nlink: 9, parent_inode: 77 };
  const most = { ...LISTING, bytes: 0xffff - 3 };
  expect(emitDirectoryInode(view, at, head, most, 77)).toBe(at + 32);
  expect(decodeStruct(view, at, disk.DIR_INODE)).toEqual({ ...baseOf(head, 1), ...place, file_size: 0xffff });
  const extended = [
    { listing: { ...LISTING, bytes: 0xffff - 2 }, xattr: ABSENT, file_size: 0x10000, i_count: 0 },
    { listing: { ...LISTING, indexEntries: 5 }, xattr: ABSENT, file_size: 103, i_count: 5 },
    { listing: LISTING, xattr: 0, file_size: 103, i_count: 0 },
  ];
  for (const { listing, xattr, ...fields } of extended) {
    expect(emitDirectoryInode(view, at, { ...head, xattr }, listing, 77)).toBe(at + 40);
    const inode = decodeStruct(view, at, disk.LDIR_INODE);
    expect(inode).toEqual({ ...baseOf(head, 8), ...place, ...fields, xattr });
  }
});

test("all other inodes are extended for attributes alone", () => {
  const { bytes, view, at } = room();
  const target = Uint8Array.of(0x61, 0x62, 0x63);
  const link = { ...HEAD, type: 3, nlink: 2 };
  const linkFields = { nlink: 2, symlink_size: 3 };
  expect(emitSymlink(bytes, view, at, link, target)).toBe(at + 27);
  expect(decodeStruct(view, at, disk.SYMLINK_INODE)).toEqual({ ...baseOf(link, 3), ...linkFields });
  expect(bytes.subarray(at + 24, at + 31)).toEqual(Uint8Array.of(0x61, 0x62, 0x63, 0, 0, 0, 0));
  expect(emitSymlink(bytes, view, at, { ...link, xattr: 0x01020304 }, target)).toBe(at + 31);
  expect(decodeStruct(view, at, disk.SYMLINK_INODE)).toEqual({ ...baseOf(link, 10), ...linkFields });
  expect(bytes.subarray(at + 24, at + 31)).toEqual(Uint8Array.of(0x61, 0x62, 0x63, 4, 3, 2, 1));

  const device = { ...HEAD, type: 4, nlink: 2 };
  expect(emitDevice(view, at, device, 0x89abcdef)).toBe(at + 24);
  const deviceFields = { nlink: 2, rdev: 0x89abcdef };
  expect(decodeStruct(view, at, disk.DEV_INODE)).toEqual({ ...baseOf(device, 4), ...deviceFields });
  expect(emitDevice(view, at, { ...device, xattr: 8 }, 0x89abcdef)).toBe(at + 28);
  expect(decodeStruct(view, at, disk.LDEV_INODE)).toEqual({ ...baseOf(device, 11), ...deviceFields, xattr: 8 });

  const fifo = { ...HEAD, type: 6, nlink: 2 };
  expect(emitIpc(view, at, fifo)).toBe(at + 20);
  expect(decodeStruct(view, at, disk.IPC_INODE)).toEqual({ ...baseOf(fifo, 6), nlink: 2 });
  expect(emitIpc(view, at, { ...fifo, xattr: 8 })).toBe(at + 24);
  expect(decodeStruct(view, at, disk.LIPC_INODE)).toEqual({ ...baseOf(fifo, 13), nlink: 2, xattr: 8 });
});
