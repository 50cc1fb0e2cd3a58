/** SquashFS images mounted by Linux, and every entry compared with what was packed: over the options, at the limits, at random. */

import { spawnSync } from "node:child_process";
import {
  closeSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeSync,
} from "node:fs";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { buildSquashfs, directory, type Entry, entries, type SquashfsOptions } from "../../../dist/index.js";
import { FILTERS } from "../../../src/codec/xz/filter-names.ts";
import {
  type CompareOptions,
  compareTrees,
  compareWithSpec,
  type ExpectedMeta,
  type SpecEntry,
} from "../../helpers/compare/compare.ts";
import { canMountSquashfs, type MountOptions, runChecker, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch, removeTree } from "../../helpers/scratch.ts";
import { makeCornerTree } from "../../helpers/trees/corner-tree.ts";
import { makeLongPath } from "../../helpers/trees/long-path.ts";
import { makeRandomTree } from "../../helpers/trees/random-tree.ts";

const kernel = oracle("kernel SquashFS mount", canMountSquashfs());
const unsquashfs = oracle("unsquashfs", hasCommand("unsquashfs"));
const rdsquashfs = oracle("rdsquashfs", hasCommand("rdsquashfs"));
const scratch = makeScratch("squashfs");
const tree = `${scratch}/corners`;
const image = `${scratch}/image`;

const NS = 1_000_000_000n;
const TIME = 1_234_567_890;

/** Times are unsigned 32-bit seconds. */
function clampTime(meta: ExpectedMeta): void {
  if (meta.mtimeNs === undefined) return;
  const sec = meta.mtimeNs < 0n ? 0n : meta.mtimeNs / NS;
  meta.mtimeNs = (sec > 0xffffffffn ? 0xffffffffn : sec) * NS;
}

/** Builds `source` and expects the kernel to show exactly it. */
async function expectMounts(
  source: string,
  options: SquashfsOptions,
  expected: CompareOptions = {},
  mount: MountOptions = {},
): Promise<Awaited<ReturnType<typeof buildSquashfs>>> {
  const report = await buildSquashfs(directory(source), image, options);
  expect(statSync(image).size).toBe(report.bytes + (options.offset ?? 0));
  const compare = (at: string) => compareTrees(source, at, { adjust: clampTime, ...expected });
  expect(await withMount(image, compare, { type: "squashfs", ...mount })).toEqual([]);
  return report;
}

const MATRIX: [name: string, options: SquashfsOptions, expected?: CompareOptions, mount?: MountOptions][] = [
  ["lzo", { compressor: "lzo" }],
  ["lzo, level 1, blocks of 4096 bytes", { compressor: "lzo", level: 1, blockSize: 4096 }],
  ["lzo, level 9, blocks of 1 MiB", { compressor: "lzo", level: 9, blockSize: 1 << 20 }],
  ["lzo1x_1", { compressor: "lzo1x_1" }],
  ["lzo1x_1_11", { compressor: "lzo1x_1_11" }],
  ["lzo1x_1_12, blocks of 1 MiB", { compressor: "lzo1x_1_12", blockSize: 1 << 20 }],
  ["lzo1x_1_15", { compressor: "lzo1x_1_15" }],
  ["lz4", { compressor: "lz4" }],
  ["lz4hc", { compressor: "lz4hc", level: 6 }],
  ["zstd", { compressor: "zstd" }],
  ["zstd, level 3, blocks of 1 MiB", { compressor: "zstd", level: 3, blockSize: 1 << 20 }],
  ["xz", { compressor: "xz" }],
  [
    "xz, level 1, blocks of 1 MiB, three quarters back",
    { compressor: "xz", level: 1, blockSize: 1 << 20, dictSize: "75%" },
  ],
  // Linux is built without ia64's in many places
  [
    "xz with filters",
    { compressor: "xz", filters: FILTERS.filter((name) => name !== "ia64"), lc: 0, pb: 0, extreme: true },
  ],
  ["gzip", { compressor: "gzip" }],
  ["gzip, level 1", { compressor: "gzip", level: 1 }],
  ["no compression", { compressor: "none" }],
  ["blocks of 4096 bytes", { blockSize: 4096 }],
  ["blocks of 1 MiB", { blockSize: 1 << 20 }],
  ["fragments for small files only", { fragments: "small" }],
  ["no fragments", { fragments: "none" }],
  ["no fragments, small blocks, no holes", { fragments: "none", blockSize: 8192, sparse: false }],
  ["no dedupe", { dedupe: "none" }],
  ["uncompressed inodes", { uncompressed: ["inodes"] }],
  ["uncompressed data", { uncompressed: ["data"] }],
  ["uncompressed fragments, ids, xattrs", { uncompressed: ["fragments", "ids", "xattrs"] }],
  ["no export table", { exportable: false }],
  ["one time, owner root", { timestamp: TIME, owner: "root" }, { time: { sec: TIME, nsec: 0 }, uid: 0, gid: 0 }],
  ["hard links copied", { hardLinks: "copy" }, { hardLinks: "copy" }],
  ["an offset", { offset: 1 << 20 }, {}, { offset: 1 << 20 }],
  ["one thread", { workers: 1 }],
];

