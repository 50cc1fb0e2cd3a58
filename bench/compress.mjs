// `npm run bench:compress`: compressed images of a tree of real files, by mkfs.erofs and by ours with the same options,
// side by side, in one run, in turn; then the images are read through the kernel.
import { existsSync, mkdirSync, statfsSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findPeer } from "./cases.mjs";
import { inTurn, listCases, MODES } from "./compress-cases.mjs";
import { asMarkdown, asText, judge, summariseReading } from "./compress-report.mjs";
import { layOutTree, TREE } from "./corpus.mjs";
import { NO_IMAGE, sizeOfImage } from "./image.mjs";
import { machine } from "./machine.mjs";
import { hasTime, measure } from "./measure.mjs";
import { readImages, whyNoReading } from "./reading.mjs";
import { summariseOne } from "./report.mjs";
import { removeTree, tearDown } from "./store.mjs";

const HELP = `Usage: npm run bench:compress -- [options]
  --dir=DIR        where tree and images lie; a folder on tmpfs (default /dev/shm/ts-mkerofs-compress)
  --keep           leave the tree for the next run (else it is removed at the end)
  --rounds=N       (default 3)
  --only=TEXT,…    only modes whose options contain one of these; a mode's options in full mean that one alone
  --limit=SECONDS  a run is stopped after this long (default 1800)
  --mkfs=PATH      the peer (default $MKFS_EROFS, else mkfs.erofs in PATH)
  --ours=FILE      the command under test (default dist/cli/main.js)
  --entries= --bytes=   at most so many entries and bytes in the tree (default ${TREE.entries} and ${TREE.bytes})
  --reads=N        random reads a pass (default 20000)
  --no-read        do not read the images
  --no-drop        do not have the kernel drop its page cache before a pass: a fresh mount is all
  --json=FILE      the figures (default bench/results/compress.json)
  --write          rewrite bench/RESULTS-compress.md
  --assert         exit 1 when a promise is missed
`;

