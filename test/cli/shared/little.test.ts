/** What a command takes for a little work: no more threads, codecs, code or address space than are of use. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

/** Modules of src in what was loaded, in the files of dist/contents.json. */
function modulesOf({ loaded }: Seen): string[] {
  const dist = fileURLToPath(new URL("../../../dist/", import.meta.url));
  const contents = JSON.parse(readFileSync(`${dist}contents.json`, "utf8")) as Record<string, string[]>;
  return loaded
    .map((url) => fileURLToPath(url).replaceAll("\\", "/"))
    .flatMap((file) => contents[file.slice(dist.length)] ?? []);
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
    const modules = modulesOf(watch("mkerofs", ["--quiet", "out", filesOf(1)]));
    const isOf =
      (...folders: string[]) =>
      (name: string) =>
        folders.some((folder) => name.startsWith(`${folder}/`));
    // what is looked for can be found at all
    expect(modules.some(isOf("erofs/segments"))).toBe(true);
    const others = isOf(
      "codec/lz4",
      "codec/deflate",
      "codec/zstd",
      "erofs/compress",
      "erofs/links",
      "inspect",
      "squashfs",
    );
    // of squashfs/ there are the tables that options are checked by
    const tables = isOf("squashfs/disk");
    expect(modules.filter((name) => (others(name) && !tables(name)) || isOf("stage/source/list")(name))).toEqual([
      "squashfs/options.js",
    ]);
  });
});

describe.runIf(process.platform === "linux")("SquashFS", () => {
  it.each<[CommandName, () => string[]]>([
    ["gensquashfs", () => ["-q", "-f", "-D", filesOf(1), "out"]],
    ["mksquashfs", () => [filesOf(1), "out", "-quiet", "-noappend"]],
  ])("is written by ts-%s with none of the code that compresses EROFS, reads archives or databases", (name, words) => {
    const modules = modulesOf(watch(name, words()));
    expect(modules.some((module) => module.startsWith("squashfs/"))).toBe(true);
    const nix = ["nar/nar-reader", "nar/nar-writer", "nar/node-hash-paths", "cache", "database/reader"];
    const others = ["erofs/compress/", "erofs/links/", "stage/source/archive/tar", "stage/source/sqlite"];
    const unwanted = [...others, ...nix.map((part) => `stage/source/nix/${part}`)];
    expect(modules.filter((module) => unwanted.some((start) => module.startsWith(start)))).toEqual([]);
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
