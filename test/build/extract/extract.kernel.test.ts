/** What is extracted is what a mount shows, and an archive of it is the image again; nothing goes outside the folder. */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { compareAgainst } from "../../../dist/build/compare/against.js";
import { AttributeSetter } from "../../../dist/build/extract/node-attributes.js";
import { extractImage } from "../../../dist/build/extract/node-extract.js";
import { tarOf } from "../../../dist/build/extract/tar.js";
import { buildErofs, buildSquashfs, directory, entries, tarStream } from "../../../dist/index.js";
import { openReader, readerOf } from "../../../src/inspect/open-image.ts";
import { commandPath } from "../../helpers/commands.ts";
import { compareTrees } from "../../helpers/compare/compare.ts";
import { canMountErofs } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { makeRandomTree } from "../../helpers/trees/random-tree.ts";

// a tree of all kinds takes root, as mounts do
const root = oracle("kernel EROFS mount", canMountErofs());
const setfattr = oracle("setfattr", hasCommand("setfattr"));
const scratch = makeScratch("extract");
const [tree, image] = [`${scratch}/tree`, `${scratch}/image`];
const place = { path: image, offset: 0, devices: [] };

beforeAll(() => {
  if (canMountErofs()) makeRandomTree(tree, 3, 400);
});

const BUILDS = {
  "EROFS, plain": () => buildErofs(directory(tree), image),
  "EROFS, zstd": () => buildErofs(directory(tree), image, { compress: "zstd", fragments: "all", tailPacking: true }),
  SquashFS: () => buildSquashfs(directory(tree), image),
} as const;

describe.each(Object.entries(BUILDS))("%s", (name, build) => {
  test.runIf(root && setfattr)(
    "all that it holds is made, with owners, modes, times, links and attributes",
    async () => {
      await build();
      const to = `${scratch}/${name}`;
      const { entries: count, leftOut } = await extractImage(place, to);
      expect(leftOut).toEqual([]);
      expect(count).toBeGreaterThan(300);
      // times are given as fractions of a second, of which Node keeps millionths
      const adjust = (meta: { mtimeNs?: bigint | undefined }) => {
        if (meta.mtimeNs !== undefined) meta.mtimeNs = undefined;
      };
      expect(compareTrees(tree, to, { adjust })).toEqual([]);
      const { findings } = await compareAgainst(place, name === "SquashFS", directory(to), { ignored: ["ns"] });
      expect(findings).toEqual([]);
    },
  );

  test.runIf(root)("an archive of it makes the same image", async () => {
    await build();
    const archive = `${scratch}/archive.tar`;
    const parts: Buffer[] = [];
    const reader = readerOf(await openReader(readFileSync(image)));
    for await (const part of tarOf(reader, [], () => undefined)) parts.push(Buffer.from(part));
    writeFileSync(archive, Buffer.concat(parts));
    const { findings } = await compareAgainst(place, name === "SquashFS", tarStream(archive));
    expect(findings).toEqual([]);
    const listed = spawnSync("tar", ["tf", archive], { encoding: "latin1", maxBuffer: 2 ** 28 });
    expect(listed.stderr).toBe("");
    expect(statSync(archive).size % 10240).toBe(0);
  });
});

describe("a part of an image", () => {
  beforeAll(async () => {
    const parts = [
      { path: "a/b/c", contents: "c" },
      { path: "a/b/d", kind: "hardlink", target: "a/b/c" },
      { path: "a/e", contents: "e" },
    ] as const;
    await buildErofs(entries(parts), image);
  });

  test("is extracted with the directories that lead to it", async () => {
    const to = `${scratch}/part`;
    expect(await extractImage(place, to, { paths: ["a/b"] })).toMatchObject({ entries: 5 });
    expect(readdirSync(`${to}/a`)).toEqual(["b"]);
    expect(lstatSync(`${to}/a/b/d`).ino).toBe(lstatSync(`${to}/a/b/c`).ino);
    await expect(extractImage(place, `${scratch}/none`, { paths: ["x"] })).rejects.toThrow("x: is not in the image");
    expect(existsSync(`${scratch}/none`)).toBe(false);
  });

  test("does not go where something is, unless it is to replace that", async () => {
    const to = `${scratch}/taken`;
    mkdirSync(`${to}/a`, { recursive: true });
    writeFileSync(`${to}/a/e`, "other");
    await expect(extractImage(place, to)).rejects.toMatchObject({ code: "INPUT", message: /is not empty/ });
    await extractImage(place, to, { force: true });
    expect(readFileSync(`${to}/a/e`, "utf8")).toBe("e");
  });
});

