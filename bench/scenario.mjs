// `npm run bench`: the build that nixpkgs has sped up by a staging copy, then by a pipe from tar. A store of 140,000
// paths, a closure of some 900 of them, an image of the closure: every way to it side by side, in one run, in turn.
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findPeer, listCases } from "./cases.mjs";
import { conclude } from "./conclude.mjs";
import { noImage, sizeOfImage } from "./image.mjs";
import { machine } from "./machine.mjs";
import { measure } from "./measure.mjs";
import { writePage } from "./page.mjs";
import { judge } from "./promises.mjs";
import { asMarkdown, asText, summarise } from "./report.mjs";
import { DEFAULTS, layOut, removeTree, tearDown } from "./store.mjs";
import { checkRoom } from "./turns.mjs";

/** @import { Sample, ScenarioCase } from "./types.ts" */

const HELP = `Usage: npm run bench -- [options]
  --dir=DIR        where the store is laid out; a folder on tmpfs (default /dev/shm/ts-mkerofs-bench)
  --keep           leave the layout for the next run (else it is removed at the end)
  --rounds=N       rounds that count, after one that does not (default 5)
  --only=TEXT,…    only cases whose name contains one of these
  --slow=SECONDS   a case that took longer in the warm-up is not repeated (default 30)
  --limit=SECONDS  a case is stopped after this long (default 900)
  --mkfs=PATH      the peer (default $MKFS_EROFS, else mkfs.erofs in PATH)
  --ours=FILE      the command under test (default dist/cli/mkerofs/main.js)
  --paths= --entries= --bytes=   at most so many store paths, files and bytes in the closure
  --small= --large=              top-level entries of the two stores
  --json=FILE      the figures (default bench/results/scenario.json)
  --overwrite      each image is written over the one before, whose memory it gets (default: that one is removed)
  --write          rewrite bench/RESULTS.md
  --html=FILE      one page for a browser: these figures, and all others as they stand in bench/RESULTS-*.md
  --assert         exit 1 when a promise is missed
`;

const here = dirname(fileURLToPath(import.meta.url));
const text = { type: /** @type {const} */ ("string") };
const flag = { type: /** @type {const} */ ("boolean"), default: false };
const { values: options } = parseArgs({
  options: {
    ...{ help: flag, keep: flag, overwrite: flag, write: flag, assert: flag, mkfs: text, only: text, html: text },
    dir: { ...text, default: "/dev/shm/ts-mkerofs-bench" },
    ours: { ...text, default: `${here}/../dist/cli/mkerofs/main.js` },
    rounds: { ...text, default: "5" },
    slow: { ...text, default: "30" },
    limit: { ...text, default: "900" },
    json: { ...text, default: `${here}/results/scenario.json` },
    paths: { ...text, default: `${DEFAULTS.paths}` },
    entries: { ...text, default: `${DEFAULTS.entries}` },
    bytes: { ...text, default: `${DEFAULTS.bytes}` },
    small: { ...text, default: `${DEFAULTS.small}` },
    large: { ...text, default: `${DEFAULTS.large}` },
  },
});
if (options.help) process.stdout.write(HELP);
else {
  process.exitCode = await main().catch((error) => {
    say(`${error.message}`);
    return 1;
  });
}

async function main() {
  const budgets = {
    ...{ paths: count("paths"), entries: count("entries"), bytes: count("bytes") },
    ...{ small: count("small"), large: count("large") },
  };
  const dir = options.dir;
  if (/[^-_./0-9A-Za-z]/.test(dir) || !dir.startsWith("/"))
    throw new Error("--dir: an absolute path of plain characters");
  const peer = findPeer(options.mkfs ?? process.env.MKFS_EROFS ?? "mkfs.erofs");

  say(`layout in ${dir}`);
  const layout = layOut(dir, budgets, say);
  // one image and one staged copy beside the layout
  checkRoom(dir, layout.stores.large.bytes * 1.5 + layout.closure.bytes, say);
  const scratch = `${dir}/work`;
  empty(scratch);

  const cases = listCases({
    dir,
    scratch,
    peer,
    ours: existsSync(options.ours) ? resolve(options.ours) : undefined,
  }).filter(wanted);
  const rounds = await run(cases, scratch);
  const rows = summarise(cases, rounds);
  const promises = judge(rows, layout);
  const { overwrite } = options;
  const record = { machine: machine(peer, dir), layout, rounds: count("rounds"), overwrite, rows, promises };

  if (options.keep) removeTree(scratch);
  else tearDown(dir);
  if (options.html !== undefined) writePage(options.html, asMarkdown(record));
  return conclude(record, { asText, asMarkdown, results: `${here}/RESULTS.md`, options });
}

/**
 * One list of samples a case. A case that failed or was slow in the warm-up has that one sample and no more.
 * @param {ScenarioCase[]} cases
 * @param {string} scratch
 */
async function run(cases, scratch) {
  /** @type {Map<string, Sample[]>} */
  const samples = new Map(cases.map((one) => [one.name, []]));
  const settled = new Set();
  for (let round = 0; round <= count("rounds"); round++) {
    say(round === 0 ? "warm-up" : `round ${round} of ${count("rounds")}`);
    // Each round starts with another case: memory that the one before has freed is not equally fast for all.
    for (const one of [...cases.slice(round % cases.length), ...cases.slice(0, round % cases.length)]) {
      if (one.skipped || settled.has(one.name)) continue;
      const sample = await runOnce(one, scratch);
      const last = sample.failure !== undefined || sample.late || (sample.wall ?? 0) > count("slow");
      if (last) settled.add(one.name);
      // A later failure outweighs what went well before: the case must not pass for a sound one.
      if (sample.failure !== undefined || sample.late) samples.set(one.name, [{ ...sample, once: true }]);
      else if (round > 0 || last) samples.get(one.name)?.push({ ...sample, once: round === 0 });
      const cost = sample.failure ?? `${sample.late ? "stopped after " : ""}${sample.wall?.toFixed(2)} s`;
      say(`  ${one.name.padEnd(34)} ${cost}`);
    }
  }
  return samples;
}

/** @param {ScenarioCase} one @param {string} scratch @returns {Promise<Sample>} */
async function runOnce(one, scratch) {
  const image = `${scratch}/image`;
  const sample = await measure(one.argv(image), { cwd: one.cwd, limit: count("limit"), scratch });
  // Out of the clock: what a case leaves behind goes before the next begins, and none writes over an old image but on demand.
  const size = one.isFloor ? undefined : sizeOfImage(image, "EROFS");
  // All else: a case that was stopped may leave an unfinished image under another name.
  if (options.overwrite) for (const name of readdirSync(scratch)) name === "image" || removeTree(`${scratch}/${name}`);
  else empty(scratch);
  if (sample.failure !== undefined || sample.late) return sample;
  if (one.isFloor) return sample;
  if (size === undefined) return { failure: noImage("EROFS") };
  return { ...sample, size };
}

/** @param {string} folder */
function empty(folder) {
  removeTree(folder);
  mkdirSync(folder);
}

/** @param {ScenarioCase} one */
function wanted(one) {
  return options.only === undefined || options.only.split(",").some((part) => one.name.includes(part));
}

/** @param {"rounds" | "slow" | "limit" | keyof typeof DEFAULTS} name */
function count(name) {
  const value = Number(options[name]);
  if (!(value > 0)) throw new Error(`--${name}: a number above 0`);
  return value;
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`);
}
