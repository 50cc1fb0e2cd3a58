/** Long prefixes of attributes' names, as Linux reads them. */
import { readFileSync } from "node:fs";
import { release } from "node:os";
import { describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, type Entry, entries, ImageError } from "../../../dist/index.js";
import { isAtLeast } from "../../../src/core/kernel.ts";
import { runShell } from "../../helpers/commands.ts";
import { dumpLines } from "../../helpers/dump.ts";
import { canMountErofs, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const erofs = oracle("kernel EROFS mount", canMountErofs()) && oracle("getfattr", hasCommand("getfattr"));
const scratch = makeScratch("prefixes");
const image = `${scratch}/image`;

const text = (value: string) => new TextEncoder().encode(value);
const NAMES = [
  ...["trusted.overlay.opaque", "trusted.overlay.metacopy", "trusted.overlay.", "trusted.overlay", "trusted.other"],
  ...["user.overlay.opaque", "user.overlay.long.name", "user.o", "security.mine"],
];
const PREFIXES = ["trusted.overlay.", "user.overlay.long", "user.overlay.", "security.", "user.unused."];
const TREE: Entry[] = Array.from({ length: 6 }, (_, file) => ({
  path: `file-${file}`,
  // what is of no use inline
  contents: `${file} `.repeat(3000),
  // some are shared, some are one file's own
  xattrs: Object.fromEntries(NAMES.map((name, at) => [name, text(at % 2 === 0 ? "same" : `of ${file}`)])),
}));

/** Whether this Linux is at least a version. */
const isThisLinux = (version: string) => isAtLeast(release().replace(/^(\d+\.\d+).*/, "$1"), version);
const listed = (at: string) => runShell(at, "getfattr -h -d -m - -e hex --absolute-names file-*").out;
/** By asking for each name, which the filter may answer. */
const asked = (at: string) =>
  NAMES.map((name) => runShell(at, `getfattr -h --only-values -n ${name} file-3`)).map(({ out }) => out);

describe.skipIf(!erofs)("long prefixes", () => {
  const FORMS: [string, BuildOptions][] = [
    ["of a plain image", {}],
    ["all inline", { xattrTolerance: 1000 }],
    ["blocks of 512 bytes", { blockSize: 512, xattrTolerance: 0 }],
    ["compressed", { compress: "lz4" }],
    ["compressed with tail packing and -Ededupe", { compress: "zstd", tailPacking: true, dedupeExtents: true }],
  ];
  test.each(FORMS)("give the names and values that there are without: %s", async (_, options) => {
    await buildErofs(entries(TREE), image, options);
    const wanted = await withMount(image, (at) => [listed(at), asked(at)]);
    expect(wanted[1]).toEqual(NAMES.map((_, at) => (at % 2 === 0 ? "same" : "of 3")));
    const plain = readFileSync(image).length;
    const report = await buildErofs(entries(TREE), image, { ...options, xattrPrefixes: PREFIXES });
    expect(report.features).toContain("xattr_prefixes");
    // the table takes a block of its own where nothing is shared
    expect(report.bytes).toBeLessThanOrEqual(plain + 4096);
    expect(await withMount(image, (at) => [listed(at), asked(at)])).toEqual(wanted);
    await expectTable();
  });

  const ELSEWHERE: [string, BuildOptions, string][] = [
    ["the packed inode", { compress: "lz4", fragments: "tails" }, "6.4"],
    ["the packed inode, of directories alone", { compress: "lz4", compressDirectories: true }, "6.4"],
    ["the packed inode, all files in it", { compress: "zstd", fragments: "all", dedupeExtents: true }, "6.10"],
    ["the metabox", { metabox: true }, "6.17"],
    ["the metabox, compressed", { compress: "lz4", metabox: true }, "6.17"],
    ["the metabox, beside a packed inode", { compress: "lz4", metabox: true, fragments: "all" }, "6.17"],
    ["the metabox, blocks of 512 bytes", { metabox: true, blockSize: 512 }, "6.17"],
  ];
  describe.each(ELSEWHERE)("in %s", (_, options, kernel) => {
    test.skipIf(!isThisLinux(kernel))("give the names and values that there are without", async () => {
      await buildErofs(entries(TREE), image, options);
      const wanted = await withMount(image, (at) => [listed(at), asked(at)]);
      const report = await buildErofs(entries(TREE), image, { ...options, xattrPrefixes: PREFIXES });
      expect(report.minimumKernel).toBe(kernel);
      expect(report.features).toContain("xattr_prefixes");
      expect(report.features).not.toContain("plain_xattr_pfx");
      expect(await withMount(image, (at) => [listed(at), asked(at)])).toEqual(wanted);
      if (options.metabox) await expectTable();
    });

    test.skipIf(!isThisLinux("6.17"))("but for those who ask for a table in the image itself", async () => {
      await buildErofs(entries(TREE), image, options);
      const wanted = await withMount(image, (at) => [listed(at), asked(at)]);
      const plain: BuildOptions = { ...options, xattrPrefixes: PREFIXES, plainXattrPrefixes: true };
      const report = await buildErofs(entries(TREE), image, plain);
      expect(report.features).toContain("plain_xattr_pfx");
      expect(report.minimumKernel).toBe("6.17");
      expect(await withMount(image, (at) => [listed(at), asked(at)])).toEqual(wanted);
      await expectTable();
    });
  });
});

/** The dump shows the table where it lies, but not in compressed contents. */
async function expectTable(): Promise<void> {
  const lines = await dumpLines(readFileSync(image));
  expect(lines.filter((line) => / long prefix \d: /.test(line))).toHaveLength(PREFIXES.length);
  expect(lines.join("\n")).toContain("long prefix 1: user.");
}

test("there are none where there are no attributes", async () => {
  const bare = [{ path: "file", contents: "x" }];
  const report = await buildErofs(entries(bare), image, { xattrPrefixes: PREFIXES });
  expect(report.features).not.toContain("xattr_prefixes");
});

test.each<[BuildOptions, string]>([
  [{ xattrPrefixes: ["system.x"] }, 'xattrPrefixes: "system.x" begins with none of user., trusted. and security.'],
  [{ xattrPrefixes: [`user.${"x".repeat(251)}`] }, `xattrPrefixes: "user.${"x".repeat(251)}" is longer than 255 bytes`],
  [{ xattrPrefixes: Array<string>(129).fill("user.a") }, "xattrPrefixes: there are 129; EROFS holds 128"],
  [
    { xattrPrefixes: ["user.a"], plainXattrPrefixes: true, metabox: true, targetKernel: "6.16" },
    "targetKernel: Linux 6.16 does not read inodes in a metabox",
  ],
  [
    { xattrPrefixes: ["user.a"], plainXattrPrefixes: true, compress: "lz4", fragments: "all", targetKernel: "6.16" },
    "targetKernel: Linux 6.16 does not read a table of prefixes beside a metabox or a packed inode",
  ],
])("%j is refused", async (options, message) => {
  const rejected = buildErofs(entries(TREE), image, options);
  await expect(rejected).rejects.toThrow(message);
  await expect(rejected).rejects.toBeInstanceOf(ImageError);
});
