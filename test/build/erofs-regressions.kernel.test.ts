/** Faults that reviews have found, each by its name, so that none comes back. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildErofs, directory, entries } from "../../dist/index.js";
import { entries as stageEntries } from "../../src/stage/source/entries.ts";
import { compareCandidates, findCandidates } from "../../src/stage/tree/dedupe.ts";
import { orderInodes } from "../../src/stage/tree/order.ts";
import { resolvePolicy } from "../../src/stage/tree/policy.ts";
import { NONE, Tree } from "../../src/stage/tree/tree.ts";
import { compareTrees } from "../helpers/compare.ts";
import { soloContext } from "../helpers/context.ts";
import { canMountErofs, withMount } from "../helpers/mount.ts";
import { oracle } from "../helpers/oracle.ts";
import { makeScratch } from "../helpers/scratch.ts";

const kernel = oracle("kernel EROFS mount", canMountErofs());
const scratch = makeScratch("regressions");

/** Makes nested directories of one name, below PATH_MAX or not, and calls `at` in the deepest through a short path. */
async function nest(top: string, name: string, depth: number, script: string): Promise<void> {
  mkdirSync(top);
  const shell = `cd "$1"; i=0; while [ $i -lt ${depth} ]; do mkdir ${name} && cd -P ./${name} || exit 1; echo $i > f; i=$((i+1)); done; ${script}`;
  const child = spawn("bash", ["-c", shell, "bash", top], { stdio: "ignore" });
  expect(await new Promise((resolve) => child.on("exit", resolve))).toBe(0);
}

test.each([
  ["y".repeat(250), 70],
  ["z".repeat(100), 180],
])("paths of more than 8 KiB and of twice that lead to their own entries (%s)", async (name, depth) => {
  const top = `${scratch}/deep-${name.length}`;
  await nest(top, name, depth, "echo end > precious; ln -s target link");
  for (const workers of [1, 2]) {
    const { counts } = await buildErofs(directory(top), `${top}.img`, { workers });
    expect(counts).toMatchObject({ directories: depth + 1, files: depth + 1, symlinks: 1 });
  }
  if (kernel) {
    expect(await withMount(`${top}.img`, (at) => compareTrees(top, at))).toEqual([]);
  }
});

test("files that collide in xxh64 are told apart by their bytes, whatever their size", async () => {
  const size = 8191;
  const files = Array.from({ length: 300 }, (_, index) => {
    const contents = new Uint8Array(size);
    new DataView(contents.buffer).setUint32(0, index);
    return { path: `f${String(index).padStart(4, "0")}`, contents };
  });
  const tree = Tree.create();
  const { contents } = await stageEntries(files).stage(tree, resolvePolicy({}, false), soloContext());
  const candidates = findCandidates(tree, orderInodes(tree), 4096);
  const collide = { h64Raw: () => 0n } as unknown as Parameters<typeof compareCandidates>[4];
  await compareCandidates(soloContext(), tree, candidates, contents, collide);
  expect(candidates.entries.length).toBe(300);
  expect(candidates.sharesWith.every((original) => original === NONE)).toBe(true);
});

test("--one-file-system keeps what is there when the source is named through a symbolic link", async () => {
  mkdirSync(`${scratch}/real/d`, { recursive: true });
  writeFileSync(`${scratch}/real/d/f`, "f");
  symlinkSync("/dev/shm", `${scratch}/elsewhere`);
  symlinkSync(`${scratch}/real`, `${scratch}/named`);
  const { counts, excluded } = await buildErofs(directory(`${scratch}/named`), `${scratch}/one.img`, {
    oneFileSystem: true,
  });
  expect({ ...counts, excluded }).toMatchObject({ files: 1, directories: 2, excluded: 0 });
});

test.each([
  { inodes: "Compact" },
  { owner: "Root" },
  { times: "fixd" },
  { hardLinks: "x" },
  { dedupe: "all" },
  { xattrTolerance: Number.NaN },
  { exclude: { paths: "a" } },
  { exclude: { regexes: [/a/] } },
])("an option that types would refuse is refused: %j", async (options) => {
  const build = buildErofs(entries([{ path: "a", uid: 100_000 }]), `${scratch}/x.img`, options as never);
  await expect(build).rejects.toMatchObject({ name: "ImageError", code: "INPUT" });
  expect(existsSync(`${scratch}/x.img`)).toBe(false);
});

