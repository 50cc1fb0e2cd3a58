/** Tar archives that no tar at hand makes. */
import { describe, expect, test } from "vitest";
import type { TarMember } from "../../../../../src/stage/source/archive/tar/tar-reader.ts";
import { pax, type TarFields, tarMember } from "../../../../helpers/tar/make-tar.ts";
import { readOne, readTar, stageTar, tar, text } from "../../../../helpers/tar/read-tar.ts";

const binary = (...bytes: number[]) => Buffer.from(bytes);

describe("numbers", () => {
  test.each<[string, Partial<TarFields>, Partial<TarMember>]>([
    ["with blanks before and behind", { uid: Buffer.from("  17 \0  ") }, { uid: 0o17 }],
    ["of all digits, without an end", { uid: Buffer.from("37777777") }, { uid: 0o37777777 }],
    ["that are not there", { uid: Buffer.alloc(8), gid: Buffer.from("        ") }, { uid: 0, gid: 0 }],
    ["in binary", { uid: binary(0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xfe) }, { uid: 2 ** 32 - 2 }],
    ["below zero", { mtime: Buffer.alloc(12, 0xff) }, { mtime: -1 }],
    ["far below zero", { mtime: binary(0xff, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0) }, { mtime: -(2 ** 40) }],
  ])("%s", async (_what, fields, expected) => {
    expect(await readOne(tarMember({ name: "f", ...fields }))).toMatchObject(expected);
  });

  test.each<[string, Partial<TarFields>, string]>([
    ["a size that is none", { size: Buffer.from("00000000x00\0") }, "f: its size is no number that can be"],
    ["a size below zero", { size: Buffer.alloc(12, 0xff) }, "f: its size is no number that can be"],
    [
      "a size beyond all",
      { size: binary(0x80, 0x7f, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255) },
      "its size is no",
    ],
    [
      "a size beyond the archive",
      { size: binary(0x80, 0, 0, 0, 0, 0x1f, 255, 255, 255, 255, 255, 255) },
      "longer than an",
    ],
    ["an owner", { uid: Buffer.from("8       ") }, "f: its owner is no number"],
    ["a mode", { more: [[100, Buffer.from("rw-r--r-")]] }, "f: its mode is no number"],
    ["a time", { mtime: Buffer.from("yesterday\0\0\0") }, "f: its time is no number"],
  ])("%s", async (_what, fields, why) => {
    await expect(readOne(tarMember({ name: "f", ...fields }))).rejects.toThrow(why);
  });

  test("of extended headers: times of any precision, owners, devices", async () => {
    const time = async (mtime: string) => {
      const member = await readOne(pax([["mtime", mtime]]), tarMember({ name: "f", mtime: 5 }));
      return [member.mtime, member.mtimeNsec];
    };
    expect(await time("7")).toEqual([7, 0]);
    expect(await time("7.25")).toEqual([7, 250_000_000]);
    expect(await time("-7")).toEqual([-7, 0]);
    expect(await time("-7.25")).toEqual([-8, 750_000_000]);
    expect(await time("7.9999999999")).toEqual([7, 999_999_999]);
    expect(await time("-7.0000000001")).toEqual([-8, 999_999_999]);
    expect(await time("")).toEqual([5, 0]);
    await expect(time("soon")).rejects.toThrow("f: its time is no number");
    await expect(time("99999999999999999")).rejects.toThrow("f: its time is no number");
    const ids = pax([
      ["uid", "3000000000"],
      ["gid", "7"],
      ["SCHILY.devmajor", "4095"],
      ["SCHILY.devminor", "1048575"],
    ]);
    const device = await readOne(ids, tarMember({ name: "d", type: "3", major: 1, minor: 2 }));
    expect(device).toMatchObject({ uid: 3e9, gid: 7, major: 4095, minor: 1_048_575 });
  });
});

