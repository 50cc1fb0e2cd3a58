/** Sources of `ts-mksquashfs` as reviews have found them packed wrongly; each test failed before that was mended. */
import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { runCommand, SILENT } from "../../helpers/commands.ts";
import { canMountSquashfs, withMount } from "../../helpers/mount.ts";
import { oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const kernel = oracle("kernel SquashFS mount", canMountSquashfs());
const scratch = makeScratch("mksquashfs-sources");
const image = `${scratch}/image`;
const SQUASHFS = { type: "squashfs" } as const;

const run = (...words: string[]) => runCommand(scratch, "mksquashfs", words);

/** The names in the root of an image. */
const names = (target = image) => withMount(target, (at) => readdirSync(at).sort(), SQUASHFS);

beforeAll(() => {
  mkdirSync(`${scratch}/tree/sub`, { recursive: true });
  for (const name of ["a", "sub/b"]) writeFileSync(`${scratch}/tree/${name}`, name);
  symlinkSync("tree", `${scratch}/link`);
});

describe.skipIf(!kernel)("ts-mksquashfs", () => {
  const build = (...words: string[]) => run(...words, image, "-noappend", "-quiet");

  // Was a bug: the image that was there became a part of the new one, as mksquashfs never has it.
  test("leaves the image out that lies in its own source", async () => {
    const inside = `${scratch}/tree/image`;
    for (const excludes of [[], [], ["-wildcards", "-e", "x*"]]) {
      const err = excludes.length === 0 ? "" : "ts-mksquashfs: warning: nothing matches x*, which is to be excluded\n";
      expect(run("tree", "tree/image", "-noappend", "-quiet", ...excludes)).toEqual({ ...SILENT, err });
      expect(await names(inside)).toEqual(["a", "sub"]);
    }
    rmSync(inside);
  });

  // Was a bug: the directory that it leads to was packed.
  test("packs a symbolic link that is the only source as a link", async () => {
    expect(build("link")).toEqual(SILENT);
    expect(await names()).toEqual(["link"]);
    expect(build("link/")).toEqual(SILENT);
    expect(await names()).toEqual(["a", "sub"]);
    symlinkSync("nowhere", `${scratch}/dangling`);
    expect(build("dangling")).toEqual(SILENT);
    expect(await names()).toEqual(["dangling"]);
  });

  // Was a bug: "list the outer path only".
  test("takes a source that lies inside another", async () => {
    expect(build("tree", "tree/sub/b", "tree/sub")).toEqual(SILENT);
    expect(await names()).toEqual(["b", "sub", "tree"]);
  });

  // Was a bug: it got mode 0777, owner root and time 0.
  test("gives the root with -no-strip the metadata of the directory that paths begin in", async () => {
    chmodSync(scratch, 0o2711);
    expect(run("tree/sub", image, "-noappend", "-quiet", "-no-strip")).toEqual(SILENT);
    await withMount(image, (at) => expect(lstatSync(at).mode).toBe(lstatSync(scratch).mode), SQUASHFS);
  });
});
