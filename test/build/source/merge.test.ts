/** Several sources in one image: of all kinds, whoever can read them. */
import { createHash } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type BuildOptions,
  buildErofs,
  buildSquashfs,
  directory,
  type Entry,
  entries,
  merge,
  paths,
  type Source,
} from "../../../dist/index.js";
import { makeScratch } from "../../helpers/scratch.ts";

const scratch = makeScratch("merge");
const image = `${scratch}/image`;
const FIXED = { timestamp: 7, owner: "root" } as const;

async function build(source: Source, options: BuildOptions = FIXED): Promise<string> {
  await buildErofs(source, image, options);
  return createHash("sha256").update(readFileSync(image)).digest("hex");
}

function put(path: string, contents: string): void {
  mkdirSync(`${scratch}/${path.replace(/\/[^/]*$/, "")}`, { recursive: true });
  writeFileSync(`${scratch}/${path}`, contents);
}

/** The same tree as one, and in parts. */
const WHOLE: Entry[] = [
  { path: "a/x", contents: "x".repeat(5000) },
  { path: "a/y", contents: "y", xattrs: { "user.k": Buffer.from("v") } },
  { path: "a/z", kind: "hardlink", target: "a/y" },
  { path: "b/deep/file", contents: "deep", mode: 0o755 },
  { path: "b/link", kind: "symlink", target: "deep/file" },
  { path: "c", kind: "char", major: 1, minor: 3 },
  { path: "d/e", contents: "e" },
  { path: "d/f", kind: "hardlink", target: "d/e" },
];
const part = (...indexes: number[]) => entries(indexes.map((index) => WHOLE[index]!));

beforeAll(() => {
  put("one/etc/hostname", "box\n");
  put("one/usr/lib/libx", "x".repeat(70_000));
  put("two/etc/motd", "hello\n");
  put("two/usr/lib/liby", "y".repeat(70_000));
  put("both/etc/hostname", "box\n");
  put("both/usr/lib/libx", "x".repeat(70_000));
  put("both/etc/motd", "hello\n");
  put("both/usr/lib/liby", "y".repeat(70_000));
});

describe("merged sources give the image of one that holds all", () => {
  test("made in JavaScript, with links and attributes", async () => {
    const whole = await build(entries(WHOLE));
    expect(await build(merge(part(0, 3), part(1, 2, 5), part(4, 6, 7)))).toBe(whole);
    expect(await build(merge(merge(part(6, 7)), merge(part(0, 1, 2), part(3, 4, 5))))).toBe(whole);
    const compress = { algorithm: "lz4" } as const;
    expect(await build(merge(part(0, 3), part(1, 2, 4, 5, 6, 7)), { ...FIXED, compress })).toBe(
      await build(entries(WHOLE), { ...FIXED, compress }),
    );
  });

  test.each([1, 3])("directories, with %d threads, plain, compressed and as SquashFS", async (workers) => {
    const parts = () => merge(directory(`${scratch}/one`), directory(`${scratch}/two`));
    const whole = directory(`${scratch}/both`);
    for (const more of [{}, { compress: { algorithm: "lz4" } as const, fragments: "tails" as const }]) {
      const options = { ...FIXED, ...more, workers };
      expect(await build(parts(), options)).toBe(await build(whole, options));
    }
    await buildSquashfs(parts(), `${scratch}/a`, { ...FIXED, workers });
    await buildSquashfs(whole, `${scratch}/b`, FIXED);
    expect(readFileSync(`${scratch}/a`).equals(readFileSync(`${scratch}/b`))).toBe(true);
  });

  test("files and JavaScript together; excludes, rules for modes and counts are for all of it", async () => {
    const source = () => merge(directory(`${scratch}/one`), entries([{ path: "etc/motd", contents: "hello\n" }]));
    const options = { ...FIXED, exclude: ["usr"], chmod: [{ pattern: "etc/*", mode: 0o600 }] };
    const report = await buildErofs(source(), image, options);
    expect(report).toMatchObject({
      excluded: 1,
      unmatchedRules: [],
      unmatchedChmod: [],
      counts: { files: 2, directories: 2 },
    });
    expect(await build(merge(directory(`${scratch}/both`)), options)).toBe(await build(source(), options));
  });
});

test("each part has the defaults of its kind: a closure belongs to root, at time 0", async () => {
  put("store/aaa/file", "in a closure");
  put("plain/file", "in a directory");
  const report = await buildErofs(merge(directory(`${scratch}/plain`), paths([`${scratch}/store/aaa`])), image);
  expect(report.counts).toMatchObject({ files: 2, directories: 2 });
  await buildErofs(merge(paths([`${scratch}/store/aaa`])), `${scratch}/one.img`);
  await buildErofs([`${scratch}/store/aaa`], `${scratch}/other.img`);
  expect(readFileSync(`${scratch}/one.img`).equals(readFileSync(`${scratch}/other.img`))).toBe(true);
});

test("hard links of different parts are different files, and of one part one", async () => {
  put("links/1/f", "f");
  linkSync(`${scratch}/links/1/f`, `${scratch}/links/1/g`);
  const source = merge(
    directory(`${scratch}/links`),
    entries([
      { path: "h", contents: "h" },
      { path: "i", kind: "hardlink", target: "h" },
    ]),
  );
  const report = await buildErofs(source, image, FIXED);
  expect(report.counts).toMatchObject({ files: 2 });
});

describe("what cannot be merged is refused", () => {
  test.each<[string, Source[], string]>([
    ["a path that two have", [part(0), part(0)], "a/x: is in two of the sources that are merged"],
    ["a file and a directory", [entries([{ path: "a" }]), part(0)], "a: is in two of the sources"],
  ])("%s", async (_what, parts, message) => {
    await expect(build(merge(...parts))).rejects.toThrow(message);
  });

  test("nothing, and what is no source", () => {
    expect(() => merge()).toThrow("merge(): there is no source");
    expect(() => merge(part(0), "x" as unknown as Source)).toThrow('merge(): "x", number 2, is no source');
  });

  test("options of a closure without one", async () => {
    await expect(build(part(0), { storeDir: "/nix/store" })).rejects.toThrow("storeDir: the source has no store paths");
    await expect(build(part(0), { registration: true })).rejects.toThrow("registration: the source has no store paths");
    const some = paths([`${scratch}/store`]);
    for (const storeDir of ["nix/store", "/nix/../store"]) {
      await expect(build(some, { storeDir })).rejects.toThrow("is no absolute path");
    }
    await expect(build(some, { registrationOut: `${scratch}/r`, scanReferences: true })).rejects.toThrow(
      "is no store path",
    );
  });
});
