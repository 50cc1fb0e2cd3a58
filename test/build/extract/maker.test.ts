/** How entries are made: what is given to them, what is left where that fails, what is joined. */
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { extractImage } from "../../../dist/build/extract/node-extract.js";
import { buildErofs, directory, entries } from "../../../dist/index.js";
import { EntryMaker } from "../../../src/build/extract/node-maker.ts";
import type { ImagePiece } from "../../../src/inspect/reader.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const scratch = makeScratch("maker");
const isUnix = process.platform !== "win32";
const isRoot = process.getuid?.() === 0;
const METADATA = { mode: 0o6755, uid: 0, gid: 0, mtime: 1, mtimeNsec: 0 };
const NO_BREATH = () => undefined;
const bytes = (path: string) => Buffer.from(path);
async function* pieces(...list: (ImagePiece | Error)[]): AsyncGenerator<ImagePiece> {
  for (const piece of list) {
    if (piece instanceof Error) throw piece;
    yield piece;
  }
}

describe.runIf(isUnix)("a file", () => {
  test("has no set-id bits where it does not get its owner", async () => {
    for (const [setsOwners, mode] of [
      [false, 0o755],
      [isRoot, isRoot ? 0o6755 : 0o755],
    ] as const) {
      const maker = new EntryMaker(scratch, { replaces: true, setsOwners, spared: [] });
      await maker.makeFile(bytes("tool"), pieces(bytes("x")), 1, METADATA, NO_BREATH);
      expect(statSync(`${scratch}/tool`).mode & 0o7777).toBe(mode);
    }
  });

  test("is not there where not all of it could be made", async () => {
    const maker = new EntryMaker(scratch, { replaces: false, setsOwners: false, spared: [] });
    const making = maker.makeFile(bytes("half"), pieces(bytes("x"), new Error("damage")), 9, METADATA, NO_BREATH);
    await expect(making).rejects.toThrow("damage");
    expect(existsSync(`${scratch}/half`)).toBe(false);
  });
});

describe.runIf(isUnix)("a directory", () => {
  test("that cannot be written to is joined all the same", () => {
    mkdirSync(`${scratch}/closed`);
    chmodSync(`${scratch}/closed`, 0o500);
    const maker = new EntryMaker(scratch, { replaces: true, setsOwners: false, spared: [] });
    maker.makeDirectory(bytes("closed"));
    expect(statSync(`${scratch}/closed`).mode & 0o777).toBe(0o700);
    maker.finishDirectory(bytes("closed"), { ...METADATA, mode: 0o500 });
    expect(statSync(`${scratch}/closed`).mode & 0o777).toBe(0o500);
  });

  test.runIf(isRoot)("that hands on its group does so to nothing that has another", async () => {
    const [folder, image] = [`${scratch}/handed`, `${scratch}/handed.img`];
    mkdirSync(folder);
    chownSync(folder, 0, 12);
    chmodSync(folder, 0o2755);
    await buildErofs(entries([{ path: "d/f", contents: "f" }]), image);
    await extractImage({ path: image, offset: 0, devices: [] }, `${folder}/new`);
    for (const path of ["", "/d", "/d/f"]) {
      const { gid, mode } = statSync(`${folder}/new${path}`);
      expect([gid, mode & 0o2000]).toEqual([0, 0]);
    }
  });
});

test.runIf(isUnix)("times before 1970 are what they are", async () => {
  const image = `${scratch}/old.img`;
  const mtime = { sec: -10, nsec: 500_000_000 };
  const list = [
    { path: "file", contents: "f", mtime },
    { path: "link", kind: "symlink", target: "file", mtime },
    { path: "directory", kind: "directory", mtime },
    { path: "later", contents: "l", mtime: { sec: 2 ** 33, nsec: 0 } },
  ] as const;
  await buildErofs(entries(list), image);
  await extractImage({ path: image, offset: 0, devices: [] }, `${scratch}/old`);
  for (const { path, mtime } of list) {
    const { mtimeNs } = lstatSync(`${scratch}/old/${path}`, { bigint: true });
    expect([path, mtimeNs]).toEqual([path, BigInt(mtime.sec) * 1_000_000_000n + BigInt(mtime.nsec)]);
  }
});

test.runIf(process.platform === "linux")("paths that no call takes whole are made, and replaced", async () => {
  const [image, to] = [`${scratch}/deep.img`, `${scratch}/deep`];
  const name = "d".repeat(200);
  const path = Array.from({ length: 25 }, () => name).join("/");
  await buildErofs(
    entries([
      { path: `${path}/file`, contents: "deep" },
      { path: `${path}/link`, kind: "symlink", target: "x" },
    ]),
    image,
  );
  for (const force of [false, true]) {
    await extractImage({ path: image, offset: 0, devices: [] }, to, { force });
    const before = process.cwd();
    try {
      process.chdir(to);
      for (let depth = 0; depth < 25; depth++) process.chdir(name);
      expect(readdirSync(".")).toEqual(["file", "link"]);
      expect(readFileSync("file", "utf8")).toBe("deep");
    } finally {
      process.chdir(before);
    }
  }
  await buildErofs(directory(to), `${scratch}/deep-again.img`);
});
