/** Indexes of compressed files: against the vectors of docs/erofs-format.md, 17, and read back by a decoder of this file. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StructView } from "../../../src/core/struct.ts";
import { ByteLog, ExtentReader } from "../../../src/erofs/compress/extent-log.ts";
import { LAYOUT_COMPRESSED_COMPACT, LAYOUT_COMPRESSED_FULL } from "../../../src/erofs/disk/format.ts";
import {
  EXTENT_COMPRESSED,
  EXTENT_PLACED,
  emitIndex,
  type IndexInput,
  measureIndex,
} from "../../../src/erofs/disk/lcluster.ts";

interface Extent {
  length: number;
  blocks: number;
  compressed: boolean;
  blk?: number;
}

function readerOf(extents: readonly Extent[], startBlk: number): ExtentReader {
  const log = new ByteLog();
  for (const { length, blocks, compressed, blk } of extents) {
    const flags = (compressed ? EXTENT_COMPRESSED : 0) | (blk === undefined ? 0 : EXTENT_PLACED);
    log.appendExtent(length, blocks, flags, blk ?? 0);
  }
  const reader = new ExtentReader((into, offset) => {
    // a buffer at a time, and short: what is read must not depend on that
    const bytes = log.bytes.subarray(offset, offset + Math.min(into.length, 7));
    into.set(bytes);
    return bytes.length;
  });
  reader.seek(0, startBlk);
  return reader;
}

function index(header: number, input: Partial<IndexInput> & Pick<IndexInput, "size" | "layout">, extents: Extent[]) {
  const whole = { blockBits: 12, big: false, startBlk: 100, fragmentLen: 0, fragmentHigh: 0, ...input };
  const end = measureIndex(header, whole.size, whole.layout, whole.blockBits);
  const bytes = new Uint8Array(end + 64);
  expect(emitIndex(new StructView(bytes.buffer), header, whole, readerOf(extents, whole.startBlk))).toBe(end);
  expect(bytes.subarray(end).every((byte) => byte === 0)).toBe(true);
  return bytes.subarray(header + 8, end);
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describe("the vectors of docs/erofs-format.md, 17", () => {
  test("pclusters of one block", () => {
    const extents = [5000, 8000, 7000].map((length) => ({ length, blocks: 1, compressed: true }));
    const bytes = index(8, { size: 20_000, layout: LAYOUT_COMPRESSED_COMPACT }, extents);
    expect(hex(bytes)).toBe("00108813630000000120c81265000000200e000066000000");
  });

  test("big pclusters, the last one not compressed", () => {
    const extents = [
      { length: 30_000, blocks: 3, compressed: true },
      { length: 6000, blocks: 1, compressed: true },
      { length: 4000, blocks: 1, compressed: false },
    ];
    const bytes = index(8, { size: 40_000, layout: LAYOUT_COMPRESSED_COMPACT, big: true }, extents);
    expect(hex(bytes)).toBe("00100328640000000220042067000000042002206700000006203015670000" + "00a00c400c68000000");
  });
});

/** What an index says of where a file's bytes are: for each extent its start, kind, first block and blocks. */
interface Decoded {
  start: number;
  compressed: boolean;
  blk: number;
}