test.each(["EROFS", "SquashFS"])("of %s, what cannot be made is left out under each of its names", async (format) => {
  const parts = [
    { path: "one", kind: "socket" },
    { path: "two", kind: "hardlink", target: "one" },
    { path: "z", contents: "z" },
  ] as const;
  await (format === "EROFS" ? buildErofs : buildSquashfs)(entries(parts), image);
  const to = `${scratch}/sockets-${format}`;
  expect((await extractImage(place, to)).leftOut).toEqual(["one: is a socket", "two: is a socket"]);
  expect(readdirSync(to)).toEqual(["z"]);
});

describe("links lead nowhere", () => {
  const outside = `${scratch}/outside`;
  const victim = `${outside}/file`;
  beforeAll(() => {
    mkdirSync(outside);
    writeFileSync(victim, "safe");
  });
  const isSafe = () => expect([readdirSync(outside), readFileSync(victim, "utf8")]).toEqual([["file"], "safe"]);

  test("neither those in the folder", async () => {
    await buildErofs(entries([{ path: "dir/file", contents: "evil" }]), image);
    const to = `${scratch}/linked`;
    mkdirSync(to);
    symlinkSync(outside, `${to}/dir`);
    await extractImage(place, to, { force: true });
    isSafe();
    expect(lstatSync(`${to}/dir`).isDirectory()).toBe(true);
    expect(readFileSync(`${to}/dir/file`, "utf8")).toBe("evil");
  });

  test("nor those of an image that has a name twice", async () => {
    const twice = [
      { path: "dia", kind: "symlink", target: outside },
      { path: "dir/file", contents: "evil" },
    ] as const;
    for (const [index, build] of [
      () => buildErofs(entries(twice), image, { checksum: false }),
      () => buildSquashfs(entries(twice), image, { compressor: "none" }),
    ].entries()) {
      await build();
      const bytes = readFileSync(image);
      bytes.write("dir", bytes.lastIndexOf("dia"));
      if (bytes.includes("dia")) bytes.write("dir", bytes.indexOf("dia"));
      writeFileSync(image, bytes);
      for (const force of [false, true]) {
        const to = `${scratch}/twice-${index}-${force}`;
        await extractImage(place, to, { force }).catch((error: { code?: string }) => {
          expect(["DAMAGED", "IO"]).toContain(error.code);
        });
        isSafe();
      }
    }
  });
});

