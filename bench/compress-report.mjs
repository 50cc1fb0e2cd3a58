// The figures of a run of compress.mjs: held against what is promised, and as tables for people.
import { median } from "./measure.mjs";
import { amount, quotient, ratio } from "./promises.mjs";
import { PASSES } from "./reading.mjs";
import { absent, fixed, MODE_HEAD, markdownOf, modeCells, range, textOf, verdict } from "./report.mjs";

/** @import { CompressRecord, Line, Mode, ModeCase, PassName, ReadRow, ReadSample, Reading, Row, Verdict } from "./types.ts" */

const PEAK = 300;
/** Reading is promised to be no slower. Two passes over one and the same image differ by some percent. */
const READING = 1.05;
const PASS_NAMES = { all: "reading all files", random: "random reads" };

/**
 * `rows`: one a case, the walls of each pass; `dropped`: whether the page cache was, every time.
 * @param {ModeCase[]} cases
 * @param {Map<string, ReadSample[]>} samples
 * @returns {Reading}
 */
export function summariseReading(cases, samples) {
  const all = [...samples.values()].flat();
  const rows = cases.map(({ name, mode, side }) => {
    const own = samples.get(name) ?? [];
    const { failure, skipped } = own[0] ?? {};
    /** @type {ReadRow} */
    const row = { name, mode: mode.name, side, failure, skipped };
    if (failure || skipped) return row;
    for (const what of PASSES) row[what] = { walls: own.map((sample) => sample[what]?.wall) };
    return row;
  });
  return { dropped: all.every((sample) => PASSES.every((what) => sample[what]?.dropped ?? true)), rows };
}

/**
 * What became of the promises.
 * @param {Mode[]} modes
 * @param {Row[]} rows
 * @param {ReadRow[]} readRows
 * @returns {Verdict[]}
 */
export function judge(modes, rows, readRows) {
  return modes.flatMap(({ name, wall, size }) => {
    const [ours, peer] = pair(rows, name);
    const [read, peerRead] = pair(readRows, name);
    /** @param {PassName} what */
    const reading = (what) => {
      return amount(`${name}: ${PASS_NAMES[what]}`, ratio(read?.[what], peerRead?.[what]), READING, 3);
    };
    return [
      amount(`${name}: time`, ratio(ours, peer), wall, 2),
      amount(`${name}: size`, quotient(ours?.size, peer?.size), size, 4),
      amount(`${name}: peak memory, MB`, quotient(ours?.peak, 1e6), PEAK, 1),
      ...PASSES.map(reading),
    ];
  });
}

/**
 * Ours and the peer's; undefined for what is missing.
 * @template {{ mode?: string, side: string }} R
 * @param {R[]} rows
 * @param {string} mode
 */
function pair(rows, mode) {
  return ["ours", "peer"].map((side) => rows.find((row) => row.mode === mode && row.side === side));
}

const READ_HEAD = ["image of", ...PASSES.flatMap((what) => [`${PASS_NAMES[what]} s`, "range", "time"])];

/**
 * @param {ReadRow} row
 * @param {ReadRow[]} rows
 */
function readCells(row, rows) {
  const [, peer] = pair(rows, row.mode);
  /** @param {PassName} what */
  const figures = (what) => {
    const walls = row[what]?.walls ?? [];
    const against = row.side === "ours" ? ratio(row[what], peer?.[what]) : undefined;
    return [fixed(median(walls), 2), range(walls), fixed(against, 3)];
  };
  return absent(row) ?? [row.name, ...PASSES.flatMap(figures)];
}

/** @param {CompressRecord} record */
function describe({ layout, rounds, reading }) {
  const tree = `${layout.entries} entries, ${(layout.bytes / 1e6).toFixed(0)} MB (listing ${layout.listing})`;
  const caches = reading.dropped ? "the page cache dropped" : "the page cache could not be dropped, or was not to be";
  const passes = `each pass on a fresh mount, ${caches}; random: ${reading.reads} times 4 KiB, any place of any file`;
  return [
    `tree: ${tree}`,
    `medians of ${rounds} ${rounds === 1 ? "round" : "rounds"}, the cases in turn, each round from another one on`,
    '"time" and "size": ours against mkfs, time by pairs of the same round; ours stores equal files once by default',
    reading.skipped ? `reading skipped: ${reading.skipped}` : `reading: ${passes}`,
  ];
}

/** @param {CompressRecord} record @returns {Line[][]} */
function tables({ rows, reading, promises }) {
  return [
    [MODE_HEAD, ...rows.map((row) => modeCells(row, rows))],
    ...(reading.rows.length > 0 ? [[READ_HEAD, ...reading.rows.map((row) => readCells(row, reading.rows))]] : []),
    [["promise", "got", "limit", ""], ...promises.map(verdict)],
  ];
}

/** The run as plain text. @param {CompressRecord} record */
export function asText(record) {
  return textOf(record, describe(record), tables(record));
}

/** The run as bench/RESULTS-compress.md. @param {CompressRecord} record */
export function asMarkdown(record) {
  const intro = `# Results of compression

\`npm run bench:compress -- --write\` rewrites this file. It lays a tree of files from /usr out in /dev/shm (about 5 GB
with the images, removed at the end), takes the \`mkfs.erofs\` in PATH (or \`--mkfs=PATH\`) for the peer, and gives both
programs the same options. What is slower or larger than the peer's is in the tables like the rest.`;
  return markdownOf(record, intro, describe(record), tables(record));
}
