/** EROFS images as sources: what cannot be, what is damaged, and that bytes hang on nothing else. */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, type Entry, entries, erofsImages, ImageError } from "../../../../dist/index.js";
import { runCommand } from "../../../helpers/commands.ts";
import { ImageReader } from "../../../helpers/image-reader.ts";
import { makeScratch } from "../../../helpers/scratch.ts";

const scratch = makeScratch("images");
const [low, high, tails, packed] = ["low", "high", "tails", "packed"].map((name) => `${scratch}/${name}`) as [
  string,
  string,
  string,
  string,
];
const image = `${scratch}/image`;
const noise = createHash("shake128", { outputLength: 50_000 }).digest();
const LIST: Entry[] = [
  { path: "a", contents: noise },
  {
    path: "d/b",
    contents: "text ".repeat(3000),
    xattrs: { "user.k": Buffer.from("v"), "user.long.k": Buffer.from("w") },
  },
  { path: "d/link", kind: "symlink", target: "b" },
  { path: "d/tty", kind: "char", major: 4, minor: 300, mode: 0o600 },
  { path: "empty" },
];

beforeAll(async () => {
  await buildErofs(entries(LIST), low, { inlineData: false, xattrPrefixes: ["user.long."] });
  await buildErofs(entries([{ path: "d/b", contents: "high ".repeat(2000) }]), high, { inlineData: false });
  await buildErofs(entries(LIST), tails);
  await buildErofs(entries(LIST), packed, { compress: "zstd", fragments: "tails" });
});

test("makes the same bytes by any number of threads, others of other images, and has what the last one says", async () => {
  const made = new Map<string, string>();
  for (const images of [[low], [high], [low, high], [high, low]]) {
    for (const workers of [1, 3]) {
      const report = await buildErofs(erofsImages(images), image, { workers });
      const bytes = readFileSync(image).toString("latin1");
      expect(made.get(images.join()) ?? bytes).toBe(bytes);
      made.set(images.join(), bytes);
      expect(report.devices.map(({ path }) => path)).toEqual(images);
    }
  }
  expect(new Set(made.values()).size).toBe(4);
});

test.each<[string, string]>([
  ["what is inline", "tails"],
  ["fragments", "packed"],
])("copies %s, attributes and all", async (_what, name) => {
  await buildErofs(erofsImages([low, `${scratch}/${name}`], { data: "copy" }), image, { xattrPrefixes: ["user.l"] });
  const tree = new ImageReader(readFileSync(image)).tree();
  expect(tree.get("a")!.contents.equals(noise)).toBe(true);
  expect(tree.get("d/b")!.contents.toString()).toBe("text ".repeat(3000));
  const direct = `${scratch}/direct`;
  await buildErofs(entries(LIST), direct, { xattrPrefixes: ["user.l"] });
  expect(readFileSync(image).equals(readFileSync(direct))).toBe(true);
});

test.each<[what: string, images: () => string[], options: BuildOptions, why: string]>([
  ["tails", () => [low, tails], {}, `${tails}: a: its end is beside its inode, where no other image can refer to it`],
  ["compressed data", () => [packed], {}, `${packed}: a: `],
  ["no image", () => [low, `${scratch}/text`], {}, `${scratch}/text: damaged image: `],
  ["nothing", () => [`${scratch}/none`], {}, `${scratch}/none: `],
  ["compression", () => [low], { compress: "lz4" }, "compress: the data of EROFS images stays where it is"],
  ["chunks", () => [low], { chunkSize: 4096 }, "chunkSize: the data of EROFS images stays where it is"],
  ["archives", () => [low], { tarIndex: true }, "tarIndex: the data of EROFS images stays where it is"],
  ["other blocks", () => [low], { blockSize: 512 }, "blockSize: 512 is not that of the images, 4096"],
  [
    "an old Linux",
    () => [low],
    { targetKernel: "5.15" },
    "targetKernel: Linux 5.15 does not read data in another device",
  ],
  ["unequal blocks", () => [low, `${scratch}/small`], {}, "has blocks of 512 bytes, those before it of 4096"],
  [
    "devices in some",
    () => [low, `${scratch}/outer`],
    {},
    "has data in another device, and others have it in themselves",
  ],
])("%s is refused", async (_what, images, options, why) => {
  writeFileSync(`${scratch}/text`, "no image ".repeat(1000));
  await buildErofs(entries(LIST), `${scratch}/small`, { inlineData: false, blockSize: 512 });
  await buildErofs(erofsImages(low), `${scratch}/outer`);
  await expect(buildErofs(erofsImages(images()), image, options)).rejects.toThrow(why);
});

test("ts-mkerofs tells images from what is packed as it is", () => {
  const run = (...words: string[]) => runCommand(scratch, "mkerofs", ["--quiet", ...words]);
  expect(run("image", "low", "high").status).toBe(0);
  expect(new ImageReader(readFileSync(image)).superblock).toBeDefined();
  expect(run("--clean", "image", "tails", "packed").status).toBe(0);
  // what is no closure keeps times that are not later
  const env = { SOURCE_DATE_EPOCH: "5" };
  expect(runCommand(scratch, "mkerofs", ["--quiet", "image", "low", "high"], env).status).toBe(0);
  expect(readFileSync(image).readUInt32LE(1024 + 108)).toBe(5);
  expect(run("image", "low", "tails").err).toContain("ts-mkerofs: tails: a: its end is beside its inode");
  expect(run("-zlz4", "image", "low").err).toContain("-z: the data of EROFS images stays where it is");
});

describe("a damaged image is an error that names it", () => {
  test.each(["refer", "copy"] as const)(
    "%s",
    async (data) => {
      const victim = `${scratch}/victim`;
      let refused = 0;
      for (const name of data === "refer" ? ["low"] : ["low", "tails", "packed"]) {
        const whole = readFileSync(`${scratch}/${name}`);
        let state = 1;
        const random = (below: number) => {
          state = Math.imul(state, 1_103_515_245) + 12_345;
          return (state >>> 8) % below;
        };
        for (let round = 0; round < 40; round++) {
          const bytes = Buffer.from(whole.subarray(0, round % 10 === 0 ? random(whole.length) : whole.length));
          // where metadata is, mostly
          for (let flip = 0; flip < 4 && bytes.length > 2048; flip++) {
            bytes[1024 + random(Math.min(bytes.length - 1024, 4000))] = random(256);
          }
          writeFileSync(victim, bytes);
          try {
            await buildErofs(erofsImages(victim, { data }), image);
          } catch (error) {
            expect(error).toBeInstanceOf(ImageError);
            expect((error as Error).message).toContain(scratch);
            refused++;
          }
        }
      }
      expect(refused).toBeGreaterThan(5);
    },
    300_000,
  );
});
