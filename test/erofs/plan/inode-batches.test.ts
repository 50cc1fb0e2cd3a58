/** BatchPlan of inodes: whatever the sizes, the outcome is a tiling that the emitter and the kernel can rely on. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BATCH_FIELDS, type BatchPlan, planBatches, planInOrder } from "../../../src/erofs/plan/inode-batches.ts";

/** The superblock's end: what the image's head always takes. */
const RESERVED = 1152;
const MIB = 1 << 20;

interface Sizes {
  blockSize: number;
  /** Bytes of each item. */
  items: readonly number[];
  /** Blocks of each item's run; 0 where missing. */
  runs?: readonly number[];
}

interface Placed extends BatchPlan {
  /** Indexes in the order of their placing. */
  order: number[];
  /** Byte of each item. */
  itemOff: Map<number, number>;
  /** First block of each run. */
  bodyBlk: Map<number, number>;
}

type Window = [place: number, endPlace: number, startBlk: number, endBlk: number, first: number, end: number];

/** Packs, and throws if anything is placed twice. */
function pack({ blockSize, items, runs = [] }: Sizes): Placed {
  const [order, itemOff, bodyBlk] = [[] as number[], new Map<number, number>(), new Map<number, number>()];
  const packing = planBatches({
    count: items.length,
    blockSize,
    firstBlk: 0,
    nidBlk: 0,
    reserved: RESERVED,
    measureItem: (index) => items[index]!,
    measureBody: (index) => runs[index] ?? 0,
    placeItem: (index, offset) => {
      if (itemOff.has(index)) throw new Error(`item ${index} is placed twice`);
      order.push(index);
      itemOff.set(index, offset);
    },
    placeBody: (index, blk) => {
      if (bodyBlk.has(index)) throw new Error(`run ${index} is placed twice`);
      bodyBlk.set(index, blk);
    },
  });
  return { ...packing, order, itemOff, bodyBlk };
}

/** Everything that others rely on, for any input; throws what is broken. */
function check(sizes: Sizes, placed: Placed): void {
  const { blockSize, items, runs = [] } = sizes;
  const { order, itemOff, bodyBlk, batches, endBlk } = placed;
  // expect() is too slow for so many
  const must = (holds: boolean, promise: string) => {
    if (!holds) throw new Error(`broken: ${promise}`);
  };
  must(itemOff.size === items.length, "every item is placed");
  must(itemOff.get(0)! / 32 <= 0xffff, "the root's number fits 16 bits");
  items.forEach((_, index) => {
    must(bodyBlk.has(index) === (runs[index] ?? 0) > 0, "every run is placed, and only those");
  });

  const extents: [from: number, to: number][] = [[0, RESERVED]];
  for (const [index, offset] of itemOff) {
    const [size, into] = [items[index]!, offset % blockSize];
    must(offset % 32 === 0, "items start at slots");
    must(size > blockSize ? into === 0 : into + size <= blockSize, "no item crosses a block it could stay in");
    extents.push([offset, offset + size]);
  }
  for (const [index, blk] of bodyBlk) extents.push([blk * blockSize, (blk + runs[index]!) * blockSize]);
  extents.sort((a, b) => a[0] - b[0]);
  for (let at = 1; at < extents.length; at++) must(extents[at]![0] >= extents[at - 1]![1], "no overlap");
  must(Math.ceil(extents.at(-1)![1] / blockSize) === endBlk, "no block behind the last");

  let [nextPlace, nextBlk, nextIndex] = [0, 0, 0];
  for (let at = 0; at < batches.length; at += BATCH_FIELDS) {
    const [place, endPlace, startBlk, endOfBlks, first, end] = batches.slice(at, at + BATCH_FIELDS) as Window;
    must(place === nextPlace && startBlk === nextBlk && first === nextIndex, "batches follow each other");
    for (const index of order.slice(place, endPlace)) {
      const from = itemOff.get(index)!;
      const isInside = from >= startBlk * blockSize && from + items[index]! <= endOfBlks * blockSize;
      must(isInside, "items come batch by batch");
      must(index < end, "no item is placed before its batch brings it in");
      const blk = bodyBlk.get(index);
      if (blk !== undefined) must(blk >= startBlk && blk + runs[index]! <= endOfBlks, "a run is in its item's batch");
    }
    [nextPlace, nextBlk, nextIndex] = [endPlace, endOfBlks, end];
  }
  must(nextPlace === items.length && nextIndex === items.length, "batches tile the order, and the places");
  must(nextBlk === endBlk, "batches tile the image");
}

