/** Actions of `ts-mksquashfs`: what mksquashfs 4.7.5 made of the same lines and tree; the kernel shows what came of them. */
import { chmodSync, linkSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { dumpImage } from "../../../src/inspect/dump.ts";
import { runCommand, SILENT } from "../../helpers/commands.ts";
import { describeTree } from "../../helpers/compare/compare.ts";
import { canMountSquashfs, runChecker, withMount } from "../../helpers/mount.ts";
import { oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const kernel = oracle("kernel SquashFS mount", canMountSquashfs());
const scratch = makeScratch("mksquashfs-actions");
const image = `${scratch}/image`;
const SQUASHFS = { type: "squashfs" } as const;

const run = (...words: string[]) => runCommand(scratch, "mksquashfs", ["s", "image", "-noappend", "-quiet", ...words]);
const paths = (at: string) =>
  describeTree(at)
    .map(({ path }) => `${path}`)
    .slice(1);

beforeAll(() => {
  for (const folder of ["d1/d2", "empty", "linux/.git", "linux/src"])
    mkdirSync(`${scratch}/s/${folder}`, { recursive: true });
  const files = {
    "a.c": "hi\n",
    "big.txt": "0123456789".repeat(20_000),
    "linux/src/m.c": "x\n",
    "linux/src/n.o": "y\n",
  };
  for (const [path, text] of Object.entries(files)) writeFileSync(`${scratch}/s/${path}`, text);
  for (const path of ["d1/d2/f", "tail.h"]) writeFileSync(`${scratch}/s/${path}`, path);
  chmodSync(`${scratch}/s/d1/d2/f`, 0o600);
  linkSync(`${scratch}/s/a.c`, `${scratch}/s/hard.c`);
  const links = { "d1/rel": "../a.c", "d1/abs": "/abs", dangling: "nowhere", "link-dir": "d1" };
  for (const [path, target] of Object.entries(links)) symlinkSync(target, `${scratch}/s/${path}`);
});

const ALL = [
  ...[
    "a.c",
    "big.txt",
    "d1",
    "d1/abs",
    "d1/d2",
    "d1/d2/f",
    "d1/rel",
    "dangling",
    "empty",
    "hard.c",
    "link-dir",
    "linux",
  ],
  ...["linux/.git", "linux/src", "linux/src/m.c", "linux/src/n.o", "tail.h"],
];
const without = (...gone: string[]) => ALL.filter((path) => !gone.includes(path));
const moved = (from: string, to: string) => [...without(from), to].sort();

describe.skipIf(!kernel)("actions", () => {
  test.each([
    [["exclude@name(*.c)"], without("a.c", "hard.c", "linux/src/m.c")],
    [["exclude@pathname(d1/*)"], without("d1/abs", "d1/d2", "d1/d2/f", "d1/rel")],
    [["exclude@subpathname(linux/src)"], without("linux/src", "linux/src/m.c", "linux/src/n.o")],
    [["exclude@filesize(>1K)"], without("big.txt")],
    [["exclude@depth(>2)"], without("d1/d2/f", "linux/src/m.c", "linux/src/n.o")],
    [["exclude@nlink(2)&&type(f)"], without("a.c", "hard.c")],
    [["exclude@perm(600)"], without("d1/d2/f")],
    [["exclude@file(ASCII)&&filesize(>100K)"], without("big.txt")],
    [['exclude@exec("test $PATHNAME = /a.c")'], without("a.c")],
    [
      ["exclude@!type(d)", "empty(excluded)@true"],
      ["empty", "linux", "linux/.git"],
    ],
    [["exclude@!type(d)", "empty@true"], []],
    [["empty(source)@true"], without("empty", "linux/.git")],
    [["prune@!exists"], without("d1/abs", "dangling")],
    [["prune@absolute()"], without("d1/abs")],
    [['prune@readlink("name(*.[ch])")'], without("d1/rel")],
    [['prune@stat("type(d)")&&type(l)'], without("link-dir")],
    [['prune@name(*linux*) && type(d) && eval(.git, "type(d)")'], ALL.filter((path) => !path.startsWith("linux"))],
    [['prune@name(*.[ch]) && eval(.., "name(src)")'], without("linux/src/m.c")],
    [["prune@dircount(0)"], without("empty", "linux/.git")],
    [["move(/new)@name(big.txt)"], moved("big.txt", "new")],
    [["move(/d1)@name(tail.h)"], moved("tail.h", "d1/tail.h")],
    [["move(renamed)@name(tail.h)", "move(/empty)@name(tail.h)"], moved("tail.h", "empty/renamed")],
    [["move(..)@pathname(/d1/d2)"], [...without("d1/d2", "d1/d2/f"), "d2", "d2/f"].sort()],
  ])("%j", async (actions, expected) => {
    expect(run(...actions.flatMap((action) => ["-action", action]))).toEqual(SILENT);
    expect(await withMount(image, paths, SQUASHFS)).toEqual(expected);
  });

  test.each([
    ["move(/tail.h)@name(big.txt)", "big.txt cannot be moved to /tail.h: something is there already"],
    ["move(/d1/d2)@pathname(/d1)", "d1 cannot be moved to d1/d2/d1: that lies inside of it"],
    ["move(/nodir/x)@name(big.txt)", "big.txt cannot be moved to /nodir/x: nodir is no directory"],
    ["dereference@name(dangling)", "dangling: the link leads nowhere: it is kept"],
  ])("%s is a warning", async (action, message) => {
    expect(run("-a", action)).toEqual({ ...SILENT, err: `ts-mksquashfs: warning: ${message}\n` });
    expect(await withMount(image, paths, SQUASHFS)).toEqual(ALL);
    expect(run("-a", action, "-exit-on-error")).toEqual({ status: 1, out: "", err: `ts-mksquashfs: ${message}\n` });
  });

  test("what was moved has its contents, and a directory all that is in it", async () => {
    expect(run("-a", "move(/empty)@name(d1)||name(big.txt)||name(a.c)")).toEqual(SILENT);
    await withMount(
      image,
      (at) => {
        expect(readFileSync(`${at}/empty/d1/d2/f`, "utf8")).toBe("d1/d2/f");
        expect(readFileSync(`${at}/empty/big.txt`, "utf8")).toHaveLength(200_000);
        expect(readFileSync(`${at}/empty/a.c`, "utf8")).toBe("hi\n");
        expect(lstatSync(`${at}/hard.c`)).toMatchObject({ nlink: 2, ino: lstatSync(`${at}/empty/a.c`).ino });
      },
      SQUASHFS,
    );
  });

  test("owners and modes", async () => {
    const actions = [
      "uid(5)@type(f)",
      "gid(0)@true",
      "guid(3,4)@type(d)",
      "chmod(u+s,go-r)@name(*.c)",
      "mode(711)@type(d)",
    ];
    const add = ["-p", "new f 644 1 1 echo hi"];
    expect(run(...actions.flatMap((action) => ["-action", action]), ...add)).toEqual(SILENT);
    await withMount(
      image,
      (at) => {
        expect(lstatSync(`${at}/a.c`)).toMatchObject({ uid: 5, gid: 0, mode: 0o104600 });
        expect(lstatSync(`${at}/d1`)).toMatchObject({ uid: 3, gid: 4, mode: 0o40711 });
        expect(lstatSync(at)).toMatchObject({ uid: 3, gid: 4, mode: 0o40711 });
        // pseudo files come later
        expect(lstatSync(`${at}/new`)).toMatchObject({ uid: 1, gid: 1, mode: 0o100644 });
      },
      SQUASHFS,
    );
    // what holds for all entries holds for these too
    expect(run("-action", "uid(5)@true", "-all-root")).toEqual(SILENT);
    await withMount(image, (at) => expect(lstatSync(`${at}/a.c`).uid).toBe(0), SQUASHFS);
  });

  test("links are followed: files are further names, directories are there twice", async () => {
    expect(run("-action", "dereference(delete)@true")).toMatchObject({ status: 0, out: "" });
    const linked = ["link-dir/d2", "link-dir/d2/f", "link-dir/rel"];
    await withMount(
      image,
      (at) => {
        expect(paths(at)).toEqual([...without("d1/abs", "dangling"), ...linked].sort());
        expect(lstatSync(`${at}/d1/rel`)).toMatchObject({ nlink: 4, ino: lstatSync(`${at}/a.c`).ino });
        expect(lstatSync(`${at}/d1/d2/f`)).toMatchObject({ nlink: 2, ino: lstatSync(`${at}/link-dir/d2/f`).ino });
      },
      SQUASHFS,
    );
  });

  test("attributes", async () => {
    const add = ["-p", "a.c x user.a=1", "-p", "tail.h x user.a=1", "-p", "tail.h x user.b=2"];
    const actions = ["xattrs-add(user.c=3)@name(a.c)||type(l)", "xattrs-exclude(a$)@name(tail.h)"];
    expect(run(...add, ...actions.flatMap((action) => ["-action", action]))).toEqual(SILENT);
    await withMount(
      image,
      (at) => {
        const listed = (name: string) => runChecker("getfattr", ["-d", "--absolute-names", `${at}/${name}`]).output;
        expect(listed("a.c")).toContain('user.a="1"\nuser.c="3"');
        expect(listed("tail.h")).toMatch(/^# file: .*\nuser.b="2"$/);
      },
      SQUASHFS,
    );
  });

  test("actions from a file, and what they log", () => {
    writeFileSync(`${scratch}/list`, "# comment\n\nexclude@name(a.c) \\\n  || name(tail.h)\n");
    const yes = "/a.c=exclude@(name(a.c)=True)\n/tail.h=exclude@(name(a.c)=False||name(tail.h)=True)\n";
    expect(run("-true-action-file", "list")).toEqual({ ...SILENT, out: yes });
    const no = run("-faf", "list").out;
    expect(no.split("\n")).toHaveLength(ALL.length - 2 + 1);
    expect(no).toContain("/d1/d2=exclude@(name(a.c)=False||name(tail.h)=False)\n");
    expect(run("-vaf", "list").out.split("\n")).toHaveLength(ALL.length + 1);
    writeFileSync(`${scratch}/list`, "\nprune@odd\n");
    expect(run("-af", "list")).toMatchObject({ status: 1, err: 'ts-mksquashfs: list:2: there is no test "odd"\n' });
  });
});

/** Lines of a dump that a pattern matches. */
async function dumped(pattern: RegExp): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of dumpImage(readFileSync(image))) if (pattern.test(line)) lines.push(line);
  return lines;
}

describe("how files are stored", () => {
  const fragmentOf = async (path: string) => {
    const [inode] = await dumped(new RegExp(` /${path}.*: .*fragment=`));
    return /fragment=(\S+)/.exec(inode!)![1];
  };

  test("a named fragment holds what belongs together", async () => {
    expect(run("-action", "fragment(c)@name(*.c)")).toEqual(SILENT);
    const c = await fragmentOf("a.c");
    expect(await fragmentOf("linux/src/m.c")).toBe(c);
    expect(await fragmentOf("tail.h")).not.toBe(c);
    expect(await fragmentOf("tail.h")).toBe(await fragmentOf("d1/d2/f"));
  });

  test("no-fragments, fragments, tailend and no-tailend overrule what holds for all", async () => {
    const none = await fragmentOf("big.txt");
    expect(run("-action", "no-fragments@name(*.c)")).toEqual(SILENT);
    expect([await fragmentOf("a.c"), await fragmentOf("tail.h")]).toEqual([none, "0"]);
    expect(run("-no-fragments", "-action", "fragments@name(*.c)")).toEqual(SILENT);
    expect([await fragmentOf("a.c"), await fragmentOf("tail.h")]).toEqual(["0", none]);
    expect(run("-action", "tailend@true")).toEqual(SILENT);
    expect(await fragmentOf("big.txt")).not.toBe(none);
    expect(run("-tailends", "-action", "no-tailend@true")).toEqual(SILENT);
    expect([await fragmentOf("a.c"), await fragmentOf("big.txt")]).toEqual(["0", none]);
  });

  test("uncompressed and compressed overrule what holds for all", () => {
    expect(run()).toEqual(SILENT);
    const normal = readFileSync(image).length;
    expect(run("-action", "uncompressed@name(big.txt)")).toEqual(SILENT);
    expect(readFileSync(image).indexOf("0123456789".repeat(10))).toBeGreaterThan(0);
    expect(run("-noD", "-noF", "-action", "compressed@true")).toEqual(SILENT);
    expect(readFileSync(image).indexOf("0123456789".repeat(10))).toBe(-1);
    expect(readFileSync(image)).toHaveLength(normal);
  });
});
