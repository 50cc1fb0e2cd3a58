/** The commands as they are built, and how tests run them. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A command, without its `ts-`. */
export type CommandName = "gensquashfs" | "imagefs" | "mkerofs" | "mksquashfs";

/** One that makes images. */
export type BuildCommandName = Exclude<CommandName, "imagefs">;

/** Any command, also the one that makes no images. */
export type AnyCommandName = CommandName | "imagefs";

/** What a command came to. */
export interface CommandOutcome {
  status: number | null;
  out: string;
  err: string;
}

/** The outcome of a command that has done its work and says nothing. */
export const SILENT: CommandOutcome = { status: 0, out: "", err: "" };

/** The file to run a command by. */
export function commandPath(name: AnyCommandName): string {
  return fileURLToPath(new URL(`../../dist/cli/${name}/main.js`, import.meta.url));
}

/** A command as words of a line of shell. */
export function commandWords(name: AnyCommandName): string {
  return `"${process.execPath}" "${commandPath(name)}"`;
}

/** The caller's environment without the time of images that it may give. */
function environment(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { SOURCE_DATE_EPOCH: _, ...rest } = process.env;
  return { ...rest, ...more };
}

/** Runs a command in a folder; one that takes longer than `timeout` milliseconds has no status. */
export function runCommand(
  cwd: string,
  name: AnyCommandName,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  timeout = 60_000,
): CommandOutcome {
  const ran = spawnSync(process.execPath, [commandPath(name), ...words], {
    cwd,
    encoding: "utf8",
    env: environment(env),
    timeout,
  });
  return { status: ran.status, out: ran.stdout, err: ran.stderr };
}

/** Runs a line of shell in a folder. */
export function runShell(cwd: string, line: string): CommandOutcome {
  const ran = spawnSync("sh", ["-c", line], { cwd, encoding: "utf8", env: environment({}) });
  return { status: ran.status, out: ran.stdout, err: ran.stderr };
}
