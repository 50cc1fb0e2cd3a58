/** Inodes of both forms, byte by byte. */
import { expect, test } from "vitest";
import { StructView } from "../../../src/core/struct.ts";
import { LAYOUT_INLINE } from "../../../src/erofs/disk/format.ts";
import { emitInode, fitsCompact, measureInode } from "../../../src/erofs/disk/inode.ts";

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const unspaced = (hex: string) => hex.replaceAll(/\s/g, "");

/** An inode with a different value in every field, in a buffer of one slot more on either side. */
function inode(extended: boolean, values: { size: number; mtime: number; omitsDot?: boolean }): string {
  const around = new StructView(new ArrayBuffer(128));
  const end = emitInode(around, 32, {
    ...{
      isExtended: extended,
      layout: LAYOUT_INLINE,
      omitsDot: false,
      xattrCount: 0x1234,
      mode: 0o104755,
      nlink: 0xabcd,
    },
    ...{ union: 0x89abcdef, serial: 0x01020304, mtimeNsec: 7 },
    ...(extended ? { uid: 0xfffefdfc, gid: 0x70605040 } : { uid: 0xfeff, gid: 0x8001 }),
    ...values,
  });
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

test("a directory without an entry for itself has a bit in its format", () => {
  expect(inode(false, { size: 1, mtime: 0, omitsDot: true }).slice(0, 4)).toBe("1400");
  expect(inode(true, { size: 1, mtime: 0, omitsDot: true }).slice(0, 4)).toBe("1500");
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
