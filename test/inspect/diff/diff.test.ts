/** What two images differ in: entries by their fields, then structures by theirs. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { buildErofs, buildSquashfs, type Entry, entries } from "../../../dist/index.js";
import { Interruption } from "../../../src/core/abort.ts";
import { areSameBytes, firstDifference } from "../../../src/inspect/diff/contents.ts";
import { diffEntries, type EntryChange } from "../../../src/inspect/diff/entries.ts";
import { diffStructures, type StructureChange } from "../../../src/inspect/diff/structures.ts";
import { ImageBytes } from "../../../src/inspect/image.ts";
import { openReader, readerOf } from "../../../src/inspect/open-image.ts";
import type { ImagePiece, ImageReader } from "../../../src/inspect/reader.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { ALL_KINDS } from "../../helpers/trees/all-kinds.ts";
import { noise, words } from "../../helpers/trees/noise.ts";

const scratch = makeScratch("diff");
const UUID = "00000000-0000-0000-0000-000000000001";

type Format = "erofs" | "squashfs";

async function build(format: Format, list: readonly Entry[], options: object = {}): Promise<Uint8Array> {
  const path = `${scratch}/image`;
  if (format === "erofs") await buildErofs(entries(list), path, { uuid: UUID, checksum: false, ...options });
  else await buildSquashfs(entries(list), path, options);
  return readFileSync(path);
}

async function entriesOf(a: Uint8Array, b: Uint8Array): Promise<EntryChange[]> {
  const [first, second] = [await openReader(a), await openReader(b)];
  const found: EntryChange[] = [];
  const rules = { isAcross: first.format !== second.format };
  for await (const change of diffEntries(readerOf(first), readerOf(second), rules)) found.push(change);
  return found;
}

async function structuresOf(a: Uint8Array, b: Uint8Array): Promise<StructureChange[]> {
  const found: StructureChange[] = [];
  for await (const change of diffStructures(await openReader(a), await openReader(b))) found.push(change);
  return found;
}

const bytes = (text: string) => new TextEncoder().encode(text);

const LIST: Entry[] = [
  { path: "d", kind: "directory", mode: 0o755 },
  { path: "d/file", contents: "contents", mode: 0o644, mtime: { sec: 5, nsec: 1 }, xattrs: { "user.k": bytes("v") } },
  { path: "d/link", kind: "symlink", target: "file", mode: 0o777 },
  { path: "dev", kind: "char", major: 1, minor: 2, mode: 0o600 },
];

/** The list with one entry of another kind. */
const withEntry = (path: string, change: object): Entry[] =>
  LIST.map((entry) => (entry.path === path ? ({ ...entry, ...change } as Entry) : entry));

describe.each(["erofs", "squashfs"] as const)("entries of %s", (format) => {
  test.each<[string, string, object, object[]]>([
    ["mode", "d/file", { mode: 0o4600 }, [{ field: "mode", from: "0644", to: "04600" }]],
    [
      "owner",
      "d/file",
      { uid: 70_000, gid: 5 },
      [
        { field: "uid", from: 0, to: 70_000 },
        { field: "gid", from: 0, to: 5 },
      ],
    ],
    [
      "time",
      "d/link",
      { mtime: { sec: 7, nsec: 0 } },
      [expect.objectContaining({ field: "mtime", to: "7.000000000" })],
    ],
    ["size", "d/file", { contents: "content" }, [{ field: "size", from: 8, to: 7 }]],
    ["contents", "d/file", { contents: "contentz" }, [{ field: "contents", from: 7, to: 7 }]],
    ["target", "d/link", { target: "files" }, [{ field: "target", from: "file", to: "files" }]],
    ["device", "dev", { minor: 300 }, [{ field: "device", from: "1:2", to: "1:300" }]],
    [
      "attributes",
      "d/file",
      { xattrs: { "user.k": bytes("w"), "user.new": bytes("") } },
      [
        { field: "xattr user.k", from: "76", to: "77" },
        { field: "xattr user.new", from: undefined, to: "" },
      ],
    ],
    ["kind", "dev", { kind: "block" }, [{ field: "kind", from: "char", to: "block" }]],
  ])("%s", async (_, path, change, fields) => {
    const options = { timestamp: undefined };
    const [a, b] = [await build(format, LIST, options), await build(format, withEntry(path, change), options)];
    expect(await entriesOf(a, b)).toEqual([expect.objectContaining({ change: "changed", path, fields })]);
    expect(await entriesOf(b, a)).toHaveLength(1);
    expect(await entriesOf(a, a)).toEqual([]);
  });

  test("those of one alone, with how many lie below them", async () => {
    const more: Entry[] = [
      ...LIST,
      { path: "a/b/c", contents: "" },
      { path: "a/b2", contents: "" },
      { path: "z", contents: "" },
    ];
    const found = await entriesOf(await build(format, LIST), await build(format, more));
    expect(found).toEqual([
      { change: "changed", path: "", kind: "directory", fields: [{ field: "nlink", from: 3, to: 4 }] },
      { change: "added", path: "a", kind: "directory", below: 3 },
      { change: "added", path: "z", kind: "file", below: 0 },
    ]);
    const back = await entriesOf(await build(format, more), await build(format, LIST));
    expect(back.slice(1)).toEqual(found.slice(1).map((change) => ({ ...change, change: "removed" })));
  });

  test("a directory that has become a file, with what was in it", async () => {
    const list: Entry[] = [
      ...LIST.filter(({ path }) => path !== "d" && path !== "d/link" && path !== "d/file"),
      { path: "d", contents: "" },
    ];
    const found = await entriesOf(await build(format, LIST), await build(format, list));
    expect(found.map(({ change, path }) => `${change} ${path}`)).toEqual([
      ...["changed ", "changed d", "removed d/file", "removed d/link"],
    ]);
  });

  test("names of one inode that are linked in another way", async () => {
    const files = ["a", "b", "c", "d"].map((path): Entry => ({ path, contents: "same" }));
    const link = (path: string, target: string): Entry => ({ path, kind: "hardlink", target });
    const [a, b, c, d] = files as [Entry, Entry, Entry, Entry];
    const options = { dedupe: "none" };
    const first = await build(format, [a, link("b", "a"), c, link("d", "c")], options);
    const second = await build(format, [a, b, link("c", "a"), link("d", "b")], options);
    expect(d.path).toBe("d");
    const found = await entriesOf(first, second);
    expect(found.map(({ path, change }) => `${change} ${path}`)).toEqual(["changed b", "changed d"]);
    expect(found[0]).toMatchObject({ fields: [{ field: "linked to" }] });
  });

  test("names that come in another order on disk are compared by name", async () => {
    const names = ["b", "a", "ab", "a-b", "Z"].map((path): Entry => ({ path, contents: path }));
    expect(await entriesOf(await build(format, names), await build(format, names.toReversed()))).toEqual([]);
  });
});