describe("names", () => {
  test("of two fields, of GNU tar's members before, of extended headers, of global ones that are taken back", async () => {
    const archive = tar(
      tarMember({ name: "name", prefix: "prefix" }),
      // GNU tar has times where POSIX has a prefix
      tarMember({ name: "gnu", prefix: "12345670123", magic: "ustar  \0" }),
      tarMember({ name: "old", prefix: "none", magic: "" }),
      tarMember({ name: "././@LongLink", type: "K" }, `${"t".repeat(300)}\0`),
      tarMember({ name: "././@LongLink", type: "L" }, `${"n".repeat(200)}/x\0`),
      tarMember({ name: "cut", type: "2", target: "cut", magic: "ustar  \0" }),
      pax(
        [
          ["uname", "somebody"],
          ["uid", "9"],
        ],
        "g",
      ),
      pax([
        ["path", "\u00fc/\u00fc"],
        ["linkpath", "to"],
        ["comment", "= x"],
      ]),
      tarMember({ name: "u", type: "2", target: "other", uid: 1 }),
      pax([["uid", ""]]),
      tarMember({ name: "own", uid: 1 }),
    );
    const members = await readTar(archive);
    expect(members.map(({ path }) => path)).toEqual([
      "prefix/name",
      "gnu",
      "old",
      `${"n".repeat(200)}/x`,
      Buffer.from("\u00fc/\u00fc").toString("latin1"),
      "own",
    ]);
    expect(members.map(({ target }) => target)).toEqual([
      undefined,
      undefined,
      undefined,
      "t".repeat(300),
      "to",
      undefined,
    ]);
    expect(members.map(({ uid }) => uid)).toEqual([0, 0, 0, 0, 9, 1]);
  });

  test("with slashes and dots; directories that nobody describes are root's, 0755, of the newest time", async () => {
    const archive = tar(
      tarMember({ name: "/abs/./a//b", mtime: 5 }, "b"),
      tarMember({ name: "v7/", magic: "", mode: 0o700, uid: 3, mtime: 6 }),
      tarMember({ name: "./v7/l", type: "2", target: "..", mode: 0, mtime: 7 }),
      tarMember({ name: "zz/\xff", mtime: 8, uid: 5 }),
    );
    expect(await stageTar(archive)).toEqual([
      "/ 40755 0:0 8 0",
      "/abs 40755 0:0 8 0",
      "/abs/a 40755 0:0 8 0",
      "/abs/a/b 100644 0:0 5 1",
      "/v7 40700 3:0 6 0",
      "/v7/l 120777 0:0 7 2 -> ..",
      "/zz 40755 0:0 8 0",
      "/zz/\xff 100644 5:0 8 0",
    ]);
    const [root, abs] = await stageTar(archive, { timestamp: 3, times: "keep" });
    expect([root, abs]).toEqual(["/ 40755 0:0 3 0", "/abs 40755 0:0 3 0"]);
  });

  test.each<[string, TarFields, string]>([
    ["..", { name: "a/../../b" }, "a.tar: a/../../b: a path may not hold .."],
    ["only ..", { name: ".." }, "a.tar: ..: a path may not hold .."],
    ["nothing", { name: "" }, "an empty name: has no name of its own, and is no directory"],
    ["the root as a file", { name: "./", type: "2", target: "x" }, "./: has no name of its own"],
    ["a link to nowhere", { name: "l", type: "2" }, "a.tar: l: is a link that leads nowhere"],
    [
      "a name of what is not there",
      { name: "l", type: "1", target: "no" },
      "l: is a link to no, which no member before it is",
    ],
    ["a name of a directory", { name: "l", type: "1", target: "." }, "l: is a link to ., which is a directory"],
    [
      "an owner beyond all",
      { name: "f", uid: binary(0x80, 0, 0, 0, 255, 255, 255, 255) },
      "owner 4294967295:0 is beyond",
    ],
    ["a device beyond all", { name: "d", type: "4", minor: 0o4000000 }, "a.tar: d: device 0:1048576 is beyond"],
  ])("%s is refused", async (_what, fields, why) => {
    await expect(stageTar(tar(tarMember(fields)))).rejects.toThrow(why);
  });

  test("a path through a file or a link is refused, and a name that is too long", async () => {
    const below = (type: string) =>
      stageTar(tar(tarMember({ name: "a", type, target: "b" }), tarMember({ name: "a/b" })));
    await expect(below("0")).rejects.toThrow("a.tar: a/b: lies below an entry that is no directory");
    await expect(below("2")).rejects.toThrow("a.tar: a/b: lies below an entry that is no directory");
    const long = pax([["path", "n".repeat(256)]]);
    await expect(stageTar(tar(long, tarMember({ name: "n" })))).rejects.toThrow("a name is longer than 255 bytes");
    await expect(stageTar(tar(pax([["path", "n\0m"]]), tarMember({ name: "n" })))).rejects.toThrow("may not hold NUL");
  });
});

