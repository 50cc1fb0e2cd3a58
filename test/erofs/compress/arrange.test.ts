/** The order of fragments: nothing is lost, what is alike comes together, and nothing moves far. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arrangeFragments, findStart } from "../../../src/erofs/compress/arrange.ts";
import { countEqualCells, SKETCH_WORDS, sketch } from "../../../src/erofs/compress/sketch.ts";
import { shareStored } from "../../../src/erofs/plan/stored.ts";
import { NONE } from "../../../src/stage/tree/tree.ts";

/** Fragments by entry, gathered one behind the other; a number is an earlier entry, whose fragment it shares. */
function gather(fragments: (Uint8Array | number | undefined)[]) {
  const count = fragments.length;
  const stored = shareStored({
    packedEntry: NONE,
    boxEntry: NONE,
    entries: count,
    blockSize: 4096,
    firstBlk: 1,
    unit: 4096,
    fullIndexes: false,
    chunkBytes: 0,
    sharesChunks: false,
    methods: [],
    formats: new Uint8Array(count),
    startBlk: new Uint32Array(count),
    joinsChunks: false,
    sketchWords: SKETCH_WORDS,
  });
  let end = 0;
  fragments.forEach((fragment, entry) => {
    if (fragment === undefined) return;
    if (typeof fragment === "number") {
      stored.fragmentOff[entry] = stored.fragmentOff[fragment]!;
      stored.fragmentLen[entry] = stored.fragmentLen[fragment]!;
      return;
    }
    stored.fragmentOff[entry] = end;
    stored.fragmentLen[entry] = fragment.length;
    end += fragment.length;
    sketch(fragment, stored.sketches, entry * SKETCH_WORDS);
  });
  return stored;
}

const all = (count: number) => Uint32Array.from({ length: count }, (_, entry) => entry);

const sketchOf = (bytes: Uint8Array) => {
  const words = new Uint32Array(SKETCH_WORDS);
  sketch(bytes, words, 0);
  return words;
};

const utf8 = (text: string) => new TextEncoder().encode(text);

test("every byte is where its file says, once", () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(fc.array(fc.option(bytes, { nil: undefined }), { maxLength: 300 }), fc.nat(), (own, seed) => {
      // every seventh shares what the first one has
      const first = own.findIndex((fragment) => fragment !== undefined);
      const fragments = own.map((fragment, entry) => (entry > first && (entry + seed) % 7 === 0 ? first : fragment));
      if (first < 0) return;
      const stored = gather(fragments);
      const before = stored.fragmentOff.slice();
      const { starts, sources, end } = arrangeFragments(stored, all(fragments.length), 4096);
      let next = 0;
      const order = [...starts.keys()].sort((a, b) => sources[a]! - sources[b]!);
      for (const part of order) {
        expect(sources[part]).toBe(next);
        next += (starts[part + 1] ?? end) - starts[part]!;
      }
      expect(next).toBe(end);
      fragments.forEach((fragment, entry) => {
        if (fragment === undefined) return;
        const at = stored.fragmentOff[entry]!;
        const part = findStart(starts, at);
        expect(sources[part]! + at - starts[part]!).toBe(before[entry]);
      });
    }),
  );
});

test("what is alike comes together, in the order it had", () => {
  const licence = (name: string) => utf8(`Permission is hereby granted to ${name} to deal in the Software as ever`);
  const header = (name: string) =>
    utf8(`#ifndef HAS_${name} // include guard\n#define HAS_${name}\nint ${name}(void);\n`);
  const names = ["eric", "anna", "bert", "carl", "dora", "finn"];
  const stored = gather(names.flatMap((name) => [licence(name), header(name)]));
  arrangeFragments(stored, all(2 * names.length), 4096);
  const order = [...all(2 * names.length)].sort((a, b) => stored.fragmentOff[a]! - stored.fragmentOff[b]!);
  expect(order.map((entry) => entry % 2)).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
});

test("what is hardly more alike than the next one, or long, keeps its place", () => {
  const line = (index: number) => `12:${index % 60} web${index % 3} GET /items/${(index * 7919) % 997} 200\n`;
  // each has most of the one before in it, but starts elsewhere
  const log = (from: number, lines: number) => utf8(Array.from({ length: lines }, (_, at) => line(from + at)).join(""));
  for (const lines of [300, 3000]) {
    // the first of the long ones is there once more, in front of all others
    const again = lines === 3000 ? [log(0, lines)] : [];
    const stored = gather([...Array.from({ length: 20 }, (_, index) => log(40 * index, lines)), ...again]);
    const before = stored.fragmentOff.slice();
    arrangeFragments(stored, all(stored.fragmentOff.length), 4096);
    expect(stored.fragmentOff).toEqual(before);
  }
});

