/** The file of `--compress-hints`: what is too large in it is not refused, as in mkfs.erofs's own test 017. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { parseHints } from "../../../src/cli/mkerofs/hints.ts";
import { UsageError } from "../../../src/cli/shared/getopt.ts";
import { runCommand } from "../../helpers/commands.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const scratch = makeScratch("hints");
beforeAll(() => {
  mkdirSync(`${scratch}/src`);
  writeFileSync(`${scratch}/src/a.txt`, "text ".repeat(20_000));
  writeFileSync(`${scratch}/list`, "2097152 .*\\.txt$\n");
});

const limits = { blockSize: 4096, most: 1 << 20, algorithms: 2 };

test("clusters that are too large are the largest possible, and said", () => {
  const { hints, warnings } = parseHints("list", "# none\n4096 1 a\n2097152 b\n1048576 c\n", limits);
  expect(hints).toEqual([
    { pclusterSize: 4096, algorithm: 1, pattern: "a" },
    { pclusterSize: 1_048_576, algorithm: 0, pattern: "b" },
    { pclusterSize: 1_048_576, algorithm: 0, pattern: "c" },
  ]);
  expect(warnings).toEqual(["list: line 3: clusters of 2097152 bytes are too large, so they have 1048576"]);
});

test.each([
  [["-zlz4"], "1048576"],
  // with LZ4 they have so many blocks at most
  [["-zzstd:lz4", "-b512"], "131072"],
  [["-zzstd", "-b512"], "1048064"],
])("%j", (words, most) => {
  const warning = `ts-mkerofs: warning: list: line 1: clusters of 2097152 bytes are too large, so they have ${most}\n`;
  const ran = runCommand(scratch, "mkerofs", [...words, "--compress-hints=list", "-T0", "image", "src"]);
  expect([ran.status, ran.err]).toEqual([0, warning]);
  const quiet = runCommand(scratch, "mkerofs", [...words, "--compress-hints=list", "--quiet", "image", "src"]);
  expect(quiet).toEqual({ status: 0, out: "", err: "" });
});

test("a list that cannot be understood is refused, also where nothing is compressed", () => {
  expect(() => parseHints("list", "text", limits)).toThrow(new UsageError("list: line 1: not BYTES [ALGORITHM] REGEX"));
  // Was a bug: these were taken for a part of the expression, which then matched nothing, and nothing was said.
  for (const word of ["lz4", "-1", "0x1", "64k"]) {
    const message = `list: line 2: "${word}" is no number of an algorithm of -z`;
    expect(() => parseHints("list", `4096 a\n4096 ${word} .*\\.txt$\n`, limits)).toThrow(new UsageError(message));
  }
  writeFileSync(`${scratch}/wrong`, "text\n");
  const ran = runCommand(scratch, "mkerofs", ["--compress-hints=wrong", "image", "src"]);
  expect(ran.status).toBe(2);
  expect(ran.err).toContain("wrong: line 1: not BYTES [ALGORITHM] REGEX");
});

test("a cluster of no whole number of blocks is as if it were not there, as in mkfs.erofs, and said", () => {
  const { hints, warnings } = parseHints("list", "4096 a\n5000 0 b\n1 c\n0 d\n", limits);
  expect(hints.map(({ pattern }) => pattern)).toEqual(["a", "d"]);
  expect(warnings).toEqual([
    "list: line 2: 5000 is no multiple of the block size, 4096, so the line counts for nothing",
    "list: line 3: 1 is no multiple of the block size, 4096, so the line counts for nothing",
  ]);
  writeFileSync(`${scratch}/odd`, "5000 0 .*\\.txt$\n");
  const build = (image: string, ...words: string[]) => {
    const ran = runCommand(scratch, "mkerofs", ["-zlz4", "-C8192", "-T0", ...words, image, "src"]);
    return [ran.status, ran.err, readFileSync(`${scratch}/${image}`)];
  };
  const [status, said, image] = build("with", "--compress-hints=odd", "-U", "clear");
  expect([status, said]).toEqual([
    0,
    "ts-mkerofs: warning: odd: line 1: 5000 is no multiple of the block size, 4096, so the line counts for nothing\n",
  ]);
  expect(image).toEqual(build("without", "-U", "clear")[2]);
});

test("an algorithm that -z does not have is refused by its line", () => {
  expect(() => parseHints("list", "4096 1 a\n4096 2 b\n", limits)).toThrow(
    new UsageError("list: line 2: -z has no algorithm 2: the last one is 1"),
  );
  expect(parseHints("list", "4096 2 b\n", { ...limits, algorithms: undefined }).hints).toHaveLength(1);
});

test("what has no effect without -z is said once each, and nothing with --quiet", () => {
  const ran = runCommand(scratch, "mkerofs", ["-C65536", "-Efragments,ztailpacking", "-T0", "image", "src"]);
  expect([ran.status, ran.err]).toEqual([
    0,
    ["-C", "-E fragments", "-E ztailpacking"]
      .map((name) => `ts-mkerofs: warning: ${name} has no effect without -z\n`)
      .join(""),
  ]);
  expect(runCommand(scratch, "mkerofs", ["-C65536", "--quiet", "image", "src"])).toEqual({
    status: 0,
    out: "",
    err: "",
  });
});
