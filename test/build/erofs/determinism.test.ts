/** One tree and one set of options give one image: whatever the machine, the moment, the threads or the way in and out. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, relative } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, directory, type Entry, entries, type Source } from "../../../dist/index.js";
import { type ChildOptions, runInChild } from "../../helpers/child.ts";
import { describeTree } from "../../helpers/compare/compare.ts";
import { diskFolder, makeScratch, removeTree } from "../../helpers/scratch.ts";
import { makeCornerTree } from "../../helpers/trees/corner-tree.ts";
import { makeRandomTree } from "../../helpers/trees/random-tree.ts";

const scratch = makeScratch("determinism");
const tree = `${scratch}/tree`;
const isRoot = process.getuid?.() === 0;

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function hashOf(source: Source, options: BuildOptions = {}): Promise<string> {
  await buildErofs(source, `${scratch}/image`, options);
  return sha256(readFileSync(`${scratch}/image`));
}

/** The hash of an image that another process made of the tree. */
function hashOfChild(path: string, options: ChildOptions): string {
  const body = "return (await api.buildErofs(api.directory(args.path), args.image)).bytes";
  const image = `${scratch}/image-of-child`;
  rmSync(image, { force: true });
  const { error } = runInChild(body, { path, image }, options);
  expect(error).toBeUndefined();
  return sha256(readFileSync(image));
}

/** A tree of every kind that needs no root, its files made in an order of choice, all times set at the end. */
function makeTree(folder: string, order: (paths: string[]) => string[] = (paths) => paths): void {
  const directories = ["", ..."abcdefgh".split(""), "a/deep", "a/deep/er"];
  for (const name of directories) mkdirSync(`${folder}/${name}`, { recursive: true });
  const paths = directories.flatMap((parent) => Array.from({ length: 40 }, (_, index) => `${parent || "."}/${index}`));
  for (const path of order(paths)) {
    const index = Number(path.slice(path.lastIndexOf("/") + 1));
    const at = `${folder}/${path}`;
    if (index % 10 === 7) symlinkSync(`../${index}`, at);
    else writeFileSync(at, Buffer.alloc(index * 301, index % 3 === 0 ? `${path} ` : "equal "), { mode: 0o600 });
  }
  // whichever name comes first
  const links = order(Array.from({ length: 10 }, (_, index) => `${folder}/b/link-${index}`));
  writeFileSync(links[0]!, "linked");
  for (const link of links.slice(1)) linkSync(links[0]!, link);
  const all = [...paths, ...links.map((link) => relative(folder, link)), ...directories.toReversed()];
  for (const path of all) {
    const at = `${folder}/${path}`;
    const { size } = lstatSync(at);
    if (!lstatSync(at).isSymbolicLink()) chmodSync(at, lstatSync(at).isDirectory() ? 0o755 : size % 2 ? 0o644 : 0o755);
    lutimesSync(at, 1e9, lstatSync(at).isDirectory() ? 1e9 : 1e9 + (size % 3) / 2);
  }
}

beforeAll(() => makeTree(tree));

