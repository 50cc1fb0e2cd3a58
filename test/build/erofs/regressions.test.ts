/** Faults that reviews have found, each by its name, so that none comes back. */
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildErofs, directory, entries } from "../../../dist/index.js";
import { makeScratch } from "../../helpers/scratch.ts";

const scratch = makeScratch("regressions");

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
