/** Trees of all kinds with attributes, from memory to an image: what Linux and fsck.erofs say of it. */
import { lstatSync, readdirSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { buildErofs, type Entry, entries } from "../../../dist/index.js";
import { compareWithSpec } from "../../helpers/compare/compare.ts";
import { canMountErofs, fsckErofs, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { ALL_KINDS, ALL_KINDS_OPTIONS, ALL_KINDS_SPEC } from "../../helpers/trees/all-kinds.ts";

const scratch = makeScratch("entries-kernel");

const withoutMount = !oracle("kernel EROFS mount", canMountErofs()) || !oracle("getfattr", hasCommand("getfattr"));
const withoutFsck = !oracle("fsck.erofs", hasCommand("fsck.erofs"));

describe.each(ALL_KINDS_OPTIONS)("all kinds, with attributes, built with %j", (options) => {
  const image = `${scratch}/image`;
  beforeAll(async () => {
    await buildErofs(entries(ALL_KINDS), image, options);
  });

  test.skipIf(withoutMount)("Linux shows what was given", async () => {
    expect(await withMount(image, (at) => compareWithSpec(at, ALL_KINDS_SPEC))).toEqual([]);
  });

  // version 1.5 knows no blocks smaller than pages
  test.skipIf(withoutFsck || options.blockSize === 512)("fsck.erofs finds nothing", () => {
    expect(fsckErofs(image)).toMatchObject({ ok: true });
  });
});

test.skipIf(withoutMount)(
  "66,001 names of a file and 70,000 subdirectories are counted, listed and found",
  async () => {
    const names = Array.from(
      { length: 66_000 },
      (_, nr): Entry => ({ path: `l/${nr}`, kind: "hardlink", target: "file" }),
    );
    const directories = Array.from({ length: 70_000 }, (_, nr): Entry => ({ path: `d/${nr}`, kind: "directory" }));
    const image = `${scratch}/many`;
    const report = await buildErofs(entries([{ path: "file", contents: "text" }, ...names, ...directories]), image);
    expect(report.counts).toMatchObject({ files: 1, hardLinks: 66_000, directories: 70_003 });
    await withMount(image, (at) => {
      const { ino, nlink } = lstatSync(`${at}/file`);
      expect(nlink).toBe(66_001);
      expect(readdirSync(`${at}/l`).length).toBe(66_000);
      for (const nr of [0, 9, 10, 65_999]) expect(lstatSync(`${at}/l/${nr}`).ino).toBe(ino);
      expect(lstatSync(`${at}/d`).nlink).toBe(70_002);
      expect(readdirSync(`${at}/d`).length).toBe(70_000);
      for (const nr of [0, 9, 10, 69_999]) expect(lstatSync(`${at}/d/${nr}`).isDirectory()).toBe(true);
    });
  },
);
