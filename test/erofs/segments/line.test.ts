/** Segments in line: both ends see the same, in order, and memory is not used again before it has been released. */
import { describe, expect, test } from "vitest";
import { limitRoom, room } from "../../../src/core/threads/room.ts";
import { SEGMENT_LARGE } from "../../../src/erofs/segments/cuts.ts";
import { LineEnd, LineStart, type SharedLine, shareLine } from "../../../src/erofs/segments/line.ts";
import { MAX_RANGES } from "../../../src/stage/tree/sparse.ts";

const BLOCK = 4096;

/** Puts in a segment of one item, with so many bytes of data. */
function put(start: LineStart, entry: number, bytes: number) {
  const segment = start.open();
  const item = segment.add(entry);
  segment.dataAt[item] = segment.dataUsed;
  segment.data.fill(entry, segment.dataUsed, segment.dataUsed + bytes);
  segment.dataUsed += bytes;
  segment.piece = entry;
  segment.isLast = true;
  start.put(segment);
}

function ends(line: SharedLine = shareLine(BLOCK)) {
  return { start: new LineStart(line, BLOCK), end: new LineEnd(line) };
}

describe("a line", () => {
  test("gives out what was put in, in order, with all that belongs to it", () => {
    const { start, end } = ends();
    expect(end.first).toBeUndefined();
    const segment = start.open();
    for (const entry of [7, 8, 9]) segment.add(entry);
    segment.large.push(1);
    segment.withBodies.push(0, 2);
    segment.maps.push([8, { bits: 3, blocks: 5, ranges: [0, 1, 4, 2] }], [9, { bits: 0, blocks: 0, ranges: [] }]);
    Object.assign(segment, { piece: 41, isLast: true, inodeBlocks: 2, bodyBlocks: 3 });
    segment.countSaved(2 ** 40, 4);
    start.put(segment);
    put(start, 50, 10);
    const first = end.first!;
    expect(first).toMatchObject({ count: 3, piece: 41, isLast: true, inodeBlocks: 2, bodyBlocks: 3 });
    expect(first).toMatchObject({ savedByHoles: 2 ** 40, savedByDedupe: 4, large: [1], withBodies: [0, 2] });
    expect([...first.entries.subarray(0, 3)]).toEqual([7, 8, 9]);
    expect(first.maps).toEqual([
      [8, { bits: 3, blocks: 5, ranges: [0, 1, 4, 2] }],
      [9, { bits: 0, blocks: 0, ranges: [] }],
    ]);
    expect(end.first).toBe(first);
    end.release(0);
    expect(end.first).toMatchObject({ piece: 50, large: [], withBodies: [], maps: [] });
    end.release(0);
    expect(end.first).toBeUndefined();
  });

  test("holds as much as it has room for, and what it holds stays as it is", () => {
    const { start, end } = ends();
    const bytes = (entry: number) => 1000 * ((entry * 7919) % 1500);
    let [next, oldest] = [1, 1];
    let most = 0;
    for (; oldest < 200; oldest++) {
      for (; start.hasRoom; next++) put(start, next % 251, bytes(next));
      most = Math.max(most, next - oldest);
      const segment = end.first!;
      const at = segment.dataAt[0]!;
      expect(segment.piece).toBe(oldest % 251);
      const held = segment.data.subarray(at, at + bytes(oldest));
      expect(held.every((byte) => byte === oldest % 251)).toBe(true);
      end.release(0);
    }
    expect(most).toBeGreaterThan(4);
    expect(most).toBeLessThanOrEqual(16);
  });

  test("is done when all is released and all large files are copied", () => {
    const line = shareLine(BLOCK);
    const { start, end } = ends(line);
    expect(start.isDone).toBe(true);
    put(start, 1, 1);
    expect(start.isDone).toBe(false);
    expect(end.first).toBeDefined();
    end.release(2);
    expect(start.isDone).toBe(false);
    // the copies of another thread
    Atomics.sub(line.counts, 2, 2);
    expect(start.isDone).toBe(true);
  });

  test("has room for the maps of all files with holes of a segment, whatever address space there is for columns", () => {
    const before = room();
    limitRoom({ columnShare: 2 ** -20, usesWasm: false });
    const { start, end } = ends();
    limitRoom(before);
    const segment = start.open();
    const ranges = Array.from({ length: 2 * MAX_RANGES }, (_, index) => index);
    for (let nr = 0; nr < SEGMENT_LARGE; nr++) segment.maps.push([nr, { bits: 0, blocks: nr, ranges }]);
    start.put(segment);
    const { maps } = end.first!;
    expect(maps.length).toBe(SEGMENT_LARGE);
    expect(maps.every(([entry, map]) => map.blocks === entry && map.ranges.length === ranges.length)).toBe(true);
    expect(maps.at(-1)![1].ranges.at(-1)).toBe(2 * MAX_RANGES - 1);
    // the next segment waits until this one is gone
    expect(start.hasRoom).toBe(false);
    end.release(0);
    expect(start.hasRoom).toBe(true);
  });
});
