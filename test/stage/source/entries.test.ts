/** Trees from memory: what entries() takes and what it refuses. The images are read back by the tests' own reader. */
import { expect, test } from "vitest";
import { buildErofs } from "../../../src/build/erofs.ts";
import type { BuildOptions } from "../../../src/build/options.ts";
import { buildSquashfs } from "../../../src/build/squashfs.ts";
import type { Sink } from "../../../src/core/sink.ts";
import { type Entry, entries } from "../../../src/stage/source/entries.ts";
import { resolvePolicy, type StageOptions } from "../../../src/stage/tree/policy.ts";
import { Tree } from "../../../src/stage/tree/tree.ts";
import { soloContext } from "../../helpers/context.ts";
import { checkTiling, ImageReader, type ReadInode } from "../../helpers/image-reader.ts";

type List = Parameters<typeof entries>[0];

/** Builds into memory, and reads the image back by path (latin1). */
async function build(list: List, options: BuildOptions = {}): Promise<Map<string, ReadInode>> {
  let image = new Uint8Array(0);
  const sink = {
    writeAt: (bytes: Uint8Array, offset: number) => image.set(bytes, offset),
    truncate(length: number) {
      image = new Uint8Array(length);
    },
    close: () => undefined,
  };
  await buildErofs(entries(list), sink, options);
  const reader = new ImageReader(image);
  const tree = reader.tree();
  checkTiling(image, reader.blockSize, tree.values(), 1);
  return tree;
}

const nowhere: Sink = { writeAt() {}, truncate() {}, close() {} };

const raw = (...parts: (string | number)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.of(part))));

test("defaults: an empty file of mode 0644, a directory of 0755, a link of 0777, owner 0, time 0", async () => {
  const tree = await build([
    { path: "file" },
    { path: "dir", kind: "directory" },
    { path: "link", kind: "symlink", target: "x" },
  ]);
  expect([...tree].map(([path, { mode, size }]) => [path, mode.toString(8), size])).toEqual([
    ["", "40755", 74],
    ["dir", "40755", 27],
    ["file", "100644", 0],
    ["link", "120777", 1],
  ]);
  expect(
    [...tree.values()].every(({ uid, extended, xattrs }) => uid === 0 && !extended && !Object.keys(xattrs).length),
  ).toBe(true);
});

test("every kind has its type bits, and set-id and sticky bits stay", async () => {
  const kinds = ["file", "directory", "char", "block", "fifo", "socket"] as const;
  const list = [
    ...kinds.map((kind) => ({ path: kind, kind, mode: 0o7777 })),
    { path: "symlink", kind: "symlink", target: "t", mode: 0o1 } as const,
  ];
  const tree = await build(list);
  expect([...kinds, "symlink"].map((kind) => tree.get(kind)!.mode.toString(8))).toEqual([
    ...["107777", "47777", "27777", "67777", "17777", "147777", "120001"],
  ]);
});

test("missing parents are made, mode 0755, unless they are given, before or after what is in them", async () => {
  const tree = await build([
    { path: "a/b/c" },
    { path: "a", kind: "directory", mode: 0o700, uid: 5 },
    { path: "d", kind: "directory", mode: 0o711 },
    { path: "d/e" },
    { path: "", kind: "directory", mode: 0o1777 },
  ]);
  expect([...tree.keys()].sort()).toEqual(["", "a", "a/b", "a/b/c", "d", "d/e"]);
  expect(["", "a", "a/b", "d"].map((path) => (tree.get(path)!.mode & 0o7777).toString(8))).toEqual([
    "1777",
    "700",
    "755",
    "711",
  ]);
  expect(tree.get("a")!.uid).toBe(5);
});

test("paths are bytes; slashes and dots that say nothing are dropped; dots in names stay", async () => {
  const list = [
    { path: "/a//b/./c/" },
    { path: raw("x/", 0xff, 0x01) },
    { path: "ü" },
    { path: "..." },
    { path: ".a/..b" },
  ];
  expect([...(await build(list)).keys()].sort()).toEqual(
    ["", "a", "a/b", "a/b/c", "x", "x/\xff\x01", "\xc3\xbc", "...", ".a", ".a/..b"].sort(),
  );
  for (const path of ["", ".", "/", "./"]) {
    expect((await build([{ path, kind: "directory", mode: 0o500 }])).get("")!.mode & 0o777).toBe(0o500);
  }
});

