/** Tar archives that are damaged or cut off: refused in bounded time and memory. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ImageError } from "../../../../../src/core/error.ts";
import { pax, seal, TAR_END, tarMember } from "../../../../helpers/tar/make-tar.ts";
import { readTar, stageTar, tar } from "../../../../helpers/tar/read-tar.ts";

describe("the end", () => {
  const one = tarMember({ name: "one" }, "1");
  const two = tarMember({ name: "two" }, "2");

  test("is two blocks of zeros; what follows is nothing, or with ignoreZeros another archive", async () => {
    const both = Buffer.concat([tar(one), tar(two)]);
    expect((await readTar(both)).map(({ path }) => path)).toEqual(["one"]);
    expect((await readTar(both, 100, true)).map(({ path }) => path)).toEqual(["one", "two"]);
    expect(await readTar(TAR_END)).toEqual([]);
    expect(await readTar(Buffer.concat([one, Buffer.alloc(512)]))).toHaveLength(1);
  });

  test("that is missing, or not all of it there", async () => {
    await expect(readTar(one)).rejects.toThrow(
      "a.tar: ends behind one without the blocks of zeros that end an archive",
    );
    const single = Buffer.concat([one, Buffer.alloc(512), two, TAR_END]);
    await expect(readTar(single)).rejects.toThrow("a.tar: a single block of zeros stands behind one (offset 1024)");
    await expect(readTar(Buffer.alloc(0))).rejects.toThrow("a.tar: is no tar archive: it is empty");
  });
});

describe("what is damaged", () => {
  const GOOD = tar(
    tarMember({ name: "dir/", type: "5", mode: 0o755 }),
    pax([
      ["path", "dir/file"],
      ["SCHILY.xattr.user.x", "y"],
    ]),
    tarMember({ name: "f" }, "contents ".repeat(200)),
    tarMember({ name: "././@LongLink", type: "L", magic: "ustar  \0" }, `dir/${"n".repeat(200)}\0`),
    tarMember({ name: "n", magic: "ustar  \0" }, "x"),
    tarMember({ name: "dir/link", type: "2", target: "file" }),
    tarMember({ name: "dir/hard", type: "1", target: "dir/file" }),
    tarMember({ name: "dir/char", type: "3", major: 1, minor: 3 }),
  );

  test("can be read in pieces of any size", async () => {
    const whole = await readTar(GOOD);
    for (const piece of [1, 3, 511, 512, 513, 4000]) expect(await readTar(GOOD, piece)).toEqual(whole);
  });

  test("a checksum of bytes that have signs is right, any other wrong", async () => {
    const member = (add: number) => {
      const block = tarMember({ name: "\xff\x80name" });
      // each byte beyond 0x7f counts 256 less
      const sum = Number.parseInt(block.toString("latin1", 148, 154), 8) - add;
      block.write(sum.toString(8).padStart(6, "0"), 148, "latin1");
      return tar(block);
    };
    const wanted = await readTar(member(0));
    expect(wanted).toHaveLength(1);
    expect(await readTar(member(512))).toEqual(wanted);
    for (const add of [1, -1, 256, 511, -512]) await expect(readTar(member(add))).rejects.toThrow("is no tar archive");
  });

  test("garbage", async () => {
    await expect(readTar(Buffer.alloc(5000, "garbage "))).rejects.toThrow("a.tar: is no tar archive (offset 0)");
    await expect(readTar(Buffer.alloc(50, "garbage "))).rejects.toThrow("a.tar: is cut off");
    const middle = Buffer.concat([tarMember({ name: "one" }), Buffer.alloc(2048, "garbage ")]);
    await expect(readTar(middle)).rejects.toThrow(
      "a.tar: what follows one is no header: its checksum is wrong (offset 512)",
    );
  });

  test("one that has been cut off, anywhere", async () => {
    for (let length = 0; length < GOOD.length - 512; length += length % 512 === 0 ? 1 : 511 - (length % 512) || 1) {
      const error = await readTar(GOOD.subarray(0, length)).catch((thrown) => thrown);
      expect(error, `${length}`).toBeInstanceOf(ImageError);
      expect(error.message, `${length}`).toMatch(/^a\.tar: (is cut off|ends behind|is no tar archive: it is empty)/);
    }
  });

  test("extended headers, whose lengths say anything", async () => {
    const of = (contents: string) =>
      readTar(tar(tarMember({ name: "x", type: "x" }, contents), tarMember({ name: "f" })));
    for (const contents of ["9999 path=x\n", "5 a=b", "x", "3\n", "0 a=b\n", "99999999999 a=b\n", "6 a=b ", "-6 a=b\n"])
      await expect(of(contents), contents).rejects.toThrow("an extended header is damaged");
    await expect(of("8 noeqv\n")).rejects.toThrow("a record without a value");
    const huge = tarMember({ name: "x", type: "x", size: 0o7777777777 });
    await expect(readTar(tar(huge))).rejects.toThrow("an extended header of 1073741823 bytes is longer than 16777216");
    const name = tarMember({ name: "x", type: "L", size: 0o1000000 });
    await expect(readTar(tar(name))).rejects.toThrow("an extended header of 262144 bytes is longer than 65536");
  });

  test("members that cannot be taken for files", async () => {
    await expect(readTar(tar(tarMember({ name: "m", type: "M" })))).rejects.toThrow(
      "m: is the rest of a file whose beginning",
    );
    await expect(readTar(tar(tarMember({ name: "n", type: "N" })))).rejects.toThrow(
      "n: has a name in a form that GNU tar",
    );
    const star = pax([["SCHILY.filetype", "sparse"]]);
    await expect(readTar(tar(star, tarMember({ name: "s" })))).rejects.toThrow(
      "s: is a sparse file in a form that only star has",
    );
  });

  test("anything else: an ImageError, and what it takes is bounded", async () => {
    const changes = fc.array(fc.tuple(fc.nat(GOOD.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(changes, fc.boolean(), async (list, isSealed) => {
        const archive = Buffer.from(GOOD);
        for (const [at, byte] of list) archive[at] = byte;
        // or else nothing but the checksum would be found wrong
        if (isSealed)
          for (const [at] of list) if (GOOD[at - (at % 512) + 257] === 0x75) seal(archive.subarray(at - (at % 512)));
        const outcome = await stageTar(archive).catch((error) => error);
        if (!Array.isArray(outcome)) expect(outcome).toBeInstanceOf(ImageError);
      }),
      { numRuns: 300 },
    );
  });
});