const here = dirname(fileURLToPath(import.meta.url));
const text = { type: "string" };
const flag = { type: "boolean", default: false };
const { values: options } = parseArgs({
  options: {
    ...{ help: flag, keep: flag, write: flag, assert: flag, "no-read": flag, "no-drop": flag, mkfs: text, only: text },
    dir: { ...text, default: "/dev/shm/ts-mkerofs-compress" },
    ours: { ...text, default: `${here}/../dist/cli/main.js` },
    rounds: { ...text, default: "3" },
    limit: { ...text, default: "1800" },
    reads: { ...text, default: "20000" },
    json: { ...text, default: `${here}/results/compress.json` },
    entries: { ...text, default: `${TREE.entries}` },
    bytes: { ...text, default: `${TREE.bytes}` },
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
  const rounds = count("rounds");
  const modes = MODES.filter(wanted);
  if (modes.length === 0) throw new Error(`--only: none of ${MODES.map(({ name }) => name).join(", ")}`);
  if (options.write && rounds < 3) throw new Error("--write: results are medians of 3 rounds at least");
  const dir = resolve(options.dir);
  const peer = findPeer(options.mkfs ?? process.env.MKFS_EROFS ?? "mkfs.erofs");

  say(`layout in ${dir}`);
  const layout = layOutTree(dir, { entries: count("entries"), bytes: count("bytes") }, say);
  checkRoom(dir, layout, modes.length * 2);
  const work = `${dir}/work`;
  removeTree(work);
  for (const name of ["empty", "temp", "images"]) mkdirSync(`${work}/${name}`, { recursive: true });
  // Both programs put aside there what they cannot place yet.
  process.env.TMPDIR = `${work}/temp`;

  const ours = existsSync(options.ours) ? resolve(options.ours) : undefined;
  const cases = listCases(modes, { peer, ours, empty: `${work}/empty`, image: `${work}/temp/image` });
  cases.forEach((one, index) => {
    one.folder = `${work}/images/${index}`;
    one.image = `${one.folder}/image`;
  });
  const rows = await build(cases, modes, rounds, `${dir}/tree`, work);
  const reading = await read(cases, rows, modes, rounds, `${dir}/tree`, work);
  const promises = judge(modes, rows, reading.rows);
  const record = { machine: machine(peer, dir), layout, rounds, rows, reading, promises };

  process.stdout.write(`\n${asText(record)}`);
  mkdirSync(dirname(options.json), { recursive: true });
  writeFileSync(options.json, `${JSON.stringify(record, null, 2)}\n`);
  if (options.write) writeFileSync(`${here}/RESULTS-compress.md`, asMarkdown(record));
  if (options.keep) removeTree(work);
  else tearDown(dir);

  const broken = [...rows, ...reading.rows].some((row) => row.failure);
  // Nothing measured must not look like everything met.
  const missed = promises.some(({ met }) => met === false) || promises.every(({ met }) => met === undefined);
  return broken || (options.assert && missed) ? 1 : 0;
}

/** One row a case. Its last image is left for reading. */
async function build(cases, modes, rounds, tree, work) {
  const samples = new Map(cases.map((one) => [one.name, []]));
  for (const one of cases) if (one.skipped) say(`  ${one.name.padEnd(48)} ${one.skipped}`);
  const settled = new Set();
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`);
    for (const one of inTurn(cases, modes, round - 1)) {
      if (one.skipped || settled.has(one)) continue;
      const sample = await buildOnce(one, tree, work);
      if (sample.failure !== undefined || sample.late) {
        // It outweighs what went well before: the case must not pass for a sound one.
        settled.add(one);
        samples.set(one.name, [{ ...sample, once: true }]);
      } else samples.get(one.name).push(sample);
      const cost = sample.failure ?? `${sample.late ? "stopped after " : ""}${sample.wall.toFixed(2)} s`;
      say(`  ${one.name.padEnd(48)} ${cost}`);
    }
  }
  return cases.map((one) => ({ mode: one.mode.name, ...summariseOne(one, samples.get(one.name)) }));
}

async function buildOnce(one, tree, work) {
  // Out of the clock: none writes over an old image, or finds what a stopped run has left.
  for (const folder of [one.folder, `${work}/temp`]) {
    removeTree(folder);
    mkdirSync(folder);
  }
  const sample = await measure(one.argv(one.image, tree), { cwd: work, limit: count("limit"), scratch: work });
  if (sample.failure !== undefined || sample.late) return sample;
  const size = sizeOfImage(one.image);
  return size === undefined ? { failure: NO_IMAGE } : { ...sample, size };
}

/** `{ skipped }`, or what reading the images took. */
async function read(cases, rows, modes, rounds, tree, work) {
  const drop = !options["no-drop"];
  const reads = count("reads");
  const skipped = options["no-read"] ? "not asked for" : whyNoReading();
  if (skipped) return { skipped, rows: [] };
  const whole = cases.filter((_, index) => rows[index].size !== undefined);
  const samples = await readImages(whole, modes, { tree, point: `${work}/mount`, rounds, reads, drop, say });
  return { reads, ...summariseReading(whole, samples) };
}

/** Room for the tree's images beside it, in a folder whose speed is memory's. */
function checkRoom(dir, layout, images) {
  const { type, bavail, bsize } = statfsSync(dir);
  if (type !== 0x01021994) say(`  note: ${dir} is not on tmpfs; the figures are the disk's too`);
  const need = layout.bytes * 0.6 * images;
  if (bavail * bsize < need) throw new Error(`${dir}: ${(need / 1e9).toFixed(1)} GB of room are needed`);
  if (!hasTime) say("  note: /usr/bin/time is missing (Debian: apt install time): no CPU time, no peak memory");
}

function wanted({ name }) {
  if (options.only === undefined) return true;
  const parts = options.only.split(",");
  const inFull = (part) => MODES.some((mode) => mode.name === part);
  return parts.some((part) => (inFull(part) ? name === part : name.includes(part)));
}

function count(name) {
  const value = Number(options[name]);
  if (!(value >= 1)) throw new Error(`--${name}: a number of at least 1`);
  return value;
}

function say(line) {
  process.stderr.write(`${line}\n`);
}