test("trees of any depth can be made of entries", async () => {
  const { counts } = await buildErofs(entries([{ path: `${"d/".repeat(9000)}f` }]), `${scratch}/deep.img`);
  expect(counts).toMatchObject({ directories: 9001, files: 1 });
});

test("a signal ends a build that waits for its caller's code", async () => {
  const never = new Promise<never>(() => undefined);
  const endless = async function* () {
    yield { path: "a" };
    await never;
  };
  const stuck = { size: 10, readAt: () => never };
  const sink = { writeAt: () => never, truncate: () => undefined, close: () => undefined };
  const build = [
    (signal: AbortSignal) => buildErofs(entries(endless()), `${scratch}/s.img`, { signal }),
    (signal: AbortSignal) => buildErofs(entries([{ path: "a", contents: stuck }]), `${scratch}/s.img`, { signal }),
    (signal: AbortSignal) => buildErofs(entries([{ path: "a" }]), sink, { signal }),
    (signal: AbortSignal) =>
      buildErofs(entries([{ path: "a" }]), new WritableStream({ write: () => never }), { signal }),
  ];
  for (const start of build) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    await expect(start(controller.signal)).rejects.toMatchObject({ code: "ABORTED" });
  }
  expect(readdirSync(scratch).filter((name) => name.includes("ts-mkerofs"))).toEqual([]);
});

test("equal attributes are one set, however many entries have them", async () => {
  const xattrs = { "user.b": new Uint8Array([2]), "user.a": new Uint8Array([1]) };
  const list = Array.from({ length: 50 }, (_, index) => ({ path: `${index}`, xattrs: { ...xattrs } }));
  const staged = await stageEntries(list).stage(Tree.create(), resolvePolicy({}, false), soloContext());
  expect(staged.xattrs.length).toBe(2);
});

test("a stream is not left waiting by a build that fails before it writes", async () => {
  let reason: unknown;
  const stream = new WritableStream({
    abort(why) {
      reason = why;
    },
  });
  await expect(buildErofs(directory(`${scratch}/missing`), stream)).rejects.toMatchObject({ code: "INPUT" });
  expect(reason).toMatchObject({ code: "INPUT" });
});

test.each([undefined, 5, {}, ""])("what is no target is refused before any work: %j", async (out) => {
  await expect(buildErofs(entries([]), out as never)).rejects.toMatchObject({ code: "INPUT" });
});

test("a dangling symbolic link as target stays a link, and what it names is made", async () => {
  symlinkSync("made.img", `${scratch}/dangling.img`);
  await buildErofs(entries([{ path: "a" }]), `${scratch}/dangling.img`);
  expect(readlinkSync(`${scratch}/dangling.img`)).toBe("made.img");
  expect(readFileSync(`${scratch}/made.img`).readUInt32LE(1024)).toBe(0xe0f5e1e2);
});

test("two signals at once leave no temporary file", async () => {
  const source = `${scratch}/signalled`;
  mkdirSync(source);
  for (let nr = 0; nr < 40; nr++) writeFileSync(`${source}/${nr}`, Buffer.alloc(4 << 20, nr));
  const out = `${scratch}/out`;
  mkdirSync(out);
  const child = spawn("node", ["dist/cli/mkerofs/main.js", "--quiet", "--dedupe=none", `${out}/t.img`, source], {
    stdio: "ignore",
  });
  const gone = new Promise((resolve) => child.on("exit", resolve));
  while (child.exitCode === null && readdirSync(out).length === 0)
    await new Promise((resolve) => setTimeout(resolve, 2));
  child.kill("SIGINT");
  child.kill("SIGTERM");
  await gone;
  expect(readdirSync(out).filter((name) => name !== "t.img")).toEqual([]);
});

test.each([
  ["-zlz4,5", "lz4 has no levels, so not 5"],
  ["-zlz4 -C5000", "pcluster size: 5000 is no multiple of the block size"],
  ["-zlz4 --target-kernel=9", 'target kernel: "9" is no version such as 6.12'],
  ["--format=squashfs -b512", "-b: 512 is not in 4096..1048576"],
])("options that exclude each other or do not exist are wrong usage, not a failed build: %s", (options, message) => {
  const source = scratch;
  const ran = spawnSync("node", ["dist/cli/mkerofs/main.js", ...options.split(" "), `${scratch}/never.img`, source]);
  expect([ran.status, ran.stdout.toString(), ran.stderr.toString()]).toEqual([
    2,
    "",
    `ts-mkerofs: ${message}\nTry 'ts-mkerofs --help' for more information.\n`,
  ]);
});
