/** What images are used for: every byte once, whatever the mode; what is shared is the first one's. */
import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { buildErofs, buildSquashfs, type Entry, entries } from "../../../dist/index.js";
import { openReader } from "../../../src/inspect/open-image.ts";
import { NO_PARENT } from "../../../src/inspect/paths.ts";
import { USAGE_KINDS, type Usage, type UsageKind } from "../../../src/inspect/usage/ledger.ts";
import { usageRows } from "../../../src/inspect/usage/rows.ts";
import { measureUsage } from "../../../src/inspect/usage/usage.ts";
import { dumpLines } from "../../helpers/dump.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { generator, noise, words } from "../../helpers/trees/noise.ts";

const scratch = makeScratch("usage");

async function build(format: "erofs" | "squashfs", list: readonly Entry[], options: object): Promise<Uint8Array> {
  const path = `${scratch}/image`;
  if (format === "erofs") await buildErofs(entries(list), path, options);
  else await buildSquashfs(entries(list), path, options);
  return readFileSync(path);
}

async function measure(image: Uint8Array): Promise<Usage> {
  return measureUsage(await openReader(image));
}

/** What a usage says of a path. */
function rowOf(usage: Usage, path: string) {
  return usageRows(usage, 99).find((row) => Buffer.from(row.path).toString() === path)!;
}