describe.skipIf(!kernel)("the corner tree in SquashFS", () => {
  beforeAll(() => makeCornerTree(tree, { hugeHole: false }));

  test.each(MATRIX)("reads back equal with %s", async (_name, options, expected, mount) => {
    await expectMounts(tree, { compressor: "lz4", ...options }, expected, mount);
  });

  test.skipIf(!unsquashfs)("is listed, and unpacked as it was, by unsquashfs", async () => {
    const report = await buildSquashfs(directory(tree), image, { compressor: "lz4" });
    const superblock = runChecker("unsquashfs", ["-stat", image]);
    expect(superblock).toMatchObject({ ok: true });
    expect(superblock.output).toContain(`Filesystem size ${report.bytesUsed} bytes`);
    expect(superblock.output).toContain("exportable via NFS");
    expect(runChecker("unsquashfs", ["-lls", image])).toMatchObject({ ok: true });
    const extracted = `${scratch}/extracted`;
    expect(runChecker("unsquashfs", ["-no-progress", "-d", extracted, image])).toMatchObject({ ok: true });
    expect(compareTrees(tree, extracted, { adjust: clampTime })).toEqual([]);
    removeTree(extracted);
  });

  test.skipIf(!rdsquashfs)("is described by rdsquashfs", async () => {
    await buildSquashfs(directory(tree), image, { compressor: "lz4" });
    expect(runChecker("rdsquashfs", ["--describe", image])).toMatchObject({ ok: true });
  });

  test("is the same image for 1, 2 and 4 workers, in any format of blocks", async () => {
    for (const options of [{}, { blockSize: 4096 }, { fragments: "none" }, { compressor: "none" }] as const) {
      const images: Buffer[] = [];
      for (const workers of [1, 2, 4]) {
        await buildSquashfs(directory(tree), image, { compressor: "lz4", ...options, workers });
        images.push(readFileSync(image));
      }
      for (const other of images) expect(other.equals(images[0]!)).toBe(true);
    }
  });

  test("is the same image as a stream and in a caller's sink", async () => {
    await buildSquashfs(directory(tree), image, { compressor: "lz4" });
    const wanted = readFileSync(image);
    const chunks: Uint8Array[] = [];
    const stream = new WritableStream<Uint8Array>({ write: (chunk) => void chunks.push(chunk) });
    await buildSquashfs(directory(tree), stream, { compressor: "lz4" });
    expect(Buffer.concat(chunks).equals(wanted)).toBe(true);
    let kept = Buffer.alloc(0);
    const sink = {
      writeAt: (bytes: Uint8Array, at: number) => void kept.set(bytes, at),
      truncate: (length: number) => {
        kept = Buffer.alloc(length);
      },
      close: () => undefined,
    };
    await buildSquashfs(directory(tree), sink, { compressor: "lz4", offset: 512 });
    expect(kept.subarray(512).equals(wanted)).toBe(true);
  });
});

