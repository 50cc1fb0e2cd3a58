/** What a piece is said to hold while it waits bounds a thread's memory, so nothing that it holds may be left out. */
import { expect, test } from "vitest";
import { PieceOutput } from "../../../src/erofs/compress/piece-output.ts";

const BYTES = 100_000;

/** A piece of which nothing is done but that it is told to end. */
function piece(): PieceOutput {
  return new PieceOutput(2 * BYTES, { prepare() {}, place() {} }, () => {});
}

test.each(["fragments", "inline"] as const)("%s are held as blocks are", (kind) => {
  const output = piece();
  const empty = output.heldBytes;
  output[kind].append(new Uint8Array(BYTES));
  output.seal();
  expect(output.heldBytes - empty).toBeGreaterThan(BYTES - 8192);
});

test("blocks that a piece has touched stay held when it is used again", () => {
  const output = piece();
  output.blocksUsed = BYTES;
  output.seal();
  const held = output.heldBytes;
  expect(held).toBeGreaterThanOrEqual(BYTES);
  output.write();
  output.seal();
  expect(output.heldBytes).toBe(held);
});
