/** Directories of so many names that they are listed, and written, piece by piece: the bytes are the same all the same. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, directory, entries, paths, type Source } from "../../../dist/index.js";
import { makeScratch } from "../../helpers/scratch.ts";

const scratch = makeScratch("large-directory");
const image = `${scratch}/image`;
const HACK = "~nix~case~hack~";

async function hashOf(source: Source, options: BuildOptions = {}): Promise<string> {
  await buildErofs(source, image, options);
  return createHash("sha256").update(readFileSync(image)).digest("hex");
}

async function hashOfStream(source: Source, options: BuildOptions = {}): Promise<string> {
  const hash = createHash("sha256");
  const stream = new WritableStream<Uint8Array>({ write: (chunk) => void hash.update(chunk) });
  await buildErofs(source, stream, options);
  return hash.digest("hex");
}

describe("a directory of 12,000 names", () => {
  const folder = `${scratch}/store/top`;
  const options = { timestamp: 0, owner: "root", hardLinks: "copy", workers: 2 } as const;
  // bytes of any value, and more of them than one read of the directory gives
  const names = Array.from({ length: 12_000 }, (_, index) => {
    const hash = createHash("sha256").update(`${index}`).digest();
    const name = Buffer.concat([hash, hash.subarray(0, 8)]).map((byte) => (byte === 0 || byte === 0x2f ? 0x61 : byte));
    return Buffer.from(name);
  });
  const inMemory = (kept: readonly Buffer[], prefix = "") =>
    entries([
      { path: prefix, kind: "directory", mode: 0o755 },
      ...kept.map((name) => ({ path: Buffer.concat([Buffer.from(`${prefix}/`), name]), mode: 0o644 })),
    ]);

  beforeAll(() => {
    mkdirSync(folder, { recursive: true });
    for (const name of names) writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), name]), "", { mode: 0o644 });
  });

  test("is one whose size makes it so", () => {
    expect(statSync(folder).size).toBeGreaterThanOrEqual(64 * 1024);
  });

  test("is the same as one that is not read from a disk, also through a stream", async () => {
    const expected = await hashOf(inMemory(names), options);
    for (const workers of [1, 2]) expect(await hashOf(directory(folder), { ...options, workers })).toBe(expected);
    expect(await hashOfStream(directory(folder), options)).toBe(expected);
  });

  test("loses what is excluded, and only that", async () => {
    const isKept = (name: Buffer) => !name.includes("a");
    const expected = await hashOf(inMemory(names.filter(isKept), "top"), options);
    expect(await hashOf(paths([folder]), { exclude: { regexes: ["^top/.*a"] } })).toBe(expected);
  });

  test("may have Nix's case hack in it, which moves names; two that become one are refused", async () => {
    const hacked = `${scratch}/hacked/top`;
    mkdirSync(hacked, { recursive: true });
    const plain = Array.from({ length: 6000 }, (_, index) => Buffer.from(`${"n".repeat(30)}${index % 100}.${index}`));
    const onDisk = (name: Buffer, index: number) => (index % 7 === 0 ? `${name}${HACK}${index}` : `${name}`);
    for (const [index, name] of plain.entries()) writeFileSync(`${hacked}/${onDisk(name, index)}`, "", { mode: 0o644 });
    expect(await hashOf(paths([hacked]))).toBe(await hashOf(inMemory(plain, "top"), options));
    writeFileSync(`${hacked}/${plain[8]}${HACK}1`, "");
    await expect(buildErofs(paths([hacked]), image)).rejects.toMatchObject({
      code: "INPUT",
      path: `${hacked}/${plain[8]}${HACK}1`,
      message: expect.stringContaining(`has the same name in the image as ${plain[8]}`),
    });
  });
});
