/** Manifests as sources: the images are those of the trees that they describe. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import {
  buildErofs,
  buildSquashfs,
  directory,
  type Entry,
  entries,
  type Manifest,
  manifest,
  merge,
  type Source,
} from "../../../dist/index.js";
import { makeScratch } from "../../helpers/scratch.ts";
import { manifestOf } from "../../helpers/trees/manifest-of.ts";

const scratch = makeScratch("manifest");
const tree = `${scratch}/tree`;
const image = `${scratch}/image`;

beforeAll(() => {
  mkdirSync(`${tree}/bin`, { recursive: true });
  mkdirSync(`${tree}/usr/share/doc`, { recursive: true });
  writeFileSync(`${tree}/bin/sh`, "#!".repeat(5000));
  chmodSync(`${tree}/bin/sh`, 0o4755);
  linkSync(`${tree}/bin/sh`, `${tree}/bin/ash`);
  linkSync(`${tree}/bin/sh`, `${tree}/usr/zsh`);
  symlinkSync("sh", `${tree}/bin/bash`);
  writeFileSync(`${tree}/empty`, "");
  writeFileSync(`${tree}/holes`, "at the beginning");
  truncateSync(`${tree}/holes`, 1_000_000);
  writeFileSync(`${tree}/usr/share/doc/größe`, "text\n".repeat(30_000));
  spawnSync("mkfifo", [`${tree}/fifo`]);
  if (process.getuid?.() === 0) {
    spawnSync("mknod", [`${tree}/null`, "c", "300", "70000"]);
    spawnSync("chown", ["-h", "1000:100000", `${tree}/bin/bash`, `${tree}/usr/share`]);
  }
  chmodSync(`${tree}/usr`, 0o1777);
  lutimesSync(`${tree}/bin/bash`, 5, -12345.25);
  lutimesSync(tree, 5, 1_700_000_000.125);
});

const hash = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

const FORMS = [
  ["EROFS", (source: Source, workers: number) => buildErofs(source, image, { workers })],
  [
    "EROFS with zstd",
    (source: Source, workers: number) => buildErofs(source, image, { workers, compress: "zstd", fragments: "all" }),
  ],
  ["SquashFS", (source: Source, workers: number) => buildSquashfs(source, image, { workers })],
] as const;

describe.each(FORMS)("%s", (_, build) => {
  test("is the same of a tree, of its manifest, and of that in another order, with any number of threads", async () => {
    const described = manifestOf(tree);
    const file = `${scratch}/tree.json`;
    writeFileSync(file, JSON.stringify(described));
    const reversed: Manifest = { version: 1, entries: [...described.entries].reverse() };
    const made = async (source: Source, workers: number) => {
      await build(source, workers);
      return hash(image);
    };
    const expected = await made(directory(tree), 1);
    for (const workers of [1, 3]) {
      expect(await made(manifest(file, { base: tree }), workers)).toBe(expected);
      expect(await made(manifest(reversed, { base: tree }), workers)).toBe(expected);
    }
  });
});

describe("what a manifest does not say", () => {
  const same = async (described: Manifest, list: readonly Entry[], options: object = {}) => {
    await buildErofs(manifest(described, { base: tree }), image, options);
    const found = hash(image);
    await buildErofs(entries(list), image, options);
    expect(found).toBe(hash(image));
  };

  test("is mode 0755, owner root and the time of the build", async () => {
    const root: Entry = { path: "", kind: "directory", mtime: 77 };
    const parent: Entry = { path: "a/b", kind: "directory", mtime: 77 };
    await same(
      {
        version: 1,
        entries: [
          { path: "a/b/c", contents: "text", mtime: 5 },
          { path: "d", source: "bin/sh" },
        ],
      },
      [
        root,
        { ...parent, path: "a" },
        parent,
        { path: "a/b/c", contents: "text", mtime: 5 },
        { path: "d", contents: readFileSync(`${tree}/bin/sh`), mtime: 77 },
      ],
      { timestamp: 77, times: "keep" },
    );
  });

  test("is of the newest time that is told where no time of the build is given, else 0", async () => {
    await same({ version: 1, entries: [{ path: "a/b", contents: "" }] }, [{ path: "a/b" }]);
    const times = [
      { path: "c", contents: "", mtime: 8.5 },
      { path: "d", contents: "", mtime: 3 },
    ];
    const list: Entry[] = [
      { path: "", kind: "directory", mtime: 8 },
      { path: "a", kind: "directory", mtime: 8 },
      { path: "a/b", mtime: 8 },
    ];
    await same({ version: 1, entries: [{ path: "a/b", contents: "" }, ...times] }, [...list, ...times]);
  });

  test("is what defaults say", async () => {
    await buildErofs(
      manifest(
        { version: 1, entries: [{ path: "a/b", contents: "" }] },
        { defaults: { mode: 0o700, uid: 3, mtime: 9 } },
      ),
      image,
    );
    const found = hash(image);
    const meta = { kind: "directory", mode: 0o700, uid: 3, mtime: 9 } as const;
    await buildErofs(
      entries([
        { ...meta, path: "" },
        { ...meta, path: "a" },
        { path: "a/b", mtime: 9 },
      ]),
      image,
    );
    expect(found).toBe(hash(image));
  });
});

test("attributes, bytes and contents are as entries() has them", async () => {
  const value = Uint8Array.of(1, 0, 255);
  const described: Manifest = {
    version: 1,
    entries: [
      { path: { base64: "/2E=" }, contents: { base64: "AAE=" }, xattrs: { "user.a": "b", "user.c": value } },
      { path: "twice", contents: { base64: "AAE=" } },
      { path: "l", kind: "symlink", target: { base64: "/w==" } },
    ],
  };
  const list: Entry[] = [
    {
      path: Uint8Array.of(0xff, 0x61),
      contents: Uint8Array.of(0, 1),
      xattrs: { "user.a": Buffer.from("b"), "user.c": value },
    },
    { path: "twice", contents: Uint8Array.of(0, 1) },
    { path: "l", kind: "symlink", target: Uint8Array.of(0xff) },
  ];
  for (const build of [buildErofs, buildSquashfs]) {
    await build(manifest(described), image);
    const found = hash(image);
    await build(entries(list), image);
    expect(found).toBe(hash(image));
  }
});

test("rules leave out entries with all below them, and a file keeps its other names", async () => {
  const exclude = { paths: ["bin/sh", "usr/share"] };
  await buildErofs(directory(tree), image, { exclude });
  const expected = hash(image);
  const report = await buildErofs(manifest(manifestOf(tree), { base: tree }), image, { exclude });
  expect(hash(image)).toBe(expected);
  expect(report.excluded).toBe(2);
});

test("a manifest goes beside other sources", async () => {
  const device: Manifest = { version: 1, entries: [{ path: "dev/console", kind: "char", major: 5, minor: 1 }] };
  const report = await buildErofs(merge(directory(tree), manifest(device)), image);
  expect(report.counts).toMatchObject({ directories: 6 });
});

test("holes are looked for where that is said", async () => {
  const zeros = `${scratch}/zeros`;
  writeFileSync(zeros, new Uint8Array(1 << 20));
  const build = (sparse?: boolean) =>
    buildErofs(manifest({ version: 1, entries: [{ path: "z", source: zeros, sparse }] }), image);
  const { bytes } = await build();
  expect((await build(false)).bytes).toBe(bytes);
  expect((await build(true)).bytes).toBeLessThan(bytes);
});

describe("errors", () => {
  const refuse = async (source: Source) => {
    const error = await buildErofs(source, `${scratch}/none`).catch((thrown: unknown) => thrown);
    expect(existsSync(`${scratch}/none`)).toBe(false);
    return error;
  };
  const of = (...list: Manifest["entries"]) => refuse(manifest({ version: 1, entries: list }, { base: tree }));

  test.each([
    [{ path: "x" }, `(x): ${tree}/x: no such file or directory`],
    [{ path: "x", source: "usr" }, `(x): ${tree}/usr: not a regular file`],
    [{ path: "x", kind: "hardlink", target: "y" }, "(x): there is no y to link to"],
    [{ path: "x", kind: "hardlink", target: "x" }, "(x): the link leads to itself"],
    [{ path: "x", kind: "hardlink", target: "/" }, "(x): a directory cannot have a second name"],
  ] as const)("%j", async (entry, why) => {
    expect(await of(entry)).toMatchObject({ code: "INPUT", message: `manifest(): /entries/0 ${why}` });
  });

  test("what lies below no directory", async () => {
    expect(await of({ path: "a", contents: "" }, { path: "a/b", contents: "" })).toMatchObject({
      message: "manifest(): /entries/1 (a/b): lies below an entry that is no directory",
    });
  });

  test("a path is told as it was given", async () => {
    const file = `${scratch}/bad.json`;
    writeFileSync(file, '{"version": 1, "entries": [{"path": "x"}]}');
    const from = process.cwd();
    process.chdir(scratch);
    try {
      expect(await refuse(manifest("bad.json"))).toMatchObject({
        code: "INPUT",
        message: "bad.json: /entries/0 (x): x: no such file or directory",
        path: "x",
      });
      expect(await refuse(manifest("none.json"))).toMatchObject({
        message: "none.json: no such file or directory",
        path: "none.json",
      });
    } finally {
      process.chdir(from);
    }
  });

  test.each([
    [5, "manifest(): 5 is neither a path nor a manifest"],
    ["", 'manifest(): "" is no path'],
  ])("%j", async (given, why) => {
    expect(await refuse(manifest(given as string))).toMatchObject({ code: "INPUT", message: why });
  });

  test("an option that there is not", async () => {
    const options = { bases: "x" } as object;
    expect(await refuse(manifest("m.json", options))).toMatchObject({
      message: "bases: there is no such option. Did you mean base?",
    });
  });
});
