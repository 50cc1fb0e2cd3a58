/** Long prefixes of attributes' names, as Linux reads them. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, type Entry, entries, ImageError } from "../../../dist/index.js";
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
  contents: `${file}`,
  // some are shared, some are one file's own
  xattrs: Object.fromEntries(NAMES.map((name, at) => [name, text(at % 2 === 0 ? "same" : `of ${file}`)])),
}));

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
    const lines = await dumpLines(readFileSync(image));
    expect(lines.filter((line) => / long prefix \d: /.test(line))).toHaveLength(PREFIXES.length);
    expect(lines.join("\n")).toContain("long prefix 1: user.");
  });
});

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
    { xattrPrefixes: ["user.a"], compress: "lz4", fragments: "tails" },
    "xattrPrefixes: not supported yet together with fragments or a metabox",
  ],
  [
    { xattrPrefixes: ["user.a"], metabox: true },
    "xattrPrefixes: not supported yet together with fragments or a metabox",
  ],
])("%j is refused", async (options, message) => {
  const rejected = buildErofs(entries(TREE), image, options);
  await expect(rejected).rejects.toThrow(message);
  await expect(rejected).rejects.toBeInstanceOf(ImageError);
});