test("a hard link has the inode of what it names, through other links too, whatever its kind", async () => {
  const tree = await build([
    { path: "z/file", contents: "text", mode: 0o600, uid: 9 },
    { path: "a", kind: "hardlink", target: "z/file" },
    { path: "b/c", kind: "hardlink", target: "./a", mode: 0o777, contents: "ignored" },
    { path: "fifo", kind: "fifo" },
    { path: "fifo2", kind: "hardlink", target: "fifo" },
    { path: "sym", kind: "symlink", target: "nowhere" },
    { path: "sym2", kind: "hardlink", target: "sym" },
  ]);
  expect(tree.get("a")).toMatchObject({ nlink: 3, uid: 9, mode: 0o100600 });
  expect(tree.get("a")!.contents.toString()).toBe("text");
  for (const [link, target] of [
    ["a", "z/file"],
    ["b/c", "z/file"],
    ["fifo2", "fifo"],
    ["sym2", "sym"],
  ] as const) {
    expect(tree.get(link)).toBe(tree.get(target));
  }
  expect(tree.get("sym2")).toMatchObject({ nlink: 2, mode: 0o120777 });
});

test("links dereferenced are files of their own; a link outlives an excluded target", async () => {
  const list: Entry[] = [
    { path: "a", contents: "1" },
    { path: "b", kind: "hardlink", target: "a" },
  ];
  const copied = await build(list, { hardLinks: "copy" });
  expect([copied.get("a")!.nlink, copied.get("b")!.nlink]).toEqual([1, 1]);
  expect(copied.get("b")!.contents.toString()).toBe("1");
  const excluded = await build([...list, { path: "d/e" }], { exclude: { paths: ["a"], regexes: ["^d"] } });
  expect([...excluded.keys()]).toEqual(["", "b"]);
  expect(excluded.get("b")).toMatchObject({ nlink: 1, size: 1 });
});

test("entries may come from a generator, at once or over time; its error is the build's", async () => {
  function* now() {
    yield { path: "a" };
    yield { path: "b" };
  }
  async function* later(error?: Error) {
    yield* now();
    await Promise.resolve();
    if (error) throw error;
    yield { path: "c" };
  }
  expect([...(await build(now())).keys()]).toEqual(["", "a", "b"]);
  expect([...(await build(later())).keys()]).toEqual(["", "a", "b", "c"]);
  await expect(build(later(new Error("no more")))).rejects.toThrow("no more");
});

test("contents may be text, bytes, or a source read at once, later, or a little at a time", async () => {
  const bytes = Uint8Array.from({ length: 200_000 }, (_, index) => index % 253);
  const at = (into: Uint8Array, offset: number, most = into.length) => {
    const part = bytes.subarray(offset, offset + Math.min(most, into.length));
    into.set(part);
    return part.length;
  };
  const size = bytes.length;
  const tree = await build(
    [
      { path: "text", contents: "größe" },
      { path: "bytes", contents: bytes },
      { path: "now", contents: { size, readAt: (into, offset) => at(into, offset) } },
      { path: "later", contents: { size, readAt: async (into, offset) => at(into, offset) } },
      { path: "slowly", contents: { size, readAt: (into, offset) => at(into, offset, 777) } },
    ],
    { dedupe: "none" },
  );
  expect(tree.get("text")!.contents.toString()).toBe("größe");
  for (const path of ["bytes", "now", "later", "slowly"]) expect(tree.get(path)!.contents.equals(bytes)).toBe(true);
});

test("times are kept, all the same, or no later than one", async () => {
  const times = [
    { sec: 10, nsec: 5 },
    { sec: 9, nsec: 999_999_999 },
    { sec: 11, nsec: 0 },
    { sec: -3, nsec: 7 },
  ];
  const staged = async (options: StageOptions) => {
    const tree = Tree.create();
    const list = times.map((mtime, index) => ({ path: String(index), mtime }));
    await entries(list).stage(tree, resolvePolicy(options, false), soloContext());
    return [1, 2, 3, 4].map((entry) => ({ sec: tree.mtime.view[entry]!, nsec: tree.mtimeNsec.view[entry]! }));
  };
  const ten = { sec: 10, nsec: 0 };
  expect(await staged({})).toEqual(times);
  expect(await staged({ timestamp: 10 })).toEqual([ten, ten, ten, ten]);
  expect(await staged({ timestamp: 10, times: "keep" })).toEqual(times);
  expect(await staged({ timestamp: 10, times: "clamp" })).toEqual([ten, times[1], ten, times[3]]);
});

