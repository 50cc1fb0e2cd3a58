/** The search for how much of an input fills a frame: few tries, and what to do where contents change. */
import { expect, test } from "vitest";
import { fillEnd, fillFrame } from "../../src/codec/zstd/fill.ts";
import { QuickGuide } from "../../src/codec/zstd/guide.ts";

/** Runs the search where the first `plain` bytes of an input come to `sizeOf(plain)`. */
function fill(most: number, limit: number, sizeOf: (plain: number) => number, ratio?: number, mostShare?: number) {
  let tries = 0;
  let kept = 0;
  const measure = (plain: number) => {
    tries++;
    return sizeOf(plain);
  };
  const plain = fillFrame(most, limit, { measure, keep: (size) => (kept = size), ratio, mostShare });
  return { plain, kept, tries };
}

test("where the ratio is known, the first try fits", () => {
  const result = fill(1_000_000, 4096, (plain) => Math.ceil(plain / 3), 3);
  expect(result.tries).toBe(1);
  expect(result.kept).toBeGreaterThanOrEqual(4096 - 64);
});

test("what compresses well fills the frame to a few bytes, in few tries", () => {
  // sizes are nearly on a line: what compresses takes its steps
  const step = (plain: number) => Math.ceil(plain / 7) + 5 * (Math.floor(plain / 1000) % 2);
  for (const ratio of [6.5, 6.9, 7, 7.1, 7.5]) {
    const result = fill(1_000_000, 4096, step, ratio);
    expect(result.kept).toBeGreaterThanOrEqual(4096 - 4);
    expect(result.tries).toBeLessThan(7);
  }
  const large = fill(10_000_000, 65_536, (plain) => Math.ceil(plain / 7), 6.8);
  expect(large.kept).toBeGreaterThanOrEqual(65_536 - 64);
  expect(large.tries).toBeLessThan(4);
});

test("a first try that is a little too much is followed by one that is a little less", () => {
  const result = fill(1_000_000, 4096, (plain) => Math.ceil(plain / 3), 3.1);
  expect(result.tries).toBe(2);
  expect(result.kept).toBeGreaterThanOrEqual(4096 - 64);
});

test("where what compresses well goes on to what does not, the frame is filled all the same", () => {
  for (const zeros of [65_536, 1_000_000]) {
    const result = fill(1_048_576, 4096, (plain) => 40 + (plain >> 14) + Math.max(0, plain - zeros));
    expect(result.plain).toBeGreaterThan(zeros + 3500);
    expect(result.kept).toBeLessThanOrEqual(4096);
  }
});

test("a large output may end with a block, so it is not tried again for the last of its blocks", () => {
  const result = fill(10_000_000, 65_536, (plain) => Math.ceil(plain / 3), (3 * 61_300) / 65_024);
  expect(result.tries).toBe(1);
  expect(fillEnd(result.kept, 65_536)).toBe(61_440);
  expect(fillEnd(4000, 4096)).toBe(4096);
  expect(fillEnd(10_000, 65_536)).toBe(65_536);
});

test("another way of searching is given up after one try that is no better", () => {
  expect(fill(1_000_000, 4096, (plain) => Math.ceil(plain / 20), 20, 0.98 / 20)).toEqual({
    plain: 0,
    kept: 0,
    tries: 1,
  });
  expect(fill(1_000_000, 4096, (plain) => Math.ceil(plain / 30), 20, 0.98 / 20).plain).toBeGreaterThan(120_000);
});

test("what is far more than the limit has no size, and is searched for all the same", () => {
  const far = (plain: number) => (plain > 5_000_000 ? Number.POSITIVE_INFINITY : Math.ceil(plain / 4));
  const result = fill(8_000_000, 1 << 20, far, 6);
  expect(result.kept).toBeGreaterThan(0.75 * (1 << 20));
  expect(result.tries).toBeLessThan(4);
});

/** Sizes in a quick way, of contents that compress now well, now badly, every 700 bytes; the slow way takes less of them. */
const uneven = (plain: number) => {
  const runs = Math.floor(plain / 700);
  const inRun = (run: number) => [0.1, 0.7, 0.3, 0.9, 0.2][run % 5]!;
  let size = 20;
  for (let run = 0; run < runs; run++) size += 700 * inRun(run);
  return Math.ceil(size + (plain - 700 * runs) * inRun(runs));
};

test("with a quick way to go by, two tries fill all but a 256th", () => {
  for (const share of [0.9, 0.8, 0.7]) {
    const slow = (plain: number) => Math.ceil(uneven(plain) * share);
    let questions = 0;
    const guide = new QuickGuide((plain) => {
      questions++;
      return uneven(plain);
    }, 0.85);
    let tries = 0;
    let kept = 0;
    const measure = (plain: number) => {
      tries++;
      return slow(plain);
    };
    const plain = fillFrame(1_000_000, 16_384, { measure, keep: (size) => (kept = size), guide });
    expect(slow(plain)).toBe(kept);
    expect(kept).toBeGreaterThanOrEqual(16_384 - 64);
    expect(tries).toBeLessThanOrEqual(2);
    expect(questions).toBeLessThanOrEqual(8);
    expect(guide.share).toBeCloseTo(share, 3);
  }
});

test("a guide goes no further than the input, and copes with contents that are far more than the output", () => {
  const guide = (most: number) => new QuickGuide((plain) => (plain > most ? Number.POSITIVE_INFINITY : plain / 4), 1);
  const all = { measure: (plain: number) => plain / 4, keep: () => undefined };
  expect(fillFrame(10_000, 4096, { ...all, guide: guide(1e9) })).toBe(10_000);
  expect(fillFrame(1, 4096, { ...all, guide: guide(1e9) })).toBe(1);
  expect(fillFrame(1_000_000, 4096, { ...all, guide: guide(17_000), ratio: 64 })).toBeGreaterThan(4 * 4096 - 64);
  // it knows nothing of what the slow way does
  const noise = { measure: (plain: number) => plain + 3, keep: () => undefined };
  expect(fillFrame(1_000_000, 4096, { ...noise, guide: guide(1e9) })).toBeGreaterThan(4096 - 64);
});

test("where what compresses well goes on to what does not, a guide does not creep through it", () => {
  for (const zeros of [65_536, 300_000, 2_000_000]) {
    const sizeOf = (plain: number) => 40 + (plain >> 14) + Math.max(0, plain - zeros);
    let tries = 0;
    const measure = (plain: number) => {
      tries++;
      return sizeOf(plain);
    };
    const guide = new QuickGuide((plain) => (sizeOf(plain) > 1 << 20 ? Number.POSITIVE_INFINITY : sizeOf(plain)), 0.9);
    const plain = fillFrame(zeros + 1_200_000, 4096, { measure, keep: () => undefined, guide });
    expect(plain).toBeGreaterThan(zeros + 3500);
    expect(tries).toBeLessThan(8);
  }
});