test("images of both formats: what each holds in its own way is no difference", async () => {
  const list = ALL_KINDS.map(({ xattrs, mtime: _, ...entry }) => ({
    ...entry,
    xattrs: Object.fromEntries(
      Object.entries((xattrs ?? {}) as Record<string, Uint8Array>).filter(([name]) => !name.startsWith("system.")),
    ),
    mtime: { sec: 9, nsec: 123 },
  })) as Entry[];
  const [a, b] = [await build("erofs", list), await build("squashfs", list)];
  expect(await entriesOf(a, b)).toEqual([]);
  const other = await build("squashfs", [...list, { path: "zz", contents: "" }]);
  expect(await entriesOf(a, other)).toEqual([{ change: "added", path: "zz", kind: "file", below: 0 }]);
});

describe("structures", () => {
  test("a time is told by the name of its field, and where it stands", async () => {
    const list = (sec: number): Entry[] => [
      { path: "etc", kind: "directory", mtime: { sec, nsec: 0 } },
      { path: "a", contents: "a", mtime: { sec: 9, nsec: 0 } },
    ];
    const options = { inodes: "extended" };
    const found = await structuresOf(await build("erofs", list(5), options), await build("erofs", list(7), options));
    expect(found).toEqual([
      {
        change: "changed",
        place: expect.stringMatching(/^0x[0-9a-f]{8}$/),
        what: "erofs_inode_extended /etc",
        fields: [{ field: "i_mtime", from: "5", to: "7" }],
      },
    ]);
  });

  test("what is put in is told as added, and what comes behind it as moved", async () => {
    const files = ["a", "c", "d", "e"].map((path, nr): Entry => ({ path, contents: noise(nr, 4000) }));
    const more = [...files, { path: "b", contents: noise(9, 3000) }];
    const found = await structuresOf(await build("erofs", files), await build("erofs", more));
    const added = found.filter(({ change }) => change === "added").map(({ what }) => what);
    expect(added).toEqual(expect.arrayContaining(["erofs_dirent b", "erofs_inode_compact /b", "tail of /b"]));
    expect(found.filter(({ what }) => /inode_compact \/[acde]$/.test(what)).map(({ change }) => change)).not.toContain(
      "added",
    );
    expect(found.some(({ change, by }) => change === "moved" && by! > 0)).toBe(true);
  });

  test("contents of a compressed file, with the places of its blocks", async () => {
    const list = (seed: number): Entry[] => [
      { path: "f", contents: words(seed, 60_000) },
      { path: "g", contents: words(3, 9000) },
    ];
    for (const format of ["erofs", "squashfs"] as const) {
      const options = format === "erofs" ? { compress: "lz4" } : { fragments: "none" };
      const found = await structuresOf(await build(format, list(1), options), await build(format, list(2), options));
      const data = found.find(({ what }) => what === "data of /f");
      expect(data!.fields).toContainEqual({
        field: "bytes",
        from: expect.stringMatching(/^[0-9a-f]{12}$/),
        to: expect.any(String),
      });
    }
  });

  test("of the same image there are none, in each form", async () => {
    for (const [format, options] of [
      ["erofs", { xattrTolerance: 0 }],
      ["erofs", { compress: "zstd", fragments: "all", metabox: true }],
      ["erofs", { compress: "lz4", fullIndexes: true }],
      ["squashfs", { blockSize: 4096 }],
    ] as const) {
      const list = format === "erofs" ? ALL_KINDS : LIST;
      const image = await build(format, list, options);
      expect(await structuresOf(image, image)).toEqual([]);
    }
  });

  test("every byte that is changed in an image that stays whole is told with its field", async () => {
    const image = await build("erofs", [{ path: "a", contents: "hello" }], { inodes: "extended" });
    const lines: string[] = [];
    const at = 0x480; // the root
    for (const [offset, field] of [
      [24, "i_uid"],
      [28, "i_gid"],
      [32, "i_mtime"],
      [40, "i_mtime_nsec"],
    ] as const) {
      const other = Uint8Array.from(image);
      other[at + offset]! ^= 1;
      const [found, ...more] = await structuresOf(image, other);
      expect(more).toEqual([]);
      lines.push(`${found!.place} ${found!.what} ${found!.fields!.map((each) => each.field)} ${field}`);
    }
    expect(lines.every((line) => line.startsWith("0x00000480 erofs_inode_extended / "))).toBe(true);
    expect(lines.map((line) => line.split(" ").slice(3).join(" "))).toEqual(
      ["i_uid", "i_gid", "i_mtime", "i_mtime_nsec"].map((field) => `${field} ${field}`),
    );
  });
});

