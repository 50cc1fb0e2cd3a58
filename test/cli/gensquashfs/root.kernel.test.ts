/** The root, and images without attributes, as gensquashfs 1.3 has them. */
import { lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { runCommand, SILENT } from "../../helpers/commands.ts";
import { canMountSquashfs, withMount } from "../../helpers/mount.ts";
import { oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const kernel = oracle("kernel SquashFS mount", canMountSquashfs());
const scratch = makeScratch("gensquashfs-root");
const image = `${scratch}/image`;

const run = (...words: string[]) => runCommand(scratch, "gensquashfs", [...words, "-f", "-q", "image"]);
const owners = (...paths: string[]) =>
  withMount(
    image,
    (at) =>
      paths.map((path) => ["uid", "gid"].map((key) => lstatSync(`${at}/${path}`)[key as "uid" | "gid"]).join(":")),
    { type: "squashfs" },
  );

beforeAll(() => {
  mkdirSync(`${scratch}/s/d`, { recursive: true });
  writeFileSync(`${scratch}/s/d/f`, "f");
});

describe.skipIf(!kernel)("-u, -g and --all-root", () => {
  test("leave the root of a directory as the defaults have it", async () => {
    expect(run("-D", "s", "-u", "7", "-g", "8")).toEqual(SILENT);
    expect(await owners("", "d", "d/f")).toEqual(["0:0", "7:8", "7:8"]);
    expect(run("-D", "s", "-d", "uid=3,gid=4", "--all-root")).toEqual(SILENT);
    expect(await owners("", "d", "d/f")).toEqual(["3:4", "0:0", "0:0"]);
  });

  test("leave what a pack file does not describe as the defaults have it", async () => {
    writeFileSync(`${scratch}/pack`, "file /x/y 0644 1 1 s/d/f\n");
    expect(run("-F", "pack", "-d", "uid=5,gid=6", "-u", "7", "-g", "8")).toEqual(SILENT);
    expect(await owners("", "x", "x/y")).toEqual(["5:6", "5:6", "7:8"]);
    writeFileSync(`${scratch}/pack`, "file /x/y 0644 1 1 s/d/f\ndir /x 0755 1 1\ndir / 0755 1 1\n");
    expect(run("-F", "pack", "-d", "uid=5,gid=6", "-u", "7")).toEqual(SILENT);
    expect(await owners("", "x", "x/y")).toEqual(["7:1", "7:1", "7:1"]);
  });
});

describe("the flag that there are no attributes", () => {
  const hasFlag = () => (readFileSync(image).readUInt16LE(24) & 0x200) !== 0;
  test("is set where there are none", () => {
    expect(run("-D", "s")).toEqual(SILENT);
    expect(hasFlag()).toBe(true);
    writeFileSync(`${scratch}/xattrs`, '# file: d/f\nuser.a="b"\n');
    expect(run("-D", "s", "-A", "xattrs")).toEqual(SILENT);
    expect(hasFlag()).toBe(false);
    // as mksquashfs has it
    expect(runCommand(scratch, "mksquashfs", ["s", "image", "-noappend", "-quiet"])).toEqual(SILENT);
    expect(hasFlag()).toBe(false);
  });
});
