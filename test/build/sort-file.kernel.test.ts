/** Sort files of EROFS images: they move contents, plain and compressed, and change nothing else. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, directory, parseSortFile } from "../../dist/index.js";
import { commandPath } from "../helpers/commands.ts";
import { compareTrees } from "../helpers/compare.ts";
import { makeRandomTree } from "../helpers/corner-tree.ts";
import { failureOf } from "../helpers/faults.ts";
import { canMountErofs, fsckErofs, withMount } from "../helpers/mount.ts";
import { hasCommand, oracle } from "../helpers/oracle.ts";
import { makeScratch } from "../helpers/scratch.ts";

const kernel = oracle("kernel EROFS mount", canMountErofs());
const fsck = oracle("fsck.erofs", hasCommand("fsck.erofs"));
const scratch = makeScratch("sort-erofs");
const tree = `${scratch}/tree`;
const image = `${scratch}/image`;
const RULES = `# what starts the system comes first, what nobody reads last
-5 zz/last
-9 [glob] m/*
7 aa/first
`;

/** Contents that do not compress, so that they can be found in any image. */
function noise(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0, state = seed; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

const CONTENTS: [path: string, bytes: Buffer][] = [
  ["aa/first", noise(1, 9000)],
  ["aa/large", noise(2, 300_000)],
  // equal to one that comes later in the tree, and earlier by the rules
  ["aa/twin", noise(3, 20_000)],
  ["m/large", noise(4, 200_000)],
  ["m/small", noise(5, 5000)],
  ["zz/last", noise(3, 20_000)],
  ["zz/text", Buffer.from("some text\n".repeat(5000))],
];
const OPTIONS: BuildOptions[] = [
  {},
  { inlineData: false, dsunit: 4 },
  { dedupe: "none" },
  { compress: { algorithm: "lz4" } },
  { compress: { algorithm: "lz4hc" }, fragments: "tails" },
  { compress: { algorithm: "zstd" }, fragments: "all", dedupeExtents: true },
  { compress: { algorithm: "deflate" }, fragments: "tails" },
  { compress: { algorithm: "lz4" }, tailPacking: true },
];
const sort = parseSortFile(Buffer.from(RULES), "rules");

beforeAll(() => {
  makeRandomTree(`${tree}/random`, 7, 60);
  for (const [path, bytes] of CONTENTS) {
    mkdirSync(`${tree}/${path.split("/")[0]}`, { recursive: true });
    writeFileSync(`${tree}/${path}`, bytes);
  }
});

function runCommand(name: "mkerofs" | "gensquashfs", ...words: string[]) {
  const path = commandPath(name);
  const ran = spawnSync(process.execPath, [path, ...words], { cwd: scratch, encoding: "utf8", timeout: 20_000 });
  return { status: ran.status, out: ran.stdout, err: ran.stderr };
}

/** Where the first block of each file lies. */
async function offsets(options: BuildOptions): Promise<Map<string, number>> {
  await buildErofs(directory(tree), image, options);
  const bytes = readFileSync(image);
  return new Map(CONTENTS.map(([path, contents]) => [path, bytes.indexOf(contents.subarray(0, 2048))]));
}

describe("a sort file", () => {
  test.each(OPTIONS)("orders the contents with %o", async (options) => {
    const found = await offsets({ ...options, sort });
    const at = (path: string) => {
      expect(found.get(path), path).toBeGreaterThan(0);
      return found.get(path)!;
    };
    expect(at("m/large")).toBeLessThan(at("m/small"));
    // equal files lie where the first of them by the rules does
    expect(at("m/small")).toBeLessThan(at("zz/last"));
    expect(at("zz/last")).toBeLessThan(at("aa/large"));
    expect(at("aa/large")).toBeLessThan(at("aa/first"));
    // version 1.5 knows neither fragments nor other algorithms
    if (fsck && (options.compress === undefined || options.fragments === undefined))
      expect(fsckErofs(image)).toMatchObject({ ok: true });
    if (kernel) expect(await withMount(image, (mounted) => compareTrees(tree, mounted))).toEqual([]);
  });

  test.each(OPTIONS)("gives one image for 1 and 3 threads and for a pipe, with %o", async (options) => {
    const images: Buffer[] = [];
    for (const workers of [1, 3]) {
      await buildErofs(directory(tree), image, { ...options, sort, workers });
      images.push(readFileSync(image));
    }
    const chunks: Uint8Array[] = [];
    const stream = new WritableStream<Uint8Array>({ write: (chunk) => void chunks.push(chunk.slice()) });
    await buildErofs(directory(tree), stream, { ...options, sort });
    expect(images[1]!.equals(images[0]!)).toBe(true);
    expect(Buffer.concat(chunks).equals(images[0]!)).toBe(true);
  });

  test("without rules changes nothing, with some also the UUID", async () => {
    const plain = await buildErofs(directory(tree), image);
    const bytes = readFileSync(image);
    const empty = await buildErofs(directory(tree), image, {
      sort: parseSortFile(Buffer.from("# nothing\n"), "rules"),
    });
    expect(readFileSync(image).equals(bytes)).toBe(true);
    expect(empty.uuid).toBe(plain.uuid);
    expect((await buildErofs(directory(tree), image, { sort })).uuid).not.toBe(plain.uuid);
  });

  test("keeps a file from being compressed; other flags say nothing here", async () => {
    const rules = (text: string) => parseSortFile(Buffer.from(text), "rules");
    const compress = { algorithm: "lz4" } as const;
    const text = CONTENTS.at(-1)![1].subarray(0, 40_000);
    await buildErofs(directory(tree), image, { compress });
    expect(readFileSync(image).includes(text)).toBe(false);
    await buildErofs(directory(tree), image, { compress, sort: rules("0 [dont_compress] zz/text") });
    expect(readFileSync(image).includes(text)).toBe(true);
    if (kernel) expect(await withMount(image, (mounted) => compareTrees(tree, mounted))).toEqual([]);
    // of equal files, the one whose data is stored is not the one that the rule names
    writeFileSync(`${tree}/zz/twin`, CONTENTS.at(-1)![1]);
    await buildErofs(directory(tree), image, { compress, sort: rules("0 [dont_compress] zz/twin") });
    rmSync(`${tree}/zz/twin`);
    expect(readFileSync(image).includes(text)).toBe(true);
    for (const [flag, options] of [
      ["dont_compress", {}],
      ["nosparse", { compress }],
    ] as const) {
      const error = await failureOf(buildErofs(directory(tree), image, { ...options, sort: rules(`0 [${flag}] a b`) }));
      expect(error).toMatchObject({ code: "INPUT", message: `sort rule for a b: ${flag} says nothing here` });
    }
  });

  test("is an option of ts-mkerofs, for both formats", async () => {
    const run = (...words: string[]) => runCommand("mkerofs", "--quiet", ...words);
    writeFileSync(`${scratch}/rules`, RULES);
    expect(run("--sort-file=rules", "given", "tree")).toEqual({ status: 0, out: "", err: "" });
    await buildErofs(directory(tree), image, { sort });
    expect(readFileSync(`${scratch}/given`).equals(readFileSync(image))).toBe(true);
    expect(run("--format=squashfs", "-znone", "--sort-file", "rules", "given", "tree")).toMatchObject({ status: 0 });
    const bytes = readFileSync(`${scratch}/given`);
    expect(bytes.indexOf(CONTENTS[3]![1].subarray(0, 2048))).toBe(96);
    expect(run("--sort-file=nowhere", "given", "tree")).toMatchObject({
      status: 1,
      err: "ts-mkerofs: nowhere: no such file or directory\n",
    });
  });

  test("and other patterns take no time, whatever they are", () => {
    mkdirSync(`${scratch}/names`);
    writeFileSync(`${scratch}/names/${"a".repeat(250)}`, "");
    writeFileSync(`${scratch}/globs`, `0 [glob] ${"*a".repeat(20)}b\n`);
    writeFileSync(`${scratch}/hints`, "4096 (a*)*b\n");
    writeFileSync(`${scratch}/list`, `glob / * * * -name "${"*a".repeat(20)}b" names\n`);
    const done = { status: 0, out: "", err: "" };
    expect(runCommand("mkerofs", "--quiet", "--sort-file=globs", "given", "names")).toEqual(done);
    expect(runCommand("mkerofs", "--quiet", "-zlz4", "--compress-hints=hints", "given", "names")).toEqual(done);
    expect(runCommand("gensquashfs", "-q", "-S", "globs", "-D", "names", "sorted")).toEqual(done);
    expect(runCommand("gensquashfs", "-q", "-F", "list", "-D", ".", "listed")).toEqual(done);
  });
});