describe.skipIf(!kernel)("SquashFS at its limits", () => {
  const fast = { compressor: "lz4" } as const;
  const mount = { type: "squashfs" } as const;

  test("a 5 GiB hole costs less than 1 MB, and reads back as zeros", async () => {
    const source = `${scratch}/huge`;
    mkdirSync(source);
    const file = openSync(`${source}/hole`, "w");
    ftruncateSync(file, 5 * 2 ** 30 + 7);
    writeSync(file, "in the middle of a block", 3 * 2 ** 30 + 1000);
    writeSync(file, "end", 5 * 2 ** 30 + 4);
    closeSync(file);
    const report = await expectMounts(source, fast);
    expect(report.bytes).toBeLessThan(1_000_000);
    await withMount(image, (at) => expect(statSync(`${at}/hole`).blocks).toBeLessThan(1000), mount);
    removeTree(source);
  });

  test("a path of more than 5,000 bytes", async () => {
    makeLongPath(`${scratch}/long`);
    await expectMounts(`${scratch}/long`, fast);
    removeTree(`${scratch}/long`);
  });

  test.each([fast, { compressor: "none" } as const])(
    "100,000 entries with %o: every name is found, others are not",
    async (options) => {
      const names = Array.from({ length: 100_000 }, (_, index) => `entry-${(index * 7919) % 100_000}`);
      await buildSquashfs(entries(names.map((path) => ({ path }))), image, options);
      await withMount(
        image,
        (at) => {
          expect(readdirSync(at).length).toBe(names.length);
          // the kernel reads the index from its start for each name, so not all are asked for
          for (let index = 0; index < names.length; index += 31)
            expect(lstatSync(`${at}/${names[index]}`).size).toBe(0);
          for (let index = 0; index < names.length; index += 971) {
            for (const other of [`entry-${index}!`, `entry-${index}-`, `entry-x${index}`, `e${index}`]) {
              expect(lstatSync(`${at}/${other}`, { throwIfNoEntry: false })).toBeUndefined();
            }
          }
        },
        mount,
      );
    },
  );

  test("70,000 subdirectories, 66,000 names of one file", async () => {
    const list: Entry[] = Array.from({ length: 70_000 }, (_, index) => ({ path: `many/${index}`, kind: "directory" }));
    list.push({ path: "names/0", contents: "one" });
    for (let index = 1; index < 66_000; index++)
      list.push({ path: `names/${index}`, kind: "hardlink", target: "names/0" });
    await buildSquashfs(entries(list), image, fast);
    await withMount(
      image,
      (at) => {
        expect(lstatSync(`${at}/many`).nlink).toBe(70_002);
        expect(readdirSync(`${at}/many`).length).toBe(70_000);
        expect(lstatSync(`${at}/many/69999/..`).ino).toBe(lstatSync(`${at}/many`).ino);
        expect(lstatSync(`${at}/names/0`).nlink).toBe(66_000);
        expect(lstatSync(`${at}/names/65999`).ino).toBe(lstatSync(`${at}/names/0`).ino);
      },
      mount,
    );
  });

  test("65,535 different ids are held, one more is an error that names the path", async () => {
    const list: Entry[] = Array.from({ length: 65_535 }, (_, index) => ({ path: `${index}`, uid: index + 1, gid: 1 }));
    const root: Entry = { path: "", kind: "directory", uid: 1, gid: 1 };
    const report = await buildSquashfs(entries([...list, root]), image, fast);
    expect(report.ids).toBe(65_535);
    await withMount(image, (at) => expect(lstatSync(`${at}/65534`)).toMatchObject({ uid: 65_535, gid: 1 }), mount);
    const tooMany = entries([...list, root, { path: "z", uid: 80_000, gid: 1 }]);
    await expect(buildSquashfs(tooMany, image, fast)).rejects.toMatchObject({ code: "LIMIT", path: "z" });
  });

  test("entries from memory, their attributes in line and elsewhere", async () => {
    const bytes = (size: number, text: string) => Buffer.alloc(size, text);
    const common = { mode: 0o640, uid: 70_000, gid: 5, mtime: { sec: 4_000_000_000, nsec: 0 } };
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, k) => [`user.many-${k}`, bytes(100 + k, `${k}`)]));
    const xattrs = {
      "user.empty": bytes(0, ""),
      "user.short": bytes(3, "x"),
      "user.long": bytes(5000, "long"),
      "trusted.block": bytes(65_536, "block"),
      "security.test": bytes(9, "repeated"),
    };
    const list: (Entry & SpecEntry)[] = [
      { path: "", kind: "directory", mode: 0o700, uid: 1, gid: 2, mtime: { sec: 3, nsec: 0 }, xattrs: {} },
      { path: "dir", kind: "directory", ...common, xattrs },
      { path: "dir/large", kind: "file", contents: bytes(300_001, "large"), ...common, xattrs: many },
      { path: "dir/again", kind: "file", contents: bytes(300_001, "large"), ...common, xattrs: many },
      { path: "dir/zeros", kind: "file", contents: Buffer.alloc(600_001, "x").fill(0, 5000, 550_000) },
      {
        path: "empty",
        kind: "file",
        xattrs: { "user.repeated": bytes(9, "repeated"), "user.long": bytes(5000, "long") },
      },
      { path: "link", kind: "symlink", target: "dir/large", mode: 0o777, xattrs: { "trusted.link": bytes(200, "l") } },
      { path: "null", kind: "char", major: 1, minor: 3, mode: 0o666, xattrs: { "trusted.null": bytes(1, "n") } },
      { path: "disk", kind: "block", major: 259, minor: 300 },
      { path: "pipe", kind: "fifo", xattrs: { "trusted.pipe": bytes(20, "p") } },
      { path: "socket", kind: "socket", xattrs: { "trusted.pipe": bytes(20, "p") } },
    ];
    for (const options of [fast, { ...fast, uncompressed: ["xattrs"] }, { compressor: "none" }] as const) {
      await buildSquashfs(entries(list), image, options);
      expect(await withMount(image, (at) => compareWithSpec(at, list), mount)).toEqual([]);
    }
    const acl: Entry = { path: "acl", xattrs: { "system.posix_acl_access": bytes(4, "a") } };
    await expect(buildSquashfs(entries([acl]), image, fast)).rejects.toMatchObject({ code: "LIMIT", path: "acl" });
  });

  test("times out of range become the nearest ones, and are counted", async () => {
    const list: Entry[] = [
      { path: "old", mtime: -5 },
      { path: "new", mtime: 2 ** 32 + 5 },
      { path: "now", mtime: TIME },
    ];
    const report = await buildSquashfs(entries(list), image, fast);
    expect(report.clampedTimes).toBe(2);
    await withMount(
      image,
      (at) => {
        expect(lstatSync(`${at}/old`).mtimeMs).toBe(0);
        expect(lstatSync(`${at}/new`).mtimeMs).toBe((2 ** 32 - 1) * 1000);
      },
      mount,
    );
  });

  test.skipIf(process.arch !== "x64")("the export table finds every inode by its handle", async () => {
    const source = `${scratch}/handles`;
    makeRandomTree(source, 7, 300);
    await buildSquashfs(directory(source), image, fast);
    // no inode of the first mount is left when the second one is asked, so the table is what answers
    const script = readFileSync(new URL("../../helpers/handles.pl", import.meta.url), "utf8");
    const handles = (command: string, at: string) => {
      const run = spawnSync("perl", ["-e", script, command, at, `${scratch}/handle-list`], { encoding: "latin1" });
      if (run.status !== 0) throw new Error(run.stderr);
      return Number(run.stdout);
    };
    const saved = await withMount(image, (at) => handles("save", at), mount);
    expect(saved).toBeGreaterThan(200);
    expect(await withMount(image, (at) => handles("open", at), mount)).toBe(saved);
    removeTree(source);
  });
});

