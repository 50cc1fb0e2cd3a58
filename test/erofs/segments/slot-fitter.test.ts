import fc from "fast-check";
import { expect, test } from "vitest";
import { SlotFitter } from "../../../src/erofs/segments/slot-fitter.ts";

test("items never cross a block nor overlap, long ones start blocks of their own, and little room is lost", () => {
  const run = (slots: number[], blockBits: number) => {
    const perBlock = 2 ** (blockBits - 5);
    const fitter = new SlotFitter(2 ** blockBits, 2048);
    const into = new Uint32Array(slots.length);
    const blocks = fitter.fit(Uint32Array.from(slots), slots.length, into);
    const used = new Uint8Array(blocks * perBlock);
    slots.forEach((size, item) => {
      const at = into[item]!;
      if (size <= perBlock) expect(Math.floor(at / perBlock)).toBe(Math.floor((at + size - 1) / perBlock));
      else expect(at % perBlock).toBe(0);
      for (let slot = at; slot < at + size; slot++) expect(used[slot]!++).toBe(0);
    });
    const small = slots.filter((size) => size <= perBlock);
    const sum = small.reduce((total, size) => total + size, 0);
    const long = slots.filter((size) => size > perBlock).reduce((n, size) => n + Math.ceil(size / perBlock), 0);
    // best fit, largest first, needs 11/9 of the best at most
    expect(blocks - long).toBeLessThanOrEqual(Math.ceil(((sum / perBlock) * 3) / 2) + 1);
    // the same again: nothing is left from before
    const again = new Uint32Array(slots.length);
    expect(fitter.fit(Uint32Array.from(slots), slots.length, again)).toBe(blocks);
    expect(again).toEqual(into);
  };
  const size = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 128 }) }, fc.integer({ min: 1, max: 400 }));
  fc.assert(fc.property(fc.array(size, { maxLength: 300 }), fc.constantFrom(9, 12, 16), run));
});

test("equal items stay in their order", () => {
  const into = new Uint32Array(4);
  new SlotFitter(4096, 2048).fit(Uint32Array.from([100, 28, 100, 100]), 4, into);
  expect([...into]).toEqual([0, 356, 128, 256]);
});
