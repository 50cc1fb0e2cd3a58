/** filter() and map(): of every source, in every format, by any number of threads. */
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import {
  buildErofs,
  buildSquashfs,
  closure,
  directory,
  type Entry,
  type EntryChange,
  entries,
  filter,
  manifest,
  map,
  merge,
  narFile,
  packFile,
  paths,
  type Source,
  type TreeEntry,
  tarStream,
  zipArchive,
} from "../../../dist/index.js";
import { makeScratch } from "../../helpers/scratch.ts";
import { TAR_END, tarMember } from "../../helpers/tar/make-tar.ts";
import { manifestOf } from "../../helpers/trees/manifest-of.ts";
import { makeZip } from "../../helpers/zip/make-zip.ts";

const scratch = makeScratch("transform");
const tree = `${scratch}/tree`;
const image = `${scratch}/image`;
const store = `${scratch}/00000000000000000000000000000000-x`;
const text = "text\n".repeat(30_000);

beforeAll(() => {
  mkdirSync(`${tree}/bin`, { recursive: true });
  mkdirSync(`${tree}/usr/share/doc`, { recursive: true });
  writeFileSync(`${tree}/bin/sh`, text);
  chmodSync(`${tree}/bin/sh`, 0o4755);
  linkSync(`${tree}/bin/sh`, `${tree}/bin/ash`);
  linkSync(`${tree}/bin/sh`, `${tree}/usr/sh`);
  symlinkSync("sh", `${tree}/bin/link`);
  lutimesSync(`${tree}/bin/link`, 5, -12345.25);
  writeFileSync(`${tree}/holes`, "at the beginning");
  truncateSync(`${tree}/holes`, 1_000_000);
  writeFileSync(`${tree}/usr/share/doc/größe`, text);
  mkdirSync(store);
  writeFileSync(`${store}/file`, text);
  writeFileSync(`${scratch}/closure`, `${store}\n`);
  writeFileSync(`${scratch}/list`, `file /a 644 1 2 tree/bin/sh\ndir /b 755 3 4\n`);
  writeFileSync(`${scratch}/less`, "dir /b 755 3 4\n");
});

const hashOf = async (source: Source, options: object = {}) => {
  await buildErofs(source, image, options);
  return createHash("sha256").update(readFileSync(image)).digest("hex");
};

