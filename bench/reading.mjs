// Reads images through the kernel: each pass on a fresh mount, so that nothing of the image is in memory yet in
// decompressed form, and with the page cache dropped where that is allowed.
import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inTurn } from "./turns.mjs";

/** @import { Mode, Pass, PassName, PlacedCase, ReadSample, Say } from "./types.ts" */

const PASS = fileURLToPath(new URL("read-pass.mjs", import.meta.url));
/** What is timed. @type {PassName[]} */
export const PASSES = ["all", "random"];

/** @type {Set<string>} */
const mounted = new Set();
/** @type {import("node:child_process").ChildProcess | undefined} */
let running;
// Also after an interrupt, for which measure.mjs listens.
process.once("exit", () => {
  running?.kill("SIGKILL");
  for (const point of mounted) unmount(point);
});

/** Why no image can be read here; undefined where the kernel may be asked. */
export function whyNoReading() {
  if (process.platform !== "linux") return "not Linux";
  if (process.getuid?.() !== 0) return "only root can mount";
  const known = () => /\berofs$/m.test(readFileSync("/proc/filesystems", "latin1"));
  if (!known()) spawnSync("modprobe", ["erofs"]);
  return known() ? undefined : "this kernel has no EROFS";
}

/**
 * Samples by case name, `{ all, random }` a round, for cases with an `image`. First every image is compared with what
 * it was made of. One that does not mount failed, unless no image of its mode does: that is the kernel's (or the
 * container's) affair, and `skipped`.
 * @param {PlacedCase[]} cases
 * @param {Mode[]} modes
 * @param {{ tree: string, point: string, rounds: number, reads: number, drop: boolean, say: Say }} how
 */
export async function readImages(cases, modes, { tree, point, rounds, reads, drop, say }) {
  /** @type {Map<string, ReadSample[]>} */
  const samples = new Map(cases.map((one) => [one.name, []]));
  const problems = await findProblems(cases, modes, { tree, point, say });
  for (const [name, problem] of problems) samples.set(name, [problem]);
  for (let round = 1; round <= rounds; round++) {
    say(`reading, round ${round} of ${rounds}`);
    for (const one of inTurn(cases, modes, round)) {
      if (problems.has(one.name)) continue;
      /** @type {ReadSample} */
      const sample = {};
      for (const what of PASSES) {
        sample[what] = await onMount(one.image, point, () => pass(what, tree, point, reads, drop));
      }
      const failure = PASSES.map((what) => sample[what]?.failure).find((said) => said !== undefined);
      if (failure !== undefined) {
        problems.set(one.name, { failure });
        samples.set(one.name, [{ failure }]);
      } else samples.get(one.name)?.push(sample);
      const cost = failure ?? PASSES.map((what) => `${what} ${sample[what]?.wall?.toFixed(2)} s`).join(", ");
      say(`  ${one.name.padEnd(48)} ${cost}`);
    }
  }
  return samples;
}

/** @param {PlacedCase[]} cases @param {Mode[]} modes @param {{ tree: string, point: string, say: Say }} how */
async function findProblems(cases, modes, { tree, point, say }) {
  say("comparing the images with the tree");
  /** @type {Map<string, ReadSample>} */
  const problems = new Map();
  for (const mode of modes) {
    const found = [];
    for (const one of cases.filter((each) => each.mode === mode)) {
      found.push({ one, ...(await onMount(one.image, point, () => pass("compare", tree, point, 0, false))) });
    }
    const mounts = found.some(({ refused }) => !refused);
    for (const { one, failure, refused } of found) {
      if (failure === undefined) continue;
      problems.set(one.name, refused && !mounts ? { skipped: failure } : { failure });
      say(`  ${one.name.padEnd(48)} ${failure}`);
    }
  }
  return problems;
}

/**
 * What `read` returns of the mounted image, or `{ failure, refused }`.
 * @param {string} image
 * @param {string} point
 * @param {() => Promise<Pass>} read
 * @returns {Promise<Pass>}
 */
async function onMount(image, point, read) {
  mkdirSync(point, { recursive: true });
  const { status, stderr, error } = spawnSync("mount", ["-t", "erofs", "-o", "ro,loop", image, point], {
    encoding: "utf8",
  });
  if (status !== 0) {
    const [said] = (error?.message ?? stderr).trim().split("\n");
    return { failure: `does not mount: ${said}`, refused: true };
  }
  mounted.add(point);
  try {
    return await read();
  } finally {
    unmount(point);
  }
}

/** @param {string} point */
function unmount(point) {
  // Just after a pass something else may look at the mount for a moment (an indexer, df).
  const plain = spawnSync("umount", [point]).status === 0;
  if (plain || spawnSync("umount", ["-l", point]).status === 0) rmdirSync(point);
  mounted.delete(point);
}

/**
 * What the pass printed, or `{ failure }`.
 * @type {(what: PassName | "compare", tree: string, point: string, reads: number, drop: boolean) => Promise<Pass>}
 */
function pass(what, tree, point, reads, drop) {
  const argv = [PASS, what, tree, point, `${reads}`, drop ? "drop" : "keep"];
  return new Promise((done) => {
    running = execFile(process.execPath, argv, (error, stdout, stderr) => {
      running = undefined;
      if (error === null) return done(JSON.parse(stdout));
      const how = `ended by ${error.signal ?? `status ${error.code}`}`;
      done({ failure: stderr.match(/^Error: (.*)$/m)?.[1] ?? how });
    });
  });
}
