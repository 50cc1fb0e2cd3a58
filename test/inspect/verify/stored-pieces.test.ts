/** Which pieces of data are decoded: each once, but none whose reading another does not answer. */
import { expect, test } from "vitest";
import {
  countStored,
  pieceOf,
  RAW,
  type StoredPiece,
  StoredPieces,
} from "../../../src/inspect/verify/stored-pieces.ts";

const WHOLE: StoredPiece = {
  ...{ space: 0, at: 4096, stored: 4096, length: 100, method: 0, isSpecial: false, isPartial: false, owner: 1 },
};

/** Lengths of what is kept, with `+` where more may be stored. */
function kept(...added: Partial<StoredPiece>[]): string[] {
  const pieces = new StoredPieces();
  for (const each of added) pieces.add({ ...WHOLE, ...each });
  const rows = pieces.sorted();
  return Array.from({ length: countStored(rows) }, (_, index) => {
    const { length, stored, isPartial } = pieceOf(rows, index);
    return `${length}${isPartial ? "+" : ""} in ${stored}`;
  });
}

test("a piece that is there again is one, and so is the start of it", () => {
  expect(kept({}, {}, { length: 40, isPartial: true })).toEqual(["100 in 4096"]);
  expect(kept({ length: 40, isPartial: true }, { length: 70, isPartial: true })).toEqual(["70+ in 4096"]);
});

test("pieces of which one may be read and another not are two", () => {
  expect(kept({}, { length: 80 })).toEqual(["100 in 4096", "80 in 4096"]);
  expect(kept({}, { length: 140, isPartial: true })).toEqual(["100 in 4096", "140+ in 4096"]);
  expect(kept({}, { stored: 8192 })).toEqual(["100 in 8192", "100 in 4096"]);
  expect(kept({}, { method: 1 })).toHaveLength(2);
  expect(kept({}, { isSpecial: true })).toHaveLength(2);
  expect(kept({}, { space: 1 })).toHaveLength(2);
});

test("of many lengths of one piece two are enough: one of them is wrong", () => {
  const lengths = Array.from({ length: 1000 }, (_, nr) => ({ length: 1 + nr }));
  expect(kept(...lengths)).toEqual(["1000 in 4096", "999 in 4096"]);
  expect(kept(...lengths, ...lengths.map((each) => ({ ...each, method: 1 })))).toHaveLength(4);
});

test("what is not compressed is read once, over small gaps", () => {
  const raw = { method: RAW, length: 4096 };
  expect(kept({ ...raw }, { ...raw, at: 8192 }, { ...raw, at: 4096, stored: 100 })).toEqual(["4096 in 8192"]);
});
