/** Closures: what they are made from, and that nothing but the listed paths is looked at. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type BuildOptions, buildErofs, closure, directory, ImageError, paths, type Source } from "../../dist/index.js";
import { canBecomeNobody, NOBODY, runInChild } from "../helpers/child.ts";
import { compareTrees } from "../helpers/compare.ts";
import { canMountErofs, withMount } from "../helpers/mount.ts";
import { oracle } from "../helpers/oracle.ts";
import { makeScratch } from "../helpers/scratch.ts";

const scratch = makeScratch("closure");
const store = `${scratch}/store`;
const image = `${scratch}/image`;
const kernel = oracle("kernel EROFS mount", canMountErofs());
const nobody = oracle("another user (root, setpriv)", canBecomeNobody());
const isRoot = process.getuid?.() === 0;

/** Writes a file, its folders first, and gives its path. */
function put(path: string, contents = path): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
  return path;
}

async function hashOf(source: Source | string[], options: BuildOptions = {}): Promise<string> {
  await buildErofs(source, image, options);
  return createHash("sha256").update(readFileSync(image)).digest("hex");
}

/** A closure of what a list says. */
function listed(text: string | Uint8Array): Source {
  writeFileSync(`${scratch}/list`, text);
  return closure(`${scratch}/list`);
}

async function refusal(source: Source | string[], options: BuildOptions = {}): Promise<ImageError> {
  const error = await buildErofs(source, `${scratch}/refused`, options).then(
    () => new Error("was built"),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ImageError);
  return error as ImageError;
}

beforeAll(() => {
  put(`${store}/aaa-one/bin/tool`, "#!/bin/sh\n");
  put(`${store}/aaa-one/share/doc`, "doc".repeat(3000));
  put(`${store}/bbb-two/lib/x.so`, "elf");
  put(`${store}/ccc-file`, "a top that is a file\n");
  put(`${store}/zzz-neighbour/file`, "not in the closure");
  symlinkSync("bbb-two/lib", `${store}/ddd-link`);
  symlinkSync("nowhere", `${store}/eee-dangling`);
});

describe("a closure", () => {
  const some = () => ["bbb-two", "aaa-one", "ccc-file", "ddd-link", "eee-dangling"].map((top) => `${store}/${top}`);

  test("is one image from a list, a closureInfo folder, standard input and an array of paths", async () => {
    const text = some().join("\n");
    const expected = await hashOf(some());
    put(`${scratch}/closure-info/store-paths`, text);
    put(`${scratch}/closure-info/registration`, "not read");
    async function* input() {
      for (let at = 0; at < text.length; at += 7) yield Buffer.from(text.slice(at, at + 7));
    }
    const sources = [
      listed(text),
      listed(`${text}\n\n${text}\r\n`),
      closure(`${scratch}/closure-info`),
      closure("-", input()),
    ];
    for (const source of [...sources, paths(some()), paths(some().map((path) => Buffer.from(path)))]) {
      expect(await hashOf(source)).toBe(expected);
    }
  });

  test("takes relative paths from the working directory, not from the list's folder", () => {
    put(`${scratch}/elsewhere/list`, "aaa-one\n./bbb-two/\n");
    const body = "return (await api.buildErofs(api.closure(args.list), args.image)).counts";
    const { value } = runInChild(body, { list: `${scratch}/elsewhere/list`, image }, { cwd: store });
    expect(value).toMatchObject({ files: 3, directories: 6 });
  });

  test.skipIf(!kernel)("shows tops that are files, links and dangling links as they are, and no others", async () => {
    const report = await buildErofs(listed(some().join("\n")), image);
    expect(report.counts).toMatchObject({ files: 4, directories: 6, symlinks: 2 });
    const expected = { roots: some(), uid: 0, gid: 0, time: { sec: 0, nsec: 0 } };
    expect(await withMount(image, (at) => compareTrees("", at, expected))).toEqual([]);
  });

  test("names the list and the line of a path that is missing", async () => {
    const error = await refusal(listed(`\n${store}/aaa-one\n${store}/missing\n`));
    expect(error).toMatchObject({ code: "INPUT", path: `${store}/missing` });
    expect(error.message).toBe(`${scratch}/list:3: ${store}/missing: no such file or directory`);
    expect((await refusal(closure("-", toInput(`${store}/missing`)))).message).toMatch(`-:1: ${store}/missing:`);
    expect((await refusal([`${store}/aaa-one`, `${store}/missing`])).message).toMatch(`path 2: ${store}/missing:`);
  });

  test("names a list that is missing, empty, or a folder without store-paths", async () => {
    expect(await refusal(closure(`${scratch}/no-list`))).toMatchObject({ code: "INPUT", path: `${scratch}/no-list` });
    expect((await refusal(listed(""))).message).toBe(`${scratch}/list: names no path`);
    expect((await refusal(closure("-", toInput("")))).message).toBe("-: names no path");
    mkdirSync(`${scratch}/no-info`);
    expect((await refusal(closure(`${scratch}/no-info`))).message).toMatch(`${scratch}/no-info/store-paths: `);
  });

  test("ends with the error of its input", async () => {
    const failure = new Error("the pipe broke");
    async function* input() {
      yield Buffer.from(`${store}/aaa-one\n`);
      throw failure;
    }
    await expect(buildErofs(closure("-", input()), `${scratch}/refused`)).rejects.toBe(failure);
  });

  test("dereferences hard links, also those between tops and to paths outside", async () => {
    const linked = put(`${scratch}/links/a/x`, "x".repeat(5000));
    for (const name of ["b/x", "outside"]) {
      mkdirSync(dirname(`${scratch}/links/${name}`), { recursive: true });
      spawnSync("ln", [linked, `${scratch}/links/${name}`]);
    }
    const report = await buildErofs([`${scratch}/links/a`, `${scratch}/links/b`], image);
    expect(report.counts).toMatchObject({ files: 2, hardLinks: 0 });
    expect(report.savedByDedupe).toBeGreaterThan(0);
    // what is no closure keeps them, whatever becomes of the times
    for (const options of [{}, { timestamp: 0 }]) {
      const { counts } = await buildErofs(directory(`${scratch}/links`), image, options);
      expect(counts).toMatchObject({ files: 1, hardLinks: 2 });
    }
  });
});

