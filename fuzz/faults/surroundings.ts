/** Trouble around a build: signals, full disks, closed folders, limits, targets that take nothing. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { canBecomeNobody, NOBODY } from "../../test/helpers/child.ts";
import type { Outcome } from "../campaign.ts";
import type { Random } from "../random.ts";
import type { Bench } from "./bench.ts";
import type { Build } from "./builds.ts";
import { judge } from "./judge.ts";

/** A signal at any time. */
export async function signalAnyTime(bench: Bench, build: Build, random: Random): Promise<Outcome> {
  const signal = random.pick(["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL", "SIGKILL"] as const);
  const after = 40 + random.below(random.pick([200, 600]));
  const ended = await bench.run(build, { kill: { signal, after } });
  return judge(bench, build, ended, { kind: `${signal} at any time`, named: [signal], signal, detail: { after } });
}

/** A disk in memory for the target, or for temporary files, that is too small, or only just large enough. */
export function fullDisk(bench: Bench, build: Build, random: Random): Promise<Outcome> {
  return smallDisk(bench, build, { isTarget: !random.oneIn(4), pages: 1 + random.below(900) });
}

/** The same, of so many pages of 4096 bytes. */
export async function smallDisk(
  bench: Bench,
  build: Build,
  { isTarget, pages }: { isTarget: boolean; pages: number },
): Promise<Outcome> {
  const at = isTarget ? bench.out : bench.temporary;
  mount(at, `size=${pages * 4096}`);
  try {
    if (isTarget) writeFileSync(bench.image, "the old image\n");
    const ended = await bench.run(build);
    return await judge(bench, build, ended, {
      ...{ kind: `${isTarget ? "the target's" : "the temporary"} disk is full`, detail: { pages } },
      named: [`${bench.image}: no space left on device`, `${bench.temporary}: no space left on device`],
    });
  } finally {
    unmount(at);
  }
}

function mount(at: string, options: string): void {
  const run = spawnSync("mount", ["-t", "tmpfs", "-o", options, "none", at], { encoding: "utf8" });
  if (run.status !== 0) throw new Error(run.stderr);
}

function unmount(at: string): void {
  const run = spawnSync("umount", [at], { encoding: "utf8" });
  if (run.status !== 0) spawnSync("umount", ["-l", at]);
}

/** A user whom nothing belongs to, and something of the source, or the target's folder, is closed to all others. */
export async function closed(bench: Bench, build: Build, random: Random): Promise<Outcome> {
  if (!canBecomeNobody()) return { kind: "what cannot be read", result: "not tried: no other user" };
  const hasFiles = ["tree", "closure", "pack"].includes(build.source);
  const parts = hasFiles ? ["aa/text-100", "aa/text-0", "bb/noise", "cc/large", "bb/below"] : [""];
  const isTarget = random.oneIn(3) || build.readsInput === true;
  const victim = isTarget ? bench.out : hasFiles ? `${bench.source}/tree/${random.pick(parts)}` : bench.sourceOf(build);
  for (const path of [bench.out, bench.temporary]) chmodSync(path, 0o777);
  chmodSync(victim, isTarget ? 0o555 : 0);
  const become = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--no-new-privs"];
  const ended = await bench.run(build, { through: become });
  chmodSync(victim, 0o755);
  const kind = isTarget ? "the target's folder is closed" : "what cannot be read";
  return judge(bench, build, ended, { kind, mustFail: true, named: [victim, `${bench.image}: `], detail: { victim } });
}

/** Limits of the process: address space, size of files, open files. */
export async function limited(bench: Bench, build: Build, random: Random): Promise<Outcome> {
  const [limit, value] = random.pick([
    ["as", 600 + random.below(40_000)],
    ["as", 1000 + random.below(2000)],
    ["fsize", random.below(2)],
    ["nofile", 24 + random.below(40)],
  ] as const);
  const bytes = limit === "nofile" ? value : value * 2 ** 20;
  const ended = await bench.run(build, { through: ["prlimit", `--${limit}=${bytes}`] });
  // V8 and Node end the process where they get no memory or no descriptor of their own
  const mayDie = limit !== "fsize";
  const named = limit === "fsize" ? [`${bench.image}: `, `${bench.temporary}: `] : undefined;
  return judge(bench, build, ended, { kind: `limit of ${limit}`, mayDie, named, detail: { limit, bytes } });
}

