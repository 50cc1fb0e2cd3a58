/** What can stay in archives, and what cannot (`tarIndex`). */
import { execFileSync } from "node:child_process";
import { createReadStream, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { beforeAll, expect, test } from "vitest";
import { type BuildOptions, buildErofs, entries, type Source, tarStream, zipArchive } from "../../../dist/index.js";
import { makeScratch } from "../../helpers/scratch.ts";

const scratch = makeScratch("index");
const image = `${scratch}/image`;
const archive = `${scratch}/a.tar`;

beforeAll(() => {
  const source = `${scratch}/source`;
  mkdirSync(source);
  writeFileSync(`${source}/a`, "x".repeat(5000));
  writeFileSync(`${source}/empty`, "");
  execFileSync("tar", ["-cf", archive, "-C", source, "."]);
  writeFileSync(`${scratch}/a.tar.gz`, gzipSync(readFileSync(archive)));
  writeFileSync(`${source}/holes`, "y");
  truncateSync(`${source}/holes`, 1 << 20);
  execFileSync("tar", ["-S", "--format=pax", "-cf", `${scratch}/sparse.tar`, "-C", source, "."]);
  execFileSync("tar", ["-S", "--format=gnu", "-cf", `${scratch}/sparse-gnu.tar`, "-C", source, "."]);
});

const build = (source: Source, options: BuildOptions = {}) => buildErofs(source, image, { tarIndex: true, ...options });

test("is the same from a pipe, from a copy and by any number of threads", async () => {
  await build(tarStream(archive));
  const first = readFileSync(image);
  await build(tarStream(createReadStream(archive)));
  expect(readFileSync(image).equals(first)).toBe(true);
  const copyTo = `${scratch}/copy.tar`;
  const report = await build(tarStream(`${scratch}/a.tar.gz`, { copyTo }));
  expect(readFileSync(image).equals(first)).toBe(true);
  expect(readFileSync(copyTo).equals(readFileSync(archive))).toBe(true);
  expect(report.devices[0]!.path).toBe(copyTo);
  for (const workers of [1, 3]) {
    await build(tarStream(archive), { workers });
    expect(readFileSync(image).equals(first)).toBe(true);
  }
});

test.each<[what: string, source: () => Source, why: string]>([
  ["compressed", () => tarStream(`${scratch}/a.tar.gz`), "a.tar.gz: is compressed, so that data cannot stay in it"],
  ["sparse", () => tarStream(`${scratch}/sparse.tar`), "holes: is sparse, so that its data is not there as it is"],
  ["sparse as GNU has it", () => tarStream(`${scratch}/sparse-gnu.tar`), "holes: is sparse"],
  ["no archive", () => entries([{ path: "a", contents: "a" }]), "tarIndex: contents are not all in tar archives"],
])("what is %s cannot stay where it is", async (_what, source, why) => {
  await expect(build(source())).rejects.toThrow(why);
  await expect(build(source(), { tarIndex: `${scratch}/map` })).rejects.toThrow(why);
  expect(existsSync(`${scratch}/map`)).toBe(false);
});

test("what is in a zip archive cannot either, nor can a list be of several archives", async () => {
  const zip = `${scratch}/a.zip`;
  execFileSync("python3", ["-c", `import zipfile; zipfile.ZipFile("${zip}", "w").writestr("a", "aaa")`]);
  await expect(build(zipArchive(zip))).rejects.toThrow("contents are not all in tar archives");
  const both = tarStream([archive, archive]);
  await expect(build(both, { tarIndex: `${scratch}/map` })).rejects.toThrow("a list of blocks is of a single archive");
  const unnamed = build(tarStream(createReadStream(archive)), { vmdkDescriptor: `${scratch}/v` });
  await expect(unnamed).rejects.toThrow("vmdkDescriptor: device 1 is no file");
});

test.each<[options: BuildOptions, why: string]>([
  [{ compress: "lz4" }, "tarIndex: data stays as it is, so not together with compress"],
  [{ chunkSize: 4096 }, "tarIndex: data stays as it is, so not together with chunkSize"],
  [{ chunkSize: 4096, blobDevice: "x" }, "tarIndex: data stays as it is, so not together with chunkSize"],
  [{ fingerprints: true }, "tarIndex: data stays as it is, so not together with fingerprints"],
  [{ dsunit: 2 }, "tarIndex: data stays as it is, so not together with dsunit"],
  [{ blockSize: 4096 }, "tarIndex: blockSize is 512 then, as that of archives is"],
  [{ tarIndex: "" }, 'tarIndex: the path of the list is ""'],
  [{ tarIndex: image }, `${image}: is to be the image and the list of its blocks`],
  [{ targetKernel: "5.15" }, "targetKernel: Linux 5.15 does not read"],
])("%j is refused: %s", async (options, why) => {
  await expect(build(tarStream(archive), options)).rejects.toThrow(why);
});
