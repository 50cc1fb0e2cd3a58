/** Zip archives as no program makes them: what members may be, and what is said of those that cannot be. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildErofs, type Entry, entries, ImageError, type Source, zipArchive } from "../../../../../dist/index.js";
import { makeScratch } from "../../../../helpers/scratch.ts";
import { field, makeZip, unixTime, type ZipPart } from "../../../../helpers/zip/make-zip.ts";

const scratch = makeScratch("zip");
const image = `${scratch}/image`;
const target = `${scratch}/none`;

const hashOf = async (source: Source, workers = 1) => {
  await buildErofs(source, image, { workers });
  return createHash("sha256").update(readFileSync(image)).digest("hex");
};
const expectSame = async (parts: readonly ZipPart[], list: readonly Entry[]) => {
  expect(await hashOf(zipArchive(makeZip(parts)))).toBe(await hashOf(entries(list)));
};
const expectRefused = async (bytes: Uint8Array, message: string) => {
  const error = await buildErofs(zipArchive(bytes), target).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "INPUT", message, path: "zip" });
  expect(existsSync(target)).toBe(false);
};
const text = "text\n".repeat(30_000);

describe("members", () => {
  test("have modes, kinds, owners and times, stored and deflated; parents that are missing are made", async () => {
    const owner = field(0x7875, Uint8Array.of(1, 2, 1, 2, 4, 9, 0, 0, 0));
    await expectSame(
      [
        { name: "a/b/file", data: text, method: 8, mode: 0o104755, extra: Buffer.concat([unixTime(9), owner]) },
        { name: "a/stored", data: text },
        { name: "a/empty", method: 8 },
        { name: "dir/", mode: 0o041777, extra: unixTime(7) },
        { name: "link", data: "a/b/file", mode: 0o120777 },
        { name: "long", data: "x/".repeat(500), method: 8, mode: 0o120777 },
        { name: "fifo", mode: 0o010600 },
        { name: "without-type", mode: 0o600 },
        { name: "without-mode", mode: 0 },
        { name: "./dir//dot", data: "." },
      ],
      [
        ...["", "a", "a/b"].map((path): Entry => ({ path, kind: "directory", mtime: 9 })),
        { path: "a/b/file", contents: text, mode: 0o4755, uid: 513, gid: 9, mtime: 9 },
        { path: "a/stored", contents: text },
        { path: "a/empty" },
        { path: "dir", kind: "directory", mode: 0o1777, mtime: 7 },
        { path: "link", kind: "symlink", target: "a/b/file" },
        { path: "long", kind: "symlink", target: "x/".repeat(500) },
        { path: "fifo", kind: "fifo", mode: 0o600 },
        { path: "without-type", mode: 0o600 },
        { path: "without-mode" },
        { path: "dir/dot", contents: "." },
      ],
    );
  });

  test("that DOS has made have the modes of DOS, and names of its code page", async () => {
    await expectSame(
      [
        { name: "dir", host: 0, dosAttributes: 0x10 },
        { name: Uint8Array.of(0x67, 0x94), host: 0, dosAttributes: 0x20, data: "1" },
        { name: "read-only", host: 10, dosAttributes: 0x01 },
        { name: "grün", host: 0, flags: 0x800 },
      ],
      [
        { path: "dir", kind: "directory" },
        { path: "gö", contents: "1" },
        { path: "read-only", mode: 0o444 },
        { path: "grün" },
      ],
    );
  });

  test("that a Unix has made have names of any bytes, or those of a Unicode path", async () => {
    const raw = Uint8Array.of(0x61, 0xff);
    const version = Buffer.concat([Uint8Array.of(1, 0, 0, 0, 0), Buffer.from("grün")]);
    version.writeUInt32LE(crc32(Buffer.from("gr?n")), 1);
    await expectSame(
      [
        { name: raw },
        { name: "back\\slash" },
        { name: "größe" },
        { name: "gr?n", extra: Buffer.concat([unixTime(0), field(0x7075, version)]) },
      ],
      [{ path: raw }, { path: "back\\slash" }, { path: "größe" }, { path: "grün" }],
    );
  });

  test("take the place of those before, in one archive and in several in order", async () => {
    const first = makeZip([
      { name: "a", data: "1" },
      { name: "b/c", data: "2" },
    ]);
    const second = makeZip([
      { name: "a", data: text, method: 8 },
      { name: "b", data: "3" },
    ]);
    const blob = new Blob([Uint8Array.from(second)]);
    const expected = entries([
      { path: "a", contents: text },
      { path: "b", contents: "3" },
    ]);
    expect(await hashOf(zipArchive([first, blob]))).toBe(await hashOf(expected));
    const twice = makeZip([
      { name: "a", data: "1" },
      { name: "b", data: "3" },
      { name: "a", data: text, method: 8 },
    ]);
    expect(await hashOf(zipArchive(twice))).toBe(await hashOf(expected));
  });

  test("with sizes in 64 bits, behind something else", async () => {
    const parts: ZipPart[] = [
      { name: "a", data: text, method: 8, zip64: true },
      { name: "b", data: text, zip64: true },
    ];
    const list = entries([
      { path: "a", contents: text },
      { path: "b", contents: text },
    ]);
    expect(await hashOf(zipArchive(makeZip(parts, Buffer.from("#!/bin/sh\n"))))).toBe(await hashOf(list));
  });

  test("none", async () => {
    expect(await hashOf(zipArchive(makeZip([])))).toBe(await hashOf(entries([])));
  });

  test("many small ones and large ones, by any number of threads", async () => {
    const parts: ZipPart[] = Array.from({ length: 900 }, (_, number) => ({
      name: `d${number % 7}/${number}`,
      data: number % 100 === 0 ? text.repeat(20) : `${number} `.repeat(number),
      method: number % 3 === 0 ? 0 : 8,
    }));
    const list = parts.map(({ name, data }): Entry => ({ path: String(name), contents: data! }));
    const bytes = makeZip(parts);
    const expected = await hashOf(entries(list));
    for (const workers of [1, 3]) expect(await hashOf(zipArchive(bytes), workers)).toBe(expected);
  });
});

test("rules leave out members, which need not be whole", async () => {
  const bytes = makeZip([
    { name: "a", data: "1" },
    { name: "b/c", data: "2", crc: 0 },
  ]);
  const report = await buildErofs(zipArchive(bytes), image, { exclude: ["b"] });
  expect(report.excluded).toBe(1);
});

describe("what cannot be is refused by name", () => {
  test.each<[string, ZipPart, string]>([
    ["absolute", { name: "/a" }, "/a: is an absolute path"],
    ["nothing but slashes", { name: "//" }, "//: is an absolute path"],
    ["without a name", { name: "" }, "a member without a name: has no name"],
    ["out of the tree", { name: "a/../../b" }, "a/../../b: a path may not hold .."],
    [
      "backslashes",
      { name: "a\\b", host: 0 },
      "a\\b: has backslashes, and names of zip archives are parted by slashes",
    ],
    ["a drive", { name: "C:/a", host: 0 }, "C:/a: is a path with a drive"],
    ["NUL", { name: "a\0b" }, "a\0b: a path may not hold NUL"],
    ["encrypted", { name: "a", data: "123456789012345", flags: 1 }, "a: is encrypted, which is not supported"],
    ["bzip2", { name: "a", method: 12 }, "a: is compressed with method 12 (bzip2), which is not supported: DEFLATE is"],
    [
      "a method without a name",
      { name: "a", method: 77 },
      "a: is compressed with method 77, which is not supported: DEFLATE is",
    ],
    ["a device", { name: "a", mode: 0o020600 }, "a: is a device, of which a zip archive holds no numbers"],
    ["a link that is called a directory", { name: "a/", mode: 0o120777 }, "a/: is called as a directory, and is none"],
    ["an endless link", { name: "a", data: "x".repeat(70_000), mode: 0o120777 }, "a: is longer than a link can be"],
    ["another checksum", { name: "a", data: text, crc: 5 }, "a: is damaged: it has another checksum"],
    [
      "another checksum, deflated",
      { name: "a", data: "1", method: 8, crc: 5 },
      "a: is damaged: it has another checksum",
    ],
    [
      "another checksum, deflated and large",
      { name: "a", data: text.repeat(9), method: 8, crc: 5 },
      "a: is damaged: it has another checksum",
    ],
    [
      "more than is declared",
      { name: "a", data: text, size: 9, method: 8 },
      "a: is longer than the 9 bytes that it is to have",
    ],
    [
      "a bomb",
      { name: "a", data: "x".repeat(9_000_000), size: 2_000_000, method: 8 },
      "a: is longer than the 2000000 bytes that it is to have",
    ],
    [
      "less than is declared",
      { name: "a", data: text, size: 200_000, method: 8 },
      "a: has 150000 bytes and not 200000",
    ],
    [
      "much less than is declared",
      { name: "a", data: text, size: 5_000_000, method: 8 },
      "a: has 150000 bytes and not 5000000",
    ],
    [
      "stored, of other sizes",
      { name: "a", data: "1234", size: 3 },
      "a: is longer than the 3 bytes that it is to have",
    ],
    [
      "no DEFLATE",
      { name: "a", data: "1", method: 8, packed: Uint8Array.of(7, 7, 7) },
      "a: cannot be decompressed: invalid block type",
    ],
    [
      "DEFLATE without an end",
      { name: "a", data: text, method: 8, packed: Uint8Array.of(0x4b) },
      "a: cannot be decompressed: unexpected end of file",
    ],
    [
      "behind the end",
      { name: "a", data: "1", packedLen: 9999, size: 9999 },
      "a: goes on behind the end of the archive",
    ],
    ["somewhere else", { name: "a", data: "1", headerOff: 3 }, "a: is not where the archive says"],
  ])("%s", async (_, part, why) => {
    await expectRefused(makeZip([{ name: "first", data: "1" }, part]), `zip: ${why}`);
  });

  test("what lies below a link", async () => {
    const parts: ZipPart[] = [
      { name: "a", data: "/etc", mode: 0o120777 },
      { name: "a/passwd", data: "1" },
    ];
    await expectRefused(makeZip(parts), "zip: a/passwd: lies below an entry that is no directory");
  });
});

describe("what is no archive", () => {
  test.each([
    ["nothing", Buffer.alloc(0), "zip: is no zip archive that can be read: file format is not recognized"],
    [
      "a text",
      Buffer.from("text ".repeat(99)),
      "zip: is no zip archive that can be read: end of central directory not found",
    ],
  ])("%s", async (_, bytes, message) => {
    await expectRefused(bytes, message);
  });

  test("a path of nothing, a folder, and what is no path", async () => {
    const refuse = (given: unknown) =>
      buildErofs(zipArchive(given as string), target).catch((thrown: unknown) => thrown);
    expect(await refuse(`${scratch}/nothing`)).toMatchObject({
      message: `${scratch}/nothing: no such file or directory`,
    });
    expect(await refuse(scratch)).toMatchObject({ code: "INPUT", message: `${scratch}: is no file` });
    expect(await refuse(5)).toMatchObject({ code: "INPUT", message: "zipArchive(): 5 is neither a path nor bytes" });
    expect(await refuse([])).toMatchObject({ code: "INPUT", message: "zipArchive(): there is no archive" });
  });
});

describe("damage ends in an ImageError, or changes nothing that matters", () => {
  const GOOD = makeZip([
    { name: "dir/", mode: 0o040755 },
    { name: "dir/file", data: text, method: 8 },
    { name: "stored", data: "stored" },
    { name: "link", data: "dir/file", mode: 0o120777 },
    { name: "long", data: "long", method: 8, zip64: true },
  ]);
  const attempt = async (bytes: Uint8Array) => {
    const error = await buildErofs(zipArchive(bytes), image, { workers: 1 }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error !== undefined) {
      expect(error).toBeInstanceOf(ImageError);
      expect((error as ImageError).code, String((error as ImageError).stack)).toMatch(/^(INPUT|LIMIT)$/);
    }
    return error;
  };

  test("an archive that has been cut off", async () => {
    for (let length = 0; length < GOOD.length; length += 1 + (length >> 4)) {
      expect(await attempt(GOOD.subarray(0, length))).toBeDefined();
    }
  });

  test("bytes that are others", async () => {
    const change = fc.array(fc.tuple(fc.nat(GOOD.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(change, async (changes) => {
        const bytes = Buffer.from(GOOD);
        for (const [at, value] of changes) bytes[at] = value;
        await attempt(bytes);
      }),
      { numRuns: 150 },
    );
  });

  test("an archive that changes while it is packed is CHANGED", async () => {
    const file = `${scratch}/changing.zip`;
    writeFileSync(file, makeZip([{ name: "a", data: text }]));
    let isChanged = false;
    const onProgress = () => {
      if (!isChanged) writeFileSync(file, makeZip([{ name: "a", data: text.toUpperCase() }, { name: "b" }]));
      isChanged = true;
    };
    const build = buildErofs(zipArchive(file), target, { onProgress });
    await expect(build).rejects.toMatchObject({ code: "CHANGED", path: file });
    expect(existsSync(target)).toBe(false);
  });
});
