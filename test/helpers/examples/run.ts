/** How the examples are run: each by a Node of its own, beside the test, which may serve what they ask for. */
import { type ChildProcess, spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { CommandOutcome } from "../commands.ts";

/** An example that runs. */
export interface RunningExample {
  child: ChildProcess;
  /** What it came to, once it has ended. */
  outcome: Promise<CommandOutcome>;
}

/** What there is besides its words. */
export interface ExampleOptions {
  input?: string;
  env?: Readonly<Record<string, string>>;
  /** User and group to become; needs root. */
  id?: number | undefined;
}

/** Starts a file of `examples/`. */
export function startExample(
  name: string,
  words: readonly string[],
  { input = "", env, id }: ExampleOptions = {},
): RunningExample {
  const file = fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url));
  const ids = id === undefined ? {} : { uid: id, gid: id };
  const child = spawn(process.execPath, [file, ...words], { env: { ...process.env, ...env }, timeout: 60_000, ...ids });
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const outcome = Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { child, outcome: outcome.then(([status, out, err]) => ({ status, out, err })) };
}

/** Runs a file of `examples/` to its end. */
export function runExample(
  name: string,
  words: readonly string[],
  options: ExampleOptions = {},
): Promise<CommandOutcome> {
  return startExample(name, words, options).outcome;
}
