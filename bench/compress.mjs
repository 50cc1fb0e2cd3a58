// `npm run bench:compress`: compressed images of a tree of real files, by mkfs.erofs and by ours with the same options,
// side by side, in one run, in turn; then the images are read through the kernel.
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findPeer } from "./cases.mjs";
import { listCases, MODES } from "./compress-cases.mjs";
import { asMarkdown, asText, judge, summariseReading } from "./compress-report.mjs";
import { conclude } from "./conclude.mjs";
import { layOutTree, TREE } from "./corpus.mjs";
import { machine } from "./machine.mjs";
import { readImages, whyNoReading } from "./reading.mjs";
import { removeTree, tearDown } from "./store.mjs";
import { buildInTurn, checkRoom, chooseModes, makeWork } from "./turns.mjs";

/** @import { Mode, PlacedCase, Reading, Row } from "./types.ts" */

const HELP = `Usage: npm run bench:compress -- [options]
  --dir=DIR        where tree and images lie; a folder on tmpfs (default /dev/shm/ts-mkerofs-compress)
  --keep           leave the tree for the next run (else it is removed at the end)
  --rounds=N       (default 3)
  --only=TEXT,…    only modes whose options contain one of these; a mode's options in full mean that one alone
  --limit=SECONDS  a run is stopped after this long (default 1800)
  --mkfs=PATH      the peer (default $MKFS_EROFS, else mkfs.erofs in PATH)
  --ours=FILE      the command under test (default dist/cli/mkerofs/main.js)
  --entries= --bytes=   at most so many entries and bytes in the tree (default ${TREE.entries} and ${TREE.bytes})
  --reads=N        random reads a pass (default 20000)
  --no-read        do not read the images
  --no-drop        do not have the kernel drop its page cache before a pass: a fresh mount is all
  --json=FILE      the figures (default bench/results/compress.json)
  --write          rewrite bench/RESULTS-compress.md
  --assert         exit 1 when a promise is missed
`;

const here = dirname(fileURLToPath(import.meta.url));
const text = { type: /** @type {const} */ ("string") };
const flag = { type: /** @type {const} */ ("boolean"), default: false };
const { values: options } = parseArgs({
  options: {
    ...{ help: flag, keep: flag, write: flag, assert: flag, "no-read": flag, "no-drop": flag, mkfs: text, only: text },
    dir: { ...text, default: "/dev/shm/ts-mkerofs-compress" },
    ours: { ...text, default: `${here}/../dist/cli/mkerofs/main.js` },
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
  const modes = chooseModes(MODES, options.only);
  if (options.write && rounds < 3) throw new Error("--write: results are medians of 3 rounds at least");
  const dir = resolve(options.dir);
  const peer = findPeer(options.mkfs ?? process.env.MKFS_EROFS ?? "mkfs.erofs");

  say(`layout in ${dir}`);
  const layout = layOutTree(dir, { entries: count("entries"), bytes: count("bytes") }, say);
  // every image stays until it has been read
  checkRoom(dir, layout.bytes * 0.6 * modes.length * 2, say);
  const work = `${dir}/work`;
  makeWork(work);

  const ours = existsSync(options.ours) ? resolve(options.ours) : undefined;
  const all = listCases(modes, { peer, ours, empty: `${work}/empty`, image: `${work}/temp/image` });
  const cases = all.map((one, index) => {
    const folder = `${work}/images/${index}`;
    return { ...one, folder, image: `${folder}/image` };
  });
  /** @type {import("./turns.mjs").Building & { rounds: number, say: typeof say }} */
  const building = { rounds, limit: count("limit"), tree: `${dir}/tree`, work, format: "EROFS", say };
  const rows = await buildInTurn(cases, modes, building);
  const reading = await read(cases, rows, modes, rounds, `${dir}/tree`, work);
  const promises = judge(modes, rows, reading.rows);
  const record = { machine: machine(peer, dir), layout, rounds, rows, reading, promises };

  if (options.keep) removeTree(work);
  else tearDown(dir);
  return conclude(record, { asText, asMarkdown, results: `${here}/RESULTS-compress.md`, options });
}

/**
 * `{ skipped }`, or what reading the images took.
 * @type {(cases: PlacedCase[], rows: Row[], modes: Mode[], rounds: number, tree: string, work: string) => Promise<Reading>}
 */
async function read(cases, rows, modes, rounds, tree, work) {
  const drop = !options["no-drop"];
  const reads = count("reads");
  const skipped = options["no-read"] ? "not asked for" : whyNoReading();
  if (skipped) return { skipped, rows: [] };
  const whole = cases.filter((_, index) => rows[index]?.size !== undefined);
  const samples = await readImages(whole, modes, { tree, point: `${work}/mount`, rounds, reads, drop, say });
  return { reads, ...summariseReading(whole, samples) };
}

/** @param {"rounds" | "limit" | "reads" | "entries" | "bytes"} name */
function count(name) {
  const value = Number(options[name]);
  if (!(value >= 1)) throw new Error(`--${name}: a number of at least 1`);
  return value;
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`);
}
