/** Contents that entries() takes from sources: what is asked of them, and what comes of answers that are wrong. */
import { describe, expect, test } from "vitest";
import { buildErofs } from "../../../src/build/erofs.ts";
import type { BuildOptions } from "../../../src/build/options.ts";
import { buildSquashfs } from "../../../src/build/squashfs.ts";
import { ImageError } from "../../../src/core/error.ts";
import type { Sink } from "../../../src/core/sink.ts";
import { type Entry, entries } from "../../../src/stage/source/entries.ts";

const nowhere: Sink = { writeAt() {}, truncate() {}, close() {} };

describe("a source that comes up short is an error that names the path", () => {
  const sizes = {
    inline: 100,
    "body and tail": 5000,
    "whole blocks": 8192,
    "pieces and tail": 300_000,
    pieces: 262_144,
  };
  const cases = Object.entries(sizes).flatMap(([what, size]) =>
    (["emit", "stream", "compare", "scan"] as const).map((when) => ({ what, size, when })),
  );
  const possible = cases.filter(({ size, when }) => size > 4096 || when === "emit" || when === "stream");
  test.each(possible)("$what, found by: $when", async ({ size, when }) => {
    for (const really of [size - 1, 0]) {
      const contents = {
        size,
        readAt: (into: Uint8Array, at: number) => Math.max(0, Math.min(into.fill(1).length, really - at)),
      };
      const list: Entry[] = [{ path: "d/it", contents, sparse: when === "scan" }];
      if (when === "compare") list.push({ path: "d/a", contents: new Uint8Array(size).fill(1) });
      const out = when === "stream" ? new WritableStream<Uint8Array>() : { writeAt() {}, truncate() {}, close() {} };
      const error: unknown = await buildErofs(entries(list), out).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ImageError);
      expect(error).toMatchObject({ code: "CHANGED", path: "d/it", message: "d/it: shrank while it was packed" });
    }
  });
});

// Was a bug: one byte more was asked for, to see whether there is one; the README's own example throws then.
describe("a source is asked for bytes within its size only", () => {
  // by one thread: helpers are there only of what is built
  const options: Record<string, BuildOptions> = {
    plain: {},
    "no tails": { inlineData: false },
    lz4: { compress: "lz4" },
    "links, fragments": { compress: "zstd", dedupeExtents: true, fragments: "tails" },
    chunks: { chunkSize: 8192 },
  };
  const contents = (size: number) => ({
    size,
    readAt(into: Uint8Array, offset: number) {
      if (into.length === 0 || offset + into.length > size)
        throw new RangeError(`${offset} + ${into.length} > ${size}`);
      into.fill(offset >>> 12);
      return into.length;
    },
  });
  const list: Entry[] = [0, 1, 4095, 4096, 4097, 8192, 300_000, 300_000].map((size, index) => ({
    path: `${index}`,
    contents: contents(size),
    sparse: index % 2 === 0,
  }));
  test.each(Object.entries(options))("EROFS, %s", async (_, more) => {
    await buildErofs(entries(list), nowhere, { ...more, workers: 1 });
  });
  test.each(["all", "small", "none"] as const)("SquashFS, fragments: %s", async (fragments) => {
    await buildSquashfs(entries(list), nowhere, { fragments, compressor: "lz4", workers: 1 });
  });
});

test.each([
  ["nothing", () => undefined, "readAt() gave undefined, which is no number of bytes from 0 to the 5 asked for"],
  ["text", () => "5", 'readAt() gave "5", which is no number of bytes from 0 to the 5 asked for'],
  ["too much", () => 6, "readAt() gave 6, which is no number of bytes from 0 to the 5 asked for"],
  ["less than nothing", async () => -1, "readAt() gave -1, which is no number of bytes from 0 to the 5 asked for"],
])("a source that answers %s is an error that says so", async (_, readAt, why) => {
  const list: Entry[] = [{ path: "d/it", contents: { size: 5, readAt: readAt as () => number } }];
  await expect(buildErofs(entries(list), nowhere)).rejects.toMatchObject({
    code: "CHANGED",
    path: "d/it",
    message: `d/it: ${why}`,
  });
});
