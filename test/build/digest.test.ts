/** The digest in the report is that of the bytes in the target, wherever they go, and what is read is counted. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { buildErofs, buildSquashfs, type Entry, entries, ImageError, type RunOptions } from "../../dist/index.js";
import { makeScratch } from "../helpers/scratch.ts";

const scratch = makeScratch("digest");
const noise = Uint8Array.from({ length: 3_000_000 }, (_, at) => (Math.imul(at, 0x9e3779b1) >>> 13) & 0xff);
const list: Entry[] = [
  { path: "a", contents: noise },
  { path: "b", contents: "text\n".repeat(1000) },
];

const BUILDS = {
  erofs: (out: Parameters<typeof buildErofs>[1], more: RunOptions) => buildErofs(entries(list), out, more),
  "compressed erofs": (out: Parameters<typeof buildErofs>[1], more: RunOptions) =>
    buildErofs(entries(list), out, { ...more, compress: "lz4", fragments: "tails" }),
  squashfs: (out: Parameters<typeof buildErofs>[1], more: RunOptions) =>
    buildSquashfs(entries(list), out, { ...more, compressor: "lz4" }),
};
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe.each(Object.entries(BUILDS))("%s", (name, build) => {
  const path = `${scratch}/${name}`;

  test("of a file, from its offset on; the option changes no byte", async () => {
    const plain = await build(path, { offset: 5000 });
    const before = readFileSync(path);
    const { bytes, digest } = await build(path, { offset: 5000, digest: true });
    const after = readFileSync(path);
    expect(plain.digest).toBeUndefined();
    expect(after.equals(before)).toBe(true);
    expect({ digest, bytes }).toEqual({ digest: sha256(after.subarray(5000)), bytes: after.length - 5000 });
  });

  test("of a stream", async () => {
    const hash = createHash("sha256");
    const stream = new WritableStream<Uint8Array>({ write: (chunk) => void hash.update(chunk) });
    expect((await build(stream, { digest: true })).digest).toBe(hash.digest("hex"));
  });

  test("of a caller's Sink, from its offset on", async () => {
    let target = new Uint8Array(0);
    const sink = {
      truncate(length: number) {
        target = new Uint8Array(length);
      },
      writeAt: (bytes: Uint8Array, at: number) => target.set(bytes, at),
      close: () => undefined,
    };
    const { digest } = await build(sink, { digest: true, offset: 4096 });
    expect(digest).toBe(sha256(target.subarray(4096)));
  });

  test("what was read of the sources is counted", async () => {
    expect((await build(path, {})).bytesRead).toBeGreaterThanOrEqual(noise.length + 5000);
  });
});

test.runIf(existsSync("/dev/null"))("what cannot be read again has no digest", async () => {
  const failed = BUILDS.squashfs("/dev/null", { digest: true });
  await expect(failed).rejects.toThrow("/dev/null: what was written cannot be read again");
  await expect(failed).rejects.toBeInstanceOf(ImageError);
  await expect(BUILDS.erofs("/dev/null", { digest: true })).resolves.toMatchObject({
    digest: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});
