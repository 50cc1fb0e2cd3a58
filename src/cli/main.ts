#!/usr/bin/env node
/** The command `ts-mkerofs`: does what its words say, and makes one line and an exit status of what goes wrong. */
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { setFlagsFromString } from "node:v8";
import { systemMessage } from "../core/node-errors.ts";
import { type BuildOptions, type BuildReport, buildErofs, type CompressHint, closure, directory } from "../index.ts";
import { UsageError } from "./getopt.ts";
import { HELP } from "./help.ts";
import { parseHints } from "./hints.ts";
import { type BuildCommand, parseOptions } from "./options.ts";
import { ProgressBar } from "./progress.ts";
import { imageStream, print } from "./streams.ts";
import { formatMessage, formatReport, formatStages } from "./summary.ts";

const { stdout, stderr } = process;

// The optimizing compiler runs beside threads that live for a second. Without these bounds on inlining it takes a
// sixth of all the time; the code it makes is as fast, since the work is in system calls.
setFlagsFromString("--max-inlined-bytecode-size=50");
setFlagsFromString("--max-inlined-bytecode-size-cumulative=100");

// A failed write is told to its callback; without a listener it would be thrown as well.
for (const stream of [stdout, stderr]) stream.on("error", () => undefined);

// All that was printed has been awaited; nothing that is still open may keep the process alive.
process.exit(await main());

async function main(): Promise<number> {
  try {
    const command = parseOptions(process.argv.slice(2), process.env);
    if (command.action === "build") return await run(command);
    await print(stdout, command.action === "help" ? HELP : `ts-mkerofs ${readVersion()}\n`);
    return 0;
  } catch (error) {
    const isUsage = error instanceof UsageError;
    const hint = isUsage ? "Try 'ts-mkerofs --help' for more information.\n" : "";
    await complain(formatMessage(error instanceof Error ? error.message : String(error)) + hint);
    return isUsage ? 2 : 1;
  }
}

function readVersion(): string {
  return JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version;
}

/** Prints to standard error; if no one reads that, there is no one to tell. */
async function complain(text: string): Promise<void> {
  await print(stderr, text).catch(() => undefined);
}

async function run(command: BuildCommand): Promise<number> {
  const { image, build, verbosity } = command;
  const { blockSize = 4096 } = build;
  if (image === "-" && stdout.isTTY) throw new UsageError("standard output is a terminal, which takes no image");
  if (blockSize > 4096 && verbosity > 0) {
    await complain(formatMessage(`warning: only kernels with pages of at least ${blockSize} bytes mount this image`));
  }

  const showsBar = command.progress === "always" || (command.progress === "auto" && stderr.isTTY && verbosity > 0);
  const bar = showsBar ? new ProgressBar(stderr) : undefined;
  const interruption = watchSignals(() => bar?.clear());
  try {
    const { signal } = interruption;
    const report = await start(command, { ...build, signal, ...(bar && { onProgress: (now) => bar.update(now) }) });
    bar?.clear();
    if (verbosity >= 3) await complain(formatStages(report));
    if (command.json) await print(image === "-" ? stderr : stdout, `${JSON.stringify(report, undefined, 2)}\n`);
    else if (verbosity > 0) await print(image === "-" ? stderr : stdout, formatReport(report));
    return 0;
  } catch (error) {
    bar?.clear();
    if (!interruption.signal.aborted) throw error;
    const { name, number } = interruption.signal.reason;
    await complain(formatMessage(`interrupted (${name})`));
    return 128 + number;
  }
}

/** Aborts at the first signal, so that the build can clean up behind itself, and exits at the second. */
function watchSignals(onSignal: () => void): AbortController {
  const controller = new AbortController();
  const listener: NodeJS.SignalsListener = (name) => {
    const number = constants.signals[name];
    onSignal();
    if (controller.signal.aborted) process.exit(128 + number);
    controller.abort({ name, number });
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, listener);
  return controller;
}

function start(command: BuildCommand, options: BuildOptions & { signal: AbortSignal }): Promise<BuildReport> {
  const { image, sources } = command;
  if (command.compressHints !== undefined) options.compressHints = readHints(command.compressHints);
  if (options.exclude?.regexes?.length) limitBacktracking();
  const out = image === "-" ? imageStream(stdout, options.signal) : image;
  if (command.closure === "-") {
    const { stdin } = process;
    options.signal.addEventListener("abort", () => stdin.destroy()); // or its reader would wait for its end
    return buildErofs(closure("standard input", stdin), out, options);
  }
  if (command.closure !== undefined) return buildErofs(closure(command.closure), out, options);
  return buildErofs(sources.length === 1 ? directory(sources[0]!) : sources, out, options);
}

function readHints(path: string): CompressHint[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`${path}: ${systemMessage(error)}`);
  }
  return parseHints(path, text);
}

/**
 * An expression such as `(a+)+b` makes a backtracking engine try for years what glibc's finds out at once. V8 has a
 * linear engine too, which it turns to after so many steps back (a few milliseconds) if it is told to.
 */
function limitBacktracking(): void {
  setFlagsFromString("--regexp-backtracks-before-fallback=1000000");
  setFlagsFromString("--enable-experimental-regexp-engine-on-excessive-backtracks");
}
