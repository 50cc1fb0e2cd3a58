// `npm run bench:squashfs`: SquashFS images of a tree of real files, by mksquashfs, by gensquashfs and by ours with options
// that mean the same work, side by side, in one run, in turn.
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { conclude } from "./conclude.mjs";
import { layOutTree, TREE } from "./corpus.mjs";
import { machine } from "./machine.mjs";
import { findVersion, listCases, MODES } from "./squashfs-cases.mjs";
import { asMarkdown, asText, judge } from "./squashfs-report.mjs";
import { removeTree, tearDown } from "./store.mjs";
import { buildInTurn, checkRoom, chooseModes, makeWork } from "./turns.mjs";

const HELP = `Usage: npm run bench:squashfs -- [options]
  --dir=DIR        where tree and image lie; a folder on tmpfs (default /dev/shm/ts-mkerofs-squashfs)
  --keep           leave the tree for the next run (else it is removed at the end)
  --rounds=N       (default 3)
  --only=TEXT,…    only modes whose name contains one of these: ${MODES.map(({ name }) => name).join(", ")}
  --limit=SECONDS  a run is stopped after this long (default 900)
  --mksquashfs=PATH, --gensquashfs=PATH   the peers (default those in PATH)
  --ours=FILE      the command under test (default dist/cli/mksquashfs/main.js)
  --entries= --bytes=   at most so many entries and bytes in the tree (default ${TREE.entries} and ${TREE.bytes})
  --json=FILE      the figures (default bench/results/squashfs.json)
  --write          rewrite bench/RESULTS-squashfs.md
  --assert         exit 1 when a promise is missed
`;

const here = dirname(fileURLToPath(import.meta.url));
const text = { type: /** @type {const} */ ("string") };
const flag = { type: /** @type {const} */ ("boolean"), default: false };
const { values: options } = parseArgs({
  options: {
    ...{ help: flag, keep: flag, write: flag, assert: flag, only: text },
    dir: { ...text, default: "/dev/shm/ts-mkerofs-squashfs" },
    mksquashfs: { ...text, default: "mksquashfs" },
    gensquashfs: { ...text, default: "gensquashfs" },
    ours: { ...text, default: `${here}/../dist/cli/mksquashfs/main.js` },
    rounds: { ...text, default: "3" },
    limit: { ...text, default: "900" },
    json: { ...text, default: `${here}/results/squashfs.json` },
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
  const peers = [findVersion(options.mksquashfs, "-version"), findVersion(options.gensquashfs, "--version")];

  say(`layout in ${dir}`);
  const layout = layOutTree(dir, { entries: count("entries"), bytes: count("bytes") }, say);
  checkRoom(dir, layout.bytes, say);
  const work = `${dir}/work`;
  makeWork(work);

  const all = listCases(modes, {
    mksquashfs: peers[0] && options.mksquashfs,
    gensquashfs: peers[1] && options.gensquashfs,
    ours: existsSync(options.ours) ? resolve(options.ours) : undefined,
    empty: `${work}/empty`,
    image: `${work}/temp/image`,
  });
  const cases = all.map((one) => ({ ...one, folder: `${work}/image`, image: `${work}/image/image` }));
  /** @type {import("./turns.mjs").Building & { rounds: number, say: typeof say }} */
  const building = { rounds, limit: count("limit"), tree: `${dir}/tree`, work, format: "SquashFS", say };
  const rows = await buildInTurn(cases, modes, building);
  const version = peers.filter((found) => found !== undefined).join("; ") || "none";
  const record = { machine: machine({ version }, dir), layout, rounds, rows, promises: judge(modes, rows) };

  if (options.keep) removeTree(work);
  else tearDown(dir);
  return conclude(record, { asText, asMarkdown, results: `${here}/RESULTS-squashfs.md`, options });
}

/** @param {"rounds" | "limit" | "entries" | "bytes"} name */
function count(name) {
  const value = Number(options[name]);
  if (!(value >= 1)) throw new Error(`--${name}: a number of at least 1`);
  return value;
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`);
}
