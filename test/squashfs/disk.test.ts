/** SquashFS structures against numbers transcribed from fs/squashfs/squashfs_fs.h; streams, listings and plans. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createZlib } from "../../src/codec/deflate/zlib.ts";
import { decodeStruct, StructView } from "../../src/core/struct.ts";
import { DirectoryWriter, type Listing } from "../../src/squashfs/disk/directory.ts";
import * as disk from "../../src/squashfs/disk/format.ts";
import { fileType } from "../../src/squashfs/disk/inode.ts";
import { MetadataStream } from "../../src/squashfs/disk/metadata.ts";
import { encodeSuperblock } from "../../src/squashfs/disk/superblock.ts";
import { FRAGMENT_ITEM, PIECE_BYTES, PIECE_FIELDS } from "../../src/squashfs/items.ts";
import { resolveSquashfsLayout, type SquashfsLayoutOptions } from "../../src/squashfs/options.ts";
import { planData } from "../../src/squashfs/plan.ts";
import { orderFiles } from "../../src/stage/tree/file-order.ts";
import { NONE, S_IFREG, Tree } from "../../src/stage/tree/tree.ts";

/** The named offsets of a structure, and its size. */
const offsets = (layout: object) => Object.fromEntries(Object.entries(layout));
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

test("a superblock says what it is given, and which tables are absent", () => {
  const bytes = encodeSuperblock({
    ...{ inodes: 3, mkfsTime: 2 ** 32 - 1, blockSize: 131_072, fragments: 4, compression: 6, flags: 0x4c0, ids: 5 },
    ...{ rootRef: 2 ** 40 + 7, bytesUsed: 2 ** 33 + 1, idTableOff: 8, xattrTableOff: undefined, inodeTableOff: 9 },
    ...{ directoryTableOff: 10, fragmentTableOff: undefined, exportTableOff: 2 ** 34 },
  });
  const absent = 0xffff_ffff_ffff_ffffn;
  expect(decodeStruct(new StructView(bytes.buffer), 0, disk.SUPER)).toEqual({
    ...{ s_magic: 0x73717368, inodes: 3, mkfs_time: 2 ** 32 - 1, block_size: 131_072, fragments: 4, compression: 6 },
    ...{ block_log: 17, flags: 0x4c0, no_ids: 5, s_major: 4, s_minor: 0, root_inode: 2n ** 40n + 7n },
    ...{ bytes_used: 2n ** 33n + 1n, id_table_start: 8n, xattr_id_table_start: absent, inode_table_start: 9n },
    ...{ directory_table_start: 10n, fragment_table_start: absent, lookup_table_start: 2n ** 34n },
  });
});

test("a file needs the extended form for what the basic one has no field for", () => {
  expect(fileType(2 ** 32 - 1, 2 ** 32 - 1, 1, 0, disk.ABSENT)).toBe(2);
  expect(fileType(2 ** 32, 0, 1, 0, disk.ABSENT)).toBe(9);
  expect(fileType(1, 2 ** 32, 1, 0, disk.ABSENT)).toBe(9);
  expect(fileType(1, 0, 2, 0, disk.ABSENT)).toBe(9);
  expect(fileType(1, 0, 1, 1, disk.ABSENT)).toBe(9);
  expect(fileType(1, 0, 1, 0, 0)).toBe(9);
});

/** The bytes of a stream, and where its blocks start in it. */
function readStream(stored: Uint8Array, codec: ReturnType<typeof createZlib> | undefined) {
  const raw: Buffer[] = [];
  const starts = new Map<number, number>();
  for (let at = 0; at < stored.length; ) {
    const header = stored[at]! | (stored[at + 1]! << 8);
    const length = header & 0x7fff;
    starts.set(
      at,
      raw.reduce((sum, { length }) => sum + length, 0),
    );
    const body = stored.subarray(at + 2, at + 2 + length);
    if (header & 0x8000) raw.push(Buffer.from(body));
    else {
      codec!.packed.set(body);
      raw.push(Buffer.from(codec!.plain.slice(0, codec!.decompress(0, length, 0, 8192))));
    }
    at += 2 + length;
  }
  return { raw: Buffer.concat(raw), blocks: raw.map(({ length }) => length), starts };
}

