/** Spaces of bytes: each byte belongs to one structure or of a gap. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { ImageBytes } from "../../src/inspect/image.ts";
import { type StructureKind, Tiles } from "../../src/inspect/tiles.ts";

const ALONE: StructureKind = { name: "alone", sharing: "none" };
const SAME: StructureKind = { name: "same", sharing: "same" };
const DATA: StructureKind = { name: "data", sharing: "any" };
const damaged = expect.objectContaining({ code: "DAMAGED" });

/** A space of so many bytes. */
const spaceOf = (size: number) => new Tiles(new ImageBytes(new Uint8Array(size)));

/** Tiles and gaps as words. */
function show(tiles: Tiles<StructureKind>): string[] {
  return [...tiles.inOrder()].map((tile) =>
    tile.isGap ? `${tile.at}-${tile.end}` : `${tile.at}-${tile.end} ${tile.kind.name} of ${tile.owner} x${tile.owners}`,
  );
}

test("structures and gaps tile a space, in whatever order they were noted", () => {
  const lengths = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.boolean()), { maxLength: 40 });
  fc.assert(
    fc.property(lengths, fc.infiniteStream(fc.nat()), (list, random) => {
      let end = 0;
      const places = list.map(([length, isTile], owner) => {
        end += length;
        return { at: end - length, end, isTile, owner };
      });
      const tiles = spaceOf(end);
      const noted = places.filter(({ isTile }) => isTile).map((place) => ({ place, key: random.next().value }));
      for (const { place } of noted.sort((a, b) => a.key - b.key)) tiles.add(ALONE, place.at, place.end, place.owner);
      let next = 0;
      for (const tile of tiles.inOrder()) {
        expect(tile.at).toBe(next);
        next = tile.end;
        if (!tile.isGap) expect(places[tile.owner]).toMatchObject({ at: tile.at, end: tile.end });
      }
      expect(next).toBe(end);
    }),
  );
});

test("data may lie inside of other data, and is told behind it", () => {
  const tiles = spaceOf(100);
  tiles.add(DATA, 30, 40, 1);
  tiles.add(DATA, 10, 60, 2);
  tiles.add(DATA, 50, 80, 3);
  tiles.add(DATA, 30, 40, 4);
  expect(show(tiles)).toEqual(["0-10", "10-60 data of 2 x1", "30-40 data of 1 x2", "50-80 data of 3 x1", "80-100"]);
});

test("one structure may have several owners, where it is the same for all", () => {
  const tiles = spaceOf(8);
  for (const owner of [5, 6, 7]) tiles.add(SAME, 0, 8, owner);
  expect(show(tiles)).toEqual(["0-8 same of 5 x3"]);
  tiles.add(SAME, 4, 8);
  expect(() => show(tiles)).toThrow(damaged);
});

test("what two structures claim is damage", () => {
  const twice = spaceOf(20);
  twice.add(ALONE, 0, 8);
  twice.add(ALONE, 0, 8);
  expect(() => show(twice)).toThrow(damaged);
  const mixed = spaceOf(20);
  mixed.add(DATA, 0, 8);
  mixed.add(ALONE, 7, 9);
  expect(() => show(mixed)).toThrow(damaged);
});

test("structures that take more than there is are refused while they are noted", () => {
  const tiles = spaceOf(10);
  tiles.add(ALONE, 0, 6);
  tiles.add(ALONE, 3, 3);
  expect(() => tiles.add(ALONE, 2, 8)).toThrow(damaged);
  for (const [at, end] of [
    [-1, 2],
    [5, 11],
    [5, 4],
    [Number.NaN, 3],
  ] as const) {
    expect(() => tiles.add(DATA, at, end)).toThrow(damaged);
  }
});
