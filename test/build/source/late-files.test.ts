/**
 * Files that say what store paths hash to, in plain EROFS images, where that is found out while the image is made: it is the
 * image that it is where all hashes are known before.
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { type BuildOptions, buildErofs, closure, merge, type Source } from "../../../dist/index.js";
import { makeScratch } from "../../helpers/scratch.ts";
import { putFile } from "../../helpers/trees/closure-store.ts";

const scratch = makeScratch("late-files");
const image = `${scratch}/image`;
const registration = `${scratch}/registration`;

/** What Nix's documentation says of archives, in as few words as can be. */
function nar(path: string): Buffer {
  const string = (text: string | Buffer): Buffer => {
    const bytes = Buffer.from(text as string);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(bytes.length));
    return Buffer.concat([length, bytes, Buffer.alloc(-bytes.length & 7)]);
  };
  const node = (at: string): Buffer[] => {
    const stats = lstatSync(at);
    if (stats.isSymbolicLink()) return ["(", "type", "symlink", "target", readlinkSync(at), ")"].map(string);
    if (stats.isFile()) {
      const words = (stats.mode & 0o100) !== 0 ? ["executable", "", "contents"] : ["contents"];
      return [...["(", "type", "regular", ...words].map(string), string(readFileSync(at)), string(")")];
    }
    const entries = readdirSync(at)
      .sort()
      .flatMap((name) => [...["entry", "(", "name", name, "node"].map(string), ...node(`${at}/${name}`), string(")")]);
    return [...["(", "type", "directory"].map(string), ...entries, string(")")];
  };
  return Buffer.concat([string("nix-archive-1"), ...node(path)]);
}

const nameOf = (digit: string, index: number) => `${String(index).padStart(32, digit)}-path-${index}`;

/** Contents that no other file has. */
function noise(length: number, seed: number): Buffer {
  const block = createHash("sha512").update(String(seed)).digest();
  return Buffer.alloc(length, block);
}

/** Paths with all that decides how they are hashed: a graph, and a registration that knows all hashes. */
function writeLists(store: string, names: readonly string[]): void {
  const paths = names.map((name) => `${store}/${name}`);
  const other = `1\n${paths[0]}`;
  writeFileSync(`${store}.graph`, paths.map((path) => `${path}\n\n${other}\n`).join(""));
  const lines = paths.map((path) => {
    const archive = nar(path);
    return `${path}\n${createHash("sha256").update(archive).digest("hex")}\n${archive.length}\n\n${other}\n`;
  });
  writeFileSync(`${store}.registration`, lines.join(""));
}

/** Few paths, of which one is in many segments: files of a directory come before what lies in its directories. */
function makeFew(store: string): void {
  const names = ["a", "h", "m", "n", "p", "z"].map(nameOf);
  const [many, single, link, large, holes, empty] = names.map((name) => `${store}/${name}`) as [
    string,
    ...string[],
  ] as [string, string, string, string, string, string];
  for (const folder of ["b", "d", "d/k"]) {
    for (let index = 0; index < 900; index++) putFile(`${many}/${folder}/x${index}/f`, `${folder} ${index}`);
    for (let index = 0; index < 30; index++) writeFileSync(`${many}/${folder}/y${index}`, noise(70_000 + index, index));
  }
  for (const name of ["a", "c", "e", "é"]) writeFileSync(`${many}/${name}`, noise(9000, name.charCodeAt(0)));
  writeFileSync(single, "a path that is a file");
  chmodSync(single, 0o555);
  symlinkSync(names[0]!, link);
  mkdirSync(`${large}/none`, { recursive: true });
  putFile(`${large}/a/tool`, "#!/bin/sh\n");
  chmodSync(`${large}/a/tool`, 0o555);
  writeFileSync(`${large}/first`, noise(300_001, 1));
  writeFileSync(`${large}/second`, noise(5_000_000, 2));
  writeFileSync(`${large}/equal`, noise(300_001, 1));
  symlinkSync("second", `${large}/to`);
  mkdirSync(`${holes}/b`, { recursive: true });
  for (const [name, size] of [
    ["small", 100_000],
    ["b/large", 900_000],
    ["nothing", 50_000],
  ] as const) {
    writeFileSync(`${holes}/${name}`, "x".repeat(name === "nothing" ? 0 : 5000));
    truncateSync(`${holes}/${name}`, size);
  }
  mkdirSync(empty);
  writeLists(store, names);
}