const file = (path: string): Entry => ({ path });

test.each<[string, Entry[], path: string]>([
  ["a path given twice", [file("a/b"), file("a/b")], "a/b"],
  ["a path given twice, spelled otherwise", [file("a/b"), file("/a/./b")], "/a/./b"],
  [
    "a directory given twice",
    [
      { path: "d", kind: "directory" },
      { path: "d", kind: "directory" },
    ],
    "d",
  ],
  ["a file where a directory is implied", [file("a/b"), file("a")], "a"],
  ["an entry below a file", [file("a"), file("a/b")], "a/b"],
  ["a root that is no directory", [file(".")], "the root"],
  [
    "two roots",
    [
      { path: "", kind: "directory" },
      { path: "/", kind: "directory" },
    ],
    "the root",
  ],
  ["dot-dot in a path", [file("a/../b")], "a/../b"],
  ["NUL in a path", [file("a\0b")], "a\0b"],
  ["a kind that is none", [{ path: "a", kind: "door" as "file" }], "a"],
  ["a link without a target", [{ path: "l", kind: "symlink" }], "l"],
  ["a link to nothing", [{ path: "l", kind: "symlink", target: "" }], "l"],
  ["a link with NUL", [{ path: "l", kind: "symlink", target: "a\0" }], "l"],
  ["a hard link without a target", [{ path: "l", kind: "hardlink" }], "l"],
  ["a hard link in front of its target", [{ path: "l", kind: "hardlink", target: "a" }, file("a")], "l"],
  ["a hard link to itself", [{ path: "l", kind: "hardlink", target: "l" }], "l"],
  ["a hard link to a directory", [file("d/a"), { path: "l", kind: "hardlink", target: "d" }], "l"],
  ["a mode beyond 07777", [{ path: "a", mode: 0o10000 }], "a"],
  ["a fraction for an owner", [{ path: "a", uid: 0.5 }], "a"],
  ["an owner beyond 32 bits", [{ path: "a", gid: 2 ** 32 }], "a"],
  ["a negative nanosecond", [{ path: "a", mtime: { sec: 0, nsec: -1 } }], "a"],
  ["a whole second of nanoseconds", [{ path: "a", mtime: { sec: 0, nsec: 1e9 } }], "a"],
  ["a time that is no number", [{ path: "a", mtime: Number.NaN }], "a"],
  ["a size that is no size", [{ path: "a", contents: { size: -1, readAt: () => 0 } }], "a"],
  [
    "an attribute given twice",
    [
      {
        path: "a",
        xattrs: [
          ["user.a", raw()],
          ["user.a", raw()],
        ],
      },
    ],
    "a",
  ],
])("%s is bad input, and an error that names it", async (_, list, path) => {
  await expect(build(list)).rejects.toThrow(expect.objectContaining({ code: "INPUT", path }));
});

test("a name of 255 bytes is held, one of 256 is a limit", async () => {
  const name = "ü".repeat(127);
  expect((await build([file(`d/${name}x`)])).size).toBe(3);
  const refused = expect.objectContaining({ code: "LIMIT", path: `d/${name}xy` });
  await expect(build([file(`d/${name}xy`)])).rejects.toThrow(refused);
});

const bytes = new Uint8Array(1);

