/** Closures: what they are made from, and that nothing but the listed paths is looked at. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type BuildOptions,
  buildErofs,
  closure,
  directory,
  ImageError,
  paths,
  type Source,
} from "../../../dist/index.js";
import { runInChild } from "../../helpers/child.ts";
import { ImageReader } from "../../helpers/image-reader.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { makeStore, putFile as put, STORE_TOPS } from "../../helpers/trees/closure-store.ts";

const scratch = makeScratch("closure");
const store = `${scratch}/store`;
const image = `${scratch}/image`;

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

beforeAll(() => makeStore(store));

describe("a closure", () => {
  const some = () => STORE_TOPS.map((top) => `${store}/${top}`);

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

  test("names the list and the line of a path that is missing", async () => {
    const error = await refusal(listed(`\n${store}/aaa-one\n${store}/missing\n`));
    expect(error).toMatchObject({ code: "INPUT", path: `${store}/missing` });
    expect(error.message).toBe(`${scratch}/list:3: ${store}/missing: no such file or directory`);
    expect((await refusal(closure("-", toInput(`${store}/missing`)))).message).toMatch(`-:1: ${store}/missing:`);
    expect((await refusal([`${store}/aaa-one`, `${store}/missing`])).message).toMatch(`path 2: ${store}/missing:`);
  });

  test("names the line of a name that is longer than any path, and does not look for it without end", async () => {
    const error = await refusal(listed(`${store}/aaa-one\n${"z".repeat(20_000)}\n`));
    expect(error.code).toBe("INPUT");
    expect(error.message).toMatch(/list:2: ".*": name too long$/);
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
    await expect(buildErofs(closure("-", input()), `${scratch}/refused`)).rejects.toMatchObject({
      ...{ code: "IO", path: "-", message: "-: the pipe broke", cause: failure },
    });
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

test("an excluded top is not touched: it need not even exist", async () => {
  const tops = [`${store}/aaa-one`, `${store}/missing`];
  expect(await hashOf(tops, { exclude: { paths: ["missing"] } })).toBe(await hashOf([`${store}/aaa-one`]));
});

// Was a bug: a thread that has packed enough starts with an empty tree, but took the first directory in it for as large as
// the last one of before, which had its number.
test("a directory is as large as it is, when a thread has emptied its tree before", async () => {
  const folder = `${scratch}/emptied`;
  mkdirSync(`${folder}/a`, { recursive: true });
  // more entries than a thread keeps, and a file so large that the next top is another piece of work
  for (let index = 0; index < 8200; index++) writeFileSync(`${folder}/a/${index}`, "");
  writeFileSync(`${folder}/b`, Buffer.alloc(4 << 20));
  put(`${folder}/c/only`);
  const tops = ["a", "b", "c"].map((name) => `${folder}/${name}`);
  await buildErofs(tops, image, { workers: 1 });
  const tree = new ImageReader(readFileSync(image)).tree();
  expect(tree.get("a")!.size).toBeGreaterThan(8200 * 12);
  expect(tree.get("c")!.size).toBeLessThan(100);
  expect(tree.has("c/only")).toBe(true);
});