/** Decodes a compact index as fs/erofs/zmap.c does: every address is added up from its pack's base. */
function decodeCompact(bytes: Uint8Array, start: number, size: number, blockBits: number, big: boolean): Decoded[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries = Math.ceil(size / 2 ** blockBits);
  const lowBits = Math.max(blockBits, 12);
  const first = ((32 - (start % 32)) / 4) % 8;
  const packs: { at: number; count: number; length: number }[] = [];
  let at = 0;
  let left = entries;
  const add = (length: number, count: number) => {
    packs.push({ at, length, count: Math.min(count, left) });
    at += length;
    left -= Math.min(count, left);
  };
  if (blockBits <= 12 && first <= entries) {
    for (let done = 0; done < first; done += 2) add(8, 2);
    while (left >= 16) add(32, 16);
  }
  while (left > 0) add(8, 2);
  expect(at).toBe(bytes.length);
  const result: Decoded[] = [];
  let lcluster = 0;
  for (const pack of packs) {
    const perPack = pack.length === 8 ? 2 : 16;
    const bits = (pack.length * 8 - 32) / perPack;
    const base = view.getUint32(pack.at + pack.length - 4, true);
    const entry = (index: number) => {
      const bitAt = index * bits;
      let value = 0;
      for (let bit = 0; bit < bits; bit++) {
        value |= ((bytes[pack.at + ((bitAt + bit) >> 3)]! >> ((bitAt + bit) & 7)) & 1) << bit;
      }
      return { type: value >> lowBits, low: value & (2 ** lowBits - 1) };
    };
    for (let index = 0; index < pack.count; index++, lcluster++) {
      const { type, low } = entry(index);
      if (type === 2) continue;
      let blk = base;
      if (!big) for (let before = 0; before <= index; before++) blk += entry(before).type === 2 ? 0 : 1;
      else {
        for (let before = 0; before < index; before++) {
          const other = entry(before);
          if (other.type === 2) blk += (other.low & 0x800) !== 0 ? other.low & 0x7ff : 0;
          else if (entry(before + 1).type !== 2) blk++;
        }
      }
      result.push({ start: lcluster * 2 ** blockBits + low, compressed: type === 1, blk });
    }
  }
  return result;
}

const shapes = fc.record({
  lengths: fc.array(fc.record({ blocks: fc.integer({ min: 1, max: 16 }), more: fc.nat(70_000), raw: fc.boolean() }), {
    minLength: 1,
    maxLength: 60,
  }),
  tail: fc.nat(5000),
  headerSlots: fc.nat(12),
  blockBits: fc.constantFrom(9, 12, 13, 14),
  big: fc.boolean(),
});

test("a reader finds every extent, whatever their sizes and wherever the index lies", () => {
  fc.assert(
    fc.property(shapes, ({ lengths, tail, headerSlots, blockBits, big }) => {
      const blockSize = 2 ** blockBits;
      const extents: Extent[] = lengths.map(({ blocks, more, raw }) => {
        const count = raw || !big ? 1 : blocks;
        return { length: raw ? blockSize : count * blockSize + 1 + more, blocks: count, compressed: !raw };
      });
      extents.push({ length: tail + 1, blocks: 1, compressed: false });
      if (tail + 1 > blockSize) extents.at(-1)!.compressed = true;
      const size = extents.reduce((sum, { length }) => sum + length, 0);
      const header = headerSlots * 8;
      const bytes = index(header, { size, layout: LAYOUT_COMPRESSED_COMPACT, blockBits, big, startBlk: 7 }, extents);
      const decoded = decodeCompact(bytes, header + 8, size, blockBits, big);
      let start = 0;
      let blk = 7;
      extents.forEach(({ length, blocks, compressed }, number) => {
        expect(decoded[number]).toEqual({ start, compressed, blk });
        start += length;
        blk += blocks;
      });
      // at most the mark of the end may follow
      for (const mark of decoded.slice(extents.length)) expect(mark).toMatchObject({ start: size, compressed: false });
    }),
    { seed: 3, numRuns: 300 },
  );
});

test("a full index says where extents lie that are elsewhere, and where a fragment is", () => {
  const extents = [
    { length: 9000, blocks: 1, compressed: true },
    { length: 8500, blocks: 1, compressed: true, blk: 3 },
  ];
  const bytes = index(8, { size: 20_000, layout: LAYOUT_COMPRESSED_FULL, fragmentLen: 2500, fragmentHigh: 5 }, extents);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries = Array.from({ length: 5 }, (_, entry) => {
    const at = 8 + entry * 8;
    return [view.getUint16(at, true), view.getUint16(at + 2, true), view.getUint32(at + 4, true)];
  });
  const distances = (back: number, on: number) => back | (on << 16);
  expect(entries).toEqual([
    [1, 0, 100],
    [2, 0, distances(1, 1)],
    [1, 9000 - 8192, 3],
    [2, 0, distances(1, 1)],
    [1, 17_500 - 16_384, 5],
  ]);
});