const GROUPS = "/sys/fs/cgroup/memory";

/** A group of processes that may have a little memory only: Linux kills it. */
export async function littleMemory(bench: Bench, build: Build, random: Random): Promise<Outcome> {
  const kind = "a group with little memory";
  const group = `${GROUPS}/fuzz-${process.pid}`;
  try {
    mkdirSync(group);
    writeFileSync(`${group}/memory.limit_in_bytes`, String((12 + random.below(60)) << 20));
  } catch {
    return { kind, result: "not tried: no memory groups here" };
  }
  try {
    const limit = readFileSync(`${group}/memory.limit_in_bytes`, "utf8").trim();
    const input = build.readsInput ? ` < "${bench.sourceOf(build)}"` : "";
    const ended = await bench.run(build, { shell: `echo $$ > ${group}/cgroup.procs; exec "$@"${input}` });
    return await judge(bench, build, ended, { kind, mayDie: true, detail: { limit } });
  } finally {
    rmdirSync(group);
  }
}

/** Targets that cannot be: no folder, a folder, a full device, a read-only disk, a pipe that its reader leaves. */
export async function badTarget(bench: Bench, build: Build, random: Random): Promise<Outcome> {
  const what = random.pick(["missing", "directory", "full", "read-only", "left", "inside"] as const);
  const kind = `target: ${what}`;
  if (what === "read-only") {
    mount(bench.out, "size=4096");
    try {
      writeFileSync(bench.image, "the old image\n");
      spawnSync("mount", ["-o", "remount,ro", bench.out]);
      const ended = await bench.run(build);
      return await judge(bench, build, ended, { kind, mustFail: true, named: [bench.image] });
    } finally {
      unmount(bench.out);
    }
  }
  if (what === "inside") return inside(bench, build, kind);
  const target = {
    ...{ missing: `${bench.folder}/none/image`, directory: bench.temporary, full: "/dev/full", left: "-" },
  }[what];
  const input = build.readsInput ? ` < "${bench.sourceOf(build)}"` : "";
  const line = what === "left" ? `set -o pipefail; "$@"${input} | head -c 1 > /dev/null` : undefined;
  const ended = await bench.run(build, { target, ...(line && { shell: line }) });
  const named = target === "-" ? undefined : [target];
  return judge(bench, build, ended, { kind, mustFail: true, named, target: target === "-" ? bench.image : target });
}

/** Inside of its own source a target is no part of itself. */
async function inside(bench: Bench, build: Build, kind: string): Promise<Outcome> {
  const folder = existsSync(`${bench.source}/tree/aa`) ? `${bench.source}/tree/aa` : bench.source;
  const { atimeMs: _, mtimeMs } = statSync(folder);
  const target = `${folder}/image`;
  const ended = await bench.run(build, { target });
  const outcome = await judge(bench, build, ended, { kind, target, detail: { target, mtimeMs } });
  rmSync(target, { force: true });
  return outcome;
}

/** An archive, or a list, of which a part is missing or is something else. */
export async function damaged(bench: Bench, build: Build, random: Random): Promise<Outcome> {
  const path = bench.sourceOf(build);
  if (build.source === "tree") return { kind: "a damaged source", result: "not tried: a directory" };
  const bytes = readFileSync(path);
  const how = random.pick(["cut", "flip", "zeros", "twice"] as const);
  const at = random.below(bytes.length);
  const changed =
    how === "cut"
      ? bytes.subarray(0, at)
      : how === "twice"
        ? Buffer.concat([bytes.subarray(0, at), bytes])
        : Buffer.from(bytes);
  if (how === "flip") changed[at]! ^= 1 << random.below(8);
  if (how === "zeros") changed.fill(0, at, Math.min(changed.length, at + 1 + random.below(600)));
  writeFileSync(path, changed);
  const ended = await bench.run(build);
  const kind = `a damaged ${build.source}`;
  return judge(bench, build, ended, {
    kind,
    isChanged: true,
    named: [path, `${bench.source}/tree`, "standard input"],
    detail: { how, at },
  });
}
