/** Images that the C tools make are dumped whole too. */
import { spawnSync } from "node:child_process";
import { linkSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { dumpLines } from "../helpers/dump.ts";
import { hasCommand, oracle } from "../helpers/oracle.ts";
import { makeScratch } from "../helpers/scratch.ts";
import { fewBytes, incompressible, prose } from "../helpers/trees/contents.ts";

const scratch = makeScratch("dump-peers");
const tree = `${scratch}/tree`;
const image = `${scratch}/image`;

beforeAll(() => {
  for (const folder of ["aa", "many", "empty"]) mkdirSync(`${tree}/${folder}`, { recursive: true });
  for (const size of [0, 1, 100, 4095, 4096, 4097, 70_000, 300_000]) {
    writeFileSync(`${tree}/aa/prose-${size}`, prose(size, size));
    writeFileSync(`${tree}/aa/twin-${size}`, prose(size, size));
    writeFileSync(`${tree}/aa/noise-${size}`, incompressible(size, size));
  }
  writeFileSync(`${tree}/few`, fewBytes(100_000, 1, 40));
  for (let nr = 0; nr < 600; nr++) writeFileSync(`${tree}/many/${nr}`, prose(nr, nr));
  symlinkSync("aa/prose-1", `${tree}/link`);
  linkSync(`${tree}/aa/prose-4097`, `${tree}/hard`);
  spawnSync("mkfifo", [`${tree}/fifo`]);
});

/** The dump of what a command makes; mkfs.erofs 1.5 leaves bytes behind inodes that nothing leads to. */
async function dumpOf(command: string, words: readonly string[]): Promise<string[]> {
  rmSync(image, { force: true });
  const ran = spawnSync(command, words, { encoding: "utf8" });
  expect(ran.status, ran.stderr).toBe(0);
  return dumpLines(readFileSync(image), command === "mkfs.erofs");
}

describe.skipIf(!oracle("mkfs.erofs", hasCommand("mkfs.erofs")))("mkfs.erofs", () => {
  test.each([
    "",
    "-zlz4",
    "-zlz4hc -C65536",
    "-zlz4 -Eztailpacking",
    "-zlz4 -Elegacy-compress",
    "-Eforce-inode-extended",
    "-Enoinline_data",
  ])("%s", async (options) => {
    const words = ["-x1", ...options.split(" ").filter((word) => word !== ""), image, tree];
    const lines = await dumpOf("mkfs.erofs", words);
    expect(lines.some((line) => line.includes(" /aa/noise-4097 "))).toBe(true);
  });
});

describe.skipIf(!oracle("mksquashfs", hasCommand("mksquashfs")))("mksquashfs", () => {
  test.each(["-comp gzip", "-comp lz4", "-comp zstd -b 4096", "-no-fragments", "-noI -noD", "-no-exports"])(
    "%s",
    async (options) => {
      const words = [tree, image, "-quiet", "-no-progress", ...options.split(" ")];
      const lines = await dumpOf("mksquashfs", words);
      expect(lines.some((line) => line.includes(" /aa/noise-4097:"))).toBe(true);
    },
  );
});

describe.skipIf(!oracle("gensquashfs", hasCommand("gensquashfs")))("gensquashfs", () => {
  test.each(["gzip", "lz4", "zstd"])("-c %s", async (compressor) => {
    const lines = await dumpOf("gensquashfs", ["-c", compressor, "-D", tree, "-q", image]);
    expect(lines.some((line) => line.includes(" /aa/noise-4097:"))).toBe(true);
  });
});
