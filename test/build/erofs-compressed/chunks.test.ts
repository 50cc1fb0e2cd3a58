/** Equal chunks without compression (`-Ededupe` without `-z`), and files in chunks beside compressed ones. */
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { expect, test } from "vitest";
import { type BuildOptions, buildErofs, directory, type Entry, entries } from "../../../dist/index.js";
import { ImageReader } from "../../helpers/image-reader.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { randomBytes } from "../../helpers/trees/compressed-tree.ts";

const scratch = makeScratch("chunks");
const image = `${scratch}/image`;

const noise = randomBytes(400_000, 1);
const LIST: Entry[] = [
  { path: "a", contents: noise },
  // the same chunks, elsewhere in the file
  { path: "b", contents: Buffer.concat([randomBytes(8192, 2), noise.subarray(0, 300_000)]) },
  // itself twice, and the end of a chunk
  {
    path: "c",
    contents: Buffer.concat([noise.subarray(4096, 40_960), noise.subarray(4096, 40_960), randomBytes(10, 3)]),
  },
  {
    path: "large",
    contents: Buffer.concat([randomBytes(5 << 20, 4), noise.subarray(0, 65_536), randomBytes(5 << 20, 4)]),
  },
  { path: "small", contents: Buffer.from("small") },
  { path: "empty", contents: new Uint8Array(0) },
];

async function make(options: BuildOptions) {
  const report = await buildErofs(entries(LIST), image, options);
  const bytes = readFileSync(image);
  const tree = new ImageReader(bytes).tree();
  for (const { path, contents } of LIST as { path: string; contents: Uint8Array }[]) {
    expect(createHash("sha256").update(tree.get(path)!.contents).digest("hex"), path).toBe(
      createHash("sha256").update(contents).digest("hex"),
    );
  }
  return { report, bytes, tree };
}

test("equal chunks are stored once, wherever they are", async () => {
  const { report, tree } = await make({ dedupeChunks: true });
  const without = await make({ chunkSize: 4096 });
  // 73 blocks of b, 9 of the second half of c and as many of its first, 16 and 1280 of the large file
  expect(report.savedByDedupe).toBe((73 + 9 + 9 + 16 + 1280) * 4096);
  const saved = without.report.bytes - report.bytes;
  expect(Math.abs(saved - report.savedByDedupe)).toBeLessThanOrEqual(2 * 4096);
  expect([...tree.values()].filter(({ layout }) => layout === 4).length).toBe(5);
});

test("of larger chunks fewer are equal", async () => {
  const { report } = await make({ dedupeChunks: true, chunkSize: 65_536 });
  // of the large file, those in front of 5 MiB and the same behind what is between them
  expect(report.savedByDedupe).toBe((1 + 80) * 65_536);
});

test.each([
  [{ dedupeChunks: true }],
  [{ dedupeChunks: true, chunkSize: 16_384, chunkIndexes: true }],
  [{ compress: { algorithm: "lz4" }, chunkSize: 16_384 }],
] as [BuildOptions][])("%j is the same for any number of threads", async (options) => {
  const images = [];
  for (const workers of [1, 3]) {
    await buildErofs(entries(LIST), image, { ...options, workers });
    images.push(readFileSync(image));
  }
  expect(images[0]!.equals(images[1]!)).toBe(true);
});

test.each<[BuildOptions, string]>([
  [{ dedupeChunks: true, compress: { algorithm: "lz4" } }, "dedupeChunks: not together with compress"],
  [{ dedupeChunks: true, chunkSize: 2 << 20 }, "dedupeChunks: chunks are 1 MiB at most"],
  [{ dedupeChunks: true, dsunit: 8 }, "dsunit: "],
  [{ dedupeChunks: true, targetKernel: "5.14" }, "Linux 5.14 does not read a chunk size"],
])("%j is refused: %s", async (options, message) => {
  await expect(buildErofs(entries(LIST), image, options)).rejects.toThrow(message);
});

test("equal chunks need no Linux newer than chunks do", async () => {
  expect((await make({ dedupeChunks: true, targetKernel: "5.15" })).report.features.join(" ")).toContain(
    "chunked_file",
  );
});

test("a file that is nearly all holes keeps its data where its chunks say, also where that is in another file too", async () => {
  const source = `${scratch}/sparse`;
  mkdirSync(source);
  writeFileSync(`${source}/a`, noise);
  const file = openSync(`${source}/b`, "w");
  writeSync(file, noise, 0, 4096, 0);
  writeSync(file, noise, 8192, 4096, 2 << 20);
  closeSync(file);
  await buildErofs(directory(source), image, { dedupeChunks: true });
  const { contents, layout } = new ImageReader(readFileSync(image)).tree().get("b")!;
  expect(layout).toBe(4);
  expect(Buffer.compare(contents, readFileSync(`${source}/b`))).toBe(0);
});