describe("Nix's case hack", () => {
  const hack = "~nix~case~hack~";

  /** The image of a top that holds these files, which are told apart by their contents. */
  const hashOfTree = (folder: string, files: readonly string[], options: BuildOptions = {}) => {
    for (const [index, file] of files.entries()) put(`${scratch}/${folder}/top/${file}`, `${index}`.repeat(5000));
    return hashOf([`${scratch}/${folder}/top`], options);
  };

  test("is taken off names, and the order is that of the names without it", async () => {
    const names = ["a", "a-b", "Foo", "foo", "foo!", "foo.d/x", "dir/dir/Makefile"];
    const onDisk = [
      `a${hack}1`,
      "a-b",
      `Foo${hack}12`,
      "foo",
      "foo!",
      `foo.d${hack}3/x`,
      `dir${hack}1/dir${hack}2/Makefile${hack}3`,
    ];
    expect(await hashOfTree("hacked", onDisk)).toBe(await hashOfTree("plain", names));
  });

  test("is known to rules by the names without it", async () => {
    const expected = await hashOfTree("hacked-less", ["a", "c/d"]);
    const rules = { exclude: { paths: ["top/b"], regexes: ["^top/c/x$"] } };
    expect(await hashOfTree("hacked-more", ["a", `c${hack}1/d`, `b${hack}1/in`, `c${hack}1/x${hack}7`], rules)).toBe(
      expected,
    );
  });

  test("is only a whole suffix with a number behind a name", async () => {
    const names = [`a${hack}`, `${hack}1`, `b${hack}1x`, `c${hack}1.old`];
    await hashOfTree("almost", names);
    const closureOf = (options: BuildOptions) => hashOf([`${scratch}/almost/top`], options);
    for (const name of names) {
      // each is known by its full name
      expect(await closureOf({ exclude: { paths: [`top/${name}`] } })).not.toBe(await closureOf({}));
    }
  });

  test("is left alone in a directory that is no closure", async () => {
    put(`${scratch}/no-closure/b${hack}1`);
    const report = await buildErofs(directory(`${scratch}/no-closure`), image, { exclude: { paths: ["b"] } });
    expect(report.counts.files).toBe(1);
  });

  // Was a bug: without the suffix both are "Foo"; the image has two entries of one name (Nix itself: "file name collision").
  test("refuses two names of one folder that it makes one", async () => {
    const folder = `${scratch}/collision/top`;
    put(`${folder}/Foo`);
    put(`${folder}/Foo${hack}1`);
    expect((await refusal([folder])).message).toContain(folder);
  });

  // Was a bug: the same for tops, whose names are compared with the suffix still on.
  test("refuses two tops that it makes one", async () => {
    const tops = ["Foo", `Foo${hack}1`].map((name) => put(`${scratch}/collision/${name}`));
    expect((await refusal(tops)).message).toContain(tops[1]);
  });

  // Was a bug: tops are sorted by their names on disk, so "a-b" comes before "a": Linux lists "a" but does not find it.
  test("sorts tops by the names without it", async () => {
    const onDisk = [`a${hack}1`, "a-b"].map((name) => put(`${scratch}/tops/hacked/${name}`, name.slice(0, 3)));
    const plain = ["a", "a-b"].map((name, index) => put(`${scratch}/tops/plain/${name}`, ["a~n", "a-b"][index]));
    expect(await hashOf(onDisk)).toBe(await hashOf(plain));
  });
});