/** mulberry32: the next integer from 0 to below `limit`. */
function generator(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

const someBlockSize = fc.constantFrom(512, 1024, 2048, 4096, 65536);

/** Items and runs with a taste for the borders: bare inodes, halves and thirds of a block, a whole one, more. */
const someSizes: fc.Arbitrary<Sizes> = someBlockSize.chain((blockSize) => {
  const border = fc.constantFrom(32, 64, blockSize / 3, blockSize / 2, blockSize, 2 * blockSize);
  const item = fc.oneof(
    fc.integer({ min: 32, max: blockSize }),
    fc.tuple(border, fc.integer({ min: -36, max: 36 })).map(([size, more]) => Math.max(32, Math.floor(size) + more)),
    { weight: 1, arbitrary: fc.integer({ min: 32, max: 4 * blockSize }) },
  );
  const run = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.nat(4));
  const pairs = fc.array(fc.tuple(item, run), { minLength: 1, maxLength: 200, size: "max" });
  return pairs.map((all) => ({ blockSize, items: all.map(([size]) => size), runs: all.map(([, blocks]) => blocks) }));
});

test("any sizes: no overlap, no block crossed, batches tile the blocks, each item and run placed once", () => {
  fc.assert(
    fc.property(someSizes, (sizes) => check(sizes, pack(sizes))),
    { numRuns: 300 },
  );
});

test("many batches: the same holds, with inodes that wait from one batch to the next", () => {
  const seeds = fc.record({ seed: fc.nat(), blockSize: someBlockSize, share: fc.constantFrom(0.1, 0.6, 1, 1.2) });
  fc.assert(
    fc.property(seeds, ({ seed, blockSize, share }) => {
      const below = generator(seed);
      const count = Math.ceil((5 << 20) / (blockSize * share));
      const items = Array.from({ length: count }, () => 32 + below(Math.ceil(blockSize * share)));
      const runs = items.map(() => (below(50) === 0 ? 1 + below(3) : 0));
      const placed = pack({ blockSize, items, runs });
      expect(placed.batches.length / BATCH_FIELDS).toBeGreaterThan(1);
      check({ blockSize, items, runs }, placed);
    }),
    { numRuns: 12 },
  );
});

test("the same sizes give the same places", () => {
  const below = generator(7);
  const items = Array.from({ length: 5000 }, () => 32 + below(4096));
  const runs = items.map(() => below(20) >> 4);
  const first = pack({ blockSize: 4096, items, runs });
  expect(pack({ blockSize: 4096, items, runs })).toEqual(first);
});

test("a few small inodes follow the superblock, in their order", () => {
  const { order, itemOff, batches, endBlk } = pack({ blockSize: 4096, items: [85, 38, 33, 64, 32] });
  expect(order).toEqual([0, 1, 2, 3, 4]);
  expect([...itemOff.values()]).toEqual([1152, 1248, 1312, 1376, 1440]);
  expect(batches).toEqual([0, 5, 0, 1, 0, 5]);
  expect(endBlk).toBe(1);
});

test("an item of exactly one block has it to itself, one byte more takes two", () => {
  const { itemOff, endBlk } = pack({ blockSize: 4096, items: [64, 4096, 4097, 64] });
  expect([...itemOff]).toEqual([
    [0, 1152],
    [3, 1216],
    [1, 4096],
    [2, 8192],
  ]);
  expect(endBlk).toBe(4);
});

test("what fills the first block to its end stays in it, and 32 bytes more do not", () => {
  expect(pack({ blockSize: 4096, items: [4096 - RESERVED] }).endBlk).toBe(1);
  expect(pack({ blockSize: 4096, items: [4096 - RESERVED + 1] }).itemOff.get(0)).toBe(4096);
});

test.each([512, 1024])(
  "blocks of %i bytes: the superblock takes the first ones, the root comes after it",
  (blockSize) => {
    const { itemOff } = pack({ blockSize, items: [64, 64] });
    expect([...itemOff.values()]).toEqual([1152, 1216]);
  },
);

test("runs come behind the inodes of their batch, in the order of their inodes", () => {
  const { bodyBlk, endBlk } = pack({ blockSize: 4096, items: [64, 64, 64, 64], runs: [3, 0, 2, 1] });
  expect([...bodyBlk]).toEqual([
    [0, 1],
    [2, 4],
    [3, 6],
  ]);
  expect(endBlk).toBe(7);
});

