/** The words of tar2sqfs, which `ts-gensquashfs` takes with `--tar`, and its letters. */
import { mkdirSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { runCommand, runShell } from "../../helpers/commands.ts";
import { canMountSquashfs, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { pax, TAR_END, tarMember } from "../../helpers/tar/make-tar.ts";

const squashfs = oracle("kernel SquashFS mount", canMountSquashfs()) && oracle("getfattr", hasCommand("getfattr"));
const scratch = makeScratch("tar-words");
const run = (...words: string[]) => runCommand(scratch, "gensquashfs", ["-q", "-f", ...words]);
const SILENT = { status: 0, out: "", err: "" };

beforeAll(() => {
  const members = [
    ...[tarMember({ name: "./usr/", type: "5", mode: 0o755 }), tarMember({ name: "usr/bin/x" }, "x")],
    tarMember({ name: "usr/share/", type: "5", mode: 0o711, mtime: 5 }),
    ...[pax([["SCHILY.xattr.user.mine", "1"]]), tarMember({ name: "usr/share/doc/a", mtime: 6 }, "a")],
    tarMember({ name: "usr/share/name", type: "1", target: "usr/share/doc/a" }),
    tarMember({ name: "usr/share/abs", type: "2", target: "/usr/share/doc/a" }),
    tarMember({ name: "usr/share/rel", type: "2", target: "./usr//share/doc/a" }),
    tarMember({ name: "usr/share/up", type: "2", target: "../share/doc/a" }),
    tarMember({ name: "usr/share/out", type: "2", target: "/usr/bin/x" }),
    ...[tarMember({ name: "usr/share/man/m" }, "m"), tarMember({ name: "usr/sharex" }, "x"), TAR_END],
  ];
  writeFileSync(`${scratch}/usr.tar`, Buffer.concat(members));
});

/** A line of each entry, and the attributes. */
const look = () =>
  withMount(
    `${scratch}/x.img`,
    (at) => {
      const entries = runShell(at, "find . -printf '%p %l %m %T@\\n' | sed 's/\\.0*$//' | LC_ALL=C sort").out;
      const names = runShell(at, "getfattr -h -R -d -m - --absolute-names .").out.match(/^user.*$/gm) ?? [];
      return { entries: entries.trim().split("\n"), names };
    },
    { type: "squashfs" },
  );

describe.skipIf(!squashfs)("words of tar2sqfs", () => {
  test.each([
    ["--tar=usr.tar", "--root-becomes=usr/share"],
    ["-r", "/usr/share/", "-s", "--tar", "usr.tar"],
  ])("%j %j: a directory becomes the root, and links lead to where it is now", async (...words) => {
    expect(run(...words, "x.img")).toEqual(SILENT);
    expect(await look()).toEqual({
      entries: [
        ...[".  711 5", "./abs /doc/a 777 0", "./doc  755 0", "./doc/a  644 6", "./man  755 0", "./man/m  644 0"],
        ...["./name  644 6", "./out /usr/bin/x 777 0", "./rel /doc/a 777 0", "./up ../share/doc/a 777 0"],
      ],
      names: ['user.mine="1"', 'user.mine="1"'],
    });
  });

  test("-S, -x, -k, -E: symbolic links keep their targets, no attributes, no times, not all", async () => {
    const words = ["-r", "usr/share", "-Sxk", "-E", "*/man", "-E", "usr/share/o?t", "-d", "mtime=9"];
    expect(run("--tar=usr.tar", ...words, "x.img")).toEqual(SILENT);
    expect(await look()).toEqual({
      entries: [
        ...[".  711 9", "./abs /usr/share/doc/a 777 9", "./doc  755 9", "./doc/a  644 9", "./name  644 9"],
        ...["./rel ./usr//share/doc/a 777 9", "./up ../share/doc/a 777 9"],
      ],
      names: [],
    });
  });
});

test("letters are gensquashfs's without --tar, and words say what they need", () => {
  mkdirSync(`${scratch}/dir`, { recursive: true });
  expect(run("-D", "dir", "-S", "nowhere", "x.img").err).toContain("nowhere");
  expect(run("-D", "dir", "--root-becomes=a", "x.img").err).toContain("--root-becomes has no effect without --tar");
  expect(run("-D", "dir", "-r", "a", "x.img").status).toBe(2);
});

test("what cannot become the root is said", () => {
  expect(run("--tar=usr.tar", "-r", "usr/bin/x", "x.img")).toMatchObject({
    status: 1,
    err: expect.stringContaining("usr/bin/x: is no directory, and cannot become the root"),
  });
});