describe("what has no more than a licence in common keeps its place", () => {
  // as random as a hash, and 88 characters each
  const words = (seed: string, count: number) =>
    Array.from({ length: count }, (_, at) => createHash("sha512").update(`${seed} ${at}`).digest("base64")).join(" ");
  /** How many of 300 fragments come forward, for each of 20 licences of 10 words, in front of as many words of their own. */
  const comeForward = (own: number) =>
    Array.from({ length: 20 }, (_, nr) => {
      const licence = words(`licence ${nr}`, 10);
      const stored = gather(Array.from({ length: 300 }, (_, index) => utf8(licence + words(`${nr} ${index}`, own))));
      arrangeFragments(stored, all(300), 65_536);
      const order = [...all(300)].sort((a, b) => stored.fragmentOff[a]! - stored.fragmentOff[b]!);
      return order.filter((entry, at) => at > 0 && entry < order[at - 1]!).length;
    });

  test("of a fifth that is the licence none comes forward", () => {
    expect(comeForward(36)).toEqual(Array(20).fill(0));
  });

  // with a bound of five cells more 387 do
  test("of nearly half no more than chance will have: four in a thousand", () => {
    expect(comeForward(12).reduce((sum, count) => sum + count)).toBeLessThanOrEqual(24);
  });
});

test("nothing moves far", () => {
  // two kinds in turn: without a limit all of one would come first
  const fragments = Array.from({ length: 5000 }, (_, entry) =>
    utf8((entry % 2 === 0 ? "abcdefgh" : "zyxwvuts").repeat(4)),
  );
  const stored = gather(fragments);
  arrangeFragments(stored, all(fragments.length), 4096);
  let changed = 0;
  stored.fragmentOff.forEach((off, entry) => {
    const place = off / 32;
    expect(entry - place).toBeLessThanOrEqual(128);
    expect(place - entry).toBeLessThanOrEqual(512);
    if (place !== entry) changed++;
  });
  expect(changed).toBeGreaterThan(1000);
});

test("sketches of what is alike are alike", () => {
  const text = "the quick brown fox jumps over the lazy dog, and so on for quite a while; ".repeat(3);
  const same = sketchOf(utf8(text));
  const similar = sketchOf(utf8(text.replace("lazy", "sleepy")));
  const other = sketchOf(utf8("0123456789 lorem ipsum dolor sit amet, consectetur adipiscing elit ".repeat(3)));
  expect(countEqualCells(same, 0, sketchOf(utf8(text)), 0)).toBe(16);
  expect(countEqualCells(same, 0, similar, 0)).toBeGreaterThan(8);
  expect(countEqualCells(same, 0, other, 0)).toBeLessThan(4);
});

test("sketches are pinned, as bytes of images depend on them", () => {
  const show = (text: string) => [...sketchOf(utf8(text))].map((word) => word.toString(16).padStart(8, "0")).join(" ");
  expect(show("a fragment of some length, and then some more")).toMatchInlineSnapshot(
    `"38244671 059fff13 efe5e5bc ff8440d5"`,
  );
  expect(show("short")).toBe("ffffffff ffffffff ffffffff ffffffff");
});

test("cells are counted one by one", () => {
  const words = fc.array(fc.nat(0xffffffff), { minLength: SKETCH_WORDS, maxLength: SKETCH_WORDS });
  fc.assert(
    fc.property(
      words,
      fc.array(fc.nat(255), { minLength: 16, maxLength: 16 }),
      fc.nat(0xffff),
      (first, bytes, mask) => {
        const a = Uint32Array.from(first);
        const b = a.slice();
        const [cellsA, cellsB] = [new Uint8Array(a.buffer), new Uint8Array(b.buffer)];
        bytes.forEach((byte, cell) => {
          if ((mask >> cell) & 1) cellsB[cell] = byte;
        });
        const isEqual = (byte: number, cell: number) => byte === cellsB[cell] && byte !== 0xff;
        expect(countEqualCells(a, 0, b, 0)).toBe(cellsA.filter(isEqual).length);
      },
    ),
  );
});