describe("contents", () => {
  async function* pieces(...list: ImagePiece[]): AsyncGenerator<ImagePiece> {
    yield* list;
  }

  test.each<[string, ImagePiece[], ImagePiece[], number | undefined]>([
    ["nothing and nothing", [], [], undefined],
    ["pieces of other lengths", [bytes("abc"), bytes("def")], [bytes("a"), bytes("bcdef")], undefined],
    ["a hole and zeros", [{ zeros: 5 }], [new Uint8Array(2), { zeros: 3 }], undefined],
    ["a byte in a hole", [{ zeros: 5 }], [new Uint8Array(2), Uint8Array.of(0, 7, 0)], 3],
    ["a byte in the second piece", [bytes("abc"), bytes("def")], [bytes("abcd"), bytes("xf")], 4],
    ["a longer one", [bytes("abc")], [bytes("abcd")], 3],
    ["empty pieces between", [bytes(""), bytes("ab")], [bytes("a"), { zeros: 0 }, bytes("b")], undefined],
  ])("%s", async (_, a, b, expected) => {
    expect(await firstDifference(pieces(...a), pieces(...b))).toBe(expected);
    expect(await firstDifference(pieces(...b), pieces(...a))).toBe(expected);
  });
});

describe("a signal ends what would go on for ever and waits for nothing", () => {
  const ABORTED = { name: "AbortError", code: "ABORTED" };
  /** Fires once timers get through. */
  const soon = () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 10);
    return controller.signal;
  };

  async function* forever<T>(item: T): AsyncGenerator<T> {
    for (;;) yield item;
  }

  /** A reader of an image whose directories are all the same and as large as can be. */
  const endless = (mode: number): ImageReader => {
    const inode = { mode, uid: 0, gid: 0, nlink: 1, size: 2 ** 50, mtime: 0, mtimeNsec: 0 };
    return {
      rootId: 0,
      mostDirectoryBytes: Number.POSITIVE_INFINITY,
      inode: async () => inode,
      entries: () => forever({ name: new Uint8Array(0), id: 1 }),
      target: async () => new Uint8Array(0),
      device: () => ({ major: 0, minor: 0 }),
      hasXattrs: async () => false,
      xattrs: async () => [],
      pieces: () => forever({ zeros: 1 }),
      open: async () => ({ size: 0, readAt: () => 0 }),
    };
  };

  test.each([
    ["contents", 0o100644],
    ["names", 0o040755],
  ])("%s of entries", async (_, mode) => {
    const changes = diffEntries(endless(mode), endless(mode), { isAcross: false, signal: soon() });
    await expect(changes.next()).rejects.toMatchObject(ABORTED);
  });

  test("pieces", async () => {
    const work = firstDifference(forever({ zeros: 1 }), forever({ zeros: 1 }), new Interruption(soon()));
    await expect(work).rejects.toMatchObject(ABORTED);
  });

  test("bytes of images", async () => {
    const zeros = () => new ImageBytes({ size: 2 ** 50, readAt: (into) => into.fill(0).length });
    await expect(areSameBytes(zeros(), zeros(), soon())).rejects.toMatchObject(ABORTED);
  });

  test("structures, at once where it has fired", async () => {
    const image = await build("erofs", LIST);
    const changes = diffStructures(await openReader(image), await openReader(image), AbortSignal.abort());
    await expect(changes.next()).rejects.toMatchObject(ABORTED);
  });
});
