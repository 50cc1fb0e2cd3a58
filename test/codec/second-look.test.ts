/** Codecs that compress an output in another way too where the usual one says that this promises more. */
import { describe, expect, test } from "vitest";
import { blankNotes, type Codec } from "../../src/codec/codec.ts";
import { createCodec } from "../../src/codec/names.ts";
import { noise } from "../helpers/trees/noise.ts";
import { repeatingContents } from "../helpers/trees/repeating.ts";

const LIMIT = 4096;
/** So little is in sight that nothing else is tried. */
const LITTLE = 60_000;

const contents = repeatingContents();

/** Bytes of `bytes` that an output holds, from its middle on, with so many of them in sight; and what is known then. */
function fill(codec: Codec, bytes: Buffer, inSight: number) {
  const from = bytes.length >> 1;
  codec.plain.set(bytes.subarray(from, from + inSight));
  const notes = blankNotes();
  const length = codec.compressInto(0, inSight, 0, LIMIT, notes);
  const { consumed } = codec;
  codec.decompress(0, length, 0, consumed);
  expect(bytes.subarray(from, from + consumed).equals(codec.plain.subarray(0, consumed))).toBe(true);
  return { consumed, notes };
}

describe.each([
  ["deflate", "decimal counter", 1.3],
  ["deflate", "numbers a page apart", 2],
  ["deflate", "picture", 1.05],
  ["lz4hc", "two values", 1.05],
  ["lz4hc", "records", 1.05],
] as const)("%s, %s", (name, content, gain) => {
  test(`an output holds ${gain} times as much, and its way goes on`, async () => {
    const codec = await createCodec({ name });
    const bytes = contents[content]!;
    const usual = fill(codec, bytes, LITTLE);
    const { consumed, notes } = fill(codec, bytes, 2 * LITTLE);
    expect(consumed).toBeGreaterThanOrEqual(gain * usual.consumed);
    expect(usual.notes.search).toBe(0);
    expect(notes.search).toBeGreaterThan(0);
    expect(notes.rest).toBeGreaterThan(0);
  });

  test("when the contents become others, the usual way comes back", async () => {
    const codec = await createCodec({ name });
    const { notes } = fill(codec, contents[content]!, 2 * LITTLE);
    codec.plain.set(noise(1, 2 * LITTLE));
    for (let outputs = 0; outputs <= 16; outputs++) codec.compressInto(0, 2 * LITTLE, 0, LIMIT, notes);
    expect(notes.search).toBe(0);
  });
});

test.each(["deflate", "lz4hc"] as const)("%s: of a log, nothing else is tried", async (name) => {
  const { notes } = fill(await createCodec({ name }), contents.log!, 2 * LITTLE);
  expect(notes).toMatchObject({ search: 0, rest: 0, failed: 0 });
});

test("what is all or nothing knows the usual way alone", async () => {
  const codec = await createCodec({ name: "deflate" });
  const bytes = contents["decimal counter"]!.subarray(-2 * LITTLE);
  codec.plain.set(bytes);
  const size = codec.compress(0, bytes.length, 0, bytes.length);
  codec.compressInto(0, bytes.length, 0, bytes.length, blankNotes());
  expect(codec.compressInto(0, bytes.length, 0, bytes.length, blankNotes())).toBeLessThan(size);
  expect(codec.compress(0, bytes.length, 0, bytes.length)).toBe(size);
});
