/** nixClosureOf(): which paths are found, and what is said of those that are not. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { buildErofs } from "../../../../../src/build/erofs.ts";
import type { Sink } from "../../../../../src/core/sink.ts";
import { type ClosureOfOptions, nixClosureOf } from "../../../../../src/stage/source/nix/database/node-closure-of.ts";
import { writeNixDatabase } from "../../../../../src/stage/source/nix/database/writer.ts";
import type { PathInfo } from "../../../../../src/stage/source/nix/path-info.ts";
import type { FileSource } from "../../../../../src/stage/source/node-sources.ts";
import { resolvePolicy } from "../../../../../src/stage/tree/policy.ts";
import { Tree } from "../../../../../src/stage/tree/tree.ts";
import { makeScratch } from "../../../../helpers/scratch.ts";

const scratch = makeScratch("closure-of");
const database = join(scratch, "db.sqlite");
const store = (digit: string) => `/nix/store/${digit.repeat(32)}-${digit}`;
const [A, B, C, D] = ["a", "b", "c", "d"].map(store) as [string, string, string, string];
/** d -> b -> a; c; a is a link, all others are folders. */
const INFOS: PathInfo[] = [
  { path: A, references: [] },
  { path: B, references: [A, B] },
  { path: C, references: [] },
  { path: D, references: [B] },
].map((info) => ({ ...info, narHash: "00".repeat(32), narSize: 96 }));

beforeAll(() => {
  writeFileSync(database, writeNixDatabase(INFOS, { registrationTime: 1 }));
  for (const path of [B, C, D]) mkdirSync(join(scratch, "mnt", path, "bin"), { recursive: true });
  symlinkSync("nowhere", join(scratch, "mnt", A));
  symlinkSync(join(scratch, "mnt", B), join(scratch, "result"));
});

/** The paths that a walk would start with, and what is known of them. */
async function open(source: FileSource) {
  const tree = Tree.create();
  const start = await source.open(resolvePolicy({}, source.isClosure), tree, undefined as never);
  const { from, to } = start.paths;
  const tops = Array.from(from, (at, index) => Buffer.from(tree.names.view.slice(at, to[index])).toString());
  return { tops, known: (await start.known?.())?.map(({ path }) => path) };
}

const mnt = (path: string) => join(scratch, "mnt", path);

test.each<[string, string[], string[]]>([
  ["a path", [A], [A]],
  ["what it refers to", [D], [A, B, D]],
  ["itself, once, and others beside it", [B, B, C], [A, B, C]],
  ["something in a path, and slashes more", [`/nix//store/./${B.slice(11)}/bin/sh`], [A, B]],
])("%s", async (_, roots, expected) => {
  expect(await open(nixClosureOf(roots, { database }))).toEqual({ tops: expected, known: expected });
});

test("a store that lies elsewhere is found by where the paths are; a link, by what it leads to", async () => {
  const expected = { tops: [mnt(A), mnt(B)], known: [A, B] };
  expect(await open(nixClosureOf(mnt(B), { database }))).toEqual(expected);
  expect(await open(nixClosureOf(join(scratch, "result"), { database }))).toEqual(expected);
  expect(await open(nixClosureOf([join(scratch, "mnt/../result/bin")], { database }))).toEqual(expected);
  // a link that is a store path is that path
  expect(await open(nixClosureOf(mnt(A), { database }))).toEqual({ tops: [mnt(A)], known: [A] });
});

describe("refuses", () => {
  const nowhere: Sink = { writeAt() {}, truncate() {}, close() {} };
  test.each<[string, unknown, ClosureOfOptions?]>([
    ["nixClosureOf(): no paths are given", []],
    ["nixClosureOf(): no paths are given", undefined],
    ["path 2: is no path", [A, 5]],
    [`${store("f")}: is not valid in ${database}`, [A, store("f")]],
    [`${scratch}/lost: no such file or directory`, join(scratch, "lost")],
    [`${scratch}: is not valid in ${database}`, [scratch]],
    [`${mnt(A)}: lies in another store than ${A}`, [A, mnt(A)]],
    [`${scratch}/none: no such file or directory`, [A], { database: join(scratch, "none") }],
    [`${scratch}/mnt: is no file`, [A], { database: join(scratch, "mnt") }],
  ])("%s", async (message, roots, options = { database }) => {
    const made = buildErofs(nixClosureOf(roots as string[], options), nowhere);
    await expect(made).rejects.toThrow(expect.objectContaining({ code: "INPUT", message }));
  });

  test("options that there are not", () => {
    expect(() => nixClosureOf(A, { from: database } as ClosureOfOptions)).toThrow("from");
  });
});
