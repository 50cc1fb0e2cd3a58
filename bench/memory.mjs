// `npm run bench:memory`: what each further entry costs in peak memory, against a tree of 51,100 entries, 50 to a
// directory: in four times as many of the same, and in a store of 140,000 paths beside them, which is packed as one
// directory, and as a closure whose list names every path.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { fill } from "./filler.mjs";
import { hasTime, measure, median } from "./measure.mjs";

/** @typedef {{ path: string, entries: number }} Laid A tree, and how many entries it has. */

const OURS = fileURLToPath(new URL("../dist/cli/mkerofs/main.js", import.meta.url));
const RUNS = 5;
const PER_TOP = { directories: 10, files: 50 };
const ENTRIES_PER_TOP = 1 + PER_TOP.directories * (1 + PER_TOP.files);
const STORE_PATHS = 140_000;

if (!hasTime) throw new Error("/usr/bin/time is missing: no peak memory can be told");
const scratch = mkdtempSync(`${existsSync("/dev/shm") ? "/dev/shm" : tmpdir()}/ts-mkerofs-memory-`);
try {
  const small = layOut("small", 100);
  const large = layOut("large", 400);
  const store = layOut("store", 100);
  store.entries += fill(store.path, STORE_PATHS - 100, "ts-mkerofs memory").entries;
  /** @param {Laid} tree */
  const asDirectory = ({ path }) => ["-T0", "--all-root", `${scratch}/image`, path];
  /** @param {Laid} tree */
  const asClosure = ({ path }) => {
    writeFileSync(
      `${path}.paths`,
      readdirSync(path)
        .map((name) => `${path}/${name}\n`)
        .join(""),
    );
    return ["--closure", `${path}.paths`, `${scratch}/image`];
  };
  const directory = await peakOf(asDirectory(small));
  const closure = await peakOf(asClosure(small));
  say(`${small.entries} entries`, directory);
  say(`${small.entries} entries, as a closure`, closure);
  /** @type {(what: string, tree: Laid, peak: number, before: number) => void} */
  const further = (what, tree, peak, before) =>
    say(`${tree.entries} entries, ${what}`, peak, (peak - before) / (tree.entries - small.entries));
  further("more of the same", large, await peakOf(asDirectory(large)), directory);
  further(`one directory of ${STORE_PATHS} names`, store, await peakOf(asDirectory(store)), directory);
  further(`a closure list of ${STORE_PATHS} paths`, store, await peakOf(asClosure(store)), closure);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** @param {string} what @param {number} peak @param {number} [slope] */
function say(what, peak, slope) {
  const each = slope === undefined ? "" : `, ${slope.toFixed(0)} bytes for each further entry`;
  process.stdout.write(`${what}: peak ${(peak / 1e6).toFixed(1)} MB${each}\n`);
}

/** Makes a tree of so many tops. @param {string} name @param {number} tops @returns {Laid} */
function layOut(name, tops) {
  const path = `${scratch}/${name}`;
  for (let top = 0; top < tops; top++) {
    for (let nr = 0; nr < PER_TOP.directories; nr++) {
      const folder = `${path}/top-${top}/subdirectory-${nr}`;
      mkdirSync(folder, { recursive: true });
      for (let file = 0; file < PER_TOP.files; file++)
        writeFileSync(`${folder}/some-file-name-${file}.txt`, "x".repeat(60));
    }
  }
  return { path, entries: tops * ENTRIES_PER_TOP };
}

/** Median peak over some runs, in bytes. @param {string[]} argv */
async function peakOf(argv) {
  const peaks = [];
  for (let run = 0; run < RUNS; run++) {
    const command = [process.execPath, OURS, "--quiet", "--workers=2", ...argv];
    const { failure, peak } = await measure(command, { cwd: scratch, limit: 300, scratch });
    if (peak === undefined) throw new Error(failure ?? "no peak memory can be told");
    peaks.push(peak);
    rmSync(`${scratch}/image`);
  }
  return median(peaks) ?? 0;
}
