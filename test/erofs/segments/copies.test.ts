/** Large files are copied in pieces, by whoever claims them: each byte once, to its place, and a file is opened for many. */
import { describe, expect, test } from "vitest";
import { Control } from "../../../src/core/threads/control.ts";
import { JobContext } from "../../../src/core/threads/threads.ts";
import { Copies, shareCopies } from "../../../src/erofs/segments/copies.ts";
import { shareLine } from "../../../src/erofs/segments/line.ts";
import { S_IFREG, Tree } from "../../../src/stage/tree/tree.ts";

const BLOCK = 4096;
const MIB = 1 << 20;
/** In a line's counts: pieces that are still to be copied. */
const COPIES = 2;

/** Files of the given sizes, entries from 0 on, whose bytes tell the entry and the block; what is read of them is noted. */
function matter(...sizes: number[]) {
  const tree = Tree.create();
  sizes.forEach((size, entry) => {
    tree.allocate(1);
    tree.mode.view[entry] = S_IFREG;
    tree.size.view[entry] = size;
  });
  const image = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  const closed: number[] = [];
  let open = -1;
  const contents = {
    bytesRead: 0,
    read(entry: number, offset: number, length: number, into: Uint8Array, at: number): void {
      open = entry;
      for (let done = 0; done < length; done += BLOCK) {
        const count = Math.min(BLOCK, length - done);
        into.fill(1 + entry * 50 + (((offset + done) / BLOCK) % 50), at + done, at + done + count);
      }
    },
    close(): void {
      closed.push(open);
    },
    release: () => undefined,
  };
  const lines = [shareLine(BLOCK)];
  const file = {
    writeAt: (bytes: Uint8Array, offset: number) => image.set(bytes, offset),
    readAt: () => 0,
  };
  const job = new JobContext(new Control(1), 0);
  const until = async (isSo: () => boolean) => {
    waits++;
    while (!isSo()) expect(await copies.copyNext()).toBe(true);
  };
  let waits = 0;
  const filesOf = () => ({ tree, contents });
  const copies: Copies = new Copies(job, shareCopies(), lines, { image: file, filesOf, until });
  const countCopies = (pieces: number) => Atomics.add(lines[0]!.counts, COPIES, pieces);
  const left = () => Atomics.load(lines[0]!.counts, COPIES);
  return { copies, image, closed, countCopies, left, waits: () => waits };
}

describe("large files", () => {
  test("with many holes are opened once for what one piece holds, not for each range", async () => {
    const ranges = 3000;
    const size = ranges * 3 * BLOCK;
    const { copies, image, closed, countCopies, left } = matter(size);
    const map = { bits: 0, blocks: ranges, ranges: Array.from({ length: ranges }, (_, nr) => [3 * nr, 1]).flat() };
    countCopies(await copies.add({ line: 0, entry: 0, size, length: size, imageOff: 0 }, map, BLOCK));
    expect(left()).toBe(ranges);
    copies.show(0);
    while (await copies.copyNext());
    // of 3000 blocks no more than 4 MiB at once
    expect(closed).toEqual([0, 0, 0]);
    expect(left()).toBe(0);
    expect(copies.areAllDone).toBe(true);
    for (let nr = 0; nr < ranges; nr++) {
      expect(image[nr * BLOCK]).toBe(1 + ((3 * nr) % 50));
      expect(image[nr * BLOCK + BLOCK - 1]).toBe(1 + ((3 * nr) % 50));
    }
  });

  test("are copied a piece at a time, and never two of them in one", async () => {
    const sizes = [300_000, 300_000, 9 * MIB, 300_000];
    const { copies, image, closed, countCopies, left } = matter(...sizes);
    let imageOff = 0;
    for (const [entry, size] of sizes.entries()) {
      countCopies(await copies.add({ line: 0, entry, size, length: size, imageOff }, undefined, BLOCK));
      imageOff += size;
      // two of a segment
      if (entry % 2 === 1) copies.show(entry >> 1);
    }
    expect(await copies.copyNext()).toBe(true);
    expect(copies.isCopied(0)).toBe(false);
    expect(await copies.copyNext()).toBe(true);
    expect(copies.isCopied(0)).toBe(true);
    expect(copies.isCopied(1)).toBe(false);
    while (await copies.copyNext());
    expect(copies.isCopied(1)).toBe(true);
    expect(closed).toEqual([0, 1, 2, 2, 2, 3]);
    expect(left()).toBe(0);
    copies.end();
    expect(copies.isOver).toBe(true);
    let at = 0;
    sizes.forEach((size, entry) => {
      for (let done = 0; done < size; done += BLOCK) {
        const count = Math.min(BLOCK, size - done);
        const value = 1 + entry * 50 + ((done / BLOCK) % 50);
        expect(image.subarray(at + done, at + done + count).every((byte) => byte === value)).toBe(true);
      }
      at += size;
    });
  });

  test("may have more ranges than there is room for: some are copied before all are known", async () => {
    const ranges = 50_000;
    const size = ranges * 2 * BLOCK;
    const { copies, image, countCopies, left, waits } = matter(size, 300_000);
    const map = { bits: 0, blocks: ranges, ranges: Array.from({ length: ranges }, (_, nr) => [2 * nr, 1]).flat() };
    countCopies(await copies.add({ line: 0, entry: 0, size, length: size, imageOff: 0 }, map, BLOCK));
    const imageOff = ranges * BLOCK;
    countCopies(await copies.add({ line: 0, entry: 1, size: 300_000, length: 300_000, imageOff }, undefined, BLOCK));
    copies.show(7);
    expect(waits()).toBeGreaterThan(1);
    expect(copies.isCopied(7)).toBe(false);
    while (await copies.copyNext());
    expect(copies.isCopied(7)).toBe(true);
    expect(copies.areAllDone).toBe(true);
    expect(left()).toBe(0);
    for (let nr = 0; nr < ranges; nr++) expect(image[nr * BLOCK]).toBe(1 + ((2 * nr) % 50));
    expect(image[imageOff]).toBe(51);
    expect(image[imageOff + 299_999]).toBe(1 + 50 + (Math.floor(299_999 / BLOCK) % 50));
  });
});