/** A tree of everything that shares, ends, and is filled up, decided by a seed. */
function randomList(seed: number): Entry[] {
  const random = generator(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const list: Entry[] = [];
  const folders = ["", "nix/", "nix/store/", "nix/store/aaa/", "nix/store/bbb/deep/"];
  const known: Uint8Array[] = [new Uint8Array(0)];
  for (let nr = 0; nr < 120; nr++) {
    const path = `${folders[below(folders.length)]}f${nr}`;
    const isKnown = below(3) === 0;
    const size = [below(200), below(5000), 4096 * below(4), below(90_000)][below(4)]!;
    const contents = isKnown ? known[below(known.length)]! : below(2) === 0 ? noise(nr, size) : words(seed + nr, size);
    known.push(contents);
    const kind = below(12);
    const xattrs =
      below(4) === 0 ? { xattrs: { "user.k": noise(below(3), 40), [`user.own${below(4)}`]: noise(1, 1) } } : {};
    if (kind === 0) list.push({ path, kind: "symlink", target: "t".repeat(1 + below(300)), ...xattrs });
    else if (kind === 1) list.push({ path, kind: "fifo", ...xattrs });
    else if (kind === 2) list.push({ path, contents: new Uint8Array(3 * size), sparse: true, ...xattrs });
    else list.push({ path, contents, ...xattrs });
  }
  return list;
}

const FORMS: [format: "erofs" | "squashfs", options: object][] = [
  ["erofs", {}],
  ["erofs", { dedupe: "file", inlineData: false }],
  ["erofs", { xattrTolerance: 0, fsAlignBlocks: 4 }],
  ["erofs", { chunkSize: 4096, chunkIndexes: true, dedupeChunks: true }],
  ["erofs", { xattrPrefixes: ["user.o"], inodes: "extended" }],
  ["erofs", { compress: "lz4", tailPacking: true }],
  ["erofs", { compress: "lz4", fragments: "tails", dedupeExtents: true, pclusterSize: 16_384 }],
  ["erofs", { compress: "zstd", fragments: "all", compressDirectories: true }],
  ["erofs", { compress: "deflate", fullIndexes: true, pclusterSize: 16_384 }],
  ["erofs", { compress: "lz4hc", extentRecords: true }],
  ["erofs", { compress: "lz4", metabox: true, fragments: "tails" }],
  ["squashfs", {}],
  ["squashfs", { compressor: "none", blockSize: 4096 }],
  ["squashfs", { compressor: "zstd", blockSize: 8192, fragments: "all" }],
  ["squashfs", { compressor: "lz4", fragments: "none", exportable: false }],
  ["squashfs", { uncompressed: ["inodes"], padding: 1, dedupe: "none" }],
];

describe.each(FORMS.map(([format, options]) => ({ format, options, name: JSON.stringify(options) })))(
  "$format $name",
  ({ format, options }) => {
    test.each([1, 2, 3])("tree %d: the sums are the size, by kinds and by paths", async (seed) => {
      const image = await build(format, randomList(seed), options);
      const usage = await measure(image);
      expect(USAGE_KINDS.reduce((sum, kind) => sum + usage.ledger.kinds[kind], 0)).toBe(image.length);
      expect(usage.bytes).toBe(image.length);
      const { nobody } = usage.ledger;
      for (const depth of [undefined, 0, 1, 2, 3, 99]) {
        const rows = usageRows(usage, depth);
        const sum = rows.reduce((all, row) => all + row.bytes, nobody.data + nobody.metadata + nobody.unused);
        expect({ depth, sum }).toEqual({ depth, sum: image.length });
        for (const { bytes, data, metadata, unused, saved } of rows) {
          expect(data + metadata + unused).toBe(bytes);
          expect(Math.min(data, metadata, unused, saved)).toBeGreaterThanOrEqual(0);
          expect([data, metadata, unused, saved].every(Number.isSafeInteger)).toBe(true);
        }
        expect(rows.map(({ bytes }) => bytes)).toEqual(rows.map(({ bytes }) => bytes).sort((a, b) => b - a));
      }
      const named = Array.from({ length: usage.paths.length }, (_, entry) => entry).filter(
        (entry) => entry === 0 || usage.paths.parent(entry) !== NO_PARENT,
      );
      expect(usageRows(usage, 0)).toMatchObject([{ path: new Uint8Array(0), entries: named.length }]);
      // what no pointer leads to is not to be there in images of this package
      expect(usage.ledger.kinds.unknown).toBe(0);
    });
  },
);

test("kinds have what the dump's lines have", async () => {
  const image = await build("erofs", randomList(4), { compress: "lz4", tailPacking: true });
  const { kinds } = (await measure(image)).ledger;
  const lines = await dumpLines(image);
  const bytesOf = (pattern: RegExp) =>
    lines.filter((line) => pattern.test(line)).reduce((sum, line) => sum + Number(line.split(/ +/)[1]), 0);
  const expected: Partial<Record<UsageKind, number>> = {
    inodes: bytesOf(/ erofs_inode_(compact|extended) /),
    attributes: bytesOf(/ (erofs_xattr_|h_shared_xattrs)/),
    indexes: bytesOf(/ (z_erofs_map_header|pack of |erofs_inode_chunk_index|chunk address)/),
    tails: bytesOf(/ (tail|target) of /),
    data: bytesOf(/ data of /),
    superblock: bytesOf(/ erofs_super_block/),
  };
  expect(kinds).toMatchObject(expected);
  for (const bytes of Object.values(expected)) expect(bytes).toBeGreaterThan(0);
});

test("the last block of a file that is not full is filled up for that file", async () => {
  const rowOfSize = async (size: number) => {
    const image = await build("erofs", [{ path: "a", contents: noise(1, size) }], { inlineData: false });
    return rowOf(await measure(image), "a");
  };
  const [full, other] = [await rowOfSize(8192), await rowOfSize(5000)];
  expect([full.data, other.data]).toEqual([8192, 5000]);
  expect(other.unused - full.unused).toBe(8192 - 5000);
});

test.each(["erofs", "squashfs"] as const)(
  "%s: of two equal files the first pays, and the other saves as much",
  async (format) => {
    const contents = noise(5, 300_000);
    const list = [
      { path: "a", contents },
      { path: "b", contents },
      { path: "c", contents: noise(6, 300_000) },
    ];
    const usage = await measure(await build(format, list, { dedupe: "file" }));
    const [a, b, c] = ["a", "b", "c"].map((path) => rowOf(usage, path));
    expect(a!.data).toBeGreaterThanOrEqual(300_000);
    expect(b!.data).toBeLessThan(4096);
    expect(a!.saved + c!.saved).toBe(0);
    expect(b!.saved + b!.data).toBe(a!.data);
  },
);

test.each([
  ["erofs", { compress: "lz4", fragments: "all" }],
  ["squashfs", {}],
] as const)("%s: whoever has more of a compressed piece pays more of it", async (format, options) => {
  const list = [
    { path: "large", contents: noise(1, 3000) },
    { path: "small", contents: noise(2, 1000) },
  ];
  const usage = await measure(await build(format, list, options));
  const { fragments } = usage.ledger.kinds;
  const large = rowOf(usage, "large").data;
  expect(Math.abs(large - (fragments * 3) / 4)).toBeLessThan(2);
  expect(large + rowOf(usage, "small").data).toBe(fragments);
});

test("in a Nix store its paths have rows, unless a depth is asked for", async () => {
  const list = ["nix/store/aaa/x", "nix/store/bbb", "nix/var/db", "etc/passwd"].map((path) => ({
    path,
    contents: path,
  }));
  const usage = await measure(await build("erofs", list, {}));
  const names = (depth?: number) =>
    usageRows(usage, depth)
      .map(({ path }) => Buffer.from(path).toString())
      .sort();
  expect(names()).toEqual(["", "etc", "nix", "nix/store", "nix/store/aaa", "nix/store/bbb", "nix/var"]);
  expect(names(1)).toEqual(["", "etc", "nix"]);
  expect(names(0)).toEqual([""]);
});

test("what nothing leads to is told as unknown, zeros as what fills up", async () => {
  const image = await build("squashfs", [{ path: "a", contents: "a" }], { padding: 1 });
  const longer = Buffer.concat([image, Buffer.alloc(1000), Buffer.from("x")]);
  expect((await measure(longer)).ledger.kinds.unknown).toBe(1001);
  expect((await measure(longer.subarray(0, -1))).ledger.kinds).toMatchObject({ unknown: 0, padding: 1000 });
});

describe("images of newer C tools", () => {
  const folder = new URL("../../fixtures/images/", import.meta.url);

  test.each(readdirSync(folder).filter((name) => name.endsWith(".gz")))("%s", async (name) => {
    const image = gunzipSync(readFileSync(new URL(name, folder)));
    const usage = await measure(image);
    const { kinds, nobody } = usage.ledger;
    expect(USAGE_KINDS.reduce((sum, kind) => sum + kinds[kind], 0)).toBe(image.length);
    const rows = usageRows(usage, 1);
    expect(rows.reduce((sum, row) => sum + row.bytes, nobody.data + nobody.metadata + nobody.unused)).toBe(
      image.length,
    );
    // mkfs.erofs leaves what it has not used behind the headers of whole fragments, and in front of records
    const mayBeUnknown = /^(48bit-lz4|metabox)\./.test(name);
    await dumpLines(image, mayBeUnknown);
    expect(kinds.unknown > 0).toBe(mayBeUnknown);
  });
});

describe("with damage, usage is an error of this package, or other sums that are the size", () => {
  const forms = FORMS.filter((_, index) => [3, 6, 7, 10, 12, 13].includes(index));

  test.each(forms.map(([format, options]) => ({ format, options, name: JSON.stringify(options) })))(
    "$format $name",
    async ({ format, options }) => {
      const image = Uint8Array.from(await build(format, randomList(5), options));
      const places: number[] = [];
      for (const line of await dumpLines(image)) {
        const [at = "", length = 0] = line.split(/ +/);
        if (/^0x.*(data|tail|zeros|fragment block)/.test(line) || !at.startsWith("0x")) continue;
        for (let byte = 0; byte < Math.min(Number(length), 100); byte++) places.push(Number(at) + byte);
      }
      const random = generator(7);
      let sums = 0;
      for (let run = 0; run < 150; run++) {
        const copy = image.slice();
        const place = places[Math.floor(random() * places.length)]!;
        copy[place] = [0, 1, 127, 128, 255][Math.floor(random() * 5)]! ^ copy[place]!;
        try {
          const { kinds } = (await measure(copy)).ledger;
          expect(USAGE_KINDS.reduce((sum, kind) => sum + kinds[kind], 0)).toBe(image.length);
          sums++;
        } catch (error) {
          if ((error as Error).name === "AssertionError") throw error;
          expect(error, `run ${run}`).toMatchObject({ name: "ImageError" });
        }
      }
      expect(sums).toBeGreaterThan(10);
    },
  );
});