describe("what comes later takes the place of what was there", () => {
  test("files, directories, and what lies in them", async () => {
    const archive = tar(
      tarMember({ name: "d/", type: "5", mode: 0o700 }),
      tarMember({ name: "d/a" }, "a"),
      tarMember({ name: "d/", type: "5", mode: 0o711, uid: 4 }),
      tarMember({ name: "d/a", mode: 0o600 }, "aa"),
      tarMember({ name: "e/f/g" }, "g"),
      tarMember({ name: "e/f" }, "now a file"),
      tarMember({ name: "h/i" }, "i"),
      tarMember({ name: "h" }, "file"),
      tarMember({ name: "h/", type: "5" }),
      tarMember({ name: "h/j" }, "j"),
      tarMember({ name: "k" }, "k"),
      tarMember({ name: "k", type: "2", target: "t" }),
    );
    expect(await stageTar(archive, { timestamp: 0 })).toEqual([
      "/ 40755 0:0 0 0",
      "/d 40711 4:0 0 0",
      "/d/a 100600 0:0 0 2",
      "/e 40755 0:0 0 0",
      "/e/f 100644 0:0 0 10",
      "/h 40644 0:0 0 0",
      "/h/j 100644 0:0 0 1",
      "/k 120777 0:0 0 1 -> t",
    ]);
  });

  test("a further name keeps what it has named", async () => {
    const archive = tar(
      tarMember({ name: "a", mode: 0o600 }, "first"),
      tarMember({ name: "b", type: "1", target: "./a", size: 5 }),
      tarMember({ name: "a" }, "2"),
      tarMember({ name: "b", type: "1", target: "b" }),
    );
    expect(await stageTar(archive)).toEqual(["/ 40755 0:0 0 0", "/a 100644 0:0 0 1", "/b 100600 0:0 0 5"]);
  });

  test("a further name may have contents of its own, which are passed over", async () => {
    const archive = tar(
      tarMember({ name: "a" }, "a"),
      pax([["ctime", "1"]]),
      tarMember({ name: "b", type: "1", target: "a" }, "a"),
      tarMember({ name: "c", type: "1", target: "a" }, "xxx"),
      tarMember({ name: "d" }, "d"),
    );
    expect((await readTar(archive)).map(({ path }) => path)).toEqual(["a", "b", "c", "d"]);
  });
});

