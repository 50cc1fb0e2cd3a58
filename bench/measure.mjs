// Runs one command and says what it cost. The figures are GNU time's where it is installed: the kernel's own accounting
// of the command and all its descendants, not samples. Without it only the wall clock is known.
import { spawn } from "node:child_process";
import { accessSync, constants, readFileSync, rmSync } from "node:fs";
import { performance } from "node:perf_hooks";

/** @import { Sample } from "./types.ts" */

const TIME = "/usr/bin/time";

/** Whether CPU time and peak memory can be told; without GNU time they are undefined. */
export const hasTime = (() => {
  try {
    accessSync(TIME, constants.X_OK);
    return true;
  } catch {
    return false;
  }
})();

/** @type {number | undefined} */
let running;
process.once("SIGINT", () => stop(130));
process.once("SIGTERM", () => stop(143));

/** Ends what is running, and this process. @param {number} status */
function stop(status) {
  if (running !== undefined) process.kill(-running, "SIGKILL");
  process.exit(status);
}

/**
 * Runs `argv` to its end, or for `limit` seconds.
 * `cpu`: user and system seconds of all descendants. `peak`: bytes resident in the biggest one of them. GNU time stands
 * between because a process forked straight from here would be charged with this one's own memory at its start.
 * @param {string[]} argv
 * @param {{ cwd?: string | undefined, limit: number, scratch: string }} how
 * @returns {Promise<Sample>}
 */
export async function measure(argv, { cwd, limit, scratch }) {
  const record = `${scratch}/time.txt`;
  const [program = "", ...words] = hasTime ? [TIME, "-q", "-f", "%U %S %M", "-o", record, ...argv] : argv;
  const from = performance.now();
  // Where it is set, Node reads these certificates whenever it starts, for longer than all the rest of its start.
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  // A group of its own, so that the limit (or an interrupt, which does not reach it by itself) ends a whole pipeline.
  const child = spawn(program, words, { cwd, env, stdio: ["ignore", "ignore", "pipe"], detached: true });
  running = child.pid;
  let said = "";
  child.stderr.on("data", (chunk) => {
    said = (said + chunk).slice(-4000);
  });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  }, limit * 1000);
  /** @type {{ failure?: string, wall?: number, status?: number | null, signal?: string | null }} */
  const end = await new Promise((resolve) => {
    child.once("error", (error) => resolve({ failure: error.message }));
    // `exit`, not `close`: the clock stops when the command ends; its last words may come later.
    child.once("exit", (status, signal) => {
      running = undefined;
      const wall = (performance.now() - from) / 1000;
      const done = () => resolve({ wall, status, signal });
      if (child.stderr.closed) done();
      else child.once("close", done);
    });
  });
  clearTimeout(timer);
  if (end.failure) return { failure: end.failure };
  if (late) return { wall: end.wall, late };
  if (end.status !== 0) return { failure: complaint(said) || `ended by ${end.signal ?? `status ${end.status}`}` };
  return { wall: end.wall, ...(hasTime ? usage(record) : {}) };
}

/** @param {string} record */
function usage(record) {
  const [user = 0, system = 0, peakKiB = 0] = readFileSync(record, "latin1").trim().split(" ").map(Number);
  rmSync(record);
  return { cpu: user + system, peak: peakKiB * 1024 };
}

/**
 * The line that says what went wrong, among usage and hints: the first that calls itself an error, else the last.
 * @param {string} text
 */
function complaint(text) {
  const lines = text.trimEnd().split("\n");
  return lines.find((line) => /error|invalid|unrecogni|<E>|refus/i.test(line)) ?? lines.at(-1);
}

/** The middle value; undefined for none, or where any is unknown. @param {(number | undefined)[]} values */
export function median(values) {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  const lower = sorted[(sorted.length - 1) >> 1];
  const upper = sorted[sorted.length >> 1];
  if (lower === undefined || upper === undefined || sorted.length < values.length) return undefined;
  return (lower + upper) / 2;
}