/** A root of each kind with the emptiest blocks that packing can leave: each item a little over half of one. */
function checkRoots(blockSize: number): void {
  const size = blockSize / 2 + 32;
  for (const root of [32, blockSize, blockSize + 32, 262_144 + 64]) {
    // the first number is all that the first batch takes
    for (const others of [Math.ceil(MIB / size), 4000]) {
      const sizes = { blockSize, items: [root, ...new Array<number>(others).fill(size)] };
      check(sizes, pack(sizes));
    }
  }
}

test.each([512, 1024, 2048, 4096, 8192, 16384, 32768, 65536])(
  "in blocks of %i bytes the root stays in reach however large it is and whatever comes with it",
  (blockSize) => {
    checkRoots(blockSize);
  },
);

test("20,000 inodes of uniformly random size waste at most 2 % of the least possible", () => {
  const below = generator(1);
  const items = Array.from({ length: 20_000 }, () => 32 * (1 + below(128)));
  const least = Math.ceil(items.reduce((sum, size) => sum + size, RESERVED) / 4096);
  expect(pack({ blockSize: 4096, items }).endBlk).toBeLessThanOrEqual(least * 1.02);
});

test("inodes of small files waste at most 0.5 % of the least possible", () => {
  const below = generator(2);
  const items = Array.from({ length: 50_000 }, () => 32 * (1 + below(below(4) === 0 ? 100 : 12)));
  const least = Math.ceil(items.reduce((sum, size) => sum + size, RESERVED) / 4096);
  expect(pack({ blockSize: 4096, items }).endBlk).toBeLessThanOrEqual(least * 1.005);
});

test("of ten inodes nine lie within two batches of where strict order would have them", () => {
  const below = generator(3);
  const items = Array.from({ length: 20_000 }, () => 32 * (1 + below(128)));
  const { itemOff } = pack({ blockSize: 4096, items });
  let inOrder = RESERVED;
  const near = items.filter((size, index) => {
    const distance = Math.abs(itemOff.get(index)! - inOrder);
    inOrder += size;
    return distance <= 2 * MIB;
  });
  expect(near.length / items.length).toBeGreaterThan(0.9);
});

describe("places in the order of the tree, for a metabox that is compressed", () => {
  const blockSize = 4096;

  test("no inode crosses a block but those that are longer, and batches are whole blocks of a mebibyte", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 32, max: 9000 }), { maxLength: 2000 }), (bytes) => {
        const places: number[] = [];
        const bodies: number[] = [];
        const { batches, endBlk } = planInOrder({
          ...{ count: bytes.length, blockSize, firstBlk: 0, nidBlk: 0, reserved: 0, bodiesElsewhere: true },
          measureItem: (index) => bytes[index]!,
          measureBody: (index) => Number(bytes[index]! % 5 === 0),
          placeItem: (index, at) => {
            places[index] = at;
          },
          placeBody: (index) => void bodies.push(index),
        });
        let end = 0;
        bytes.forEach((length, index) => {
          const at = places[index]!;
          expect(at % 32).toBe(0);
          expect(at).toBeGreaterThanOrEqual(end);
          expect(at - end).toBeLessThan(blockSize);
          if (length > blockSize) expect(at % blockSize).toBe(0);
          else expect(Math.floor(at / blockSize)).toBe(Math.floor((at + length - 1) / blockSize));
          end = at + length;
        });
        expect(endBlk).toBe(Math.ceil(end / blockSize));
        expect(bodies).toEqual(bytes.flatMap((length, index) => (length % 5 === 0 ? [index] : [])));
        let next = 0;
        let blk = 0;
        for (let at = 0; at < batches.length; at += BATCH_FIELDS) {
          const [place, endPlace, startBlk, endOfBlks, first, endFirst] = batches.slice(at, at + BATCH_FIELDS);
          expect([place, startBlk, first]).toEqual([next, blk, next]);
          expect(endFirst).toBe(endPlace);
          if (at + BATCH_FIELDS < batches.length) expect(places[endPlace!]).toBe(endOfBlks! * blockSize);
          [next, blk] = [endPlace!, endOfBlks!];
        }
        expect([next, blk]).toEqual([bytes.length, endBlk]);
      }),
      { seed: 1, numRuns: 60 },
    );
  });
});
