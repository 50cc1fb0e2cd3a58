/** What a command takes for a little work: no more threads, codecs, code or address space than are of use. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type CommandName, commandPath, runCommand, runShell } from "../../helpers/commands.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const scratch = makeScratch("little");
const WATCH = new URL("../../helpers/watch-run.mjs", import.meta.url).href;

interface Seen {
  helpers: number;
  instances: number;
  peak: number;
  loaded: string[];
}

/** A folder with so many files. */
function filesOf(count: number, bytes = 3): string {
  const folder = `${scratch}/files-${count}-${bytes}`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (let file = 0; file < count; file++) writeFileSync(`${folder}/${file}`, "x".repeat(bytes));
  return folder;
}

/** Runs a command that is watched. */
function watch(name: CommandName, words: readonly string[]): Seen {
  const report = `${scratch}/seen`;
  rmSync(report, { force: true });
  const ran = spawnSync(process.execPath, ["--import", WATCH, commandPath(name), ...words], {
    cwd: scratch,
    env: { ...process.env, TS_MKEROFS_EAGER_THREADS: "", WATCH_RUN: report },
    encoding: "utf8",
  });
  expect(ran.status, ran.stderr).toBe(0);
  return JSON.parse(readFileSync(report, "utf8")) as Seen;
}

/** Functions and classes of some files of src, or of those below folders. */
function namesIn(...folders: string[]): string[] {
  const src = fileURLToPath(new URL("../../../src", import.meta.url));
  const files = folders.flatMap((folder) =>
    folder.endsWith(".ts")
      ? [folder]
      : readdirSync(`${src}/${folder}`, { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`),
  );
  return files
    .filter((name) => name.endsWith(".ts") && !name.endsWith("generated.ts"))
    .flatMap((name) => {
      const found = readFileSync(`${src}/${name}`, "utf8").matchAll(
        /^(?:export )?(?:async )?(?:function|class) (\w+)/gm,
      );
      return [...found].map(([, what]) => what!);
    });
}

describe.runIf(process.platform === "linux")("a little work", () => {
  it.each<[CommandName, (threads: string) => string[]]>([
    ["gensquashfs", (threads) => ["-q", "-f", "-j", threads, "-D", filesOf(1), "out"]],
    ["mksquashfs", (threads) => [filesOf(1), "out", "-quiet", "-noappend", "-processors", threads]],
    ["mkerofs", (threads) => ["--quiet", `--workers=${threads}`, "out", filesOf(1)]],
    ["mkerofs", (threads) => ["--quiet", "-zzstd", `--workers=${threads}`, "out", filesOf(1)]],
  ])("of ts-%s is done by one thread however many are asked for, in the same room", (name, words) => {
    const [one, many] = [watch(name, words("1")), watch(name, words("128"))];
    expect(many.helpers).toBe(0);
    expect(many.instances).toBe(one.instances);
    expect(many.peak).toBeLessThan(1.1 * one.peak);
  });

  it("grows by threads only with what there is to do", () => {
    const words = (count: number) => ["--quiet", "--workers=8", "out", filesOf(count)];
    expect(watch("mkerofs", words(500)).helpers).toBe(0);
    const { helpers } = watch("mkerofs", words(5000));
    expect(helpers).toBeGreaterThanOrEqual(1);
    expect(helpers).toBeLessThanOrEqual(3);
  });

  it("loads none of the code that compresses, that writes SquashFS or that reads images or lists", () => {
    const { loaded } = watch("mkerofs", ["--quiet", "out", filesOf(1)]);
    const code = loaded.map((url) => readFileSync(fileURLToPath(url), "utf8")).join("\n");
    const has = (name: string) => new RegExp(`(?:function|class) ${name}\\b`).test(code);
    // what is looked for can be found at all
    expect(namesIn("erofs/segments").some(has)).toBe(true);
    const others = ["codec/lz4", "codec/deflate", "codec/zstd", "erofs/compress", "erofs/links", "inspect"];
    // of squashfs/ there are the tables that options are checked by
    const tables = namesIn(
      "squashfs/disk/compressors.ts",
      "squashfs/disk/compressor-settings.ts",
      "squashfs/disk/format.ts",
      "squashfs/options.ts",
    );
    // nor is a name a sign that a file elsewhere has too
    const common = namesIn(
      "build",
      "cli",
      "core",
      "stage/source/node-sources.ts",
      "erofs/disk",
      "erofs/plan",
      "stage/source/disk",
      "stage/tree",
      "stage/text",
    );
    const loadedToo = namesIn(...others, "squashfs", "stage/source/list").filter(has);
    expect(loadedToo.filter((name) => !tables.includes(name) && !common.includes(name))).toEqual([]);
  });
});

describe.runIf(process.platform === "linux")("SquashFS", () => {
  it.each<[CommandName, () => string[]]>([
    ["gensquashfs", () => ["-q", "-f", "-D", filesOf(1), "out"]],
    ["mksquashfs", () => [filesOf(1), "out", "-quiet", "-noappend"]],
  ])("is written by ts-%s with none of the code that compresses EROFS, reads archives or databases", (name, words) => {
    const { loaded } = watch(name, words());
    const code = loaded.map((url) => readFileSync(fileURLToPath(url), "utf8")).join("\n");
    const has = (what: string) => new RegExp(`(?:function|class) ${what}\\b`).test(code);
    expect(namesIn("squashfs").some(has)).toBe(true);
    const nix = ["nar/nar-reader.ts", "nar/nar-writer.ts", "nar/node-hash-paths.ts", "cache", "database/reader.ts"];
    const others = ["erofs/compress", "erofs/links", "stage/source/archive/tar", "stage/source/sqlite"];
    const wanted = namesIn("squashfs", "build", "cli/shared", "core");
    const loadedToo = namesIn(...others, ...nix.map((part) => `stage/source/nix/${part}`)).filter(has);
    expect(loadedToo.filter((what) => !wanted.includes(what))).toEqual([]);
  });
});

describe.runIf(process.platform === "linux")("limited address space", () => {
  const limited = (kilobytes: number, words: string, env = "", name: CommandName = "mkerofs") =>
    runShell(
      scratch,
      `ulimit -v ${kilobytes}; TS_MKEROFS_EAGER_THREADS= ${env} "${process.execPath}" "${commandPath(name)}" ${words}`,
    );
  const read = () => readFileSync(`${scratch}/out`);

  it.each([16_000_000, 4_000_000, 2_000_000])("of %d kB is enough for a plain image, with the same bytes", (limit) => {
    const files = filesOf(3000, 5000);
    expect(runCommand(scratch, "mkerofs", ["--quiet", "out", files]).status).toBe(0);
    const image = read();
    expect(limited(limit, `--quiet --workers=8 out ${files}`)).toEqual({ status: 0, out: "", err: "" });
    expect(read().equals(image)).toBe(true);
  });

  // Was a bug: V8 ended the process, now and then, with a page about its heap.
  it.each([
    ["mkerofs", "out FILES", ""],
    ["mkerofs", "-zlz4 out FILES", ""],
    ["gensquashfs", "-f -D FILES out", "NODE_OPTIONS=--disable-wasm-trap-handler"],
    ["mksquashfs", "FILES out -noappend", "NODE_OPTIONS=--disable-wasm-trap-handler"],
  ] as const)("under which no build is sure to end is named in one line: %s %s", (name, words, env) => {
    // Node 24 takes more, and does not start under the limit of others
    const limit = Number.parseInt(process.versions.node, 10) < 24 ? 1_000_000 : 1_400_000;
    const refused = limited(limit, words.replace("FILES", filesOf(20, 5000)), env, name);
    expect(refused).toMatchObject({ status: 1, out: "" });
    expect(refused.err).toMatch(
      /^ts-\w+: the address space is limited to [\d.]+ GB, and a build needs [\d.]+ GB.*raise the limit \(ulimit -v\)\n$/,
    );
  });

  it("under which no codec is sure to end is named too", () => {
    const limit = Number.parseInt(process.versions.node, 10) < 24 ? 1_200_000 : 1_600_000;
    const env = "NODE_OPTIONS=--disable-wasm-trap-handler";
    const { status, err } = limited(limit, `-zlz4 out ${filesOf(20, 5000)}`, env);
    expect([status, err]).toEqual([1, expect.stringMatching(/^ts-mkerofs: the address space .* compressing needs /)]);
  });

  it("that has no room for a codec is named in one line, with what helps; and that helps", () => {
    const files = filesOf(20, 5000);
    const refused = limited(4_000_000, `--quiet -zlz4 out ${files}`);
    expect(refused).toMatchObject({ status: 1, out: "" });
    expect(refused.err).toMatch(/^ts-mkerofs: .*ulimit -v.*NODE_OPTIONS=--disable-wasm-trap-handler.*\n$/);
    expect(runCommand(scratch, "mkerofs", ["--quiet", "-zlz4", "out", files]).status).toBe(0);
    const image = read();
    const helped = limited(
      4_000_000,
      `--quiet --workers=8 -zlz4 out ${files}`,
      "NODE_OPTIONS=--disable-wasm-trap-handler",
    );
    expect(helped).toEqual({ status: 0, out: "", err: "" });
    expect(read().equals(image)).toBe(true);
  });
});
