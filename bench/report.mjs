// The figures of a run, as a table for people.
import { median } from "./measure.mjs";
import { quotient, ratio } from "./promises.mjs";

/** @import { Case, Line, Row, RunRecord, Sample, StoreRecord, StoreTotal, Verdict } from "./types.ts" */

/** Which of our cases stands against each case of the peer's. @type {Record<string, string>} */
const RIVALS = {
  "mkfs --exclude-regex": "ours --exclude-regex",
  "mkfs, whole store": "ours, whole store",
};

/**
 * One row a case: medians, and `times` = how many times as long as ours it took. `rounds`: samples by case name.
 * @param {Case[]} cases
 * @param {Map<string, Sample[]>} rounds
 */
export function summarise(cases, rounds) {
  const rows = cases.map((one) => summariseOne(one, rounds.get(one.name) ?? []));
  for (const row of rows) {
    if (row.side === "ours" || row.late) continue;
    const rival = RIVALS[row.name] ?? "ours --closure";
    row.times = ratio(
      row,
      rows.find((one) => one.name === rival),
    );
  }
  return rows;
}

/** The medians of one case. @param {Case} one @param {Sample[]} samples @returns {Row} */
export function summariseOne({ name, side, skipped }, samples) {
  const failure = samples.find((sample) => sample.failure !== undefined)?.failure;
  if (skipped || failure || samples.length === 0) return { name, side, skipped, failure };
  /** @param {"cpu" | "peak" | "size"} what */
  const column = (what) => median(samples.map((sample) => sample[what]));
  const walls = samples.map((sample) => sample.wall);
  const { once, late } = samples[0] ?? {};
  const figures = { cpu: column("cpu"), peak: column("peak"), size: column("size") };
  return { name, side, walls, once, late, wall: median(walls), ...figures };
}

const HEAD = ["case", "wall s", "range", "CPU s", "peak MB", "image MB", "times ours"];

/** @param {Row} row */
function cells(row) {
  return absent(row) ?? [...costs(row), fixed(row.times, 2)];
}

/**
 * The line of what was not measured: a name, and why; undefined for what was.
 * @param {{ name: string, skipped?: string | undefined, failure?: string | undefined }} row
 */
export function absent(row) {
  if (row.skipped) return [row.name, `skipped: ${row.skipped}`];
  if (row.failure) return [row.name, `FAILED: ${row.failure}`];
  return undefined;
}

/** Name, wall, range, CPU, peak and size. @param {Row} row */
export function costs(row) {
  const wall = `${row.late ? "> " : ""}${fixed(row.wall, 2)}`;
  const peak = fixed(quotient(row.peak, 1e6), 1);
  const size = fixed(quotient(row.size, 1e6), 1);
  return [row.name, wall, row.once ? "once" : range(row.walls ?? []), fixed(row.cpu, 2), peak, size];
}

/** Head of a table of cases by modes. */
export const MODE_HEAD = ["case", "wall s", "range", "CPU s", "peak MB", "image MB", "time", "size"];

/** The line of such a case: time and size are held against the peer's of its mode. @param {Row} row @param {Row[]} rows */
export function modeCells(row, rows) {
  const peer = rows.find((other) => other.mode === row.mode && other.side === "peer");
  const against = row.side === "peer" ? [] : [ratio(row, peer), quotient(row.size, peer?.size)];
  return absent(row) ?? [...costs(row), fixed(against[0], 2), fixed(against[1], 4)];
}

/** The least and the most of some seconds. @param {(number | undefined)[]} walls */
export function range(walls) {
  const known = walls.filter((wall) => wall !== undefined);
  return `${fixed(Math.min(...known), 2)}-${fixed(Math.max(...known), 2)}`;
}

/** A number, or a dash where there is none. @param {number | undefined} value @param {number} digits */
export function fixed(value, digits) {
  return value !== undefined && Number.isFinite(value) ? value.toFixed(digits) : "-";
}

/** The line of a promise. @param {Verdict} verdict */
export function verdict({ promise, got, limit, met }) {
  return [promise, got, limit, met === undefined ? "not measured" : met ? "met" : "MISSED"];
}

