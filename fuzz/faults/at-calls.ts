/** Trouble at calls of the system: they fail, do half of their work, or find that files have changed. */
import { rmSync } from "node:fs";
import type { Outcome } from "../campaign.ts";
import type { Random } from "../random.ts";
import type { Bench } from "./bench.ts";
import type { Build } from "./builds.ts";
import { judge } from "./judge.ts";
import { type Act, type Change, meddle, meddled, type Plan } from "./meddle.ts";

const OPENS = ["openSync", "lstatSync", "statSync", "fstatSync", "readdirSync", "opendirSync", "readlinkSync"];
const READS = ["readSync", "readFileSync"];
const WRITES = ["writeSync", "ftruncateSync", "fsyncSync", "renameSync"];
const CHANGES: readonly Change[] = [
  ...["shrink", "grow", "overwrite", "replace", "vanish", "link", "directory", "fifo", "add"],
] as Change[];
/** Files that are treated in ways of their own, and directories. */
const VICTIMS = [
  ...["aa/text-0", "aa/text-100", "bb/text-4096", "bb/text-10000", "cc/noise", "cc/large", "aa/below/twin", "bb/zeros"],
  ...["aa", "bb/below", "cc/link", "cc/below/twin"],
];

/** Which call of a thread: often one of the first. */
const pickCall = (random: Random) => 1 + random.below(random.pick([1, 2, 5, 12, 40]));

async function at(
  bench: Bench,
  build: Build,
  plan: Omit<Plan, "log">,
  kind: string,
  more: object = {},
): Promise<Outcome> {
  const whole: Plan = { ...plan, log: `${bench.folder}/log` };
  const ended = await bench.run(build, { env: meddle(`${bench.folder}/meddle.mjs`, whole) });
  const hits = meddled(whole);
  const isSpared = hits.length === 0 && plan.act.kind !== "short";
  const detail = { ...plan, hits };
  const outcome = await judge(bench, build, ended, {
    kind,
    isSpared,
    detail,
    named: namesOf(bench, build, hits),
    ...more,
  });
  return isSpared && outcome.finding === undefined ? { ...outcome, result: "spared" } : outcome;
}

const describeCalls = (calls: readonly string[]) => (calls.length === 1 ? calls[0] : "one of many calls");

/** What a message may name: the paths of the calls, and for files of the build itself what they are for. */
function namesOf(bench: Bench, build: Build, hits: readonly { path: string }[]): string[] {
  const own = hits.some(({ path }) => !path.startsWith(bench.source));
  return [
    ...hits.map(({ path }) => path),
    bench.sourceOf(build),
    ...(own ? [bench.image, `${bench.temporary}: `] : []),
  ];
}

/** A call to the source fails. */
export function failSource(bench: Bench, build: Build, random: Random): Promise<Outcome> {
  const code = random.pick(["EIO", "EIO", "EACCES", "ESTALE", "ENOMEM", "EMFILE", "EPERM"]);
  const calls = random.pick([...[...OPENS, ...READS].map((name) => [name]), OPENS, READS, [...OPENS, ...READS]]);
  const act: Act = { kind: "fail", code };
  const plan: Omit<Plan, "log"> = {
    calls,
    prefix: bench.source,
    nr: pickCall(random),
    thread: pickThread(random),
    act,
  };
  return at(bench, build, plan, `${describeCalls(calls)} of the source fails`);
}

/** A call to the target or to a temporary file fails. */
export function failTarget(bench: Bench, build: Build, random: Random): Promise<Outcome> {
  const act: Act = { kind: "fail", code: random.pick(["EIO", "ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EACCES"]) };
  const prefix = random.oneIn(4) ? bench.temporary : bench.out;
  if (random.oneIn(4)) {
    // of which there are few
    const calls = [random.pick(["ftruncateSync", "fsyncSync", "renameSync"])];
    const plan: Omit<Plan, "log"> = { calls, prefix: bench.out, nr: 1, thread: "any", act };
    return at(bench, build, plan, `${calls} of the target fails`, { mustFail: true });
  }
  const calls = random.pick([["readSync"], ["openSync"], ["writeSync"], ["writeSync"], WRITES]);
  const plan: Omit<Plan, "log"> = { calls, prefix, nr: pickCall(random), thread: pickThread(random), act };
  return at(bench, build, plan, `${describeCalls(calls)} of the target fails`);
}

/** Calls read or write less than they are asked to. */
export function shorten(bench: Bench, build: Build, random: Random): Promise<Outcome> {
  const calls = random.pick([["readSync"], ["writeSync"], ["readSync", "writeSync"]]);
  const prefix = random.pick([bench.folder, bench.source, bench.out]);
  const plan: Omit<Plan, "log"> = { calls, prefix, nr: 1 + random.below(3), thread: "any", act: { kind: "short" } };
  return at(bench, build, plan, "short reads and writes", { isSpared: true });
}

/** A file changes before a call. */
export function changeSource(bench: Bench, build: Build, random: Random): Promise<Outcome> {
  const how = random.pick(CHANGES);
  const whole = bench.sourceOf(build);
  const hasFiles = ["tree", "closure", "pack"].includes(build.source);
  const victim = hasFiles ? `${bench.source}/tree/${random.pick(VICTIMS)}` : whole;
  const calls = random.pick([["openSync"], ["readSync"], ["fstatSync"], ["lstatSync"], ["readdirSync"], ["closeSync"]]);
  const act: Act = { kind: "change", how, victim };
  const plan: Omit<Plan, "log"> = {
    calls,
    prefix: bench.source,
    nr: pickCall(random),
    thread: pickThread(random),
    act,
  };
  const goBetween = () => rmSync(victim, { recursive: true, force: true });
  return at(bench, build, plan, `source: ${how}`, { isChanged: true, goBetween, named: [victim, parentOf(victim)] });
}

/** A helper thread dies. */
export function killThread(bench: Bench, build: Build, random: Random): Promise<Outcome> {
  const act: Act = { kind: random.pick(["exit", "throw"]) };
  const calls = [...OPENS, ...READS, ...WRITES, "closeSync"];
  const plan: Omit<Plan, "log"> = { calls, prefix: bench.folder, nr: pickCall(random), thread: "helper", act };
  return at(bench, build, plan, `a thread that ${act.kind}s`, { named: undefined });
}

/** The process gets a signal at a call. */
export function signalAt(bench: Bench, build: Build, random: Random): Promise<Outcome> {
  const signal = random.pick(["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL", "SIGKILL"] as const);
  const calls = [...OPENS, ...READS, ...WRITES, "closeSync"];
  const act: Act = { kind: "signal", signal };
  const plan: Omit<Plan, "log"> = {
    calls,
    prefix: bench.folder,
    nr: pickCall(random),
    thread: pickThread(random),
    act,
  };
  return at(bench, build, plan, `${signal} at a call`, { named: [signal], signal });
}

function pickThread(random: Random): Plan["thread"] {
  return random.pick(["main", "main", "any", "any", "helper"]);
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
