/** What the commands have in common: a build with its progress and signals, one line for what goes wrong, an exit status. */
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { setFlagsFromString } from "node:v8";
import { ImageError } from "../../core/error.ts";
import { hasStuckThreads } from "../../core/node/node-pool.ts";
import { endBySignal } from "../../core/node/node-process-end.ts";
import { showValue } from "../../core/options/checks.ts";
import { type NameOf, OptionError } from "../../core/options/option-error.ts";
import type { BuildProgress, BuildReport, SquashfsReport } from "../../index.ts";
import { UsageError } from "./getopt.ts";
import { formatErrorEnd, formatJsonError, formatJsonReport, type Manner } from "./json.ts";
import { formatHelp } from "./manual/help.ts";
import { type Manual, SHELLS, type Shell } from "./manual/manual.ts";
import { PercentLines, ProgressBar } from "./progress.ts";
import { imageStream, print, TextOutput } from "./streams.ts";
import { formatMessage, formatWarnings } from "./summary.ts";
import type { Format } from "./value.ts";

const { stdout, stderr } = process;

/** What a build is given by {@link runProgram}. */
export interface RunContext {
  signal: AbortSignal;
  onProgress?: (progress: BuildProgress) => void;
}

/** An image to be built. */
export interface BuildJob {
  action: "build";
  /** Path of the image; `-` is standard output. */
  image: string;
  /** What messages call options. */
  nameOf: NameOf;
  /** Warnings that are known before. */
  warnings: readonly string[];
  /** What is as it was asked for, and may not be what was meant. */
  notes?: readonly string[];
  progress: "auto" | "always" | "never" | "percent";
  /** Neither a summary nor, of itself, a progress bar is to be printed. */
  quiet: boolean;
  /** No warnings either. */
  isSilent: boolean;
  format: Format;
  /** The report is printed as JSON, and so is an error: one object on standard output, unless the image goes there. */
  json: boolean;
  /** The root hash of its tree, and nothing else, is printed on standard output. */
  printsRoot: boolean;
  /** Builds it. */
  build(out: string | WritableStream<Uint8Array>, context: RunContext): Promise<BuildOutcome>;
}

/** What a build came to. */
export interface BuildOutcome {
  report: BuildReport | SquashfsReport;
  /** The report for people. */
  text: string;
  /** What is not as it was asked for. */
  warnings: readonly string[];
  /** What else is to be said, whole lines for standard error. */
  notes?: string;
}

/** Something else than a build, which prints as it goes. */
export interface LookJob {
  action: "look";
  /** What is printed is JSON, and so is an error. */
  json: boolean;
  /** `-` where standard output takes a file, which nothing else is to stand in. */
  image: "-" | undefined;
  /** Warnings that are known before. */
  warnings: readonly string[];
  /** What messages call options. */
  nameOf: NameOf;
  /** Does it; gives its exit status. */
  look(context: LookContext): Promise<number>;
}

/** What that is given by {@link runProgram}. */
export interface LookContext {
  signal: AbortSignal;
  /** `package.json`'s. */
  version: string;
  out: TextOutput;
  /** Says something on standard error, in a line. */
  complain(message: string): Promise<void>;
}

/** What a command line asks for. */
export type ProgramCommand =
  | BuildJob
  | LookJob
  | { action: "help" }
  | { action: "version" }
  | { action: "print"; text: PageText };

/** Text for a page of so many columns. */
export type PageText = (columns: number) => string;

/** One command. */
export interface Program<S> {
  manual: Manual<S>;
  /** `package.json`, as seen from the command's own file: this one may be bundled elsewhere. */
  manifest: URL;
  /** Reads a command line; throws UsageError for one that cannot be understood. */
  parse(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): ProgramCommand;
  /** How a command line is answered that cannot be understood. */
  mannerOf(argv: readonly string[]): Manner;
}

/** Runs a command to its end; returns its exit status. */
export async function runProgram<S>(program: Program<S>): Promise<number> {
  // A failed write is told to its callback; without a listener it would be thrown as well.
  for (const stream of [stdout, stderr]) stream.on("error", () => undefined);
  const argv = process.argv.slice(2);
  let job: BuildJob | undefined;
  try {
    const shell = shellOf(argv);
    if (shell !== undefined) {
      const { formatCompletion } = await import("./manual/completion.ts");
      await print(stdout, formatCompletion(program.manual, shell));
      return 0;
    }
    const command = program.parse(argv, process.env);
    if (command.action === "look") return await look(program, command);
    if (command.action === "build") {
      job = command;
      return await run(program, command);
    }
    await print(stdout, textOf(program, command));
    return 0;
  } catch (error) {
    await answerError(program, job ?? program.mannerOf(argv), error);
    return error instanceof UsageError ? 2 : 1;
  }
}

/** The shell that is to complete the command; undefined: the line is about something else. */
function shellOf(argv: readonly string[]): Shell | undefined {
  const [, name] = /^--?completion=(.*)$/s.exec(argv.length === 1 ? argv[0]! : "") ?? [];
  if (name === undefined) return undefined;
  const found = SHELLS.find((shell) => shell === name);
  if (found === undefined) throw new UsageError(`--completion is for ${SHELLS.join(", ")}; not for ${showValue(name)}`);
  return found;
}

/** Says what went wrong, in the manner that was asked for. */
async function answerError<S>(program: Program<S>, { json, image }: Manner, error: unknown): Promise<void> {
  const more =
    error instanceof UsageError ? [error.hint, `Try '${program.manual.name} --help' for more information.`] : [];
  const message = formatMessage(program.manual.name, error instanceof Error ? error.message : String(error));
  const lines = message + more.map((line) => (line === undefined ? "" : `${line}\n`)).join("");
  if (!json) return complain(lines);
  const said = formatJsonError(readVersion(program), error);
  // whoever has closed standard output may read the other one
  await print(image === "-" ? stderr : stdout, said).catch(() => complain(lines));
}

