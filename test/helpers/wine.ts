/** Windows, as wine has it: Node's own build for it, which runs the package as it is built. `.ci/windows` installs both. */
import { spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { delimiter } from "node:path";
import { type CommandName, type CommandOutcome, commandPath } from "./commands.ts";

/** Debian keeps its programs here. */
const WINE_FOLDER = "/usr/lib/wine";
const { WINDOWS_NODE } = process.env;

const ENVIRONMENT: NodeJS.ProcessEnv = {
  ...process.env,
  ...{ WINEDEBUG: "-all", NODE_SKIP_PLATFORM_CHECK: "1", DISPLAY: "" },
  // by Debian's wrapper it would end with every program, and to start it takes a second
  ...(existsSync(`${WINE_FOLDER}/wineserver64`) && { WINESERVER: `${WINE_FOLDER}/wineserver64` }),
  PATH: [process.env.PATH, WINE_FOLDER].join(delimiter),
};

let works: boolean | undefined;

/** Whether there is such a Node, and wine runs it. */
export function canRunWindows(): boolean {
  works ??= WINDOWS_NODE !== undefined && existsSync(WINDOWS_NODE) && tryWine();
  return works;
}

function tryWine(): boolean {
  const ran = spawnSync("wine64", [WINDOWS_NODE!, "-e", "process.exit(process.platform === 'win32' ? 33 : 1)"], {
    env: ENVIRONMENT,
    stdio: "ignore",
    timeout: 60_000,
  });
  return ran.status === 33;
}

/** Starts what every program needs there, and keeps it until what is returned is called: else each starts it anew. */
export function keepWindowsRunning(): () => void {
  const child = spawn("wine64", [WINDOWS_NODE!, "-e", "setTimeout(() => undefined, 600000)"], {
    env: ENVIRONMENT,
    stdio: "ignore",
  });
  return () => child.kill("SIGKILL");
}

/** A path of this machine as Windows spells it. */
export function windowsPath(path: string): string {
  return `Z:${path.replaceAll("/", "\\")}`;
}

/** Runs a command in a folder. Its output goes through files in `scratch`, as wine's handles of consoles and pipes fail. */
export function runWindowsCommand(
  scratch: string,
  cwd: string,
  name: CommandName,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): CommandOutcome {
  const [out, err] = [`${scratch}/.out`, `${scratch}/.err`];
  const status = withOutput(
    out,
    err,
    (stdio) => spawnSync("wine64", nodeWords(name, words), { ...options(cwd, env), stdio, timeout: 100_000 }).status,
  );
  return { status, out: readFileSync(out, "utf8"), err: readFileSync(err, "utf8") };
}

/** Starts a command; what is returned tells its end, and stops it as Ctrl-C does. */
export function startWindowsCommand(scratch: string, cwd: string, name: CommandName, words: readonly string[]) {
  const [out, err] = [`${scratch}/.out`, `${scratch}/.err`];
  const child = withOutput(out, err, (stdio) => spawn("wine64", nodeWords(name, words), { ...options(cwd), stdio }));
  return {
    interrupt: () => child.kill("SIGINT"),
    end: new Promise<CommandOutcome>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (status) =>
        resolve({ status, out: readFileSync(out, "utf8"), err: readFileSync(err, "utf8") }),
      );
    }),
  };
}

function nodeWords(name: CommandName, words: readonly string[]): string[] {
  return [WINDOWS_NODE!, commandPath(name), ...words];
}

function options(cwd: string, more: Readonly<Record<string, string>> = {}) {
  const { SOURCE_DATE_EPOCH: _, ...env } = ENVIRONMENT;
  return { cwd, env: { ...env, ...more } };
}

function withOutput<T>(out: string, err: string, use: (stdio: ["ignore", number, number]) => T): T {
  const files = [openSync(out, "w"), openSync(err, "w")] as const;
  try {
    return use(["ignore", ...files]);
  } finally {
    for (const file of files) closeSync(file);
  }
}