test.each<[unknown, string]>([
  [5, "entry 2: 5 is not an object"],
  [null, "entry 2: null is not an object"],
  [[], "entry 2: [] is not an object"],
  [{}, "entry 2: path: is missing: a string or a Uint8Array"],
  [{ path: 5 }, "entry 2: path: 5 is not a string or a Uint8Array"],
  [{ path: "a", content: "x" }, "a: content: there is no such key of an entry. Did you mean contents?"],
  [{ path: "a", type: "file" }, "a: type: there is no such key of an entry"],
  [
    { path: "a", kind: "dir" },
    'a: kind: "dir" is none of file, directory, symlink, char, block, fifo, socket, hardlink. Did you mean directory?',
  ],
  [{ path: "a", mode: "0644" }, 'a: mode: "0644" is not a number'],
  [{ path: "a", mtime: new Date(Number.NaN) }, "a: mtime: a Date is not a number, a Date or {sec, nsec}"],
  [{ path: "a", mtime: { sec: 1 } }, "a: mtime.nsec: is missing: a number"],
  [
    { path: "a", mtime: { sec: 1, nsec: 0, usec: 0 } },
    "a: mtime.usec: there is no such part of a time. Did you mean sec?",
  ],
  [{ path: "a", contents: [1] }, "a: contents: […] is not a string, a Uint8Array, a Blob, a stream or {size, readAt}"],
  [
    { path: "a", contents: new ArrayBuffer(8) },
    "a: contents: an ArrayBuffer is not a string, a Uint8Array, a Blob, a stream or {size, readAt}",
  ],
  [{ path: "a", contents: { size: "5", readAt: () => 5 } }, 'a: contents.size: "5" is no size'],
  [{ path: "a", sparse: 1 }, "a: sparse: 1 is not a boolean"],
  [{ path: "a", xattrs: "user.a=b" }, 'a: xattrs: "user.a=b" is not attributes by name'],
  [{ path: "a", xattrs: ["user.a"] }, 'a: xattrs: "user.a" is no [name, value]'],
  [{ path: "a", xattrs: [[1, bytes]] }, "a: xattrs: […] is no [name, value]"],
  [{ path: "a", xattrs: { "user.a": "b" } }, "a: the value of attribute user.a is no Uint8Array"],
  // what would be left out of account
  [{ path: "a", target: "b" }, "a: target: is for kind symlink and hardlink, not file"],
  [{ path: "a", kind: "directory", contents: "b" }, "a: contents: is for kind file, not directory"],
  [{ path: "a", kind: "symlink", target: "b", contents: bytes }, "a: contents: is for kind file, not symlink"],
  [{ path: "a", kind: "fifo", sparse: true }, "a: sparse: is for kind file, not fifo"],
  [{ path: "a", major: 1, minor: 3 }, "a: major: is for kind char and block, not file"],
])("the entry %j is refused: %s", async (entry, message) => {
  const list = [{ path: "first" }, entry] as Entry[];
  await expect(build(list)).rejects.toMatchObject({ code: "INPUT", message });
});

test("an entry may say nothing of what its kind has not", async () => {
  const header = { target: "", major: 0, minor: 0, sparse: false, contents: new Uint8Array(0) };
  expect([
    ...(
      await build([
        { ...header, path: "d", kind: "directory" },
        { ...header, path: "f" },
      ])
    ).keys(),
  ]).toEqual(["", "d", "f"]);
});

test.each<[string, () => unknown, string]>([
  ["nothing", () => undefined, "entries(): undefined is no list of entries"],
  ["an object", () => ({}), "entries(): {} is no list of entries"],
  ["a string", () => "etc", 'entries(): "etc" is no list of entries'],
  [
    "an iterator that is used up",
    () => {
      const iterator = [{ path: "a" }].values();
      for (const _ of iterator);
      return iterator;
    },
    "entries(): the iterator gives nothing; it may be used up",
  ],
  ["a generator that gives nothing", async function* () {}, "entries(): the iterator gives nothing; it may be used up"],
])("entries() of %s are refused", async (_, make, message) => {
  const source = entries(make() as Entry[]);
  await expect(buildErofs(source, nowhere)).rejects.toMatchObject({ code: "INPUT", message });
  await expect(buildSquashfs(source, nowhere)).rejects.toMatchObject({ code: "INPUT" });
});

test("a source of an array is for many builds, one of an iterator for one", async () => {
  const list = entries([{ path: "a" }]);
  const first = await buildErofs(list, nowhere);
  expect((await buildErofs(list, nowhere)).uuid).toBe(first.uuid);
  const iterator = entries([{ path: "a" }].values());
  expect((await buildErofs(iterator, nowhere)).uuid).toBe(first.uuid);
  const message = "entries(): the iterator has been read by another build already";
  await expect(buildErofs(iterator, nowhere)).rejects.toMatchObject({ code: "INPUT", message });
});

// Was a bug: each entry had a set of its own.
test("equal attributes are one set, however many entries have them", async () => {
  const xattrs = { "user.b": new Uint8Array([2]), "user.a": new Uint8Array([1]) };
  const list = Array.from({ length: 50 }, (_, index) => ({ path: `${index}`, xattrs: { ...xattrs } }));
  const staged = await entries(list).stage(Tree.create(), resolvePolicy({}, false), soloContext());
  expect(staged.xattrs.length).toBe(2);
});
