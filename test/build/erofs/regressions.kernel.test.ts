/** Paths longer than PATH_MAX, which reviews have found to lead astray: read back by Linux. */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { expect, test } from "vitest";
import { buildErofs, directory } from "../../../dist/index.js";
import { compareTrees } from "../../helpers/compare/compare.ts";
import { canMountErofs, withMount } from "../../helpers/mount.ts";
import { oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const kernel = oracle("kernel EROFS mount", canMountErofs());
const scratch = makeScratch("regressions-kernel");

/** Makes nested directories of one name, below PATH_MAX or not, and calls `at` in the deepest through a short path. */
async function nest(top: string, name: string, depth: number, script: string): Promise<void> {
  mkdirSync(top);
  const shell = `cd "$1"; i=0; while [ $i -lt ${depth} ]; do mkdir ${name} && cd -P ./${name} || exit 1; echo $i > f; i=$((i+1)); done; ${script}`;
  const child = spawn("bash", ["-c", shell, "bash", top], { stdio: "ignore" });
  expect(await new Promise((resolve) => child.on("exit", resolve))).toBe(0);
}

test.skipIf(!kernel).each([
  ["y".repeat(250), 70],
  ["z".repeat(100), 180],
])("paths of more than 8 KiB and of twice that lead to their own entries (%s)", async (name, depth) => {
  const top = `${scratch}/deep-${name.length}`;
  await nest(top, name, depth, "echo end > precious; ln -s target link");
  for (const workers of [1, 2]) {
    const { counts } = await buildErofs(directory(top), `${top}.img`, { workers });
    expect(counts).toMatchObject({ directories: depth + 1, files: depth + 1, symlinks: 1 });
  }
  expect(await withMount(`${top}.img`, (at) => compareTrees(top, at))).toEqual([]);
});