/** A NAR of a directory with a file. */
function nar(): Buffer {
  const word = (value: string) => {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(8);
    length.writeUInt32LE(bytes.length);
    return Buffer.concat([length, bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
  };
  const words = ["nix-archive-1", "(", "type", "directory", "entry", "(", "name", "f", "node", "("];
  return Buffer.concat([...words, "type", "regular", "contents", "hello", ")", ")", ")"].map(word));
}

const SOURCES: readonly [string, () => Source][] = [
  ["directory()", () => directory(tree)],
  ["paths()", () => paths([tree, store])],
  ["closure()", () => closure(`${scratch}/closure`)],
  [
    "entries()",
    () =>
      entries([
        { path: "a", contents: text, xattrs: { "user.x": Buffer.from("y") } },
        { path: "b", kind: "hardlink", target: "a" },
        { path: "c", kind: "char", major: 300, minor: 70_000 },
      ]),
  ],
  ["packFile()", () => packFile(`${scratch}/list`)],
  ["manifest()", () => manifest(manifestOf(tree), { base: tree })],
  [
    "narFile()",
    () =>
      narFile(
        "nar",
        (async function* () {
          yield nar();
        })(),
      ),
  ],
  [
    "tarStream()",
    () =>
      tarStream(
        Buffer.concat([tarMember({ name: "d/f" }, text), tarMember({ name: "l", type: "2", target: "d" }), TAR_END]),
      ),
  ],
  [
    "zipArchive()",
    () =>
      zipArchive(
        makeZip([
          { name: "a/b", data: text, method: 8 },
          { name: "c", data: text },
        ]),
      ),
  ],
  ["merge()", () => merge(directory(tree), entries([{ path: "added", contents: "1" }]))],
];

describe.each(SOURCES)("%s", (name, source) => {
  test("is the same when all is kept, and nothing is changed", async () => {
    const expected = await hashOf(source());
    for (const workers of [1, 3]) {
      expect(
        await hashOf(
          filter(source(), () => true),
          { workers },
        ),
      ).toBe(expected);
      expect(
        await hashOf(
          map(source(), () => undefined),
          { workers },
        ),
      ).toBe(expected);
    }
    const all: string[] = [];
    await hashOf(map(source(), ({ path }) => void all.push(path)));
    expect(all[0]).toBe("");
    expect(
      [...all].sort((a, b) =>
        Buffer.compare(Buffer.from(a.replaceAll("/", "\0")), Buffer.from(b.replaceAll("/", "\0"))),
      ),
    ).toEqual(all);
  });

  test("is as with exclude when some is left out", async () => {
    // a pack file is packed as it stands
    const options = name === "packFile()" ? {} : { exclude: { regexes: ["(^|/)[aku][^/]*$"] } };
    const expected = await hashOf(name === "packFile()" ? packFile(`${scratch}/less`) : source(), options);
    const keeps = ({ path }: TreeEntry) => !/(^|\/)[aku][^/]*$/.test(path);
    expect(await hashOf(filter(source(), keeps))).toBe(expected);
  });
});

test("compressed images and SquashFS are the same, too", async () => {
  const read = () => createHash("sha256").update(readFileSync(image)).digest("hex");
  for (const build of [
    (source: Source) => buildErofs(source, image, { compress: "lz4", fragments: "all", workers: 3 }),
    (source: Source) => buildSquashfs(source, image, { workers: 3 }),
  ]) {
    await build(directory(tree));
    const expected = read();
    await build(
      map(
        filter(directory(tree), () => true),
        () => ({}),
      ),
    );
    expect(read()).toBe(expected);
  }
});

test("filter() leaves out with all that lies below, which is counted", async () => {
  const seen: string[] = [];
  const source = filter(directory(tree), ({ path }) => {
    seen.push(path);
    return path !== "usr";
  });
  const { counts, excluded } = await buildErofs(source, image);
  expect(seen).toEqual(["bin", "bin/ash", "bin/link", "bin/sh", "holes", "usr"]);
  expect(counts).toMatchObject({ directories: 2, files: 2, hardLinks: 1, symlinks: 1 });
  expect(excluded).toBe(1);
});

test("entries are told as they are", async () => {
  const value = Uint8Array.of(1, 255);
  const list: Entry[] = [
    { path: "d", kind: "directory", mode: 0o1777, uid: 5, gid: 6, mtime: { sec: -3, nsec: 4 } },
    { path: "d/f", contents: "12345", mode: 0o4711, xattrs: { "user.x": value } },
    { path: "d/l", kind: "symlink", target: "ü" },
    { path: Uint8Array.of(0xff), kind: "fifo" },
  ];
  const seen = new Map<string, object>();
  const look = ({ kind, mode, uid, gid, mtime, size, target, path, pathBytes, xattrs }: TreeEntry) => {
    seen.set(path, { kind, mode, uid, gid, mtime, size, target, bytes: [...pathBytes], xattrs });
    return undefined;
  };
  await buildErofs(map(entries(list), look), image);
  const none = { uid: 0, gid: 0, mtime: { sec: 0, nsec: 0 }, size: 0, target: undefined, xattrs: [] };
  expect(Object.fromEntries(seen)).toEqual({
    "": { ...none, kind: "directory", mode: 0o755, bytes: [] },
    d: { ...none, kind: "directory", mode: 0o1777, uid: 5, gid: 6, mtime: { sec: -3, nsec: 4 }, bytes: [0x64] },
    "d/f": { ...none, kind: "file", mode: 0o4711, size: 5, bytes: [0x64, 0x2f, 0x66], xattrs: [["user.x", value]] },
    "d/l": { ...none, kind: "symlink", mode: 0o777, size: 2, target: "ü", bytes: [0x64, 0x2f, 0x6c] },
    "\\xff": { ...none, kind: "fifo", mode: 0o644, bytes: [0xff] },
  });
});

describe("map()", () => {
  const base: Entry[] = [
    { path: "a/b/c", contents: text },
    { path: "a/hard", kind: "hardlink", target: "a/b/c" },
    { path: "l", kind: "symlink", target: "a" },
  ];
  const expectSame = async (change: (entry: TreeEntry) => EntryChange | undefined, list: readonly Entry[]) => {
    expect(await hashOf(map(entries(base), change), { timestamp: 9, times: "keep" })).toBe(
      await hashOf(entries(list), { timestamp: 9, times: "keep" }),
    );
  };
  const at =
    (paths: Readonly<Record<string, EntryChange>>) =>
    ({ path }: TreeEntry) =>
      paths[path];

  test("changes what entries are like; the first name of a file counts", async () => {
    const xattrs = { "user.x": Uint8Array.of(1) };
    await expectSame(
      at({
        "": { mode: 0o700, mtime: new Date(5250) },
        "a/b/c": { mode: 0o600, uid: 7, gid: 8, mtime: 3, xattrs },
        "a/hard": { mode: 0o777 },
        l: { target: "elsewhere", mtime: { sec: 1, nsec: 2 } },
      }),
      [
        { path: "", kind: "directory", mode: 0o700, mtime: { sec: 5, nsec: 250_000_000 } },
        { path: "a/b/c", contents: text, mode: 0o600, uid: 7, gid: 8, mtime: 3, xattrs },
        { path: "a/hard", kind: "hardlink", target: "a/b/c" },
        { path: "l", kind: "symlink", target: "elsewhere", mtime: { sec: 1, nsec: 2 } },
      ],
    );
  });

  test("moves entries, directories with all that is in them", async () => {
    await expectSame(at({ a: { path: "x" }, "a/b/c": { path: "z" } }), [
      { path: "x/b", kind: "directory" },
      { path: "z", contents: text },
      { path: "x/hard", kind: "hardlink", target: "z" },
      { path: "l", kind: "symlink", target: "a" },
    ]);
    await expectSame(at({ "a/b/c": { path: "new/parent/c" }, l: { path: Uint8Array.of(0xff) } }), [
      { path: "a/b", kind: "directory" },
      { path: "new/parent/c", contents: text },
      { path: "a/hard", kind: "hardlink", target: "new/parent/c" },
      { path: Uint8Array.of(0xff), kind: "symlink", target: "a" },
    ]);
  });

  test("options for all entries come before it, chmod behind", async () => {
    const changed = map(directory(tree), ({ path }) => (path === "holes" ? { uid: 5, mode: 0o600 } : undefined));
    const chmod = [{ pattern: "holes", mode: "u+x" }];
    const options = { owner: "root", timestamp: 7, times: "fixed" } as const;
    const found = await hashOf(changed, { ...options, chmod });
    const again = map(directory(tree), ({ path }) => (path === "holes" ? { uid: 5, mode: 0o700 } : {}));
    expect(await hashOf(again, options)).toBe(found);
  });

  test.each<[EntryChange, string]>([
    [{ path: "l" }, "map(): l: is given twice"],
    [{ path: "a/../x" }, "a/b/c: a path may hold neither .. nor NUL"],
    [{ path: "/" }, "map(): a/b/c: what is the root stays so, and nothing else becomes it"],
    [{ mode: 0o10000 }, "a/b/c: mode 4096 is not 0..07777"],
    [{ uid: -1 }, "a/b/c: owner -1 is not an integer from 0 to 4294967294"],
    [{ target: "x" }, "map(): a/b/c: target: is for kind symlink"],
    [{ mtime: new Date(Number.NaN) }, "map(): a/b/c: mtime: an Invalid Date"],
    [{ mod: 5 } as EntryChange, "map(): a/b/c: mod: there is no such key of a change. Did you mean mode?"],
    [true as never, "map(): a/b/c: true is not an object"],
  ])("refuses %j", async (change, message) => {
    const source = map(entries(base), at({ "a/b/c": change }));
    const error = await buildErofs(source, `${scratch}/none`).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: "INPUT" });
    if (!message.includes("Invalid")) expect(error).toMatchObject({ message });
    expect(existsSync(`${scratch}/none`)).toBe(false);
  });
});

test("what is no source, no function and no answer is refused; what is thrown is passed on", async () => {
  expect(() => filter(5 as never, () => true)).toThrow("filter(): 5 is no source");
  expect(() => map(directory(tree), {} as never)).toThrow("map(): {} is not a function");
  const promised = filter(directory(tree), (async () => true) as never);
  await expect(buildErofs(promised, image)).rejects.toThrow("filter(): bin: a Promise is no boolean");
  const thrown = new Error("mine");
  const throws = filter(directory(tree), () => {
    throw thrown;
  });
  expect(await buildErofs(throws, image).catch((error: unknown) => error)).toBe(thrown);
});

test("a file that changes is told by the path it has on disk", async () => {
  writeFileSync(`${scratch}/changing`, text);
  const source = map(paths([`${scratch}/changing`]), ({ path }) => {
    writeFileSync(`${scratch}/changing`, text.repeat(2));
    return path === "" ? undefined : { path: "elsewhere" };
  });
  await expect(buildErofs(source, image)).rejects.toMatchObject({ code: "CHANGED", path: `${scratch}/changing` });
});
