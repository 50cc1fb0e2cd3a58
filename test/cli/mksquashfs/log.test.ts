/** `-log`: where the data of each file, and each fragment, starts in the image. */
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { runCommand, SILENT } from "../../helpers/commands.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { noise } from "../../helpers/trees/noise.ts";

const scratch = makeScratch("mksquashfs-log");
const run = (...words: string[]) => runCommand(scratch, "mksquashfs", words);
const contents = {
  "a/large": noise(1, 300_000),
  twin: noise(1, 300_000),
  whole: noise(2, 131_072),
  small: noise(3, 99),
};

beforeAll(() => {
  mkdirSync(`${scratch}/tree/a`, { recursive: true });
  for (const [path, bytes] of Object.entries(contents)) writeFileSync(`${scratch}/tree/${path}`, bytes);
  writeFileSync(`${scratch}/tree/hole`, "");
  truncateSync(`${scratch}/tree/hole`, 1 << 20);
});

/** Lines as paths and bytes of the image. */
function readLog(): [path: string, at: number][] {
  const lines = readFileSync(`${scratch}/log`, "utf8").trimEnd().split("\n");
  return lines.map((line) => {
    const [, path, at] = /^(.*), (\d+)$/.exec(line)!;
    return [path!, Number(at)];
  });
}

test.each([0, 4096])("files are where it says, from %i bytes before the image on", (offset) => {
  expect(run("tree", "image", "-noappend", "-quiet", "-noD", "-noF", "-offset", `${offset}`, "-log", "log")).toEqual(
    SILENT,
  );
  const image = readFileSync(`${scratch}/image`).subarray(offset);
  const log = readLog();
  expect(log.map(([path]) => path)).toEqual(["tree/twin", "tree/a/large", "tree/whole", "Fragment 0"]);
  for (const [path, at] of log.slice(0, 3)) {
    const bytes = contents[path.replace("tree/", "") as keyof typeof contents];
    expect(image.subarray(at, at + 131_072).equals(bytes.subarray(0, 131_072))).toBe(true);
  }
  const [, fragment] = log.at(-1)!;
  expect(image.subarray(fragment).indexOf(contents.small)).toBe(0);
  // of equal files each is named
  expect(log[0]![1]).toBe(log[1]![1]);
});

test("an image that cannot be read again has none", () => {
  const needs = "-log: needs an image that can be read again, which";
  expect(run("tree", "-", "-log", "log").err).toContain(`${needs} - cannot`);
  expect(run("tree", "/dev/null", "-log", "log").err).toContain(`${needs} /dev/null cannot`);
});

test("a log that cannot be written is an error", () => {
  const ran = run("tree", "image", "-noappend", "-quiet", "-log", "nowhere/log");
  expect(ran).toMatchObject({ status: 1, err: "ts-mksquashfs: nowhere/log: no such file or directory\n" });
});
