/** The window that gathers data before it is written: nothing is lost or moved, whoever else is writing. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Control } from "../../../src/core/control.ts";
import type { Sink } from "../../../src/core/sink.ts";
import { DataWindow } from "../../../src/erofs/emit/write-buffer.ts";

const BLOCK = 512;
const MIB = 1 << 20;

/** Collects what is written; asked to, only after a while. */
class MemorySink implements Sink {
  readonly image = new Uint8Array(16 * MIB);
  readonly writes: [offset: number, length: number][] = [];
  isLate = false;

  writeAt(bytes: Uint8Array, offset: number): void | Promise<void> {
    this.writes.push([offset, bytes.length]);
    if (!this.isLate) this.image.set(bytes, offset);
    else return new Promise((resolve) => setImmediate(() => resolve(this.image.set(bytes, offset))));
  }

  truncate(): void {}
  close(): void {}
}

/** Puts `length` bytes of `value` into the window, with a byte of what a read to the end may leave behind them. */
async function put(window: DataWindow, imageOff: number, length: number, value: number): Promise<void> {
  const at = await window.reserve(length);
  window.buffer.fill(value, at, at + length);
  window.buffer[at + length] = 0xff;
  window.commit(imageOff, length);
}

test("what lies together is written at once, each piece padded with zeros to whole blocks", async () => {
  const sink = new MemorySink();
  const window = new DataWindow(sink, new Control(1), BLOCK);
  await put(window, 0, 700, 1);
  await put(window, 1024, 512, 2);
  await put(window, 4096, 1, 3);
  expect(sink.writes).toEqual([]);
  await window.finish();
  expect(sink.writes).toEqual([
    [0, 1536],
    [4096, 512],
  ]);
  const expected = new Uint8Array(8192).fill(1, 0, 700).fill(2, 1024, 1536).fill(3, 4096, 4097);
  expect(sink.image.subarray(0, 8192)).toEqual(expected);
});

test("what does not fit is preceded by what was there; what is only looked at is not written", async () => {
  const sink = new MemorySink();
  const window = new DataWindow(sink, new Control(1), BLOCK);
  await put(window, 0, MIB - 512, 1);
  window.buffer.fill(9, await window.reserve(512), MIB);
  expect(sink.writes).toEqual([]);
  await put(window, MIB, 1024, 2);
  expect(sink.writes).toEqual([[0, MIB - 512]]);
  await window.finish();
  expect(sink.writes[1]).toEqual([MIB, 1024]);
  expect(sink.image[MIB - 512]).toBe(0);
});

test("while another thread writes, gathering goes on, and all arrives in the end", async () => {
  const sink = new MemorySink();
  const control = new Control(2);
  const window = new DataWindow(sink, control, BLOCK);
  await put(window, 0, MIB, 1);
  expect(control.tryTakeTurn()).toBe(true);
  await put(window, MIB, MIB, 2);
  expect(sink.writes).toEqual([]);
  control.giveTurn();
  await put(window, 2 * MIB, MIB, 3);
  await window.finish();
  const expected = Buffer.concat([Buffer.alloc(MIB, 1), Buffer.alloc(MIB, 2), Buffer.alloc(MIB, 3)]);
  expect(expected.equals(sink.image.subarray(0, 3 * MIB))).toBe(true);
  expect(control.tryTakeTurn()).toBe(true);
});

test("a write that fails gives the turn back", async () => {
  for (const fail of [() => expect.fail("no space"), () => Promise.reject(new Error("no space"))]) {
    const control = new Control(2);
    const window = new DataWindow({ writeAt: fail, truncate() {}, close() {} }, control, BLOCK);
    await put(window, 0, 1, 1);
    await expect(window.finish()).rejects.toThrow("no space");
    await expect(window.writeAt(new Uint8Array(1), 0)).rejects.toThrow("no space");
    expect(control.tryTakeTurn()).toBe(true);
  }
});

test("any pieces, any sink, any turns: every byte arrives where it belongs", async () => {
  const somePiece = fc.record({
    length: fc.oneof(fc.nat(3000), fc.nat(MIB / 2)),
    gap: fc.constantFrom(0, 0, 0, 1, 5),
    isHeld: fc.boolean(),
    isLate: fc.boolean(),
  });
  const run = async (pieces: { length: number; gap: number; isHeld: boolean; isLate: boolean }[]) => {
    const [sink, control] = [new MemorySink(), new Control(2)];
    const window = new DataWindow(sink, control, BLOCK);
    const expected = new Uint8Array(sink.image.length);
    let [at, isParked] = [0, false];
    for (const [index, { length, gap, isHeld, isLate }] of pieces.entries()) {
      at += gap * BLOCK;
      const [before, buffer] = [sink.writes.length, window.buffer];
      sink.isLate = isLate;
      // with one buffer put aside, the window would wait for us
      const holds = isHeld && !isParked && control.tryTakeTurn();
      await put(window, at, length, 1 + (index % 200));
      if (holds) control.giveTurn();
      isParked = holds ? window.buffer !== buffer : isParked && sink.writes.length === before;
      expected.fill(1 + (index % 200), at, at + length);
      at = Math.ceil((at + length) / BLOCK) * BLOCK;
    }
    await window.finish();
    if (Buffer.compare(sink.image, expected) !== 0) expect.fail("bytes are lost or moved");
  };
  await fc.assert(fc.asyncProperty(fc.array(somePiece, { maxLength: 25, size: "max" }), run), { numRuns: 60 });
});
