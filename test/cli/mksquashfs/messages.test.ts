/** What `ts-mksquashfs` says, and when it says nothing. */
import { existsSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { COMPRESSOR_NAMES } from "../../../src/cli/shared/compressor-help.ts";
import { commandPath, commandWords, runCommand, runShell, SILENT } from "../../helpers/commands.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const scratch = makeScratch("mksquashfs-messages");
const image = `${scratch}/image`;
const HINT = "Try 'ts-mksquashfs --help' for more information.\n";

const run = (words: string[], env: Record<string, string> = {}) => runCommand(scratch, "mksquashfs", words, env);
const shell = (line: string) => runShell(scratch, `${commandWords("mksquashfs")} ${line}`);

beforeAll(() => {
  for (const folder of ["store", "tree"]) mkdirSync(`${scratch}/${folder}`);
  for (const file of ["store/a", "tree/a", "nix-path-registration"]) writeFileSync(`${scratch}/${file}`, "a\n");
});

test.each([
  [
    "store",
    2,
    "SOURCE and IMAGE are needed, in front of options\nUsage: ts-mksquashfs SOURCE... IMAGE [OPTION]... [-e EXCLUDE...]",
  ],
  ["store out -comp zstd -Xbcj x86", 2, "-Xbcj: is no option of zstd, but of xz"],
  ["store out -comp zstd -Xalgorithm lzo1x_1", 2, "-Xalgorithm: is no option of zstd, but of lzo"],
  ["store out -odd", 2, "-odd: unknown option"],
  ["store out -no-hardlink", 2, "-no-hardlink: unknown option\nDid you mean -no-hardlinks?"],
  ["store out --comp zstd", 2, "--comp: unknown option\nDid you mean -comp?"],
  ["store out -comp=zstd", 2, "-comp=zstd: unknown option\nDid you mean -comp?"],
  ["store out -comp zsdt", 2, `-comp: "zsdt" is none of ${COMPRESSOR_NAMES.join(", ")}\nDid you mean zstd?`],
  ["store out -b", 2, "-b: needs an argument"],
  ["store out -noappend odd", 2, '"odd": sources and the image stand in front of options'],
  ["store out -action x", 2, '-action x: there is no action "x"'],
  ["store out -xattrs-reader x", 2, '-xattrs-reader: "x" is none of auto, none, ffi, napi, getfattr'],
  [
    "store out -closure-of -registration -nix-db db/db.sqlite",
    2,
    '-registration: needs a path in the image, and "-nix-db" is none',
  ],
  ["store out -root-mode 9", 2, '-root-mode: "9" is no mode, neither octal nor as u+rwX,go=u'],
  ["nowhere out2", 1, "nowhere: no such file or directory"],
  ["store out2 -pf nowhere", 1, "nowhere: no such file or directory"],
  ["store out2 -p x", 1, "-p: the type is missing"],
  ["store out2 -sort nowhere", 1, "nowhere: no such file or directory"],
  ["store out2 -action-file nowhere", 1, "nowhere: no such file or directory"],
  [
    "store nix-path-registration",
    1,
    "nix-path-registration: is there already, and appending is not supported (-noappend overwrites it)",
  ],
] as const)("ts-mksquashfs %s: %d", (line, status, message) => {
  const ran = run(line.split(" "));
  expect(ran).toEqual({ status, out: "", err: `ts-mksquashfs: ${message}\n${status === 2 ? HINT : ""}` });
  expect(existsSync(`${scratch}/out2`)).toBe(false);
});

test.each([
  ["-force-uid nobody-of-this-name", '-force-uid: there is no user "nobody-of-this-name" on this machine'],
  ["-force-gid nobody-of-this-name", '-force-gid: there is no group "nobody-of-this-name" on this machine'],
  ["-force-file-mode u+q", '-force-file-mode: "u+q" is no mode, neither octal nor as u+rwX,go=u'],
  ["-mkfs-time now", '-mkfs-time: "now" depends on the clock, which is never read: images would differ'],
  ["-all-time 'last week'", '-all-time: "last week" depends on the clock, which is never read: images would differ'],
  ["-root-time 12:00", '-root-time: "12:00" names no day, month and year, and the clock is never read'],
  [
    "-repro-time inode",
    '-repro-time: "inode" is no date: "inode" is no part of one such as 2023-02-15 21:02:39 UTC, or seconds since 1970',
  ],
  ["-all-time 4294967296", '-all-time: "4294967296" is not from 1970 to 2106'],
  ["-force-uid 0x10", '-force-uid: "0x10" is not a number'],
  ["-force-uid '5 '", '-force-uid: "5 " is not a number'],
  ["-force-uid 4294967295", "-force-uid: 4294967295 is not in 0..4294967294"],
  // Was a bug: the library's error, of uidOffset, when the image was to be made.
  ["-uid-gid-offset 4294967295", "-uid-gid-offset: 4294967295 is not in 0..4294967294"],
  ["-uid-gid-offset ' -1'", "-uid-gid-offset:  -1 is not in 0..4294967294"],
  ["-b 0x20000", '-b: "0x20000" is not a number'],
  ["-b 1MBytes", '-b: "1MBytes" is not a number'],
  ["-throttle 100", "-throttle: 100 is not in 0..99"],
  ["-limit 0", "-limit: 0 is not in 1..100"],
  ["-xattrs-exclude '('", '-xattrs-exclude: regular expression "(": unmatched "("'],
  ["-deref x", '-deref: "x" is none of keep, delete'],
  [
    "-action 'exclude@dircount(1)'",
    "-action exclude@dircount(1): dircount: asks for more than exclude knows yet; prune does",
  ],
  ["-action 'align(4K)@true'", "-action align(4K)@true: align: is not supported: data stands without gaps"],
  ["-action 'prune@name(a'", '-action prune@name(a: the end stands where "," or ")" should'],
  ["-action 'prune'", '-action prune: the end stands where "@" should'],
  ["-action 'prune@odd'", '-action prune@odd: there is no test "odd"'],
  [
    "-action 'uid(nobody-of-this-name)@true'",
    '-action uid(nobody-of-this-name)@true: uid: there is no user "nobody-of-this-name" on this machine',
  ],
  ["-pd 'f 1 1 1 x'", '-pd: "f 1 1 1 x" is neither d MODE UID GID nor D TIME MODE UID GID'],
  ["-xattrs-add x", "-xattrs-add x: an attribute is NAME=VALUE"],
  ["-no-xattrs -xattrs-add user.a=b", "-no-xattrs: -xattrs-add or a pseudo file gives attributes"],
  ["-no-xattrs -p 'a x user.a=b'", "-no-xattrs: -xattrs-add or a pseudo file gives attributes"],
  ["-comp gzip -Xstrategy fixed", "-Xstrategy fixed: only the default one is there"],
  [
    "-comp gzip -Xstrategy default,fast",
    '-Xstrategy: "fast" is none of default, filtered, huffman_only, run_length_encoded, fixed',
  ],
  ["-comp gzip -Xwindow-size 7", "-Xwindow-size: 7 is not in 8..15"],
  ["-comp zstd -Xwindow-size 9", "-Xwindow-size: is no option of zstd, but of gzip"],
  // Was a bug: what a build found wrong with it was called as the library calls it.
  ["-comp xz -Xbcj x86 -Xdict-size 0%", "-Xdict-size: 0% is not from 8192 bytes to those of a block, 131072"],
  ["-fix old.img", "-fix: images need no fixing"],
])("%s: %s", (options, message) => {
  const ran = shell(`tree ${image} -noappend ${options}`);
  expect(ran).toEqual({ status: 2, out: "", err: `ts-mksquashfs: ${message}\n${HINT}` });
});

test("a pseudo file in a directory that is missing is an error", () => {
  const ran = shell(`tree ${image} -noappend -quiet -p 'x/y d 755 0 0'`);
  expect(ran).toMatchObject({ status: 1, err: "ts-mksquashfs: -p: there is no x in the image\n" });
});

test("SOURCE_DATE_EPOCH and options for times exclude each other", () => {
  expect(run(["store", "out2", "-all-time", "5"], { SOURCE_DATE_EPOCH: "1" })).toMatchObject({ status: 2 });
});

test("help and version", () => {
  const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
  expect(run(["-version"])).toEqual({ status: 0, out: `ts-mksquashfs ${version}\n`, err: "" });
  expect(run(["-help"])).toMatchObject({ status: 0, err: "" });
  expect(statSync(commandPath("mksquashfs")).mode & 0o111).toBe(0o111);
});

test("-e needs something to leave out", () => {
  const ran = run(["tree", image, "-noappend", "-e"]);
  expect(ran).toEqual({ status: 2, out: "", err: `ts-mksquashfs: -e: needs an argument\n${HINT}` });
});

// As there, -quiet is for standard output: what mksquashfs 4.7.5 warns of it says with -quiet too.
test("with -quiet there are warnings, and nothing else", () => {
  writeFileSync(`${scratch}/old`, "");
  utimesSync(`${scratch}/old`, new Date(-5000), new Date(-5000));
  const message = "warning: 1 times before 1970 or after 2106 became the nearest that SquashFS holds\n";
  const warned = { status: 0, out: "", err: `ts-mksquashfs: ${message}` };
  expect(run(["old", image, "-noappend", "-quiet"])).toEqual(warned);
  expect(run(["old", image, "-noappend"])).toMatchObject({ ...warned, out: expect.stringContaining("Size:") });
  expect(run(["store", image, "-noappend", "-quiet"])).toEqual(SILENT);
  // Was a bug: nothing said that what was to be left out is there.
  expect(run(["store", image, "-noappend", "-quiet", "-e", ".env"])).toEqual({
    ...warned,
    err: "ts-mksquashfs: warning: nothing matches .env, which is to be excluded\n",
  });
});
