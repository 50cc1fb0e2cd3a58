/** What `ts-gensquashfs` says, and when it says nothing. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { COMPRESSOR_NAMES } from "../../../src/cli/shared/compressor-help.ts";
import { commandPath, runCommand, SILENT } from "../../helpers/commands.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const scratch = makeScratch("gensquashfs-messages");
const image = `${scratch}/image`;
const HINT = "Try 'ts-gensquashfs --help' for more information.\n";

const run = (words: string[]) => runCommand(scratch, "gensquashfs", words);

beforeAll(() => {
  mkdirSync(`${scratch}/store/sub`, { recursive: true });
  for (const file of ["store/a", "store/sub/b", "nix-path-registration"]) writeFileSync(`${scratch}/${file}`, "a\n");
});

test.each([
  ["-D store -x out", 2, "-x: attributes of files cannot be read; --xattr-file and --selinux can give them"],
  ["-D store -c lzma out", 2, "-c lzma: not supported yet"],
  ["-D store -c zip out", 2, `-c: "zip" is none of ${COMPRESSOR_NAMES.join(", ")}\nDid you mean gzip?`],
  ["-D store -X foo out", 2, '-X: "foo" is no option of zstd here: level=1..22'],
  ["-D store -b 5000 out", 2, "-b: 5000 is not a power of two"],
  ["-D store -d mode=9 out", 2, '-d mode: "9" is no octal mode'],
  ["-D store -d mode out", 2, '-d: "mode" is none of uid=N, gid=N, mode=OCTAL, mtime=SECONDS'],
  ["out", 2, "one of --pack-file and --pack-dir is needed"],
  ["-D store", 2, "IMAGE is missing\nUsage: ts-gensquashfs [OPTION]... IMAGE"],
  ["-D store out more", 2, '"more" is too much\nUsage: ts-gensquashfs [OPTION]... IMAGE'],
  ["-D store --no-tail-pakcing out", 2, "--no-tail-pakcing: unknown option\nDid you mean --no-tail-packing?"],
  ["-D nowhere out", 1, "nowhere: no such file or directory"],
  ["-F nowhere out", 1, "nowhere: no such file or directory"],
  ["-D store nix-path-registration", 1, "nix-path-registration: is there already (--force overwrites it)"],
] as const)("ts-gensquashfs %s: %d", (line, status, message) => {
  const ran = run(line.split(" "));
  expect(ran).toEqual({ status, out: "", err: `ts-gensquashfs: ${message}\n${status === 2 ? HINT : ""}` });
  expect(existsSync(`${scratch}/out`)).toBe(false);
});

test.each([
  ["file /a 0644 0 0 not-there", "pack:1: not-there: no such file or directory"],
  ["dir /a 0 0 0\ndir /a 0 0 0", "pack:2: /a: is given twice"],
  ["link /a 0 0 0 /b", "pack:1: there is no /b to link to"],
  ["link /a 0 0 0 /b\nlink /b 0 0 0 /a", "pack:1: the link leads to itself"],
  ["pipe /a 0 0 0\ndir /a/b 0 0 0", "pack:2: /a/b: lies below an entry that is no directory"],
  ["file /a 0644 0 0 store", "store: not a regular file"],
])("the pack file %j is an error", (text, message) => {
  writeFileSync(`${scratch}/pack`, text);
  const ran = run(["-F", "pack", "-f", "-q", `${scratch}/none.img`]);
  expect(ran.status).toBe(1);
  expect(ran.err).toContain(message);
  expect(existsSync(`${scratch}/none.img`)).toBe(false);
});

test("-X help prints the words of the compressor, whatever else is asked for", () => {
  for (const words of [
    ["-c", "gzip", "-X", "help"],
    ["-X", "level=3,help", "-c", "gzip", "-D", "store", image],
  ]) {
    const ran = run(words);
    expect(ran).toMatchObject({ status: 0, err: "" });
    expect(ran.out).toMatch(/^Words of gzip:\n {2}level=N +how hard[\s\S]*\n {2}window=N /);
  }
  expect(run(["-X", "help"]).out).toMatch(/^Words of zstd:\n {2}level=N /);
  expect(run(["-c", "lz4", "-X", "help"]).out).toMatch(/^Words of lz4:\n {2}hc /);
  expect(existsSync(image)).toBe(false);
});

test("help and version", () => {
  const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
  expect(run(["--version"])).toEqual({ status: 0, out: `ts-gensquashfs ${version}\n`, err: "" });
  expect(run(["--help"])).toMatchObject({ status: 0, err: "" });
  expect(statSync(commandPath("gensquashfs")).mode & 0o111).toBe(0o111);
});

test("a list of SELinux contexts that is missing is an error", () => {
  expect(run(["-D", "store", "-s", "nowhere", "-f", "-q", image])).toEqual({
    status: 1,
    out: "",
    err: "ts-gensquashfs: nowhere: no such file or directory\n",
  });
});

test("attributes for a path that is not in the image are an error", () => {
  writeFileSync(`${scratch}/xattrs`, '# file: nowhere\nuser.a="b"\n');
  expect(run(["-D", "store", "-A", "xattrs", "-f", "-q", image])).toMatchObject({
    status: 1,
    err: "ts-gensquashfs: xattrs:1: nowhere is not in the image\n",
  });
});

test("with -q there are no warnings", () => {
  writeFileSync(`${scratch}/sort`, "-5 [glob] nothing*\n");
  expect(run(["-D", "store", "-S", "sort", "-f", "-q", image])).toEqual(SILENT);
});

// Was a bug: a rule that is for no file, such as one with a mistake in it, was passed over in silence.
test("sort rules that are for no file are named", () => {
  writeFileSync(`${scratch}/sort`, "-5 [glob] nothing*\n-7 a\n3 sub/c\n");
  expect(run(["-D", "store", "-S", "sort", "-f", image])).toMatchObject({
    status: 0,
    err: ["nothing*", "sub/c"]
      .map((path) => `ts-gensquashfs: warning: no file matches ${path} of the sort file\n`)
      .join(""),
  });
});