describe.runIf(setfattr)("attributes", () => {
  const attribute = (value: Uint8Array, name = "user.name with = and \n") => [{ name: Buffer.from(name), value }];
  const shown = (folder: string, file: string) =>
    spawnSync("getfattr", ["-d", "-e", "hex", file], { cwd: folder, encoding: "utf8" }).stdout;

  test("that cannot be set are counted, however many, and the others are set", () => {
    const folder = `${scratch}/attributes`;
    mkdirSync(folder);
    writeFileSync(`${folder}/there`, "");
    const setter = new AttributeSetter(folder);
    const two = [...attribute(Buffer.from([0, 255, 10])), ...attribute(Buffer.from("b"), "user.b")];
    const missing = 20_000;
    for (let index = 0; index < missing; index++) setter.add(`${"missing".repeat(10)}${index}`, two);
    setter.add("there", two);
    expect(setter.end()).toMatch(
      new RegExp(`^extended attributes of ${missing} entries: setfattr: missing.*, and ${missing - 1} more$`),
    );
    expect(shown(folder, "there")).toContain("=0x00ff0a");
  });

  test("of more text than a process is given at once are all set, and empty ones too", () => {
    const folder = `${scratch}/many-attributes`;
    mkdirSync(folder);
    const setter = new AttributeSetter(folder);
    const count = 1500;
    for (let file = 0; file < count; file++) {
      writeFileSync(`${folder}/${file}`, "");
      setter.add(`${file}`, [
        ...attribute(Buffer.alloc(3000, file), "user.large"),
        ...attribute(Buffer.alloc(0), "user.none"),
      ]);
    }
    expect(setter.end()).toBeUndefined();
    for (const file of [0, 1, 800, count - 1]) {
      expect(shown(folder, `${file}`)).toContain(`user.large=0x${Buffer.alloc(3000, file).toString("hex")}`);
      expect(shown(folder, `${file}`)).toMatch(/^user\.none(?:=""|=0x)?$/m);
    }
  });

  // as another user only root can run anything
  test.runIf(root)("of files that nobody may write to are set by a user who owns them", async () => {
    const parts = [{ path: "file", mode: 0o444, contents: "x", xattrs: { "user.a": Buffer.from("v") } }] as const;
    await buildErofs(entries(parts), image);
    chmodSync(image, 0o644);
    const to = `${scratch}/by-user`;
    mkdirSync(to, { mode: 0o777 });
    chmodSync(to, 0o777);
    const user = { uid: 65534, gid: 65534, encoding: "utf8" } as const;
    const ran = spawnSync(process.execPath, [commandPath("imagefs"), "extract", image, `${to}/out`], user);
    expect([ran.status, ran.stderr]).toEqual([0, ""]);
    expect(shown(`${to}/out`, "file")).toContain("user.a=0x76");
    expect(statSync(`${to}/out/file`).mode & 0o777).toBe(0o444);
  });

  test.runIf(root)("and devices are made below paths that no call takes whole", async () => {
    const deep = Array.from({ length: 20 }, () => "d".repeat(250)).join("/");
    const parts = [
      { path: `${deep}/fifo`, kind: "fifo" },
      { path: `${deep}/null`, kind: "char", major: 1, minor: 3 },
      { path: `${deep}/file`, contents: "x", xattrs: { "user.a": Buffer.from("v") } },
    ] as const;
    await buildErofs(entries(parts), image);
    const to = `${scratch}/deep`;
    expect(await extractImage(place, to)).toMatchObject({ leftOut: [] });
    const { findings } = await compareAgainst(place, false, directory(to));
    expect(findings).toEqual([]);
  });
});

describe("where an image is extracted to", () => {
  beforeAll(async () => {
    await buildErofs(
      entries([
        { path: "name/file", contents: "x" },
        { path: "z", contents: "z" },
      ]),
      image,
    );
  });

  test("may be a link to a folder", async () => {
    const to = `${scratch}/behind-link`;
    mkdirSync(to);
    symlinkSync(to, `${scratch}/link-to-folder`);
    await extractImage(place, `${scratch}/link-to-folder`);
    expect(readdirSync(to).sort()).toEqual(["name", "z"]);
  });

  test("the image that is read is not replaced", async () => {
    const to = `${scratch}/with-image`;
    mkdirSync(to);
    for (const name of ["name", "z"]) {
      copyFileSync(image, `${to}/${name}`);
      const inside = { path: `${to}/${name}`, offset: 0, devices: [] };
      const extracting = extractImage(inside, to, { force: true });
      await expect(extracting).rejects.toMatchObject({ code: "INPUT", message: /is the image that is read$/ });
      expect(readFileSync(`${to}/${name}`)).toEqual(readFileSync(image));
      rmSync(to, { recursive: true });
      mkdirSync(to);
    }
  });
});
