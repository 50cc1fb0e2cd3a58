/** Data in a device of its own (`blobDevice`), and the description of the disk that the two are (`vmdkDescriptor`). */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type BuildOptions, buildErofs, directory, type Entry, entries } from "../../../dist/index.js";
import { describeDisk } from "../../../src/build/beside/vmdk.ts";
import { ErofsData } from "../../../src/inspect/erofs/data.ts";
import { readInode } from "../../../src/inspect/erofs/inode.ts";
import { mapErofs } from "../../../src/inspect/erofs/map.ts";
import { openErofs } from "../../../src/inspect/erofs/reader.ts";
import { ImageBytes } from "../../../src/inspect/image.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { randomBytes } from "../../helpers/trees/compressed-tree.ts";

const scratch = makeScratch("blob");
const image = `${scratch}/image`;
const blobDevice = `${scratch}/blob`;
const noise = randomBytes(400_000, 1);
const LIST: Entry[] = [
  { path: "a", contents: noise },
  { path: "b", contents: Buffer.concat([noise.subarray(4096, 300_000), randomBytes(100, 2)]) },
  { path: "zeros", contents: new Uint8Array(100_000) },
  { path: "small", contents: "small" },
  { path: "empty" },
];

async function make(options: BuildOptions = {}) {
  const report = await buildErofs(entries(LIST), image, { blobDevice, chunkSize: 4096, ...options });
  return { report, image: readFileSync(image), blob: readFileSync(blobDevice) };
}

/** Contents by path, as the package's own reader finds them. */
async function readAll(bytes: Uint8Array, blob: Uint8Array): Promise<Map<string, Buffer>> {
  const opened = await openErofs(new ImageBytes(bytes), [new ImageBytes(blob, "the device")]);
  const { paths, nids } = await mapErofs(opened);
  const files = new Map<string, Buffer>();
  for (const [owner, nid] of nids.entries()) {
    const parts: Buffer[] = [];
    for await (const part of new ErofsData(opened).read(await readInode(opened, nid), 1 << 16)) {
      parts.push(Buffer.from(part));
    }
    files.set(paths.show(owner), Buffer.concat(parts));
  }
  return files;
}

test("reads back equal, and the image holds none of it", async () => {
  const made = await make();
  const files = await readAll(made.image, made.blob);
  for (const { path, contents = "" } of LIST) {
    expect(files.get(`/${path}`)!.equals(Buffer.from(contents as string)), `${path}`).toBe(true);
  }
  expect(made.image.length).toBe(4096);
  expect(made.report.devices).toEqual([{ bytes: made.blob.length, tag: "", path: blobDevice }]);
  expect(made.report.minimumKernel).toBe("5.16");
  expect(made.report.savedByDedupe).toBe(72 * 4096);
});

test.each<BuildOptions>([{}, { chunkSize: 65_536 }, { chunkSize: 2 << 20 }, { dedupe: "none" }, { metabox: true }])(
  "%j makes the same bytes by any number of threads",
  async (options) => {
    const made = await make({ ...options, workers: 1 });
    for (const workers of [2, 4]) {
      const again = await make({ ...options, workers });
      expect(again.image.equals(made.image)).toBe(true);
      expect(again.blob.equals(made.blob)).toBe(true);
    }
  },
);

test.each<[options: BuildOptions, why: string]>([
  [{ chunkSize: undefined }, "blobDevice: needs chunkSize"],
  [{ chunkIndexes: false }, "blobDevice: the 4-byte block map cannot name another device"],
  [{ compress: "lz4" }, "blobDevice: not supported yet together with compress"],
  [{ dsunit: 8 }, "dsunit: data in another device is not aligned"],
  [{ targetKernel: "5.15" }, "Linux 5.15 does not read data in another device, which came with 5.16"],
  [{ blobDevice: image }, `${image}: is to be the image and the device for its data`],
  [{ blobDevice: "" }, 'the path to write to is ""'],
  [{ blobDevice: "/dev/null" }, "/dev/null: what is written to it cannot be read again"],
  [{ vmdkDescriptor: image }, `${image}: is to be the image and its description`],
  [{ vmdkDescriptor: blobDevice }, `${blobDevice}: is to be the device for its data and its description`],
  [
    { vmdkDescriptor: `${scratch}/x`, offset: 100 },
    "vmdkDescriptor: the image starts at 100, which is no multiple of 512",
  ],
])("%j is refused: %s", async (options, why) => {
  await expect(make(options)).rejects.toThrow(why);
  expect(existsSync(`${scratch}/x`)).toBe(false);
});

test("a pipe is refused, as is what cannot be named in a description", async () => {
  const pipe = `${scratch}/pipe`;
  execFileSync("mkfifo", [pipe]);
  await expect(make({ blobDevice: pipe })).rejects.toThrow(`${pipe}: what is written to it cannot be read again`);
  const vmdkDescriptor = `${scratch}/desc`;
  const named = `${scratch}/a"b`;
  await expect(make({ vmdkDescriptor, blobDevice: named })).rejects.toThrow("a description of disks cannot name it");
  const stream = new WritableStream<Uint8Array>();
  const build = buildErofs(entries(LIST), stream, { vmdkDescriptor });
  await expect(build).rejects.toThrow("vmdkDescriptor: the image is no file");
});

test("a build that fails leaves both files as they were, and those that are there are not packed", async () => {
  const source = `${scratch}/source`;
  mkdirSync(source);
  writeFileSync(`${source}/a`, noise);
  writeFileSync(`${source}/blob`, "old");
  writeFileSync(`${source}/image`, "old image");
  const target = { blobDevice: `${source}/blob`, chunkSize: 4096 } as const;
  const broken = buildErofs(directory(source), `${source}/image`, {
    ...target,
    chmod: [{ pattern: "a", mode: "u+y" }],
  });
  await expect(broken).rejects.toThrow();
  expect(readFileSync(`${source}/blob`, "utf8")).toBe("old");
  expect(readFileSync(`${source}/image`, "utf8")).toBe("old image");
  const report = await buildErofs(directory(source), `${source}/image`, target);
  expect(report.counts.files).toBe(1);
  expect(report.ownFiles).toBe(2);
  expect(readFileSync(`${source}/blob`).length).toBe(98 * 4096);
});

test("a description names the files one behind the other, in parts of 2 GiB, from its own folder", async () => {
  mkdirSync(`${scratch}/disks`);
  const vmdkDescriptor = `${scratch}/disks/disk.vmdk`;
  const uuid = "00000000-0100-0000-0200-000000000003";
  const { report } = await make({ vmdkDescriptor, uuid, offset: 1024 });
  expect(readFileSync(vmdkDescriptor, "utf8")).toContain(
    [
      'createType="twoGbMaxExtentFlat"\n\n# Extent description',
      `RW ${report.bytes / 512} FLAT "${image}" 2`,
      `RW ${report.devices[0]!.bytes / 512} FLAT "${blobDevice}" 0\n\n`,
    ].join("\n"),
  );
  const parts = [{ file: "a", bytes: 5 * 2 ** 30, offset: 512 }];
  // the four words of the UUID, little-endian: 0, 1, 2, 0x03000000
  const text = describeDisk(uuid, parts);
  expect(text).toContain("\nCID=3000003\n");
  expect(text).toContain('RW 4194304 FLAT "a" 1\nRW 4194304 FLAT "a" 4194305\nRW 2097152 FLAT "a" 8388609\n');
  expect(text).toContain('ddb.geometry.cylinders = "10403"\n');
});