describe("one image", () => {
  const layouts: BuildOptions[] = [{}, { blockSize: 512, dedupe: "none" }, { chunkSize: 8192, inodes: "extended" }];
  test.skipIf(!isRoot).each(layouts)("of 1, 2 and 4 threads with %j", async (options) => {
    makeCornerTree(`${scratch}/corners`, { hugeHole: false });
    const hashes = new Set<string>();
    for (const workers of [1, 2, 4, 2, 4])
      hashes.add(await hashOf(directory(`${scratch}/corners`), { ...options, workers }));
    expect([...hashes]).toHaveLength(1);
    removeTree(`${scratch}/corners`);
  });

  test("whatever the order in which the files were made and are listed", async () => {
    const orders: ((paths: string[]) => string[])[] = [
      (paths) => paths,
      (paths) => paths.toReversed(),
      (paths) =>
        paths.toSorted(
          (a, b) =>
            ((a.length * 7919 + Number(a.slice(-1)) * 31) % 101) - ((b.length * 7919 + Number(b.slice(-1)) * 31) % 101),
        ),
    ];
    const hashes = new Set<string>();
    const listings = new Set<string>();
    for (const [index, order] of orders.entries()) {
      makeTree(`${scratch}/order-${index}`, order);
      listings.add(spawnSync("ls", ["-U", `${scratch}/order-${index}/a`], { encoding: "latin1" }).stdout);
      for (const workers of [1, 3]) hashes.add(await hashOf(directory(`${scratch}/order-${index}`), { workers }));
    }
    expect([...hashes]).toEqual([await hashOf(directory(tree))]);
    // a filesystem that lists by hash would not show it, but tmpfs does
    if (scratch.startsWith("/dev/shm")) expect(listings.size).toBe(orders.length);
  });

  test("wherever the tree lies and however its path is written", async () => {
    const expected = await hashOf(directory(tree));
    const elsewhere = `${scratch}/some/where/else entirely/T`;
    mkdirSync(dirname(elsewhere), { recursive: true });
    spawnSync("cp", ["-a", tree, elsewhere]);
    symlinkSync(tree, `${scratch}/link`);
    const paths = [
      elsewhere,
      `${tree}/`,
      `${scratch}//./tree`,
      `${scratch}/link`,
      `${tree}/a/..`,
      relative(process.cwd(), tree),
    ];
    for (const path of paths) expect(await hashOf(directory(path))).toBe(expected);
    expect(await hashOf(directory(Buffer.from(tree)))).toBe(expected);
  });

  const disk = diskFolder();
  const onDisk = disk === undefined ? "" : makeScratch("determinism-disk", disk);
  test.skipIf(!isRoot || disk === undefined)("of one tree in memory and on a disk", async () => {
    for (const seed of [1, 2, 3]) {
      const folders = [`${scratch}/random-${seed}`, `${onDisk}/random-${seed}`];
      for (const folder of folders) makeRandomTree(folder, seed, 200);
      const [inMemory, there] = [await hashOf(directory(folders[0]!)), await hashOf(directory(folders[1]!))];
      expect(there).toBe(inMemory);
    }
  });

  test("in a file, at an offset, in a Sink and from a stream", async () => {
    const expected = await hashOf(directory(tree));
    const offset = 12_345;
    await buildErofs(directory(tree), `${scratch}/image`, { offset });
    const shifted = readFileSync(`${scratch}/image`);
    expect(shifted.subarray(0, offset).every((byte) => byte === 0)).toBe(true);
    expect(sha256(shifted.subarray(offset))).toBe(expected);

    let memory = new Uint8Array(0);
    const sink = {
      truncate: (length: number) => {
        memory = new Uint8Array(length);
      },
      writeAt: (bytes: Uint8Array, at: number) => memory.set(bytes, at),
      close: () => undefined,
    };
    await buildErofs(directory(tree), sink);
    expect(sha256(memory)).toBe(expected);

    const chunks: Uint8Array[] = [];
    await buildErofs(directory(tree), new WritableStream<Uint8Array>({ write: (chunk) => void chunks.push(chunk) }));
    expect(sha256(Buffer.concat(chunks))).toBe(expected);
  });

  test("of a directory and of the same entries from memory, in whatever order they come", async () => {
    const list = describeTree(tree, { contents: true }).map(
      ({ hardLinkOf, size: _, ...entry }): Entry =>
        hardLinkOf === undefined ? entry : { path: entry.path, kind: "hardlink", target: hardLinkOf },
    );
    const [links, others] = [
      list.filter(({ kind }) => kind === "hardlink"),
      list.filter(({ kind }) => kind !== "hardlink"),
    ];
    const expected = await hashOf(directory(tree));
    for (const order of [list, [...others.toReversed(), ...links.toReversed()]]) {
      expect(await hashOf(entries(order))).toBe(expected);
    }
    async function* later() {
      for (const entry of list) yield entry;
    }
    expect(await hashOf(entries(later()))).toBe(expected);
  });

  test("whatever the order of attributes", async () => {
    const values = Array.from(
      { length: 30 },
      (_, index) => [`user.name-${index % 7}-${index}`, Buffer.from(`${index}`)] as const,
    );
    const given = (order: typeof values) =>
      entries(["a", "b", "c", "d"].map((path, index) => ({ path, xattrs: order, contents: `${index}` })));
    expect(await hashOf(given(values.toReversed()))).toBe(await hashOf(given(values)));
  });
});

