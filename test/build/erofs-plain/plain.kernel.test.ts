/** Images mounted by Linux, and every entry compared with what was packed: over the options, at the limits, at random. */
import {
  closeSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { release } from "node:os";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, closure, directory, type Entry, entries } from "../../../dist/index.js";
import { type CompareOptions, compareTrees, compareWithSpec, type SpecEntry } from "../../helpers/compare/compare.ts";
import { canMountErofs, fsckErofs, type MountOptions, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { diskFolder, makeScratch, removeTree } from "../../helpers/scratch.ts";
import { makeCornerTree } from "../../helpers/trees/corner-tree.ts";
import { makeLongPath } from "../../helpers/trees/long-path.ts";
import { makeRandomTree } from "../../helpers/trees/random-tree.ts";

const kernel = oracle("kernel EROFS mount", canMountErofs());
const fsck = oracle("fsck.erofs", hasCommand("fsck.erofs"));
const scratch = makeScratch("kernel");
const tree = `${scratch}/corners`;
const image = `${scratch}/image`;

/** Builds `source` and expects the kernel to show exactly it. */
async function expectMounts(
  source: string,
  options: BuildOptions,
  expected: CompareOptions = {},
  mount: MountOptions = {},
): Promise<Awaited<ReturnType<typeof buildErofs>>> {
  const report = await buildErofs(directory(source), image, options);
  expect(statSync(image).size).toBe(report.bytes + (options.offset ?? 0));
  // fsck.erofs 1.5 does not know the bit of Linux 6.15
  if (fsck && report.blockSize === 4096 && options.offset === undefined && !options.omitDot) {
    expect(fsckErofs(image)).toMatchObject({ ok: true });
  }
  expect(await withMount(image, (at) => compareTrees(source, at, expected), mount)).toEqual([]);
  return report;
}

const TIME = 1_234_567_890;
const NS = 1_000_000_000n;

/** What `ignoreMtime` promises: only inodes that are extended for another reason keep their time. */
const timesOfCompact: CompareOptions = {
  adjust(meta) {
    if (Math.max(meta.uid ?? 0, meta.gid ?? 0) <= 0xffff) meta.mtimeNs = BigInt(TIME) * NS;
  },
};

const [major = 0, minor = 0] = release().split(".").map(Number);
const linux = major * 100 + minor;

/** What needs Linux 6.15. */
const DOTLESS: [name: string, options: BuildOptions][] = [
  ["directories without `.`", { omitDot: true }],
  [
    "directories without `.`, blocks of 512 bytes, no inline data",
    { omitDot: true, blockSize: 512, inlineData: false },
  ],
  ["directories without `.`, extended inodes", { omitDot: true, inodes: "extended", sort: [] }],
];

const MATRIX: [name: string, options: BuildOptions, expected?: CompareOptions, mount?: MountOptions][] = [
  ["all defaults", {}],
  ["blocks of 512 bytes", { blockSize: 512 }],
  ["blocks of 1024 bytes", { blockSize: 1024 }],
  ["blocks of 2048 bytes", { blockSize: 2048 }],
  ["blocks of 4096 bytes, without checksum", { blockSize: 4096, checksum: false }],
  ["no dedupe", { dedupe: "none" }],
  ["no inline data", { inlineData: false }],
  ["extended inodes", { inodes: "extended" }],
  ...(linux >= 615 ? DOTLESS : []),
  ["ignored times", { ignoreMtime: true, timestamp: TIME, times: "keep" }, timesOfCompact],
  ["one time, owner root", { timestamp: TIME, owner: "root" }, { time: { sec: TIME, nsec: 0 }, uid: 0, gid: 0 }],
  ["hard links copied", { hardLinks: "copy" }, { hardLinks: "copy" }],
  ["chunks of 4096 bytes", { chunkSize: 4096 }],
  ["chunks of 64 KiB with indexes", { chunkSize: 65536, chunkIndexes: true }],
  ["small blocks, chunks with indexes", { blockSize: 512, chunkSize: 8192, chunkIndexes: true }],
  ["aligned data", { dsunit: 8, fsAlignBlocks: 64 }],
  ["an offset", { offset: 1 << 20 }, {}, { offset: 1 << 20 }],
  ["one thread", { workers: 1 }],
];

describe.skipIf(!kernel)("the corner tree", () => {
  beforeAll(() => makeCornerTree(tree, { hugeHole: false }));

  test.each(MATRIX)("reads back equal with %s", async (_name, options, expected, mount) => {
    const report = await expectMounts(tree, options, expected, mount);
    expect(report.blocks % (options.fsAlignBlocks ?? 1)).toBe(0);
  });

  test.skipIf(!fsck)("is unpacked by fsck.erofs as it was", async () => {
    // fsck.erofs 1.5 leaves holes out of what it writes, loses set-id bits by a later chown, and copies hard links
    await buildErofs(directory(tree), image, { exclude: { regexes: ["^sparse/[^z]"] } });
    expect(fsckErofs(image, { extract: `${scratch}/extracted` })).toMatchObject({ ok: true });
    const expected: CompareOptions = {
      hardLinks: "copy",
      exclude: (path) => /^sparse\/[^z]/.test(path),
      adjust(meta) {
        if (meta.kind === "file" && (meta.mode ?? 0) & 0o6000) meta.mode = undefined;
      },
    };
    expect(compareTrees(tree, `${scratch}/extracted`, expected)).toEqual([]);
    removeTree(`${scratch}/extracted`);
  });

  const disk = diskFolder();
  const fileBacked = kernel && disk !== undefined && linux >= 612;
  const diskScratch = fileBacked ? makeScratch("kernel-disk", disk) : "";
  test.skipIf(!fileBacked)("reads back equal from a file without a loop device (Linux 6.12, a disk)", async () => {
    const onDisk = `${diskScratch}/image`;
    await buildErofs(directory(tree), onDisk, {});
    expect(await withMount(onDisk, (at) => compareTrees(tree, at), { backing: "file" })).toEqual([]);
  });
});

describe.skipIf(!kernel)("limits", () => {
  test("a 5 GiB hole costs less than 1 MB, and reads back as zeros", async () => {
    const source = `${scratch}/huge`;
    mkdirSync(source);
    const file = openSync(`${source}/hole`, "w");
    ftruncateSync(file, 5 * 2 ** 30 + 7);
    writeSync(file, "in the middle of a block", 3 * 2 ** 30 + 1000);
    writeSync(file, "end", 5 * 2 ** 30 + 4);
    closeSync(file);
    const report = await expectMounts(source, {});
    expect(report.bytes).toBeLessThan(1_000_000);
    removeTree(source);
  });

  test("a path of more than 5,000 bytes", async () => {
    makeLongPath(`${scratch}/long`);
    await expectMounts(`${scratch}/long`, {});
    removeTree(`${scratch}/long`);
  });

  test("a directory of 100,000 entries: every name is found, others are not", async () => {
    const names = Array.from({ length: 100_000 }, (_, index) => `entry-${(index * 7919) % 100_000}`);
    await buildErofs(entries(names.map((path) => ({ path }))), image, {});
    await withMount(image, (at) => {
      expect(readdirSync(at).length).toBe(names.length);
      for (const name of names) expect(lstatSync(`${at}/${name}`).size).toBe(0);
      for (let index = 0; index < names.length; index += 97) {
        for (const other of [`entry-${index}!`, `entry-${index}-`, `entry-${index}a`, `entry-x${index}`, `e${index}`]) {
          expect(lstatSync(`${at}/${other}`, { throwIfNoEntry: false })).toBeUndefined();
        }
      }
    });
  });

  test("70,000 subdirectories are counted in the links of their parent", async () => {
    const list: Entry[] = Array.from({ length: 70_000 }, (_, index) => ({ path: `many/${index}`, kind: "directory" }));
    await buildErofs(entries(list), image, {});
    await withMount(image, (at) => {
      expect(lstatSync(`${at}/many`).nlink).toBe(70_002);
      expect(readdirSync(`${at}/many`).length).toBe(70_000);
      expect(lstatSync(`${at}/many/69999/..`).ino).toBe(lstatSync(`${at}/many`).ino);
    });
  });

  test("66,000 names of one file are counted in its links", async () => {
    const list: Entry[] = [{ path: "0", contents: "one" }];
    for (let index = 1; index < 66_000; index++) list.push({ path: `${index}`, kind: "hardlink", target: "0" });
    const report = await buildErofs(entries(list), image, {});
    expect(report.counts).toMatchObject({ files: 1, hardLinks: 65_999 });
    await withMount(image, (at) => {
      expect(lstatSync(`${at}/0`).nlink).toBe(66_000);
      expect(lstatSync(`${at}/65999`).ino).toBe(lstatSync(`${at}/0`).ino);
    });
  });
});

describe.skipIf(!kernel)("the mount", () => {
  test("gives the right bytes at any offset and length", async () => {
    const source = `${scratch}/reads`;
    makeCornerTree(source, { hugeHole: false });
    const files = ["sizes/9437185", "sizes/1048577", "sparse/stripes", "sparse/dots", "text/mixed", "sizes/4065"];
    for (const options of [{}, { blockSize: 512 }, { chunkSize: 8192 }] satisfies BuildOptions[]) {
      await buildErofs(directory(source), image, options);
      await withMount(image, (at) => {
        for (const file of files) {
          const [wanted, got] = [openSync(`${source}/${file}`, "r"), openSync(`${at}/${file}`, "r")];
          const { size } = statSync(`${source}/${file}`);
          const reads = fc.record({ offset: fc.nat(size), length: fc.nat(200_000) });
          const readAt = (fd: number, { offset, length }: { offset: number; length: number }) => {
            const bytes = Buffer.alloc(length);
            return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
          };
          fc.assert(
            fc.property(reads, (read) => readAt(got, read).equals(readAt(wanted, read))),
            { seed: 1, numRuns: 100 },
          );
          for (const fd of [wanted, got]) closeSync(fd);
        }
      });
    }
    removeTree(source);
  });

  test("shows of a Nix store only the closure: owner root, time 0, links as files, root 0755", async () => {
    const store = `${scratch}/store`;
    makeRandomTree(`${store}/0aaa-glibc-2.40`, 1, 150);
    makeRandomTree(`${store}/1bbb-hello-2.12`, 2, 80);
    makeRandomTree(`${store}/2ccc-not-in-the-closure`, 3, 20);
    mkdirSync(`${store}/3ddd-empty`, { mode: 0o555 });
    writeFileSync(`${store}/4eee-builder.sh`, "echo hello\n", { mode: 0o555 });
    const roots = ["1bbb-hello-2.12", "4eee-builder.sh", "0aaa-glibc-2.40", "3ddd-empty"].map(
      (top) => `${store}/${top}`,
    );
    writeFileSync(`${scratch}/store-paths`, roots.map((root) => `${root}\n`).join(""));
    const report = await buildErofs(closure(`${scratch}/store-paths`), image, { mountPoint: "/nix/store" });
    expect(report.counts.hardLinks).toBe(0);
    const expected = { roots, uid: 0, gid: 0, time: { sec: 0, nsec: 0 }, hardLinks: "copy" } as const;
    await withMount(image, (at) => {
      expect(compareTrees(store, at, expected)).toEqual([]);
      expect(lstatSync(at)).toMatchObject({ mode: 0o40755, uid: 0, gid: 0, mtimeMs: 0, nlink: 5 });
      expect(readdirSync(at)).toEqual(["0aaa-glibc-2.40", "1bbb-hello-2.12", "3ddd-empty", "4eee-builder.sh"]);
    });
    removeTree(store);
  });

  test("shows entries from memory as they were given", async () => {
    const common = { mode: 0o640, uid: 70_000, gid: 5, mtime: { sec: -2, nsec: 500_000_000 } };
    const list: (Entry & SpecEntry)[] = [
      { path: "", kind: "directory", mode: 0o700, uid: 1, gid: 2, mtime: { sec: 3, nsec: 4 } },
      { path: "dir", kind: "directory", ...common },
      { path: Buffer.from([0x64, 0x69, 0x72, 0x2f, 0xff]), kind: "file", contents: Buffer.from("bytes"), ...common },
      { path: "dir/large", kind: "file", contents: Buffer.alloc(300_001, "large"), ...common },
      { path: "dir/zeros", kind: "file", contents: Buffer.alloc(300_001, "x").fill(0, 5000, 250_000), sparse: true },
      { path: "link", kind: "symlink", target: "dir/large", mode: 0o777 },
      { path: "null", kind: "char", major: 1, minor: 3, mode: 0o666 },
      { path: "disk", kind: "block", major: 259, minor: 300 },
      { path: "pipe", kind: "fifo" },
      { path: "socket", kind: "socket" },
    ];
    await buildErofs(entries(list), image, {});
    expect(await withMount(image, (at) => compareWithSpec(at, list))).toEqual([]);
  });
});

describe.skipIf(!kernel)("random trees", () => {
  const layouts = fc.record(
    {
      blockSize: fc.constantFrom(512, 1024, 2048, 4096),
      dedupe: fc.constantFrom("none", "file"),
      inlineData: fc.boolean(),
      inodes: fc.constantFrom("auto", "extended"),
      chunkSize: fc.constantFrom(4096, 8192, 1 << 20),
      chunkIndexes: fc.boolean(),
      checksum: fc.boolean(),
      dsunit: fc.integer({ min: 0, max: 40 }),
      fsAlignBlocks: fc.integer({ min: 0, max: 40 }),
      hardLinks: fc.constantFrom("keep", "copy"),
      owner: fc.constantFrom("keep", "root"),
      timestamp: fc.constantFrom(0, TIME, 2 ** 32 + 5),
      workers: fc.integer({ min: 1, max: 3 }),
    },
    { requiredKeys: [] },
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
        },
      ),
      { seed: Number(process.env.FUZZ_SEED ?? 1), numRuns: Number(process.env.FUZZ_RUNS ?? 12) },
    );
  });
});
