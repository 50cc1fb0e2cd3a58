import { describe, expect, it } from "vitest";
import {
  groupTops,
  LARGE_FILE,
  SEGMENT_ENTRIES,
  SegmentCuts,
  segmentRoom,
  weighTop,
} from "../../../src/erofs/segments/cuts.ts";

const name = (text: string) => new TextEncoder().encode(text);
const hashed = (nr: number) => `${(nr * 2654435761) % 2 ** 32}-package-${nr}`;

const DIRECTORY = 0o040755;
const FILE = 0o100644;

function groups(names: readonly string[], mode = DIRECTORY, size = 0): string[][] {
  const starts = groupTops(
    names.length,
    () => weighTop(mode, size),
    (top) => name(names[top]!),
  );
  return starts.slice(1).map((end, index) => names.slice(starts[index], end));
}

describe("groups of names", () => {
  const names = Array.from({ length: 3000 }, (_, nr) => hashed(nr)).sort();

  it("are all names in order, about twenty directories each", () => {
    const found = groups(names);
    expect(found.flat()).toEqual(names);
    expect(found.length).toBeGreaterThan(3000 / 24);
    expect(found.length).toBeLessThan(3000 / 17);
    expect(Math.min(...found.slice(0, -1).map(({ length }) => length))).toBeGreaterThanOrEqual(16);
    expect(Math.max(...found.map(({ length }) => length))).toBeLessThanOrEqual(64);
  });

  it("are larger where they are of small files, as derivations are", () => {
    expect(groups(names, FILE, 2000).length).toBeLessThan(3000 / 400);
    expect(groups(names, FILE, 1 << 20).length).toBeGreaterThan(3000 / 5);
  });

  it("change around a name that is added, and not far from it", () => {
    const before = new Set(groups(names).map((group) => group.join()));
    const more = [...names, "15-new"].sort();
    const changed = groups(more).filter((group) => !before.has(group.join()));
    expect(changed.length).toBeLessThanOrEqual(12);
    expect(changed.flat()).toContain("15-new");
  });

  it("are none where there are no names", () => {
    expect(groups([])).toEqual([]);
  });
});

describe("cuts", () => {
  const starts = (sizes: readonly (number | "top" | "group")[], blockSize = 4096) => {
    const cuts = new SegmentCuts(blockSize);
    const found: number[] = [];
    let entries = 0;
    for (const size of sizes) {
      if (size === "top") cuts.startTop();
      else if (size === "group") cuts.startGroup();
      else if (cuts.add(size)) found.push(entries++);
      else entries++;
    }
    return found;
  };
  const many = (count: number, size: number) => new Array<number>(count).fill(size);

  it("come before what does not fit into the window any more", () => {
    const { data } = segmentRoom(4096);
    expect(starts(many(data / 8192 + 1, 8192))).toEqual([data / 8192]);
  });

  it("come before ends of files that are too many", () => {
    const { tails } = segmentRoom(4096);
    expect(starts(many(tails / 2048 + 1, 2048))).toEqual([tails / 2048]);
  });

  it("come after so many entries", () => {
    expect(starts(many(SEGMENT_ENTRIES + 1, 0))).toEqual([SEGMENT_ENTRIES]);
  });

  it("come after 32 large files, which take no room", () => {
    expect(starts(many(33, LARGE_FILE * 100))).toEqual([32]);
  });

  it("come before a name of the root where the segment has enough, and only there", () => {
    expect(starts([...many(400, 0), "top", 0, 0])).toEqual([400]);
    expect(starts([...many(400, 0), 0, 0])).toEqual([]);
    expect(starts([LARGE_FILE * 8, "top", 0])).toEqual([1]);
    expect(starts([5000, "top", 5000, "top", 5000])).toEqual([]);
  });

  it("count from anew in another group", () => {
    expect(starts([...many(400, 0), "group", ...many(300, 0), "top", 0])).toEqual([]);
  });
});