function textOf<S>(program: Program<S>, command: Exclude<ProgramCommand, BuildJob | LookJob>): string {
  if (command.action === "version") return `${program.manual.name} ${readVersion(program)}\n`;
  // a terminal that does not know its width says 0
  const columns = stdout.columns || 80;
  return command.action === "help" ? formatHelp(program.manual, columns) : command.text(columns);
}

function readVersion({ manifest }: Pick<Program<never>, "manifest">): string {
  return JSON.parse(readFileSync(manifest, "utf8")).version;
}

/** Prints to standard error; if no one reads that, there is no one to tell. */
async function complain(text: string): Promise<void> {
  await print(stderr, text).catch(() => undefined);
}

async function run<S>(program: Program<S>, job: BuildJob): Promise<number> {
  const { image } = job;
  if (image === "-" && stdout.isTTY) throw new UsageError("standard output is a terminal, which takes no image");
  for (const warning of job.warnings) await complain(formatMessage(program.manual.name, `warning: ${warning}`));
  for (const note of job.notes ?? []) await complain(formatMessage(program.manual.name, `note: ${note}`));

  const showsBar = job.progress === "always" || (job.progress === "auto" && stderr.isTTY && !job.quiet);
  const lines = job.progress === "percent" ? new PercentLines(hasOutput(job) || job.json ? stderr : stdout) : undefined;
  const bar = showsBar ? new ProgressBar(stderr) : lines;
  const interruption = watchSignals(() => bar?.clear());
  try {
    const { signal } = interruption;
    const out = image === "-" ? imageStream(stdout, signal) : image;
    const outcome = await job.build(out, { signal, ...(bar && { onProgress: (now) => bar.update(now) }) });
    bar?.clear();
    lines?.finish();
    await report(program, job, outcome);
    return 0;
  } catch (error) {
    bar?.clear();
    if (!interruption.signal.aborted) throw error instanceof OptionError ? error.reworded(job.nameOf) : error;
    const { name, number } = interruption.signal.reason;
    await answerError(program, job, new ImageError("ABORTED", `interrupted (${name})`));
    if (hasStuckThreads()) end(name);
    return 128 + number;
  }
}

async function look<S>(program: Program<S>, job: LookJob): Promise<number> {
  const { signal } = watchSignals(() => undefined);
  const out = new TextOutput(stdout);
  try {
    const complain = (message: string) => complainLine(program, message);
    for (const warning of job.warnings) await complain(`warning: ${warning}`);
    const status = await job.look({ signal, version: readVersion(program), out, complain });
    await out.flush();
    return status;
  } catch (error) {
    // who has closed it, as head does, wants no more
    if (out.isClosed) return 128 + constants.signals.SIGPIPE;
    const { name, number } = signal.aborted ? signal.reason : { name: undefined, number: 0 };
    const named = error instanceof OptionError ? error.reworded(job.nameOf) : error;
    const thrown = signal.aborted ? new ImageError("ABORTED", `interrupted (${name})`) : named;
    if (out.ending !== undefined) await out.write(formatErrorEnd(out.ending, thrown));
    // what was found before the error is to stand before it
    await out.flush();
    if (out.ending === undefined) await answerError(program, job, thrown);
    if (signal.aborted) return 128 + number;
    return error instanceof UsageError ? 2 : 1;
  }
}

function complainLine<S>(program: Program<S>, message: string): Promise<void> {
  return complain(formatMessage(program.manual.name, message));
}

/** Says what a build came to. */
async function report<S>(
  program: Program<S>,
  job: BuildJob,
  { report, text, warnings, notes }: BuildOutcome,
): Promise<void> {
  const lines = job.isSilent ? "" : formatWarnings(program.manual.name, warnings) + (notes ?? "");
  if (lines !== "") await complain(lines);
  const said = job.json ? formatJsonReport(readVersion(program), job.image, report) : job.quiet ? "" : text;
  if (said !== "") await print(hasOutput(job) ? stderr : stdout, said);
  if (job.printsRoot) await print(stdout, `${report.verity?.rootHash}\n`);
}

/** Whether standard output takes something that a program reads. */
function hasOutput({ image, printsRoot }: BuildJob): boolean {
  return image === "-" || printsRoot;
}

/** Aborts at the first signal, so that the build can clean up behind itself, and ends the process at the second. */
function watchSignals(onSignal: () => void): AbortController {
  const controller = new AbortController();
  const listener: NodeJS.SignalsListener = (name) => {
    onSignal();
    if (controller.signal.aborted) end(name);
    controller.abort({ name, number: constants.signals[name] });
  };
  // the last is Ctrl-Break on Windows
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"] as const) process.on(name, listener);
  return controller;
}

/** Ends the process by a signal; on Windows, where none gives its number to the exit status, as if it had. */
function end(name: NodeJS.Signals): void {
  if (process.platform === "win32") process.exit(128 + constants.signals[name]);
  endBySignal(name);
}

/**
 * An expression such as `(a+)+b` makes a backtracking engine try for years what glibc's finds out at once. V8 has a
 * linear engine too, which it turns to after so many steps back (a few milliseconds) if it is told to.
 */
export function limitBacktracking(): void {
  setFlagsFromString("--regexp-backtracks-before-fallback=1000000");
  setFlagsFromString("--enable-experimental-regexp-engine-on-excessive-backtracks");
}
