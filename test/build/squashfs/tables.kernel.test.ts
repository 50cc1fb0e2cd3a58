/** Tables of SquashFS that have many blocks, and what stands at the ends of these, as Linux finds it. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { buildSquashfs, type Entry, entries, type SquashfsOptions } from "../../../dist/index.js";
import { runShell } from "../../helpers/commands.ts";
import { canMountSquashfs, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { noise } from "../../helpers/trees/noise.ts";

const kernel = oracle("kernel SquashFS mount", canMountSquashfs());
const getfattr = oracle("getfattr", hasCommand("getfattr"));
const scratch = makeScratch("squashfs-tables");
const image = `${scratch}/image`;
const mount = { type: "squashfs" } as const;
/** As they are, and in blocks that are as long as compression leaves them. */
const FORMS: [string, SquashfsOptions][] = [
  ["compressed", { compressor: "lz4" }],
  ["uncompressed", { compressor: "none" }],
];

describe.skipIf(!kernel)("a table of many blocks", () => {
  // 8 KiB hold 512 sets, and the list of such blocks has 138 entries here
  test.skipIf(!getfattr).each(FORMS)("of 70,000 sets of attributes, %s", async (_, options) => {
    const value = (index: number) => Buffer.from(`value ${index}`);
    const list: Entry[] = Array.from({ length: 70_000 }, (_, index) => ({
      path: `d${index % 70}/f${index}`,
      xattrs: { "user.own": value(index), [`trusted.of-${index % 3}`]: Buffer.from("shared") },
    }));
    await buildSquashfs(entries(list), image, options);
    const asked = [0, 511, 512, 513, 65_535, 65_536, 69_999].map((index) => `d${index % 70}/f${index}`);
    const out = await withMount(image, (at) => runShell(at, `getfattr -d -m - ${asked.join(" ")}`).out, mount);
    const wanted = asked.map((path) => {
      const index = Number(path.split("f")[1]);
      return `# file: ${path}\ntrusted.of-${index % 3}="shared"\nuser.own="value ${index}"\n\n`;
    });
    expect(out).toBe(wanted.join(""));
  });

  test.skipIf(!getfattr).each(FORMS)("of values of 65,536 bytes, no two alike, %s", async (_, options) => {
    const list: Entry[] = Array.from({ length: 40 }, (_, index) => ({
      path: `f${index}`,
      xattrs: { "user.own": noise(index, 65_536), "user.all": noise(99, 65_536) },
    }));
    await buildSquashfs(entries(list), image, options);
    await withMount(
      image,
      (at) => {
        for (const index of [0, 1, 20, 39]) {
          for (const [name, seed] of [
            ["user.own", index],
            ["user.all", 99],
          ] as const) {
            const { stdout } = spawnSync("getfattr", ["--only-values", "-n", name, `${at}/f${index}`]);
            expect(stdout.equals(noise(seed, 65_536))).toBe(true);
          }
        }
      },
      mount,
    );
  });

  test.skipIf(!getfattr)("of 1,000 attributes of one file", async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `user.n${`${index}`.padStart(6, "0")}`);
    const xattrs = Object.fromEntries(names.map((name) => [name, Buffer.from(name)]));
    await buildSquashfs(entries([{ path: "f", xattrs }]), image, { compressor: "lz4" });
    const out = await withMount(image, (at) => runShell(at, "getfattr -d f").out, mount);
    expect(out.split("\n").filter((line) => line.startsWith("user."))).toEqual(
      names.map((name) => `${name}="${name}"`),
    );
  });

  // 512 of them are named by one block
  test.each(FORMS)("of 1,500 blocks of fragments, %s", async (_, options) => {
    const count = 1500;
    const list: Entry[] = Array.from({ length: count }, (_, index) => ({
      path: `f${index}`,
      contents: noise(index, 3000),
    }));
    const report = await buildSquashfs(entries(list), image, { ...options, blockSize: 4096 });
    expect(report.fragments).toBeGreaterThanOrEqual(count);
    await withMount(
      image,
      (at) => {
        for (let index = 0; index < count; index++) {
          expect(readFileSync(`${at}/f${index}`).equals(noise(index, 3000))).toBe(true);
        }
      },
      mount,
    );
  });

  // 1,024 inodes are named by one block
  test.skipIf(process.arch !== "x64")("of 5,000 inodes by their handles", async () => {
    const list: Entry[] = Array.from({ length: 5000 }, (_, index) => ({ path: `d${index % 9}/f${index}` }));
    await buildSquashfs(entries(list), image, { compressor: "lz4" });
    const script = readFileSync(new URL("../../helpers/handles.pl", import.meta.url), "utf8");
    const handles = (command: string, at: string) => {
      const run = spawnSync("perl", ["-e", script, command, at, `${scratch}/handles`], { encoding: "latin1" });
      expect(run.stderr).toBe("");
      return Number(run.stdout);
    };
    // no inode of the first mount is left when the second one is asked, so the table is what answers
    expect(await withMount(image, (at) => handles("save", at), mount)).toBe(5010);
    expect(await withMount(image, (at) => handles("open", at), mount)).toBe(5010);
  });
});