/** @param {Pick<StoreRecord, "layout" | "rounds" | "overwrite">} record */
function describe({ layout, rounds, overwrite }) {
  const { closure, stores } = layout;
  /** @param {StoreTotal} one */
  const size = (one) => `${one.paths} paths, ${one.entries} entries, ${(one.bytes / 1e6).toFixed(0)} MB`;
  return [
    `closure: ${size(closure)}`,
    `large store: ${size(stores.large)}`,
    `small store: ${size(stores.small)}`,
    `medians of ${rounds} rounds after a warm-up, the cases in turn; "once": too slow to repeat`,
    overwrite ? "each image is written over the one before, and gets its memory" : "the image before is removed first",
    "floor: [floor.mjs](floor.mjs) lists, opens, states, reads and writes all of the closure once, and makes no image",
    '"times ours": by pairs of the same round; mkfs --exclude-regex and the whole store against ours of the same kind',
  ];
}

/** The run as plain text. @param {StoreRecord} record */
export function asText({ machine, rows, promises, ...rest }) {
  const head = [...machine.map(([what, value]) => `${what}: ${value}`), ...describe(rest)].join("\n");
  const table = aligned([HEAD, ...rows.map(cells)], 1);
  const lines = promises.map(verdict);
  return `${head}\n\n${table}\n\n${aligned(lines, 1)}\n`;
}

/** The run as bench/RESULTS.md. @param {StoreRecord} record */
export function asMarkdown({ machine, rows, promises, ...rest }) {
  const lines = promises.map(verdict);
  return `# Results

\`npm run bench -- --write\` rewrites this file. It lays the store out in /dev/shm (about 12 GB, removed at the end),
takes the \`mkfs.erofs\` in PATH (or \`--mkfs=PATH\`) for the peer, and times every case in turn. What is slower than
the peer is in the table like the rest.

Also measured: [smaller files](RESULTS-small-files.md), these [overwritten](RESULTS-overwritten.md), [compressed
images](RESULTS-compress.md), [SquashFS](RESULTS-squashfs.md), [hot loops and memory](RESULTS-loops.md).

${piped([["machine", ""], ...machine])}

${[...describe(rest)].map((line) => `* ${line}`).join("\n")}

${piped([HEAD, ...rows.map(cells)])}

nixpkgs reported 410 s for \`--exclude-regex\` in a store of 140,000 paths. That is not reproduced here. mkfs.erofs looks
for attributes at every file, also those that it then leaves out; here they are small, few a path, and in memory.

${piped([["promise", "got", "limit", ""], ...lines])}
`;
}

/**
 * A run of several tables as plain text; `lines` say what was done.
 * @param {Pick<RunRecord, "machine">} record
 * @param {string[]} lines
 * @param {Line[][]} tables
 */
export function textOf({ machine }, lines, tables) {
  const head = [...machine.map(([what, value]) => `${what}: ${value}`), ...lines].join("\n");
  return `${head}\n\n${tables.map((table) => aligned(table, 1)).join("\n\n")}\n`;
}

/**
 * The same as a page of Markdown that begins with `intro`.
 * @param {Pick<RunRecord, "machine">} record
 * @param {string} intro
 * @param {string[]} lines
 * @param {Line[][]} tables
 */
export function markdownOf({ machine }, intro, lines, tables) {
  const facts = lines.map((line) => `* ${line}`).join("\n");
  return `${[intro, piped([["machine", ""], ...machine]), facts, ...tables.map(piped)].join("\n\n")}\n`;
}

/** A table of Markdown; the first line is its head. @param {Line[]} lines */
export function piped(lines) {
  const width = lines[0]?.length ?? 0;
  const full = lines.map((line) => Array.from({ length: width }, (_, i) => (line[i] ?? "").replaceAll("|", "\\|")));
  const [head, ...body] = full.map((line) => `| ${line.join(" | ")} |`);
  return [head, `|${" --- |".repeat(width)}`, ...body].join("\n");
}

/** Columns from `numbers` on end flush right. @param {Line[]} lines @param {number} numbers */
export function aligned(lines, numbers) {
  const widths = (lines[0] ?? []).map((_, i) => {
    // What stands alone behind a name may run on to the right.
    return Math.max(...lines.map((line) => (i === 0 || line.length > 2 ? (line[i]?.length ?? 0) : 0)));
  });
  /** @param {string} cell @param {number} i */
  const pad = (cell, i) => (i < numbers ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0));
  return lines
    .map((line) => (line.length > 2 ? line.map(pad) : [pad(line[0] ?? "", 0), line[1]]).join("  "))
    .join("\n");
}
