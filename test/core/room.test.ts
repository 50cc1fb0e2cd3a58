/** How address space is shared out, and that hashes are the same with WebAssembly and without. */
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import xxhash from "xxhash-wasm";
import { Column } from "../../src/core/column.ts";
import { loadXxHash } from "../../src/core/hash/xxhash.ts";
import { limitRoom, planRoom, room } from "../../src/core/threads/room.ts";

const GIB = 2 ** 30;
const unlimited = room();
afterEach(() => limitRoom(unlimited));

test("without a limit all that is asked for may be had", () => {
  const plan = planRoom(Number.POSITIVE_INFINITY, 8, { instances: 2, reservesAll: true });
  expect(plan).toEqual({ threads: 8, room: { columnShare: 1, usesWasm: true } });
});

test("with a limit there are as many threads as have room, and columns take no more than a part of the rest", () => {
  const plain = { instances: 0, reservesAll: true };
  expect(planRoom(15 * GIB, 4, plain).threads).toBe(4);
  expect(planRoom(3 * GIB, 4, plain).threads).toBe(2);
  expect(planRoom(1 * GIB, 4, plain).threads).toBe(1);
  expect(planRoom(15 * GIB, 4, { instances: 1, reservesAll: true }).threads).toBe(1);
  expect(planRoom(15 * GIB, 4, { instances: 1, reservesAll: false }).threads).toBe(4);
  const { columnShare, usesWasm } = planRoom(3 * GIB, 4, plain).room;
  expect(usesWasm).toBe(false);
  expect(columnShare * 40 * GIB).toBeCloseTo(0.75 * GIB, -3);
});

test("a column of a limited process reserves its share, and says which limit is to be raised when it is full", () => {
  limitRoom({ columnShare: 1 / 1024, usesWasm: false });
  const column = Column.create(Uint32Array, 2 ** 27);
  expect(column.buffer.maxByteLength).toBe(4 * 2 ** 17);
  expect(column.ensure(2 ** 17).length).toBe(2 ** 17);
  expect(() => column.ensure(2 ** 17 + 1)).toThrow(/limit of address space.*ulimit -v/);
});

test("hashes are the same without WebAssembly", async () => {
  const theirs = await xxhash();
  limitRoom({ columnShare: 1, usesWasm: false });
  const ours = await loadXxHash();
  const seeds = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.nat(200),
      seeds,
      fc.nat(2 ** 32 - 1),
      (bytes, cut, seed, seed32) => {
        expect(ours.h32Raw(bytes, seed32)).toBe(theirs.h32Raw(bytes, seed32));
        const [start, rest] = [bytes.subarray(0, cut), bytes.subarray(cut)];
        expect(ours.create64(seed).update(start).update(rest).digest()).toBe(theirs.h64Raw(bytes, seed));
        expect(ours.h64Raw(bytes)).toBe(theirs.h64Raw(bytes));
      },
    ),
  );
});
