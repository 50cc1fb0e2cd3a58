/** Names of temporary files: whose they are can be told, and what is not certainly litter stays. */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { beforeEach, expect, test } from "vitest";
import { litterLabel, litterName, removeLitter } from "../../src/core/node/node-litter.ts";
import { makeScratch } from "../helpers/scratch.ts";

const folder = `${makeScratch("litter-names")}/folder`;
const isLinux = process.platform === "linux";

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
});

/** A name of ours with another process, thread or start. */
function nameOf(change: { pid?: number; thread?: number; start?: number; place?: string }, label = "a.img"): string {
  const [, pid, thread, start, place] = /^\.ts-mkerofs-(\d+)-(\d+)-(\d+)-(\w+)-/.exec(litterName(0, label))!;
  const { pid: p = pid, thread: t = thread, start: s = start, place: m = place } = change;
  return `.ts-mkerofs-${p}-${t}-${s}-${m}-0-${label}.tmp`;
}

/** A process that is no more. */
const deadPid = () => spawnSync("true").pid;

function left(...names: string[]): string[] {
  for (const name of names) writeFileSync(`${folder}/${name}`, "");
  removeLitter(folder, "a.img");
  return readdirSync(folder).sort();
}

test("a name holds the process and the target", () => {
  expect(litterName(3, litterLabel("a b-c.img"))).toMatch(
    new RegExp(`^\\.ts-mkerofs-${process.pid}-\\d+-\\d+-[0-9a-f]{8}-3-a b-c\\.img\\.tmp$`),
  );
});

test.each(["x".repeat(255), "日".repeat(85), "é".repeat(127), "😀".repeat(63)])(
  "is no longer than names may be: %s",
  (name) => {
    expect(Buffer.byteLength(litterName(99, litterLabel(name)))).toBeLessThan(200);
    expect(litterLabel(name)).not.toBe(litterLabel(`${name.slice(0, -2)}yy`));
  },
);

test("the same name in another folder is another label, where folders are told apart", () => {
  expect(litterLabel("/dev/a.img")).not.toBe(litterLabel("/mnt/a.img"));
  expect(litterLabel("/dev/a.img")).not.toBe(litterLabel("a.img"));
});

test("what a process or thread of before has left is removed", () => {
  const pid = deadPid();
  expect(left(nameOf({ pid, thread: pid }), nameOf({ pid, thread: 0, start: 0 }))).toEqual([]);
});

test.skipIf(!isLinux)("a process that has the number of one before it, as in a container, is told from that", () => {
  expect(left(nameOf({ start: 1 }))).toEqual([]);
});

test("what is in use, of another machine, another target, or not quite of this form stays", () => {
  const pid = deadPid();
  const kept = [
    litterName(0, "a.img"),
    nameOf({ thread: 0, start: 0 }),
    nameOf({ pid: 1, thread: 0, start: 0 }),
    nameOf({ pid, thread: pid, place: "00000000" }),
    nameOf({ pid, thread: pid }, "b.img"),
    nameOf({ pid, thread: pid }, "a.img.old"),
    nameOf({ pid, thread: pid }).replace(".tmp", ""),
  ].sort();
  expect(left(...kept)).toEqual(kept);
});

test.skipIf(process.platform === "win32")("a link is no temporary file, nor is a folder", () => {
  const pid = deadPid();
  const names = [nameOf({ pid, thread: pid }), nameOf({ pid, thread: pid }).replace("-0-a", "-1-a")].sort();
  writeFileSync(`${folder}/file`, "");
  symlinkSync("file", `${folder}/${names[0]}`);
  mkdirSync(`${folder}/${names[1]}`);
  expect(left()).toEqual([...names, "file"]);
});

test.skipIf(!isLinux)("a process that is dead, but that its parent has not asked for, does not count", async () => {
  // the shell becomes a program that does not know of its child, before that ends
  const parent = spawn("sh", ["-c", "sleep 0.2 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
  const pid = Number(await new Promise((resolve) => parent.stdout!.once("data", resolve)));
  const stat = () => readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.split(" ");
  while (stat()[0] !== "Z") await new Promise((resolve) => setTimeout(resolve, 5));
  expect(left(nameOf({ pid, thread: pid, start: Number(stat()[19]) }))).toEqual([]);
  parent.kill();
});

test("a folder that cannot be listed is left alone", () => {
  removeLitter(`${folder}/none`, "a.img");
});
