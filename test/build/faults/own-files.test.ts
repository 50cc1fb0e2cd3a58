/** The target and the files of the build itself are no input, whatever the source: told by device and inode. */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import {
  type BuildOptions,
  buildErofs,
  buildSquashfs,
  closure,
  directory,
  packFile,
  type Source,
} from "../../../dist/index.js";
import { identifyPath, listedName } from "../../../src/core/node/node-identity.ts";
import { litterLabel, litterName } from "../../../src/core/node/node-litter.ts";
import { OwnFileFilter } from "../../../src/stage/source/disk/node-own-files.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { noise } from "../../helpers/trees/noise.ts";

const scratch = makeScratch("own-files");
const source = `${scratch}/source`;
const image = `${source}/out.img`;

/** Each directory has the same time whatever is made in it. */
function settle(): void {
  for (const folder of [source, `${source}/d`]) utimesSync(folder, 1e9, 1e9);
}

beforeEach(() => {
  rmSync(scratch, { recursive: true });
  mkdirSync(`${source}/d`, { recursive: true });
  writeFileSync(`${source}/a`, "a");
  writeFileSync(`${source}/d/b`, noise(1, 200_000));
  writeFileSync(`${scratch}/store-paths`, `${source}\n`);
  writeFileSync(`${scratch}/globs`, "glob / * * * -- .\n");
  writeFileSync(`${scratch}/files`, "dir /d 0755 0 0\nfile /a 0644 0 0\nfile /out.img 0644 0 0\nfile /d/b 0644 0 0\n");
  settle();
});

const packed = (list: string) => packFile(`${scratch}/${list}`, { packDir: source });
const SOURCES: readonly (readonly [what: string, make: () => Source | string[]])[] = [
  ["a directory", () => directory(source)],
  ["paths", () => [source]],
  ["a closure list", () => closure(`${scratch}/store-paths`)],
  ["a pack file with globs", () => packed("globs")],
  ["a pack file that names it", () => packed("files")],
  ["paths, the image among them", () => [`${source}/a`, `${source}/d`, image]],
];
const FORMATS = [
  ["EROFS", (from: Source | string[], to: string) => buildErofs(from, to, { workers: 2 })],
  [
    "EROFS, compressed",
    (from: Source | string[], to: string) => buildErofs(from, to, { compress: { algorithm: "lz4" } }),
  ],
  ["SquashFS", (from: Source | string[], to: string) => buildSquashfs(from, to, { compressor: "lz4" })],
] as const;

describe("an image that is made anew in its own source", () => {
  // Was a bug: each image held the one before.
  test.each(SOURCES.flatMap(([what, make]) => FORMATS.map(([format, build]) => [what, format, make, build] as const)))(
    "is no part of itself: %s, %s",
    async (_what, _format, make, build) => {
      writeFileSync(image, "");
      const made: Buffer[] = [];
      for (let times = 0; times < 3; times++) {
        settle();
        const { counts, excluded, ownFiles } = await build(make(), image);
        expect({ files: counts.files, excluded }).toEqual({ files: 2, excluded: 0 });
        expect(ownFiles).toBeGreaterThan(0);
        made.push(readFileSync(image));
      }
      expect(made[1]!.equals(made[0]!) && made[2]!.equals(made[0]!)).toBe(true);
    },
  );

  test.each(FORMATS)("is left out by each name that it has: %s", async (_format, build) => {
    writeFileSync(image, "old");
    linkSync(image, `${source}/d/kept.img`);
    expect(await build(directory(source), image)).toMatchObject({ counts: { files: 2 }, ownFiles: 2 });
    // now it is another file
    expect(await build(directory(source), image)).toMatchObject({ counts: { files: 3 }, ownFiles: 1 });
  });

  test.skipIf(process.platform === "win32").each(FORMATS)(
    "is left out where a link leads to it, and the link is kept: %s",
    async (_format, build) => {
      writeFileSync(`${source}/d/real.img`, "old");
      symlinkSync("d/real.img", image);
      const report = await build(directory(source), image);
      expect(report).toMatchObject({ counts: { files: 2, symlinks: 1 }, ownFiles: 1 });
      expect(statSync(`${source}/d/real.img`).size).toBe(report.bytes);
    },
  );

  test("is told from another file of its name", async () => {
    cpSync(`${source}/a`, `${source}/d/out.img`);
    await buildErofs(directory(source), image);
    expect(await buildErofs(directory(source), image)).toMatchObject({ counts: { files: 3 }, ownFiles: 1 });
  });

  test("is left out under a name with a backslash, and one that is not ASCII", async () => {
    for (const name of process.platform === "win32" ? ["ä.img"] : ["ä.img", "a\\b", "\n"]) {
      await buildErofs(directory(source), `${source}/${name}`);
      const report = await buildErofs(directory(source), `${source}/${name}`);
      expect(report).toMatchObject({ counts: { files: 2 }, ownFiles: 1 });
      rmSync(`${source}/${name}`);
    }
  });

  // Some filesystems take capitals for small letters: the name that was typed is not the one that is listed.
  test("has no name that could be told by where its folder lists another", () => {
    writeFileSync(image, "");
    expect(identifyPath(image)).toMatchObject({ name: "out.img" });
    expect(listedName(() => Buffer.from(image))).toBe("out.img");
    expect(listedName(() => Buffer.from(`${source}/OUT.IMG`))).toBeUndefined();
    const { ids, names } = { ids: [identifyPath(image)!.id], names: undefined };
    expect(new OwnFileFilter({ ids, names }).suspects("any")).toBe(true);
  });

  // Was a bug: a file with one link was looked for under its own name alone.
  test.skipIf(process.platform !== "linux" || process.getuid?.() !== 0).each(FORMATS)(
    "is left out where it is mounted in the place of a file of another name: %s",
    async (_format, build) => {
      const outside = `${scratch}/out side\\.img`;
      const place = `${source}/d/mounted here`;
      writeFileSync(outside, "old");
      writeFileSync(place, "");
      expect(spawnSync("mount", ["--bind", outside, place]).status).toBe(0);
      try {
        expect(await build(directory(source), outside)).toMatchObject({ counts: { files: 2 }, ownFiles: 1 });
        // now it is another file
        expect(await build(directory(source), outside)).toMatchObject({ counts: { files: 3 }, ownFiles: 0 });
      } finally {
        spawnSync("umount", [place]);
      }
    },
  );

  test("is packed like any other once it is not the target", async () => {
    await buildErofs(directory(source), image);
    renameSync(image, `${source}/old.img`);
    expect(await buildErofs(directory(source), image)).toMatchObject({ counts: { files: 3 }, ownFiles: 0 });
  });
});