/** So many that what is said of them is a large file. */
function makeMany(store: string): void {
  const names = Array.from({ length: 1800 }, (_, index) => nameOf(index % 2 === 0 ? "a" : "s", index));
  for (const name of names) putFile(`${store}/${name}`, name);
  writeLists(store, names);
}

/** So many of some files each that segments end in paths, which two threads have then, where they have no place in the root. */
function makeCut(store: string): void {
  const names = Array.from({ length: 900 }, (_, index) => nameOf("c", index));
  for (const [index, name] of names.entries()) {
    putFile(`${store}/${name}/b/last`, name);
    for (const file of ["a", "c", "d"]) putFile(`${store}/${name}/${file}`, `${file} of ${index}`);
    if (index % 100 === 0) writeFileSync(`${store}/${name}/large`, noise(300_000 + index, index));
  }
  writeLists(store, names);
}

beforeAll(() => {
  makeCut(`${scratch}/cut`);
  makeFew(`${scratch}/few`);
  makeMany(`${scratch}/many`);
});

async function build(source: Source, options: BuildOptions): Promise<string> {
  await buildErofs(source, image, { ...options, registrationOut: registration });
  return createHash("sha256").update(readFileSync(image)).digest("hex");
}

test.each<[string, string, BuildOptions]>([
  ["few paths", "few", { registration: true }],
  ["behind all paths", "few", { registration: "~" }],
  ["before all, and deep", "few", { registration: "0/1/2" }],
  ["blocks of 512 bytes", "few", { registration: true, blockSize: 512 }],
  ["extended inodes, equal files not shared", "few", { registration: true, inodes: "extended", dedupe: "none" }],
  ["nothing beside inodes", "few", { registration: true, inlineData: false }],
  ["chunks", "few", { registration: true, chunkSize: 8192 }],
  ["beside the image alone", "few", {}],
  ["a root with a database", "few", { registration: true, nixDatabase: "nix/var/nix/db/db.sqlite", gcroot: "box" }],
  ["a large registration", "many", { registration: true }],
  ["a store in its folder", "few", { registration: true, storeDir: `${scratch}/few` }],
  [
    "a store in its folder, with paths in several pieces of work",
    "cut",
    { nixDatabase: true, storeDir: `${scratch}/cut` },
  ],
  ["a large registration, and a large database", "many", { registration: true, nixDatabase: "db/db.sqlite" }],
])("%s", async (_, name, options) => {
  const known = closure(`${scratch}/${name}.registration`);
  // what is merged is listed before, and all that is in it is known then
  const expected = await build(merge(known), options);
  const text = readFileSync(`${scratch}/${name}.registration`, "utf8");
  expect(readFileSync(registration, "utf8").split("\n").sort()).toEqual(text.split("\n").sort());
  for (const workers of [1, 3]) {
    const graph = closure(`${scratch}/${name}.graph`);
    for (const source of [graph, merge(graph)]) {
      expect(await build(source, { ...options, workers })).toBe(expected);
      expect(readFileSync(registration, "utf8").split("\n").sort()).toEqual(text.split("\n").sort());
    }
  }
  expect(await build(known, options)).toBe(expected);
});

test("of several sources, beside the image alone", async () => {
  const names = ["a", "z"].map(nameOf);
  const stores = names.map((name, index) => {
    const store = `${scratch}/part-${index}`;
    putFile(`${store}/${name}/file`, "x".repeat(20 + index));
    putFile(`${store}/${name}/b/file`, name);
    writeLists(store, [name]);
    return store;
  });
  const text = stores.map((store) => readFileSync(`${store}.registration`, "utf8")).join("");
  for (const order of [stores, [...stores].reverse()]) {
    await build(merge(...order.map((store) => closure(`${store}.graph`))), {});
    expect(readFileSync(registration, "utf8")).toBe(text);
  }
});
