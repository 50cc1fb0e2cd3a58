/** Images with a directory that is in itself: all commands that go through directories end, with one error. */
import { readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { buildErofs, buildSquashfs, type Entry, entries } from "../../../dist/index.js";
import { runCommand } from "../../helpers/commands.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const scratch = makeScratch("cli-imagefs-cycles");
/** In each image `subdir` is the root. */
const [ONE, OTHER, WHOLE] = ["one.img", "other.img", "whole.img"];
const NAME = "subdir";
/** Far more than it takes. */
const HANG_MS = 20_000;

const run = (...words: string[]) => runCommand(scratch, "imagefs", words, {}, HANG_MS);

const TREE: Entry[] = [
  { path: "", kind: "directory", mtime: { sec: 1, nsec: 0 } },
  { path: NAME, kind: "directory", mtime: { sec: 1, nsec: 0 } },
  { path: "zfile", contents: "z" },
];

/** The only entry of that name is made one of the root. */
function turnBack(image: Buffer, format: "erofs" | "squashfs"): void {
  const at = image.lastIndexOf(NAME);
  if (format === "erofs") {
    // names stand behind the entries of ., .., subdir and zfile, of which subdir is the third
    const first = image.lastIndexOf(`...${NAME}`) - 4 * 12;
    image.writeBigUInt64LE(BigInt(image.readUInt16LE(1024 + 14)), first + 2 * 12);
  } else {
    // its head, with the offset of the inode, stands in front of the name
    image.writeUInt16LE(image.readUInt16LE(32), at - 8);
  }
}

describe.each(["erofs", "squashfs"] as const)("%s", (format) => {
  const make = async (name: string, tree: Entry[], isWhole = false) => {
    const path = `${scratch}/${name}`;
    if (format === "erofs") await buildErofs(entries(tree), path, { checksum: false });
    else await buildSquashfs(entries(tree), path, { uncompressed: ["inodes"] });
    const image = readFileSync(path);
    if (!isWhole) turnBack(image, format);
    writeFileSync(path, image);
  };

  beforeAll(async () => {
    await make(ONE, TREE);
    await make(OTHER, [...TREE.slice(0, 2), { path: "zfile", contents: "y" }]);
    await make(WHOLE, TREE, true);
  });

  test.each([
    ["ls", "-R", ONE],
    ["tree", ONE],
    ["extract", "--tar", ONE],
    ["extract", ONE, `${format}-out`],
    ["diff", ONE, OTHER],
    ["diff", "--entries", ONE, OTHER],
    ["diff", "--entries", ONE, WHOLE],
    ["diff", "--entries", WHOLE, ONE],
    ["diff", "--json", ONE, OTHER],
  ])("%s %s %s", (...words) => {
    const { status, out, err } = run(...words);
    const why = `damaged image: ${NAME}: a directory is in two, or in itself`;
    expect(status).toBe(1);
    const said = words.includes("--json") ? JSON.parse(out).error.message : err;
    expect(said).toContain(why);
    expect(`${out}${err}`).toContain(".img: ");
  });

  test("verify tells it", () => {
    const { status, err } = run("verify", ONE);
    expect(status).toBe(1);
    expect(err).toContain(`a directory is in two, or in itself`);
    expect(run("verify", WHOLE)).toMatchObject({ status: 0, err: "" });
  });

  test("tree counts the directories and what is none", () => {
    expect(run("tree", WHOLE).out).toMatch(/\n2 directories, 1 others\n$/);
    expect(run("tree", WHOLE, "zfile").out).toBe("zfile\n\n0 directories, 1 others\n");
  });
});