describe("a temporary file", () => {
  test.each([1, 2, 3])("is no part of a closure that is listed while it is written (%i threads)", async (workers) => {
    const options: BuildOptions = { workers };
    const first = await buildErofs([source], `${scratch}/elsewhere`, options);
    const inside = await buildErofs([source], image, options);
    expect(inside.uuid).toBe(first.uuid);
    expect(readFileSync(image).equals(readFileSync(`${scratch}/elsewhere`))).toBe(true);
  });
});

describe("a temporary file of another target", () => {
  const running = litterName(0, litterLabel("other.img"));
  const dead = running.replace(/^\.ts-mkerofs-\d+-\d+-/, () => {
    const { pid } = spawnSync("true");
    return `.ts-mkerofs-${pid}-${pid}-`;
  });

  // Was a bug: what another build had written so far was packed as a file.
  test.each(
    SOURCES.slice(0, 4).flatMap(([what, make]) =>
      FORMATS.map(([format, build]) => [what, format, make, build] as const),
    ),
  )("is left out while its maker runs, and is a file like any other when that is dead: %s, %s", async (...given) => {
    const [, , make, build] = given;
    writeFileSync(`${source}/${running}`, "half");
    writeFileSync(`${source}/d/${running}`, "half");
    writeFileSync(`${source}/${dead}`, "left");
    expect(await build(make(), `${scratch}/elsewhere`)).toMatchObject({ counts: { files: 3 }, ownFiles: 2 });
  });

  test("is left out where it is named", async () => {
    const path = `${source}/${running}`;
    writeFileSync(path, "half");
    writeFileSync(`${scratch}/named`, `dir /d 0755 0 0\nfile /x 0644 0 0 ${running}\nfile /a 0644 0 0\n`);
    for (const [, build] of FORMATS) {
      const byList = await build(packed("named"), `${scratch}/elsewhere`);
      expect(byList).toMatchObject({ counts: { files: 1 }, ownFiles: 1 });
      const byPath = await build([path, `${source}/a`], `${scratch}/elsewhere`);
      expect(byPath).toMatchObject({ counts: { files: 1 }, ownFiles: 1 });
    }
  });

  test("is told from a folder or a link of that name, and from what is not quite one", async () => {
    mkdirSync(`${source}/${running}`);
    symlinkSync("a", `${source}/d/${running}`);
    writeFileSync(`${source}/${running}.old`, "a file of a name of its own");
    for (const [, build] of FORMATS) {
      const report = await build(directory(source), `${scratch}/elsewhere`);
      expect(report).toMatchObject({ counts: { files: 3, directories: 3, symlinks: 1 }, ownFiles: 0 });
    }
  });

  test("that is gone when it is looked at is none that has changed", () => {
    const filter = new OwnFileFilter({ ids: [], names: [] });
    expect(filter.suspects(running)).toBe(true);
    expect(filter.isAt(Buffer.from(`${source}/${running}`), running)).toBe(true);
    expect(filter.suspects("a")).toBe(false);
  });
});
