/** `ts-mkerofs --format=squashfs`: the same words make a SquashFS image, of a tree and of a closure, in a file and in a pipe. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { commandWords, runCommand, SILENT } from "../../helpers/commands.ts";
import { compareTrees } from "../../helpers/compare/compare.ts";
import { wholeSeconds } from "../../helpers/compare/times.ts";
import { canMountSquashfs, withMount } from "../../helpers/mount.ts";
import { oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { makeRandomTree } from "../../helpers/trees/random-tree.ts";

const kernel = oracle("kernel SquashFS mount", canMountSquashfs());
const scratch = makeScratch("mkerofs-format");
const store = `${scratch}/store`;
const image = `${scratch}/image`;
const run = (...words: string[]) => runCommand(scratch, "mkerofs", ["--format=squashfs", ...words]);

beforeAll(() => {
  makeRandomTree(`${store}/1aaa-glibc`, 1, 80);
  makeRandomTree(`${store}/2bbb-hello`, 2, 60);
  writeFileSync(`${store}/3ccc-builder.sh`, "echo hello\n", { mode: 0o555 });
});

test.skipIf(!kernel)("a directory, as Linux shows it", async () => {
  expect(run("--quiet", "-b64k", "-zgzip,6", image, "store")).toEqual(SILENT);
  const compare = (at: string) => compareTrees(store, at, { adjust: wholeSeconds });
  expect(await withMount(image, compare, { type: "squashfs" })).toEqual([]);
});

test.skipIf(!kernel)("a closure, as Linux shows it, and the same bytes for a pipe", async () => {
  const paths = readdirSync(store).map((name) => `${store}/${name}`);
  const ran = run("-zlz4", image, ...paths);
  expect(ran).toMatchObject({ status: 0, err: "" });
  expect(ran.out).toContain("Needs:        Linux 3.19");
  const expected = { roots: paths, uid: 0, gid: 0, hardLinks: "copy", time: { sec: 0, nsec: 0 } } as const;
  expect(await withMount(image, (at) => compareTrees("", at, expected), { type: "squashfs" })).toEqual([]);
  const line = `${commandWords("mkerofs")} --format=squashfs -zlz4 - ${paths.join(" ")}`;
  const piped = spawnSync("sh", ["-c", line], { maxBuffer: 1 << 28 });
  expect(piped.stdout.equals(readFileSync(image))).toBe(true);
});
