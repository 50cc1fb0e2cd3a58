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
  ["-D store -x --xattrs=fii out", 2, '--xattrs: "fii" is none of auto, none, ffi, napi, getfattr\nDid you mean ffi?'],
  ["-D store -c zip out", 2, `-c: "zip" is none of ${COMPRESSOR_NAMES.join(", ")}\nDid you mean gzip?`],
  ["-D store -X foo out", 2, '-X: "foo" is no option of zstd here: level=1..22'],
  ["-D store -b 5000 out", 2, "-b: 5000 is not a power of two"],
  ["-D store -d mode=9 out", 2, '-d mode: "9" is no octal mode'],
  ["-D store -d mode out", 2, '-d: "mode" is none of uid=N, gid=N, mode=OCTAL, mtime=SECONDS'],
  ["out", 2, "one of --pack-file, --manifest, --tar, --zip, --pack-dir, --closure and --closure-of is needed"],
  [
    "-D store",
    2,
    "IMAGE is missing\nUsage: ts-gensquashfs [OPTION]... IMAGE\n       ts-gensquashfs [OPTION]... --closure-of IMAGE PATH...",
  ],
  [
    "-D store out more",
    2,
    '"more" is too much\nUsage: ts-gensquashfs [OPTION]... IMAGE\n       ts-gensquashfs [OPTION]... --closure-of IMAGE PATH...',
  ],
  ["-D store --no-tail-pakcing out", 2, "--no-tail-pakcing: unknown option\nDid you mean --no-tail-packing?"],
  ["-D nowhere out", 1, "nowhere: no such file or directory"],
  ["-F nowhere out", 1, "nowhere: no such file or directory"],
  ["-D store nix-path-registration", 1, "nix-path-registration: is there already (--force overwrites it)"],
] as const)("ts-gensquashfs %s: %d", (line, status, message) => {
  const ran = run(line.split(" "));
  expect(ran).toEqual({ status, out: "", err: `ts-gensquashfs: ${message}\n${status === 2 ? HINT : ""}` });
  expect(existsSync(`${scratch}/out`)).toBe(false);
});

// Was a bug: whatever had been typed, messages spoke of -c and -X.
test.each([
  ["-c zstd -X level=99", "-X level: 99 is not in 1..22"],
  ["--compressor=gzip --comp-extra level=99", "--comp-extra level: 99 is not in 1..9"],
  ["-c gzip --comp-extra=window=7", "--comp-extra window: 7 is not in 8..15"],
  ["-c lz4 --comp-extra level=1", '--comp-extra: "level=1" is no option of lz4 here: hc'],
  ["-c gzip --comp-extra fixed", '--comp-extra: "fixed" is no option of gzip here: level=1..9, window=8..15, default'],
  ["--compressor=LZ4", `--compressor: "LZ4" is none of ${COMPRESSOR_NAMES.join(", ")}\nDid you mean lz4?`],
  ["--compressor odd -X help", `--compressor: "odd" is none of ${COMPRESSOR_NAMES.join(", ")}`],
  ["-c xz -X dictsize=0%", "-X dictsize: 0% is not from 8192 bytes to those of a block, 131072"],
  ["-c lzma --comp-extra lc=4,lp=1", "--comp-extra lp: 1 and lc, 4, are more than 4 together"],
  ["-c odd", `-c: "odd" is none of ${COMPRESSOR_NAMES.join(", ")}`],
  ["--block-size=2M", "--block-size: 2M is not in 4096..1048576"],
  ["-b 3K", "-b: 3K is not in 4096..1048576"],
  ["-b 5000", "-b: 5000 is not a power of two"],
  ["--block-size 5000", "--block-size: 5000 is not a power of two"],
  ["--dev-block 1", "--dev-block-size: 1 is not in 1024..1073741824"],
  ["-B 1", "-B: 1 is not in 1024..1073741824"],
  ["--num-jobs=-1", "--num-jobs: -1 is not in 0..4294967295"],
  ["-j x", '-j: "x" is not a number'],
  ["--queue-backlog=", '--queue-backlog: "" is not a number'],
  ["--set-uid=4294967295", "--set-uid: 4294967295 is not in 0..4294967294"],
  ["-g -1", "-g: -1 is not in 0..4294967294"],
  ["--defaults gid=-1", "--defaults gid: -1 is not in 0..4294967294"],
  ["-d mtime=4294967296", "-d mtime: 4294967296 is not in 0..4294967295"],
  ["--force=1", "--force: takes no argument"],
  ["--comp", "--comp: ambiguous, may be --compressor, --comp-extra"],
  ["--keep-xattr=1", "--keep-xattr: takes no argument"],
])("%s: %s", (options, message) => {
  const ran = run(["-D", "store", ...options.split(" "), "--", "out"]);
  expect(ran).toEqual({ status: 2, out: "", err: `ts-gensquashfs: ${message}\n${HINT}` });
});

// Was a bug: with a zero before them, sizes and the numbers of -X were octal.
test("sizes and the numbers of -X are decimal, as there", () => {
  const numbers = `${scratch}/numbers`;
  const make = (...words: string[]) => {
    expect(run(["-D", "store", "-q", "-f", ...words, numbers])).toEqual(SILENT);
    return readFileSync(numbers);
  };
  expect(make("-b", "0131072", "-B", "04096").equals(make())).toBe(true);
  expect(make("-b", "064k").equals(make("-b", "65536"))).toBe(true);
  expect(make("-c", "gzip", "-X", "level=09,window=010").equals(make("-c", "gzip", "-X", "level=9,window=10"))).toBe(
    true,
  );
  for (const [words, message] of [
    [["-b", "0x20000"], '-b: "0x20000" is not a number'],
    [["-c", "gzip", "-X", "level=010"], "-X level: 010 is not in 1..9"],
  ] as const) {
    expect(run(["-D", "store", ...words, "out"])).toMatchObject({
      status: 2,
      err: `ts-gensquashfs: ${message}\n${HINT}`,
    });
  }
});

test("any number of threads may be asked for", () => {
  const words = ["-D", "store", "-j", "4000000000", "-q", `${scratch}/threads`];
  // as it is outside of tests, where threads start when there is work for them
  expect(runCommand(scratch, "gensquashfs", words, { TS_MKEROFS_EAGER_THREADS: "" })).toEqual(SILENT);
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

// gensquashfs 1.2.0 -q says it too
test("with -q there are warnings, and nothing else", () => {
  writeFileSync(`${scratch}/sort`, "-5 [glob] nothing*\n");
  const message = "ts-gensquashfs: warning: no file matches nothing* of the sort file\n";
  expect(run(["-D", "store", "-S", "sort", "-f", "-q", image])).toEqual({ status: 0, out: "", err: message });
  expect(run(["-D", "store", "-f", "-q", image])).toEqual(SILENT);
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