async function* toInput(text: string) {
  yield Buffer.from(text);
}

describe("what is touched", () => {
  test.skipIf(!nobody)(
    "the listed paths only: a store that cannot be listed, with neighbours that cannot be read",
    () => {
      chmodSync(`${store}/zzz-neighbour`, 0o700);
      chmodSync(store, 0o711);
      mkdirSync(`${scratch}/open`, { mode: 0o777 });
      chmodSync(`${scratch}/open`, 0o777);
      const build = (tops: string[]) =>
        runInChild(
          "return (await api.buildErofs(args.tops, args.image)).counts.files",
          {
            tops: tops.map((top) => `${store}/${top}`),
            image: `${scratch}/open/image`,
          },
          { id: NOBODY },
        );
      expect(build(["aaa-one", "ccc-file"]).value).toBe(3);
      // the neighbour is poison indeed
      const { error } = build(["aaa-one", "zzz-neighbour"]);
      expect(error).toMatchObject({ code: "IO", path: `${store}/zzz-neighbour` });
      chmodSync(store, 0o755);
    },
  );

  test.skipIf(!nobody)("not what rules exclude: an excluded directory is not entered", () => {
    put(`${scratch}/pruned/top/kept`);
    put(`${scratch}/pruned/top/closed/inside`);
    chmodSync(`${scratch}/pruned/top/closed`, 0);
    const build = (exclude: unknown) =>
      runInChild(
        "const r = await api.buildErofs([args.top], args.image, { exclude: args.exclude }); return [r.counts.files, r.excluded]",
        { top: `${scratch}/pruned/top`, image: `${scratch}/open/image`, exclude },
        { id: NOBODY },
      );
    expect(build({ paths: ["top/closed"] }).value).toEqual([1, 1]);
    expect(build({ regexes: ["^top/clo"] }).value).toEqual([1, 1]);
    expect(build({ regexes: ["closed/inside$"] }).error).toMatchObject({
      code: "IO",
      path: `${scratch}/pruned/top/closed`,
    });
  });

  test("not an excluded top: it need not even exist", async () => {
    const tops = [`${store}/aaa-one`, `${store}/missing`];
    expect(await hashOf(tops, { exclude: { paths: ["missing"] } })).toBe(await hashOf([`${store}/aaa-one`]));
  });

  test.skipIf(!isRoot)("no other filesystem, if that is asked for: its mount point is there, empty", async () => {
    const top = `${scratch}/mounts/top`;
    put(`${top}/before`);
    mkdirSync(`${top}/point`);
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "mode=751", "none", `${top}/point`]);
    expect(mounted.status).toBe(0);
    onTestFinished(() => void spawnSync("umount", ["-l", `${top}/point`]));
    put(`${top}/point/deep/inside`);
    const counts = async (oneFileSystem: boolean) => (await buildErofs([top], image, { oneFileSystem })).counts;
    expect(await counts(false)).toMatchObject({ files: 2, directories: 4 });
    expect(await counts(true)).toMatchObject({ files: 1, directories: 3 });
    const oneFileSystem = await hashOf([top], { oneFileSystem: true });
    spawnSync("umount", [`${top}/point`]);
    chmodSync(`${top}/point`, 0o751);
    expect(oneFileSystem).toBe(await hashOf([top]));
  });
});