test("a metadata stream gives its records back, and references lead to them", () => {
  const codec = createZlib(9, { plainLen: 8192, packedLen: 8192 });
  const records = fc.array(fc.tuple(fc.nat(70_000), fc.boolean()), { maxLength: 30 });
  fc.assert(
    fc.property(records, fc.boolean(), (sizes, compress) => {
      const stored: Buffer[] = [];
      const stream = new MetadataStream(compress ? codec : undefined, (bytes) => stored.push(Buffer.from(bytes)));
      const wanted: Buffer[] = [];
      const references: number[] = [];
      for (const [size, repeats] of sizes) {
        const record = Buffer.alloc(size);
        for (let at = 0; at < size; at++)
          record[at] = repeats ? 7 : (Math.imul(at + size, 2_654_435_761) >>> 24) & 0xff;
        references.push(stream.reference);
        wanted.push(record);
        stream.append(record);
      }
      stream.finish();
      const { raw, blocks, starts } = readStream(Buffer.concat(stored), codec);
      expect(raw.equals(Buffer.concat(wanted))).toBe(true);
      expect(blocks.slice(0, -1).every((length) => length === 8192)).toBe(true);
      expect(stream.blockStarts).toEqual([...starts.keys()]);
      let at = 0;
      wanted.forEach((record, index) => {
        const block = Math.floor(references[index]! / 0x10000);
        if (record.length > 0) expect(starts.get(block)! + (references[index]! % 0x10000)).toBe(at);
        at += record.length;
      });
    }),
    { seed: 1, numRuns: 60 },
  );
});

test("a listing is runs the kernel can read, and its index leads to their starts", () => {
  const entry = fc.record({
    name: fc.integer({ min: 1, max: 255 }),
    step: fc.constantFrom(1, 1, 1, 2, 300, -2, 40_000, -40_000),
    newBlock: fc.integer({ min: 0, max: 60 }).map((value) => value === 0),
  });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 900 }), fc.nat(9000), (list, before) => {
      let number = 100_000_000;
      let block = 0;
      const items = list.map(({ name, step, newBlock }, index) => {
        number += step;
        if (newBlock) block += 5000;
        return {
          name: Buffer.alloc(name, String.fromCharCode(97 + (index % 26))),
          number,
          reference: block * 65_536 + index,
        };
      });
      const listing: Listing = {
        count: items.length,
        number: (index) => items[index]!.number,
        reference: (index) => items[index]!.reference,
        type: () => 2,
        nameLength: (index) => items[index]!.name.length,
        copyName: (index, into, at) => into.set(items[index]!.name, at),
      };
      const stored: Buffer[] = [];
      const stream = new MetadataStream(undefined, (bytes) => stored.push(Buffer.from(bytes)));
      stream.append(new Uint8Array(before));
      const placed = new DirectoryWriter(stream).write(listing, () => "path");
      stream.finish();
      const { raw, starts } = readStream(Buffer.concat(stored), undefined);
      const start = (starts.get(placed.block) ?? raw.length) + placed.offset;
      expect(start).toBe(before);

      const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
      const runs: number[] = [];
      const read: unknown[] = [];
      for (let at = start; at < start + placed.bytes; ) {
        runs.push(at - start);
        const count = view.getUint32(at, true) + 1;
        const [inodeBlock, base] = [view.getUint32(at + 4, true), view.getUint32(at + 8, true)];
        expect(count).toBeLessThanOrEqual(256);
        at += 12;
        for (let index = 0; index < count; index++) {
          const length = view.getUint16(at + 6, true) + 1;
          const reference = inodeBlock * 65_536 + view.getUint16(at, true);
          read.push({
            name: raw.subarray(at + 8, at + 8 + length),
            number: base + view.getInt16(at + 2, true),
            reference,
          });
          at += 8 + length;
        }
      }
      expect(read).toEqual(items);

      const index = Buffer.from(placed.index);
      let at = 0;
      for (let entry = 0; entry < placed.indexEntries; entry++) {
        const [listingOff, indexBlock] = [index.readUInt32LE(at), index.readUInt32LE(at + 4)];
        const length = index.readUInt32LE(at + 8) + 1;
        expect(runs).toContain(listingOff);
        // as the kernel finds it: in this block, at the rest of the sum
        expect(starts.get(indexBlock)! + ((placed.offset + listingOff) % 8192)).toBe(start + listingOff);
        const first = raw.subarray(start + listingOff + 12 + 8, start + listingOff + 12 + 8 + length);
        expect(index.subarray(at + 12, at + 12 + length).equals(first)).toBe(true);
        at += 12 + length;
      }
      expect(at).toBe(index.length);
    }),
    { seed: 2, numRuns: 150 },
  );
});

