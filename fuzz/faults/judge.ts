/** What must be so behind every build that met trouble. */
import type { Outcome } from "../campaign.ts";
import { type Bench, type Ended, hashOf } from "./bench.ts";
import type { Build } from "./builds.ts";

/** What is expected of a run. */
export interface Expected {
  /** What was tried. */
  kind: string;
  /** Nothing has happened, so the image has to be there. */
  isSpared?: boolean;
  /** What has happened makes the build fail, always. */
  mustFail?: boolean;
  /** Texts of which the message names one; undefined: not known. */
  named?: readonly string[] | undefined;
  /** The source has been changed: the image may be that of the source as it is now. */
  isChanged?: boolean;
  /** Makes of the source what it was for a moment, between two steps of the change: the image may be of that too. */
  goBetween?: () => void;
  /** The process may be ended without a word: killed by us, or by the system. */
  mayDie?: boolean;
  /** The process got it: it says so, unless it did not listen yet, or cannot. */
  signal?: NodeJS.Signals;
  /** Where the image was to go, if it was no file that was there before. */
  target?: string | undefined;
  /** For the message of a finding. */
  detail?: unknown;
}

/** Says what became of a build, and what is wrong with that. */
export async function judge(bench: Bench, build: Build, ended: Ended, given: Expected): Promise<Outcome> {
  // until the command listens, a signal ends it as it ends every process
  const isSilent = given.signal === "SIGKILL" || (ended.err === "" && ended.signal === given.signal);
  const expected = given.signal !== undefined && isSilent ? { ...given, mayDie: true } : given;
  const target = expected.target ?? bench.image;
  const problems: string[] = [];
  const isDead = ended.signal !== null || (ended.status !== null && ended.status >= 128);
  const isBuilt = ended.status === 0;
  if (ended.isHung) problems.push("hangs");
  else if (isBuilt) problems.push(...(await findWrongImage(bench, build, target, expected)));
  else problems.push(...findWrongWords(build, ended, isDead, expected));
  if (!isBuilt && !isIntact(bench, build, target, isDead, expected)) problems.push("the target is not as it was");
  if (!ended.isHung) {
    problems.push(...(await bench.findLitter(build, { isKilled: isDead && expected.mayDie === true })));
  }
  const result = isBuilt ? "built" : isDead ? `ended by ${ended.signal ?? ended.status}` : "refused";
  const finding = problems.length === 0 ? undefined : describe(build, problems, ended, expected);
  return { kind: expected.kind, result, finding };
}

async function findWrongImage(bench: Bench, build: Build, target: string, expected: Expected): Promise<string[]> {
  if (expected.mustFail && !expected.isSpared) return ["says that all went well"];
  const hash = hashOf(target);
  if (hash === bench.reference(build)) return [];
  if (expected.isChanged && hash === (await bench.now(build))) return [];
  if (expected.goBetween) {
    expected.goBetween();
    if (hash === (await bench.now(build))) return [];
  }
  return ["has made a wrong image, and says that all went well"];
}

function findWrongWords({ command }: Build, { err, out }: Ended, isDead: boolean, expected: Expected): string[] {
  if (expected.isSpared) return ["fails, although nothing happened"];
  if (isDead && expected.mayDie) return [];
  const problems: string[] = [];
  if (out !== "") problems.push("prints to standard output");
  if (!/^[^\n]+\n$/.test(err)) problems.push("does not say why in one line");
  else if (!err.startsWith(`ts-${command}: `)) problems.push("says why without its name");
  const { named } = expected;
  if (named !== undefined && !named.some((text) => err.includes(text)))
    problems.push(`names none of ${named.join(", ")}`);
  if (/\.ts-mkerofs-|INTERNAL|undefined|node:/.test(err)) problems.push("says what is nobody's concern");
  return problems;
}

/** One that is killed when all is done has made the image already. */
function isIntact(bench: Bench, build: Build, target: string, isDead: boolean, { mayDie }: Expected): boolean {
  if (target !== bench.image || bench.isOld()) return true;
  return isDead && mayDie === true && hashOf(target) === bench.reference(build);
}

function describe({ name }: Build, problems: readonly string[], ended: Ended, { detail }: Expected): string {
  const said = JSON.stringify({ ...ended, err: ended.err.slice(0, 1500), out: ended.out.slice(0, 300) });
  return `${problems.join("; ")}\n${name}\n${JSON.stringify(detail)}\n${said}`;
}
