/** What becomes of image, tree and root hash where one of them cannot be written, or the build is stopped as they are made. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildErofs, buildSquashfs, entries, ImageError, type RunOptions } from "../../../dist/index.js";
import { atProgress, failureOf } from "../../helpers/faults.ts";
import { oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { noise } from "../../helpers/trees/noise.ts";

const scratch = makeScratch("verity-faults");
const folders = { image: `${scratch}/images`, tree: `${scratch}/trees`, root: `${scratch}/roots` };
const [image, tree, root] = Object.entries(folders).map(([name, folder]) => `${folder}/${name}`) as [
  string,
  string,
  string,
];
const hasDisks = oracle("small disks (tmpfs, root)", process.platform === "linux" && process.getuid?.() === 0);
/** Folders that are disks of their own. */
const mounted: string[] = [];
const contents = noise(1, 3_000_000);

type Build = (out: string, more: RunOptions) => Promise<unknown>;
const BUILDS: Record<string, Build> = {
  erofs: (out, more) => buildErofs(entries([{ path: "a", contents }]), out, more),
  "compressed erofs": (out, more) => buildErofs(entries([{ path: "a", contents }]), out, { ...more, compress: "lz4" }),
  squashfs: (out, more) => buildSquashfs(entries([{ path: "a", contents }]), out, { ...more, compressor: "none" }),
};

beforeEach(() => {
  for (const [name, folder] of Object.entries(folders)) {
    mkdirSync(folder);
    writeFileSync(`${folder}/${name}`, `old ${name}`);
  }
});
afterEach(() => {
  for (const folder of mounted.splice(0)) spawnSync("umount", ["-l", folder]);
  for (const folder of Object.values(folders)) rmSync(folder, { recursive: true });
});

function expectOld(): void {
  for (const [name, folder] of Object.entries(folders)) {
    expect(readdirSync(folder)).toEqual([name]);
    expect(readFileSync(`${folder}/${name}`, "utf8")).toBe(`old ${name}`);
  }
}

/** Puts a small disk below a file, until the test is over. */
function shrink(name: keyof typeof folders, pages: number): void {
  const folder = folders[name];
  const run = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${4096 * pages}`, "none", folder], { encoding: "utf8" });
  if (run.status !== 0) throw new Error(run.stderr);
  mounted.push(folder);
  writeFileSync(`${folder}/${name}`, `old ${name}`);
}

describe.each(Object.entries(BUILDS))("%s", (_, build) => {
  test.skipIf(!hasDisks).each([1, 2])(
    "on a disk that the image fills, without its tree (%i threads)",
    async (workers) => {
      const { verity } = (await build(image, { verity: true })) as { verity: { dataBlocks: number } };
      writeFileSync(image, "old image");
      // the old image, the new one, and the first blocks of what is behind it
      shrink("image", 1 + verity.dataBlocks + 2);
      const error = await failureOf(build(image, { workers, verity: { rootOut: root } }));
      expect(error).toBeInstanceOf(ImageError);
      expect(error).toMatchObject({ code: "IO", path: image, message: `${image}: no space left on device` });
      expectOld();
    },
  );

  test.skipIf(!hasDisks).each([
    ["tree", tree, 4],
    ["root", root, 1],
  ] as const)("on a disk that has no room for the %s", async (name, path, pages) => {
    shrink(name, pages);
    const error = await failureOf(build(image, { verity: { out: tree, rootOut: root } }));
    expect(error).toMatchObject({ code: "IO", path, message: `${path}: no space left on device` });
    expectOld();
  });

  test.each([1, 2])("stopped while it hashes (%i threads)", async (workers) => {
    const controller = new AbortController();
    // it has its length before the first hash
    const isHashing = () => readdirSync(folders.tree).some((name) => statSync(`${folders.tree}/${name}`).size > 4096);
    const onProgress = atProgress(isHashing, () => controller.abort());
    const { signal } = controller;
    const options = { workers, signal, onProgress, throttle: 80, verity: { out: tree, rootOut: root } };
    const error = await failureOf(build(image, options));
    expect(error).toMatchObject({ code: "ABORTED", name: "AbortError" });
    expectOld();
  });
});
