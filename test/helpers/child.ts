/**
 * Builds in a process of their own: where the environment, the user or the directory must differ, and where a hang
 * must end the test instead of the suite.
 */
import { spawnSync } from "node:child_process";
import { hasCommand } from "./oracle.ts";

/** What the work in a child came to. `error` is of what it threw. */
export interface ChildOutcome {
  value?: unknown;
  error?: { isImageError: boolean; code?: string; message: string; path?: string };
}

/** How {@link runInChild} starts Node. */
export interface ChildOptions {
  /** Words of another command that is a Node. Default: this Node. */
  node?: readonly string[] | undefined;
  /** User and group to become; needs root and setpriv. */
  id?: number | undefined;
  env?: Readonly<Record<string, string>> | undefined;
  cwd?: string | undefined;
  umask?: number | undefined;
  /** Milliseconds after which a hang is certain. Default: 60,000. */
  timeout?: number | undefined;
}

const API = new URL("../../dist/index.js", import.meta.url).href;

/**
 * Runs the body of an async function in a new Node process; it sees the package's exports as `api`, `node:fs` as `fs`
 * and `args`. Throws if the process hangs or dies.
 */
export function runInChild(body: string, args: unknown, options: ChildOptions = {}): ChildOutcome {
  const script = `
    import * as api from ${JSON.stringify(API)};
    import fs from "node:fs";
    const args = JSON.parse(process.argv[1]);
    ${options.umask === undefined ? "" : `process.umask(${options.umask});`}
    const outcome = {};
    try {
      outcome.value = await (async () => { ${body} })();
    } catch (error) {
      const { code, message, path } = error;
      outcome.error = { isImageError: error instanceof api.ImageError, code, message, path };
    }
    fs.writeSync(1, "\\nOUTCOME " + JSON.stringify(outcome) + "\\n");
    process.exit(0);`;
  const { id } = options;
  const become =
    id === undefined ? [] : ["setpriv", `--reuid=${id}`, `--regid=${id}`, "--clear-groups", "--no-new-privs"];
  const words = [...become, ...(options.node ?? [process.execPath])];
  const run = spawnSync(words[0]!, [...words.slice(1), "--input-type=module", "-e", script, JSON.stringify(args)], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    timeout: options.timeout ?? 60_000,
    killSignal: "SIGKILL",
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  const answer = /^OUTCOME (.*)$/m.exec(run.stdout ?? "")?.[1];
  if (answer !== undefined) return JSON.parse(answer) as ChildOutcome;
  const why = run.error?.message ?? (run.signal === null ? `status ${run.status}` : `killed by ${run.signal}`);
  throw new Error(`the child gave no answer: ${why}\n${run.stdout}${run.stderr}`);
}

/** The user whom no file here belongs to. */
export const NOBODY = 65534;

let nobodyWorks: boolean | undefined;

/** Whether {@link runInChild} can become {@link NOBODY}: root, setpriv, and a package that everybody may read. */
export function canBecomeNobody(): boolean {
  nobodyWorks ??= process.getuid?.() === 0 && hasCommand("setpriv") && becomesNobody();
  return nobodyWorks;
}

function becomesNobody(): boolean {
  try {
    return runInChild("return process.getuid()", 0, { id: NOBODY }).value === NOBODY;
  } catch {
    return false;
  }
}