describe("one image in another process:", () => {
  const environments: [what: string, options: ChildOptions][] = [
    ["another time zone", { env: { TZ: "Pacific/Kiritimati" } }],
    ["a time zone that had summer time then", { env: { TZ: "America/New_York" } }],
    ["a Turkish locale", { env: { LC_ALL: "tr_TR.UTF-8", LANG: "tr_TR.UTF-8" } }],
    ["the C locale", { env: { LC_ALL: "C", LANG: "C" } }],
    ["umask 000", { umask: 0 }],
    ["umask 077", { umask: 0o077 }],
    ["another working directory and temp folder", { cwd: "/", env: { TMPDIR: "/" } }],
  ];
  test.each(environments)("%s", async (_what, options) => {
    expect(hashOfChild(tree, options)).toBe(await hashOf(directory(tree)));
  });

  test("a relative path", async () => {
    const expected = await hashOf(directory(tree));
    expect(hashOfChild(".", { cwd: tree })).toBe(expected);
    expect(hashOfChild("../../tree", { cwd: `${tree}/a` })).toBe(expected);
  });

  // needs the npm registry, so only when asked for
  test.skipIf(process.env.TEST_NODES !== "1").each([20, 22, 24])("Node %i (TEST_NODES=1)", async (version) => {
    const node = ["npx", "-y", "-p", `node@${version}`, "node"];
    expect(hashOfChild(tree, { node, timeout: 110_000 })).toBe(await hashOf(directory(tree)));
  });
});

describe("another image", () => {
  const changes: [what: string, change: (folder: string) => void][] = [
    ["a byte of contents", (folder) => rewrite(`${folder}/a/39`, (bytes) => bytes.fill("!", 5000, 5001))],
    ["a byte of an inline tail", (folder) => rewrite(`${folder}/a/1`, (bytes) => bytes.fill("!", 300))],
    ["a byte more", (folder) => appendFileSync(`${folder}/a/1`, "!")],
    ["a permission", (folder) => chmodSync(`${folder}/a/1`, 0o640)],
    ["half a second", (folder) => lutimesSync(`${folder}/a/1`, 1e9, 1e9 + 1000.25)],
    ["a name", (folder) => spawnSync("mv", [`${folder}/a/deep/er/1`, `${folder}/a/deep/er/1!`])],
    ["a link more", (folder) => linkSync(`${folder}/a/1`, `${folder}/h/link`)],
    ["a target", (folder) => remakeLink(`${folder}/c/7`)],
  ];
  test.each(changes)("after a change of %s", async (_what, change) => {
    const changed = `${scratch}/changed`;
    spawnSync("cp", ["-a", tree, changed]);
    const { mtime, atime } = lstatSync(tree);
    expect(await hashOf(directory(changed))).toBe(await hashOf(directory(tree)));
    change(changed);
    for (const folder of ["a/deep/er", "a", "c", "h"]) lutimesSync(`${changed}/${folder}`, atime, mtime);
    expect(await hashOf(directory(changed))).not.toBe(await hashOf(directory(tree)));
    removeTree(changed);
  });

  /** Changes contents only: the time stays. */
  function rewrite(path: string, change: (bytes: Buffer) => void): void {
    const { mtime, atime } = lstatSync(path);
    const bytes = readFileSync(path);
    change(bytes);
    writeFileSync(path, bytes);
    lutimesSync(path, atime, mtime);
  }

  function remakeLink(path: string): void {
    const { mtime, atime } = lstatSync(path);
    rmSync(path);
    symlinkSync("../8", path);
    lutimesSync(path, atime, mtime);
  }
});
