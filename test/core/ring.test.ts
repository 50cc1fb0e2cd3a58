/** Memory that stretches of different lengths take and free in turn. */
import { expect, test } from "vitest";
import { Ring } from "../../src/core/threads/ring.ts";

const ROOM = 100;
const HELD = 300;

/** A ring, of which each stretch is known by where it lies. */
function ringWith(lengths: readonly number[]) {
  const ring = new Ring(ROOM, HELD);
  const open = (length: number) => {
    const from = ring.open();
    ring.close(from + length);
    return { from, to: from + length };
  };
  return { ring, open, stretches: lengths.map(open) };
}

test("stretches follow each other", () => {
  const { stretches } = ringWith([50, 100, 0, 30]);
  expect(stretches.map(({ from }) => from)).toEqual([0, 50, 150, 150]);
});

test("when none is held, the next one starts where all did: memory that was touched is used again", () => {
  const { ring, open } = ringWith([50, 60]);
  ring.free();
  ring.free();
  expect(open(10).from).toBe(0);
});

test("as long as no more is held than was said, the next one has room and touches none that is", () => {
  const ring = new Ring(ROOM, HELD);
  const held: { from: number; to: number }[] = [];
  let starts = 0;
  for (let step = 0, seed = 1; step < 20_000; step++) {
    seed = (seed * 48271) % 0x7fffffff;
    const from = ring.open();
    if (from === 0) starts++;
    expect(from + ROOM).toBeLessThanOrEqual(Ring.measure(ROOM, HELD));
    for (const other of held)
      expect(from >= other.to || from + ROOM <= other.from || other.from === other.to).toBe(true);
    const to = from + (seed % (ROOM + 1));
    ring.close(to);
    held.push({ from, to });
    const bytes = () => held.reduce((sum, each) => sum + each.to - each.from, 0);
    while (bytes() > HELD || (held.length > 0 && seed % 7 < 2 && step % 3 === 0)) {
      ring.free();
      held.shift();
      if (bytes() <= HELD && seed % 5 !== 0) break;
    }
  }
  expect(starts).toBeGreaterThan(100);
});
