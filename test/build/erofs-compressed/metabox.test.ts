/** Images whose inodes lie in a metabox (`-m`): what they are, and what is refused; what needs no kernel. */
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, type Entry, entries } from "../../../dist/index.js";
import { dumpLines } from "../../helpers/dump.ts";
import { failureOf } from "../../helpers/faults.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { ALL_KINDS } from "../../helpers/trees/all-kinds.ts";
import { compressibleText, randomBytes } from "../../helpers/trees/compressed-tree.ts";

const image = `${makeScratch("metabox")}/image`;

/** Thousands of small files in some directories, as in a store. */
const MANY = Array.from({ length: 3000 }, (_, nr): Entry => {
  return { path: `d${nr % 20}/e${nr % 3}/file-${nr}`, contents: compressibleText(nr % 700, nr), mode: 0o644 };
});

const build = (list: Entry[], options: BuildOptions) => buildErofs(entries(list), image, options);

describe("a metabox", () => {
  test.each<[BuildOptions]>([[{ compress: "lz4" }], [{ compress: "zstd", pclusterSize: 65_536 }]])(
    "makes an image of small files smaller: %j",
    async (options) => {
      const without = await build(MANY, options);
      const report = await build(MANY, { ...options, metabox: true });
      expect(report.bytes).toBeLessThan(without.bytes * 0.7);
      expect(report.counts).toEqual(without.counts);
      expect(report.features).toEqual(expect.arrayContaining(["48bit", "metabox"]));
      expect(report.minimumKernel).toBe("6.17");
    },
  );

  test("is not compressed where nothing is", async () => {
    const without = await build(MANY, {});
    const report = await build(MANY, { metabox: true });
    expect(report.bytes).toBeLessThanOrEqual(without.bytes + 4096);
    expect(report).toMatchObject({ algorithms: [], minimumKernel: "6.17", counts: without.counts });
    expect(report.features).not.toContain("lz4_0padding");
  });

  test("holds all inodes but itself and the packed one, each with what stands behind it", async () => {
    for (const options of [{}, { compress: "lz4", fragments: "tails" }] satisfies BuildOptions[]) {
      await build(ALL_KINDS, { ...options, metabox: true });
      const lines = await dumpLines(readFileSync(image));
      const inodes = lines.filter((line) => / {2}erofs_inode_/.test(line));
      const outside = inodes.filter((line) => !line.startsWith("box:"));
      const names = outside.map((line) => /erofs_inode_\w+ (.*) nid=/.exec(line)![1]!);
      expect(names.sort()).toEqual("fragments" in options ? ["(metabox)", "(packed\\x20inode)"] : ["(metabox)"]);
      expect(inodes.length).toBeGreaterThan(20);
      expect(lines.filter((line) => line.startsWith("box:") && line.includes("  tail of /")).length).toBeGreaterThan(1);
    }
  });

  test("has another algorithm than files, and readers are told of both", async () => {
    const compress: BuildOptions["compress"] = ["lz4", "deflate"];
    const text: Entry = { path: "text", contents: compressibleText(90_000, 1) };
    const report = await build([text, ...MANY], { compress, metabox: { algorithm: 1 } });
    expect(report.algorithms).toEqual(["lz4", "deflate"]);
    const boxed = await build([{ path: "noise", contents: randomBytes(9000, 1) }, ...MANY.slice(0, 9)], {
      ...{ compress, metabox: { algorithm: 1 } },
    });
    // no file has become compressed, so the metabox alone needs to be
    expect(boxed.algorithms).toEqual(["deflate"]);
  });

  test("has the end of a file that would save no block, which is stored as it is", async () => {
    // the first pcluster takes a little more than a block, and the rest of it one more
    const contents = (nr: number) => Buffer.concat([randomBytes(3700, nr), compressibleText(2900, nr)]);
    const list = Array.from({ length: 50 }, (_, nr): Entry => ({ path: `${nr}`, contents: contents(nr) }));
    const layouts = async (options: BuildOptions) => {
      const { bytes } = await build(list, { compress: "lz4", ...options });
      const inodes = (await dumpLines(readFileSync(image))).filter((line) => /erofs_inode_\w+ \/\d+ nid=/.test(line));
      return { bytes, layouts: [...new Set(inodes.map((line) => / nid=\S+ (.*?): /.exec(line)![1]))] };
    };
    const [inBox, outside] = [await layouts({ metabox: true }), await layouts({})];
    expect(inBox.layouts).toEqual(["inline"]);
    expect(outside.layouts).toContain("compressed, compact index");
    expect(inBox.bytes).toBeLessThan(outside.bytes * 0.8);
  });

  test("counts in the UUID", async () => {
    const list: Entry[] = [{ path: "a", contents: "a" }];
    const uuids = await Promise.all(
      [{}, { metabox: true }, { compress: "lz4" }, { compress: "lz4", metabox: true }].map(async (options, nr) => {
        return (await buildErofs(entries(list), `${image}-${nr}`, options as BuildOptions)).uuid;
      }),
    );
    expect(new Set(uuids).size).toBe(4);
    expect((await build(list, { metabox: false })).uuid).toBe(uuids[0]);
  });

  test.each<[BuildOptions, string]>([
    [{ metabox: { pclusterSize: 4096 } }, "metabox.pclusterSize: says nothing without an algorithm to compress with"],
    [{ metabox: { algorithm: 0 } }, "metabox.algorithm: says nothing without an algorithm to compress with"],
    [{ compress: "lz4", metabox: { algorithm: 1 } }, "metabox.algorithm: 1 is not an integer from 0 to 0"],
    [
      { compress: "lz4", metabox: { pclusterSize: 5000 } },
      "metabox.pclusterSize: 5000 is no multiple of the block size, 4096",
    ],
    [
      { compress: "lz4", metabox: { pclusterSize: 8192 } },
      "metabox.pclusterSize: 8192 is more than that of files, 4096",
    ],
    [{ metabox: true, dsunit: 4 }, "dsunit: data beside a metabox is not aligned"],
    [{ compress: "lz4", metabox: true, dsunit: 4 }, "dsunit: compressed data is not aligned"],
  ])("%j: %s", async (options, message) => {
    expect(await failureOf(build([], options))).toMatchObject({ code: "INPUT", message });
  });
});

describe("a damaged image with a metabox is refused", () => {
  test.each<[what: string, change: (bytes: Buffer) => void, why: RegExp]>([
    ["no slot", (bytes) => bytes.writeUInt8(0, 1024 + 13), /there is a metabox, and no slot that says where/],
    ["in itself", (bytes) => bytes.writeUInt8(0x80, 1024 + 128 + 7), /there is no metabox, in which/],
    ["beyond the image", (bytes) => bytes.writeUInt32LE(0xffff, 1024 + 128), /damaged image/],
    ["the root beyond its end", (bytes) => bytes.writeUInt32LE(0xffffff, 1024 + 112), /of the metabox/],
  ])("%s", async (_what, change, why) => {
    await build(MANY.slice(0, 50), { compress: "lz4", metabox: true });
    const bytes = readFileSync(image);
    change(bytes);
    writeFileSync(image, bytes);
    const error = await failureOf(dumpLines(bytes));
    expect(error).toMatchObject({ code: "DAMAGED" });
    expect((error as Error).message).toMatch(why);
  });
});
