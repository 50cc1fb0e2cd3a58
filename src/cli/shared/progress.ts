/** A progress bar on a terminal: one line, drawn over and over, and gone at the end. */
import type { BuildProgress } from "../../build/options.ts";

const BAR = { least: 12, most: 42 };

/**
 * One line that tells where a build stands, at most `columns` wide. What does not fit is left out, least important first.
 *
 * @param elapsedSeconds since the stage began.
 */
export function renderProgress(progress: BuildProgress, elapsedSeconds: number, columns: number): string {
  const { stage, done, total } = progress;
  const rate = elapsedSeconds > 0 ? done / elapsedSeconds : 0;
  if (total === undefined && stage !== "walk") {
    return joinFitting([stage.padEnd(7), showBytes(done), `${showBytes(rate)}/s`], columns);
  }
  if (total === undefined) {
    return joinFitting([stage, `${done} entries`, `${Math.round(rate)}/s`], columns);
  }
  const share = total > 0 ? Math.min(done / total, 1) : 1;
  // Rounded down: 100% is for when nothing is left.
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  const parts = [stage.padEnd(7), percent, `${showBytes(done)}/${showBytes(total)}`, `${showBytes(rate)}/s`];
  if (rate > 0) parts.push(`${showDuration(Math.max(total - done, 0) / rate)} left`);

  const line = joinFitting(parts, columns);
  const width = Math.min(columns - line.length - 1, BAR.most);
  if (width < BAR.least) return line;
  const filled = Math.floor(share * (width - 2));
  const bar = `[${"#".repeat(filled)}${" ".repeat(width - 2 - filled)}]`;
  return `${parts[0]} ${bar}${line.slice(parts[0]!.length)}`;
}

/** As many of the parts as fit, from the first on; of the first, as much as fits. */
function joinFitting(parts: readonly string[], columns: number): string {
  let line = "";
  for (const part of parts) {
    const longer = line === "" ? part.slice(0, Math.max(columns, 0)) : `${line} ${part}`;
    if (longer.length > columns) break;
    line = longer;
  }
  return line;
}

/** `512 B`, `1.5 KiB`, `117 MiB`: three digits at most, four just below the next unit. */
export function showBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** `0:07`, `12:30`, `1:02:03`. */
function showDuration(seconds: number): string {
  const whole = Math.ceil(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const tail = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** Where a bar is drawn: `process.stderr`, or what a test puts in its place. */
export interface Terminal {
  /** Width, where it is known. */
  readonly columns?: number | undefined;
  /** Shows text, without waiting. */
  write(text: string): unknown;
}

/** Prints how much of the image has been written, in percent, a line for each: for programs that draw a bar themselves. */
export class PercentLines {
  readonly #out: Pick<Terminal, "write">;
  #printed = -1;

  constructor(out: Pick<Terminal, "write">) {
    this.#out = out;
  }

  /** Prints a line, if there is more than before. */
  update({ stage, done, total = 0 }: BuildProgress): void {
    // 100 is for when nothing is left
    this.#print(stage === "write" && total > 0 ? Math.min(Math.floor((done / total) * 100), 99) : 0);
  }

  /** The image is there. */
  finish(): void {
    this.#print(100);
  }

  #print(percent: number): void {
    if (percent <= this.#printed) return;
    this.#printed = percent;
    this.#out.write(`${percent}\n`);
  }

  /** There is nothing to be taken away. */
  clear(): void {}
}

/** Draws {@link renderProgress} again and again on the last line of a terminal. */
export class ProgressBar {
  readonly #terminal: Terminal;
  readonly #now: () => number;
  #stage: BuildProgress["stage"] | undefined;
  #stageStart: number;
  #lastUpdate: number;
  /** Characters that stand on the line. */
  #drawn = 0;

  /** @param now seconds, from whenever. */
  constructor(terminal: Terminal, now: () => number = () => performance.now() / 1000) {
    this.#terminal = terminal;
    this.#now = now;
    this.#stageStart = this.#lastUpdate = now();
  }

  /** Draws over what stood there. */
  update(progress: BuildProgress): void {
    if (progress.stage !== this.#stage) {
      // It began some time before its first update, when the one before it ended.
      this.#stage = progress.stage;
      this.#stageStart = this.#lastUpdate;
    }
    this.#lastUpdate = this.#now();
    // The last column stays free: some terminals begin a new line once it is written.
    const columns = (this.#terminal.columns || 80) - 1;
    const line = renderProgress(progress, this.#lastUpdate - this.#stageStart, columns);
    this.#terminal.write(`\r${line.padEnd(Math.min(this.#drawn, columns))}`);
    this.#drawn = line.length;
  }

  /** Leaves an empty line, with the cursor at its start. */
  clear(): void {
    if (this.#drawn > 0) this.#terminal.write(`\r${" ".repeat(this.#drawn)}\r`);
    this.#drawn = 0;
  }
}
