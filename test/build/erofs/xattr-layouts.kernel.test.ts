/**
 * Attributes in every layout through the kernel: what erofs-utils' own tests 019 to 023 ask of mkfs.erofs. All come from
 * files, and are compared with those of the files as Linux lists and gives them.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, directory } from "../../../dist/index.js";
import { runShell } from "../../helpers/commands.ts";
import { compareTrees } from "../../helpers/compare/compare.ts";
import { dumpLines } from "../../helpers/dump.ts";
import { canMountErofs, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch, removeTree } from "../../helpers/scratch.ts";
import { generator } from "../../helpers/trees/noise.ts";

const erofs = oracle("kernel EROFS mount", canMountErofs()) && oracle("setfattr", hasCommand("setfattr"));
const scratch = makeScratch("layouts");
const tree = `${scratch}/tree`;
const image = `${scratch}/image`;

/** Attributes by path. */
type Attributes = Record<string, Record<string, Buffer>>;

/** Makes the tree anew: files with these attributes, and the directories that they lie in; paths that end in a slash are such. */
function make(attributes: Attributes): void {
  removeTree(tree);
  mkdirSync(tree);
  const paths = Object.keys(attributes);
  for (const path of paths.filter((each) => each.endsWith("/"))) mkdirSync(`${tree}/${path}`, { recursive: true });
  for (const path of paths.filter((each) => !each.endsWith("/"))) writeFileSync(`${tree}/${path}`, path);
  const lines = Object.entries(attributes).flatMap(([path, own]) => [
    `# file: ${path}`,
    ...Object.entries(own).map(
      ([name, value]) => `${name}=${value.length === 0 ? '""' : `0x${value.toString("hex")}`}`,
    ),
    "",
  ]);
  writeFileSync(`${scratch}/attributes`, lines.join("\n"));
  const { status, err } = runShell(tree, "setfattr -h --restore=../attributes");
  expect([status, err]).toEqual([0, ""]);
}

/** Builds the image, mounts it, and tells how it differs from the tree. */
async function differences(options: BuildOptions): Promise<string[]> {
  await buildErofs(directory(tree), image, options);
  return withMount(image, (at) => compareTrees(tree, at, { xattrs: true }));
}

const random = generator(19);
const below = (most: number) => Math.floor(random() * most);
const bytes = (length: number) => Buffer.from(Array.from({ length }, () => below(256)));
const word = (length: number) =>
  Array.from({ length }, () => "abcdefghijklmnopqrstuvwxyz0123456789"[below(36)]).join("");
const key = () => word(8);

/** Lines of the dump that are of attributes, by path. */
async function headers(): Promise<Record<string, number>> {
  const lines = await dumpLines(readFileSync(image));
  const counts: Record<string, number> = {};
  let path = "";
  for (const line of lines) {
    path = /erofs_inode_\w+ (\S+)/.exec(line)?.[1] ?? path;
    const count = /h_shared_count=(\d+)/.exec(line)?.[1];
    if (count !== undefined) counts[path] = Number(count);
  }
  return counts;
}

describe.skipIf(!erofs)("attributes", () => {
  test("of any bytes, on files and directories (019)", async () => {
    const names = ["a", "b", "c/", "c/d", "c/e/", "c/e/f", "g"];
    make(Object.fromEntries(names.map((path) => [path, { [`user.${below(2 ** 31)}`]: bytes(below(2000)) }])));
    expect(await differences({})).toEqual([]);
  });

  test("of one file alone, of several, one or many of each (020)", async () => {
    const [one, other] = [`user.s${key()}`, `user.s${key()}`];
    const value = bytes(8);
    const own = () => ({ [`user.p${key()}`]: bytes(8) });
    make({
      own: own(),
      shared: { [one]: value },
      "several-own": { ...own(), ...own() },
      "several-shared": { [one]: value, [other]: value },
      both: { ...own(), [one]: value, [other]: value },
    });
    expect(await differences({ xattrTolerance: 1 })).toEqual([]);
    const found = { "/own": 0, "/shared": 1, "/several-own": 0, "/several-shared": 2, "/both": 2 };
    expect(await headers()).toEqual(found);
  });

  test("whose names and values cross the ends of blocks (021)", async () => {
    const long = () => ({ [`user.p${word(249)}`]: bytes(512) });
    make({ file: { ...long(), ...long(), ...long() } });
    expect(await differences({ blockSize: 512 })).toEqual([]);
    const lines = await dumpLines(readFileSync(image));
    const crossing = lines.filter((line) => {
      const [, at, length] = /^0x([0-9a-f]+) +(\d+) {2}erofs_xattr_entry/.exec(line) ?? [];
      if (at === undefined) return false;
      const from = Number.parseInt(at, 16);
      return Math.floor(from / 512) !== Math.floor((from + Number(length) - 1) / 512);
    });
    expect(crossing).toHaveLength(3);
  });

  test("with long prefixes and without, of one file and of several (022)", async () => {
    const [one, other] = [key(), key()];
    const value = bytes(8);
    const own = (prefix: string) => ({ [`user.${prefix}p${key()}`]: bytes(8) });
    const shared = {
      ...{ [`user.s${one}`]: value, [`user.infix.s${one}`]: value },
      ...{ [`user.s${other}`]: value, [`user.infixBB.s${other}`]: value },
    };
    make({
      own: { ...own("infix."), ...own(""), ...own("infixBB."), ...own("") },
      shared,
      both: { ...own("infix."), ...own(""), ...own("infixBB."), ...shared },
    });
    const options = { xattrTolerance: 1, xattrPrefixes: ["user.infix.", "user.infixBB"] };
    expect(await differences(options)).toEqual([]);
    expect(await headers()).toEqual({ "/own": 0, "/shared": 4, "/both": 4 });
    const names = (await dumpLines(readFileSync(image))).join("\n");
    expect(names.match(/e_name_index=128 /g)).toHaveLength(3);
    expect(names.match(/e_name_index=129 /g)).toHaveLength(3);
  });

  describe("in any layout (023)", () => {
    const files = Array.from({ length: 120 }, (_, index) => `${index % 7 === 0 ? "sub/" : ""}file-${index}`);
    const attributes: Attributes = { "sub/": {}, ...Object.fromEntries(files.map((path) => [path, {}])) };
    files.forEach((path, index) => {
      for (let count = below(12); count > 0; count--) {
        const name = `user.${word(1 + below(31))}`;
        const value = bytes(below(32));
        attributes[path]![name] = value;
        if (below(2) === 0) continue;
        const step = 1 + below(40);
        for (let at = index + step; at < files.length; at += step) attributes[files[at]!]![name] = value;
      }
    });
    const ROUNDS: [string, BuildOptions][] = [
      ["as it is usual", {}],
      ["as much as can be shared", { xattrTolerance: 0 }],
      ["nothing shared", { xattrTolerance: 1_000_000 }],
      ["without a filter", { xattrFilter: false }],
      ["prefixes", { xattrPrefixes: ["user.a", "user.b", "user.", "user.c"] }],
      ["blocks of 512 bytes", { blockSize: 512, xattrTolerance: 1 }],
      [
        "compressed, with fragments and prefixes",
        { compress: "lz4", fragments: "all", xattrPrefixes: ["user.a", "user.0"] },
      ],
    ];
    test.each(ROUNDS)("%s", async (_, options) => {
      make(attributes);
      expect(await differences(options)).toEqual([]);
    });
  });
});
