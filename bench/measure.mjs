// Runs one command and says what it cost. The figures are GNU time's where it is installed: the kernel's own accounting
// of the command and all its descendants, not samples. Without it only the wall clock is known.
import { spawn } from "node:child_process";
import { accessSync, constants, readFileSync, rmSync } from "node:fs";
import { performance } from "node:perf_hooks";

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

let running;
for (const [signal, status] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
]) {
  process.once(signal, () => {
    if (running !== undefined) process.kill(-running, "SIGKILL");
    process.exit(status);
  });
}

/**
 * Runs `argv` to its end, or for `limit` seconds.
 * `cpu`: user and system seconds of all descendants. `peak`: bytes resident in the biggest one of them. GNU time stands
 * between because a process forked straight from here would be charged with this one's own memory at its start.
 */
export async function measure(argv, { cwd, limit, scratch }) {
  const record = `${scratch}/time.txt`;
  const command = hasTime ? [TIME, "-q", "-f", "%U %S %M", "-o", record, ...argv] : argv;
  const from = performance.now();
  // A group of its own, so that the limit (or an interrupt, which does not reach it by itself) ends a whole pipeline.
  const child = spawn(command[0], command.slice(1), { cwd, stdio: ["ignore", "ignore", "pipe"], detached: true });
  running = child.pid;
  let said = "";
  child.stderr.on("data", (chunk) => {
    said = (said + chunk).slice(-4000);
  });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    process.kill(-child.pid, "SIGKILL");
  }, limit * 1000);
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

function usage(record) {
  const [user, system, peakKiB] = readFileSync(record, "latin1").trim().split(" ").map(Number);
  rmSync(record);
  return { cpu: user + system, peak: peakKiB * 1024 };
}

/** The line that says what went wrong, among usage and hints: the first that calls itself an error, else the last. */
function complaint(text) {
  const lines = text.trimEnd().split("\n");
  return lines.find((line) => /error|invalid|unrecogni|<E>|refus/i.test(line)) ?? lines.at(-1);
}

/** The middle value; undefined for none, or where any is unknown. */
export function median(values) {
  if (values.length === 0 || values.includes(undefined)) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