test("a plan holds every byte once, in pieces of at most 1 MiB", () => {
  const layouts: fc.Arbitrary<SquashfsLayoutOptions> = fc.record({
    compressor: fc.constant("lz4" as const),
    blockSize: fc.constantFrom(4096, 131_072, 1 << 20),
    fragments: fc.constantFrom("all" as const, "small" as const, "none" as const),
  });
  const sizes = fc.array(
    fc.oneof(fc.nat(5000), fc.nat(300_000), fc.constantFrom(0, 4096, 131_072, 1 << 20, 5_000_000)),
    {
      maxLength: 60,
    },
  );
  fc.assert(
    fc.property(layouts, sizes, (options, list) => {
      const layout = resolveSquashfsLayout(options);
      const tree = Tree.create();
      tree.allocate(list.length + 1);
      list.forEach((size, index) => {
        tree.mode.view[index + 1] = S_IFREG;
        tree.size.view[index + 1] = size;
      });
      const order = Uint32Array.from(list, (_, index) => index + 1);
      const files = orderFiles(tree, { order }, []);
      const plan = planData(tree, files, layout, { blocks: undefined, tails: undefined }, 96);
      const { blockSize } = layout;
      const held = new Map<number, number>();
      const rawBytes: number[] = [];
      plan.items.forEach((what, item) => {
        let bytes = 0;
        if (what < FRAGMENT_ITEM) bytes = list[what - 1]! - plan.tailLen[what]!;
        else {
          const fragment = what - FRAGMENT_ITEM;
          for (let tail = plan.fragmentTails[fragment]!; tail < plan.fragmentTails[fragment + 1]!; tail++) {
            const entry = plan.tails[tail]!;
            expect([plan.fragment[entry], plan.fragmentOff[entry]]).toEqual([fragment, bytes]);
            bytes += plan.tailLen[entry]!;
            held.set(entry, (held.get(entry) ?? 0) + plan.tailLen[entry]!);
          }
          expect(bytes).toBeLessThanOrEqual(blockSize);
          // small files are not mixed with the ends of others
          const packed = [...plan.tails.subarray(plan.fragmentTails[fragment], plan.fragmentTails[fragment + 1])];
          expect(new Set(packed.map((entry) => plan.tailLen[entry] === list[entry - 1])).size).toBe(1);
        }
        if (what < FRAGMENT_ITEM) held.set(what, (held.get(what) ?? 0) + bytes);
        expect(plan.itemWord[item]).toBe(rawBytes.length);
        for (let at = 0; at < bytes; at += blockSize) rawBytes.push(Math.min(blockSize, bytes - at));
      });
      expect(plan.words.length).toBe(rawBytes.length);
      list.forEach((size, index) => {
        expect(held.get(index + 1) ?? 0).toBe(size);
        expect(plan.fragment[index + 1] === NONE).toBe(plan.tailLen[index + 1] === 0);
      });
      let word = 0;
      for (let at = 0; at < plan.pieces.length; at += PIECE_FIELDS) {
        const [item, block, first, count] = [...plan.pieces.subarray(at, at + PIECE_FIELDS)] as [
          number,
          number,
          number,
          number,
        ];
        expect(first).toBe(word);
        expect(plan.itemWord[item]! + block).toBe(word);
        const bytes = rawBytes.slice(word, word + count).reduce((sum, length) => sum + Math.ceil(length / 8) * 8, 0);
        expect(bytes).toBeLessThanOrEqual(PIECE_BYTES);
        word += count;
      }
      expect(word).toBe(rawBytes.length);
    }),
    { seed: 3, numRuns: 100 },
  );
});
