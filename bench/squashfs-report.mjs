// The figures of a run of squashfs.mjs: held against what is promised, and as tables for people.
import { amount, quotient, ratio } from "./promises.mjs";
import { MODE_HEAD, markdownOf, modeCells, textOf, verdict } from "./report.mjs";

/** @import { Line, Mode, Row, TreeRecord, Verdict } from "./types.ts" */

/** MB of memory, whatever is packed how. */
const PEAK = 300;

/** What became of the promises. @param {Mode[]} modes @param {Row[]} rows @returns {Verdict[]} */
export function judge(modes, rows) {
  return modes.flatMap(({ name, wall, size }) => {
    const [ours, peer] = ["ours", "peer"].map((side) => {
      return rows.find((row) => row.mode === name && row.side === side);
    });
    return [
      amount(`${name}: time`, ratio(ours, peer), wall, 2),
      amount(`${name}: size`, quotient(ours?.size, peer?.size), size, 4),
      amount(`${name}: peak memory, MB`, quotient(ours?.peak, 1e6), PEAK, 1),
    ];
  });
}

/** @param {TreeRecord} record */
function describe({ layout, rounds }) {
  return [
    `tree: ${layout.entries} entries, ${(layout.bytes / 1e6).toFixed(0)} MB (listing ${layout.listing})`,
    `medians of ${rounds} ${rounds === 1 ? "round" : "rounds"}, the cases in turn, each round from another one on`,
    '"time" and "size": against mksquashfs, time by pairs of the same round',
    "all programs: two threads, blocks of 128 KiB unless the case says another size, ends of all files in fragments, equal " +
      "files once, a table for NFS",
    "ours is `ts-mksquashfs` with the very words that mksquashfs is given",
  ];
}

/** @param {TreeRecord} record @returns {Line[][]} */
function tables({ rows, promises }) {
  return [
    [MODE_HEAD, ...rows.map((row) => modeCells(row, rows))],
    [["promise", "got", "limit", ""], ...promises.map(verdict)],
  ];
}

/** The run as plain text. @param {TreeRecord} record */
export function asText(record) {
  return textOf(record, describe(record), tables(record));
}

/** The run as bench/RESULTS-squashfs.md. @param {TreeRecord} record */
export function asMarkdown(record) {
  const intro = `# SquashFS against mksquashfs and gensquashfs

\`npm run bench:squashfs -- --write\` rewrites this file. It lays the tree of [compressed images](RESULTS-compress.md) out in
/dev/shm (about 2 GB with an image, removed at the end) and takes the \`mksquashfs\` and \`gensquashfs\` in PATH, or
\`--mksquashfs=PATH\` and \`--gensquashfs=PATH\`. What is slower or larger than theirs is in the tables like the rest.
Where others use the machine too, CPU seconds say more than the wall clock.`;
  return markdownOf(record, intro, describe(record), tables(record));
}
