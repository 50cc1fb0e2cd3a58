/** An image that is not what its source is does not take its place. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type ByteSource, buildErofs, buildSquashfs, type Entry, entries, type Sink } from "../../../dist/index.js";
import { makeScratch } from "../../helpers/scratch.ts";
import { noise } from "../../helpers/trees/noise.ts";

const scratch = makeScratch("verify-build");
const out = `${scratch}/image`;
const SIZE = 300_000;

/** A file that holds something else from when `isLate` says so. */
function restless(isLate: () => boolean): ByteSource {
  const [first, second] = [noise(1, SIZE), noise(2, SIZE)];
  return {
    size: SIZE,
    readAt: (into, offset) => (isLate() ? second : first).copy(into, 0, offset, offset + into.length),
  };
}

const BUILDS = {
  "EROFS, plain": (source: Entry[], to: string | Sink | WritableStream<Uint8Array>, more: object) =>
    buildErofs(entries(source), to, { verify: true, ...more }),
  "EROFS, lz4": (source: Entry[], to: string | Sink | WritableStream<Uint8Array>, more: object) =>
    buildErofs(entries(source), to, { verify: true, compress: "lz4", ...more }),
  SquashFS: (source: Entry[], to: string | Sink | WritableStream<Uint8Array>, more: object) =>
    buildSquashfs(entries(source), to, { verify: true, ...more }),
} as const;

describe.each(Object.entries(BUILDS))("%s", (_, build) => {
  const source = (isVerifying: { now: boolean }): Entry[] => [
    { path: "still", contents: "x" },
    { path: "file", contents: restless(() => isVerifying.now) },
  ];
  const watch = (isVerifying: { now: boolean }) => ({
    onProgress: ({ stage }: { stage: string }) => {
      if (stage === "write" || stage === "compress") isVerifying.now = true;
    },
  });

  test("is verified, and the report says how long that took", async () => {
    const report = await build(source({ now: false }), out, {});
    expect(report.seconds.verify).toBeGreaterThan(0);
    expect(existsSync(out)).toBe(true);
  });

  test("does not replace what is there, and leaves nothing", async () => {
    writeFileSync(out, "before");
    const isVerifying = { now: false };
    await expect(build(source(isVerifying), out, watch(isVerifying))).rejects.toMatchObject({
      code: "DAMAGED",
      path: out,
      message: `${out}: the image is not what its source is: /file: its contents are not those of the source`,
    });
    expect(readFileSync(out, "utf8")).toBe("before");
    expect(readdirSync(scratch)).toEqual(["image"]);
  });

  test("sends nothing to a stream, and writes nothing to a sink", async () => {
    let written = 0;
    const sink: Sink = {
      writeAt: (bytes) => {
        written += bytes.length;
      },
      truncate: () => undefined,
      close: () => undefined,
    };
    const stream = new WritableStream<Uint8Array>({
      write: (bytes) => {
        written += bytes.length;
      },
    });
    for (const to of [sink, stream]) {
      const isVerifying = { now: false };
      await expect(build(source(isVerifying), to, watch(isVerifying))).rejects.toMatchObject({ code: "DAMAGED" });
    }
    expect(written).toBe(0);
  });
});