describe.skipIf(!kernel)("random trees in SquashFS", () => {
  const layouts = fc.record(
    {
      compressor: fc.constantFrom("lz4", "lz4hc", "none"),
      blockSize: fc.constantFrom(4096, 8192, 65536, 131072, 1 << 20),
      fragments: fc.constantFrom("all", "small", "none"),
      dedupe: fc.constantFrom("none", "file"),
      uncompressed: fc.subarray(["inodes", "data", "fragments", "xattrs", "ids"] as const),
      sparse: fc.boolean(),
      exportable: fc.boolean(),
      padding: fc.constantFrom(4096, 65536),
      hardLinks: fc.constantFrom("keep", "copy"),
      owner: fc.constantFrom("keep", "root"),
      timestamp: fc.constantFrom(0, TIME),
      workers: fc.integer({ min: 1, max: 3 }),
    },
    { requiredKeys: ["compressor"] },
  );

  test("read back equal, whatever the options", async () => {
    const source = `${scratch}/random`;
    await fc.assert(
      fc.asyncProperty(
        fc.noShrink(fc.nat()),
        fc.integer({ min: 0, max: 400 }),
        layouts,
        async (seed, count, layout) => {
          removeTree(source);
          makeRandomTree(source, seed, count);
          const { owner, timestamp, hardLinks } = layout;
          const expected = {
            ...(owner === "root" && { uid: 0, gid: 0 }),
            ...(timestamp !== undefined && { time: { sec: timestamp, nsec: 0 } }),
            ...(hardLinks !== undefined && { hardLinks }),
          };
          await expectMounts(source, layout, expected);
          if (unsquashfs) expect(runChecker("unsquashfs", ["-lls", image])).toMatchObject({ ok: true });
        },
      ),
      { seed: Number(process.env.FUZZ_SEED ?? 1), numRuns: Number(process.env.FUZZ_RUNS ?? 12) },
    );
  });
});
