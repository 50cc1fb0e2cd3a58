/** Definitions of pseudo files that do not fit, in any order, and files that they link to: as mksquashfs 4.7.5 has it. */
import { linkSync, lstatSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { runCommand, SILENT } from "../../helpers/commands.ts";
import { describeTree } from "../../helpers/compare/compare.ts";
import { canMountSquashfs, runChecker, withMount } from "../../helpers/mount.ts";
import { oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const kernel = oracle("kernel SquashFS mount", canMountSquashfs());
const scratch = makeScratch("mksquashfs-definitions");
const image = `${scratch}/image`;
const SQUASHFS = { type: "squashfs" } as const;

const define = (definitions: readonly string[]) => definitions.flatMap((definition) => ["-p", definition]);
const run = (definitions: readonly string[], ...words: string[]) =>
  runCommand(scratch, "mksquashfs", ["s", "image", "-noappend", "-quiet", ...define(definitions), ...words]);
const ignored = (path: string, why: string) =>
  `ts-mksquashfs: warning: -p: the definition of ${path} is ignored: ${why}\n`;
const look = <T>(use: (at: string) => T) => withMount(image, use, SQUASHFS);
const paths = (at: string) =>
  describeTree(at)
    .map(({ path }) => `${path}`)
    .slice(1);

beforeAll(() => {
  mkdirSync(`${scratch}/s/dev`, { recursive: true });
  for (const path of ["s/f", "outside"]) writeFileSync(`${scratch}/${path}`, path);
  linkSync(`${scratch}/s/f`, `${scratch}/s/f2`);
  linkSync(`${scratch}/s/f`, `${scratch}/third`);
  writeFileSync(`${scratch}/s/single`, "single");
  symlinkSync("single", `${scratch}/s/link`);
  symlinkSync("s", `${scratch}/way`);
  symlinkSync("s/single", `${scratch}/to-single`);
  for (const path of ["s/dev", "s"]) utimesSync(`${scratch}/${path}`, 77, 77);
});

const THERE = ["dev", "f", "f2", "link", "single"];
const HERE = "something is there already (-e leaves it out)";

describe.skipIf(!kernel)("definitions", () => {
  test.each([
    // OpenWrt's line, and nerves's
    [["/dev d 755 0 0"], [], [ignored("/dev", HERE)]],
    [["nerves m 755 0 0"], [], [ignored("/nerves", "nothing is there to be changed")]],
    [["f f 644 0 0 echo"], [], [ignored("/f", HERE)]],
    [["dev d 755 0 0", "dev/null c 666 0 0 1 3"], ["dev/null"], [ignored("/dev", HERE)]],
    [["x/y d 755 0 0", "x d 700 1 1"], ["x", "x/y"], []],
    [["x d 700 1 1", "x d 711 2 2"], ["x"], [ignored("/x", "x is defined already")]],
    [["f d 755 0 0", "f/g d 755 0 0"], [], [ignored("/f", HERE), ignored("/f/g", "f is no directory")]],
    [["n f 644 0 0 echo", "n/g d 755 0 0"], ["n"], [ignored("/n/g", "n is defined as what holds nothing")]],
    [["single/g L f"], [], [ignored("/single/g", "single is no directory")]],
    [["f L single"], [], [ignored("/f", HERE)]],
  ])("%j", async (definitions, added, warnings) => {
    expect(run(definitions)).toEqual({ ...SILENT, err: warnings.join("") });
    expect(await look(paths)).toEqual([...THERE, ...added].sort());
  });

  test("of several for one path the first counts", async () => {
    expect(run(["x d 700 1 1", "x d 711 2 2", "f m 600 3 3", "f m 644 4 4"])).toMatchObject({ status: 0 });
    await look((at) => {
      expect(lstatSync(`${at}/x`)).toMatchObject({ mode: 0o40700, uid: 1, gid: 1 });
      // both names of the inode
      expect(lstatSync(`${at}/f2`)).toMatchObject({ mode: 0o100600, uid: 3, gid: 3 });
    });
  });

  test("with -exit-on-error what does not fit is an error", () => {
    const message = `ts-mksquashfs: ${ignored("/dev", HERE).replace("ts-mksquashfs: warning: ", "")}`;
    expect(run(["/dev d 755 0 0"], "-exit-on-error")).toEqual({ status: 1, out: "", err: message });
  });

  test("of the root beside a source is ignored, and changes no time", async () => {
    const warnings = [ignored("/", "/ is that of the source"), ignored("/", "/ is a directory")];
    expect(run(["/ d 700 5 5", "/ m 700 6 6"])).toEqual({ ...SILENT, err: warnings.join("") });
    await look((at) => expect(lstatSync(at)).toMatchObject({ uid: lstatSync(`${scratch}/s`).uid, mtimeMs: 77_000 }));
    expect(run(["/ x user.a=b"])).toEqual(SILENT);
    await look((at) => expect(runChecker("getfattr", ["-d", "--absolute-names", at]).output).toContain('user.a="b"'));
  });

  test("of the root without a source is the root: the last of them", async () => {
    const words = ["-", "image", "-noappend", "-quiet", ...define(["/ d 700 5 5", "q d 755 0 0", "/ d 711 6 6"])];
    expect(runCommand(scratch, "mksquashfs", words)).toEqual(SILENT);
    await look((at) => expect(lstatSync(at)).toMatchObject({ mode: 0o40711, uid: 6, gid: 6 }));
  });

  test("several l of one file outside are one inode; of one inside its own, whatever the way to it", async () => {
    const outside = ["a l outside", "b h outside", "c l third"];
    expect(run([...outside, "d h s/link", "e l way/single", "g h to-single", "i l s/link"])).toEqual(SILENT);
    await look((at) => {
      const inode = (path: string) => lstatSync(`${at}/${path}`).ino;
      expect(lstatSync(`${at}/a`)).toMatchObject({ nlink: 2, ino: inode("b") });
      expect(lstatSync(`${at}/f`)).toMatchObject({ nlink: 3, ino: inode("c") });
      expect(lstatSync(`${at}/single`)).toMatchObject({ nlink: 4 });
      expect(["d", "e", "g"].map(inode)).toEqual([1, 2, 3].map(() => inode("single")));
      expect(lstatSync(`${at}/link`)).toMatchObject({ nlink: 2, ino: inode("i") });
      expect(readFileSync(`${at}/d`, "utf8")).toBe("single");
    });
    expect(run([...outside, "d h s/link"], "-no-hardlinks")).toEqual(SILENT);
    await look((at) => {
      expect(["a", "b", "c", "d", "single"].map((path) => lstatSync(`${at}/${path}`).nlink)).toEqual([1, 1, 1, 1, 1]);
      expect(readFileSync(`${at}/b`, "utf8")).toBe("outside");
    });
  });

  test("have dates, and links to what is defined later", async () => {
    expect(run(['D D "1 jan 1980" 755 0 0', "again L made", "made F 2001-02-03\\ 04:05:06 644 0 0 echo"])).toEqual(
      SILENT,
    );
    await look((at) => {
      expect(lstatSync(`${at}/D`).mtimeMs).toBe(315_532_800_000);
      expect(lstatSync(`${at}/again`)).toMatchObject({ nlink: 2, mtimeMs: 981_173_106_000 });
    });
    expect(run(["D D now 755 0 0"])).toMatchObject({
      status: 1,
      err: expect.stringContaining('the time "now" depends on the clock'),
    });
  });

  test("keep their owners and modes with -pseudo-override", async () => {
    const all = ["-all-root", "-force-file-mode", "600", "-force-dir-mode", "711"];
    expect(run(["n f 644 1 2 echo", "f m 640 3 4"], ...all, "-pseudo-override")).toEqual(SILENT);
    await look((at) => {
      expect(lstatSync(`${at}/n`)).toMatchObject({ mode: 0o100644, uid: 1, gid: 2 });
      expect(lstatSync(`${at}/f`)).toMatchObject({ mode: 0o100640, uid: 3, gid: 4 });
      expect(lstatSync(`${at}/single`)).toMatchObject({ mode: 0o100600, uid: 0, gid: 0 });
      expect(lstatSync(`${at}/dev`).mode).toBe(0o40711);
    });
    expect(run(["n f 644 1 2 echo"], ...all)).toEqual(SILENT);
    await look((at) => expect(lstatSync(`${at}/n`)).toMatchObject({ mode: 0o100600, uid: 0, gid: 0 }));
  });

  test("give attributes whose names -xattrs-exclude and -xattrs-include let through", async () => {
    const xattrs = ["f x user.a=1", "f x trusted.b=2"];
    const listed = async (...words: string[]) => {
      expect(run(xattrs, ...words, "-xattrs-add", "user.c=3")).toEqual(SILENT);
      return look((at) => {
        const { output } = runChecker("getfattr", ["-d", "-m", "-", "--absolute-names", `${at}/f`]);
        return output.split("\n").slice(1).sort();
      });
    };
    expect(await listed()).toEqual(['trusted.b="2"', 'user.a="1"', 'user.c="3"']);
    expect(await listed("-xattrs-exclude", "^user")).toEqual(['trusted.b="2"', 'user.c="3"']);
    expect(await listed("-xattrs-include", "^user")).toEqual(['user.a="1"', 'user.c="3"']);
    expect(await listed("-xattrs-include", "^user", "-xattrs-exclude", "a$")).toEqual(['user.c="3"']);
  });
});