describe("sparse files", () => {
  const rows = (...numbers: number[]) =>
    Buffer.from(numbers.map((n) => `${n.toString(8).padStart(11, "0")}\0`).join(""));
  const old = (given: Buffer, size: number, more = 0): TarFields["more"] => [
    [386, given],
    [482, binary(more)],
    [483, rows(size)],
  ];
  const data = Buffer.alloc(1024, "x");

  test("of GNU tar's old form, with rows in blocks behind the header", async () => {
    const more = Buffer.alloc(512);
    rows(100_000, 24).copy(more);
    const header = tarMember({
      ...{ name: "s", type: "S", magic: "ustar  \0", size: 1024 },
      more: old(rows(0, 500, 4096, 250, 8192, 250, 8442, 0), 200_000, 1),
    });
    const member = await readOne(header, more, data);
    expect(member).toMatchObject({ size: 200_000, offset: 1024, rows: [0, 500, 4096, 250, 8192, 250, 100_000, 24] });
  });

  test("of POSIX's archives: 0.0, 0.1 and 1.0", async () => {
    const body = tarMember({ name: "s" }, data);
    const expected = { path: "s", size: 9000, rows: [100, 1000, 8000, 24] };
    const ranges: [string, string][] = [
      ["GNU.sparse.offset", "100"],
      ["GNU.sparse.numbytes", "1000"],
      ["GNU.sparse.offset", "8000"],
      ["GNU.sparse.numbytes", "24"],
    ];
    expect(
      await readOne(pax([["GNU.sparse.size", "9000"], ["GNU.sparse.numblocks", "2"], ...ranges]), body),
    ).toMatchObject(expected);
    const map = pax([
      ["GNU.sparse.size", "9000"],
      ["GNU.sparse.map", "100,1000,8000,24"],
      ["GNU.sparse.name", "s"],
    ]);
    expect(await readOne(map, tarMember({ name: "GNUSparseFile.1/s" }, data))).toMatchObject(expected);
    const one = [
      ["GNU.sparse.major", "1"],
      ["GNU.sparse.minor", "0"],
      ["GNU.sparse.name", "s"],
      ["GNU.sparse.realsize", "9000"],
    ] as const;
    const lines = Buffer.alloc(512);
    lines.write("2\n100\n1000\n8000\n24\n");
    expect(await readOne(pax(one), tarMember({ name: "x" }, Buffer.concat([lines, data])))).toMatchObject(expected);
    await expect(readOne(pax(one), tarMember({ name: "x" }, data))).rejects.toThrow("s: its map of data is damaged");
    lines.write("99999999999999\n1\n");
    await expect(readOne(pax(one), tarMember({ name: "x" }, lines))).rejects.toThrow("s: its map of data is damaged");
  });

  test.each<[string, Buffer, number]>([
    ["rows out of order", rows(600, 500, 0, 524), 9000],
    ["rows that lie on each other", rows(0, 600, 500, 424), 9000],
    ["a row behind the end", rows(0, 500, 9000, 524), 9000],
    ["less than is stored", rows(0, 500), 9000],
    ["more than is stored", rows(0, 5000), 9000],
  ])("%s", async (_what, given, size) => {
    const header = { name: "s", type: "S", magic: "ustar  \0", more: old(given, size) } as const;
    await expect(readOne(tarMember(header, data))).rejects.toThrow("s: its map of data");
  });
});

test("names of attributes are decoded as who wrote them has coded them", async () => {
  const namesIn = async (...records: [string, string][]) => {
    const { xattrs } = await readOne(pax(records), tarMember({ name: "f" }));
    return xattrs.map(({ name, value }) => [text(name), text(value)]);
  };
  const gnu = await namesIn(
    ["SCHILY.xattr.user.a%3Db", "c=d"],
    ["SCHILY.xattr.user.p%253Dq", "1"],
    ["SCHILY.xattr.user.%3d%20", "2"],
  );
  expect(gnu).toEqual([
    ["user.a=b", "c=d"],
    ["user.p%3Dq", "1"],
    ["user.%3d%20", "2"],
  ]);
  // libarchive codes more, and has each attribute twice
  const libarchive = await namesIn(
    ["LIBARCHIVE.xattr.user.ca%20f%E9%3D", Buffer.from("v").toString("base64")],
    ["SCHILY.xattr.user.ca%20f%E9%3D", "v"],
  );
  expect(libarchive).toEqual([["user.ca f\xe9=", "v"]]);
});

test("extended attributes are bytes, in both forms that there are", async () => {
  const value = Buffer.from([0, 0x0a, 0x3d, 0xff]);
  const header = pax([
    ["SCHILY.xattr.user.plain", value],
    ["SCHILY.xattr.user.empty", ""],
    ["LIBARCHIVE.xattr.user.%25coded%FF", value.toString("base64").replace(/=+$/, "")],
  ]);
  const everywhere = pax([["SCHILY.xattr.user.all", "g"]], "g");
  const { xattrs } = await readOne(everywhere, header, tarMember({ name: "f" }));
  expect(xattrs.map(({ name, value }) => [text(name), text(value)])).toEqual([
    ["user.all", "g"],
    ["user.%coded\xff", text(value)],
    ["user.plain", text(value)],
    ["user.empty", ""],
  ]);
  const damaged = pax([["LIBARCHIVE.xattr.user.x", "a*b"]]);
  await expect(readOne(damaged, tarMember({ name: "f" }))).rejects.toThrow(
    "f: the value of its attribute user.x is damaged",
  );
});
