// `npm run bench:squashfs`: one tree to SquashFS by every tool, codec by codec, side by side, in one run, in turn.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { machine } from "./machine.mjs";
import { measure, median } from "./measure.mjs";
import { layOut, removeTree, tearDown } from "./store.mjs";

const HELP = `Usage: npm run bench:squashfs -- [options]
  --dir=DIR        where the tree is laid out; a folder on tmpfs (default /dev/shm/ts-mkerofs-bench-squashfs)
  --keep           leave the layout for the next run (else it is removed at the end)
  --rounds=N       rounds that count, after one that does not (default 3)
  --only=TEXT,…    only cases whose name contains one of these
  --paths= --entries= --bytes=   at most so many store paths, files and bytes (default 200, 12000, 250e6)
  --json=FILE      the figures (default bench/results/squashfs.json)
  --write          rewrite bench/RESULTS-squashfs.md
`;

const here = dirname(fileURLToPath(import.meta.url));
const text = { type: "string" };
const flag = { type: "boolean", default: false };
const { values: options } = parseArgs({
  options: {
    ...{ help: flag, keep: flag, write: flag, only: text },
    dir: { ...text, default: "/dev/shm/ts-mkerofs-bench-squashfs" },
    rounds: { ...text, default: "3" },
    paths: { ...text, default: "200" },
    entries: { ...text, default: "12000" },
    bytes: { ...text, default: "250e6" },
    json: { ...text, default: `${here}/results/squashfs.json` },
  },
});

/** What must be reached against mksquashfs: wall time, size, and bytes of memory. */
const MODES = [
  { mode: "zstd", peer: ["-comp", "zstd"], ours: ["-z", "zstd,15"], wall: 1.45, size: 1, peak: 300e6 },
  { mode: "gzip", peer: ["-comp", "gzip"], ours: ["-z", "gzip,9"], wall: 0.9, size: 1.01, peak: 300e6 },
  { mode: "lz4", peer: ["-comp", "lz4"], ours: ["-z", "lz4"], wall: 1.2, size: 1.01 },
  { mode: "uncompressed", peer: ["-noI", "-noD", "-noF", "-noX"], ours: ["-z", "none"], wall: 0.75, size: 1 },
];

if (options.help) process.stdout.write(HELP);
else {
  process.exitCode = await main().catch((error) => {
    say(`${error.message}`);
    return 1;
  });
}

async function main() {
  const { dir } = options;
  const budgets = {
    ...{ small: 1, large: 1 },
    paths: +options.paths,
    entries: +options.entries,
    bytes: +options.bytes,
  };
  say(`layout in ${dir}`);
  const { closure } = layOut(dir, budgets, say);
  const scratch = `${dir}/work`;
  empty(scratch);
  const cases = listCases(`${dir}/staged`).filter(wanted);
  const samples = new Map(cases.map((one) => [one.name, []]));
  for (let round = 0; round <= +options.rounds; round++) {
    say(round === 0 ? "warm-up" : `round ${round} of ${options.rounds}`);
    for (const one of [...cases.slice(round % cases.length), ...cases.slice(0, round % cases.length)]) {
      const image = `${scratch}/image`;
      const sample = await measure(one.argv(image), { limit: 900, scratch });
      const size = existsSync(image) ? statSync(image).size : undefined;
      empty(scratch);
      if (sample.failure || sample.late) throw new Error(`${one.name}: ${sample.failure ?? "too slow"}`);
      if (round > 0) samples.get(one.name).push({ ...sample, size });
      say(`  ${one.name.padEnd(30)} ${sample.wall.toFixed(2)} s`);
    }
  }
  const rows = cases.map((one) => summarise(one, samples));
  const record = { machine: machine(findPeer(), dir), closure, rounds: +options.rounds, rows };
  process.stdout.write(asMarkdown(record));
  mkdirSync(dirname(options.json), { recursive: true });
  writeFileSync(options.json, `${JSON.stringify(record, null, 2)}\n`);
  if (options.write) writeFileSync(`${here}/RESULTS-squashfs.md`, asMarkdown(record));
  if (options.keep) removeTree(scratch);
  else tearDown(dir);
  return 0;
}

function listCases(source) {
  const ours = resolve(`${here}/../dist/cli/main.js`);
  const threads = ["-j", "2"];
  return MODES.flatMap(({ mode, peer, ours: words, ...limits }) => [
    {
      name: `mksquashfs ${mode}`,
      mode,
      argv: (image) => ["mksquashfs", source, image, ...peer, "-noappend", "-no-progress", "-quiet"],
    },
    ...(["zstd", "lz4"].includes(mode)
      ? [
          {
            name: `gensquashfs ${mode}`,
            mode,
            argv: (image) => ["gensquashfs", "-q", "-c", mode, ...threads, "-D", source, image],
          },
        ]
      : []),
    {
      name: `ours ${mode}`,
      mode,
      limits,
      argv: (image) => [process.execPath, ours, "--quiet", "--format=squashfs", ...words, image, source],
    },
  ]);
}

/** Medians, and for ours the ratios to mksquashfs, of the same rounds. */
function summarise({ name, mode, limits }, samples) {
  const own = samples.get(name);
  const column = (what) => median(own.map((sample) => sample[what]));
  const row = { name, wall: column("wall"), cpu: column("cpu"), peak: column("peak"), size: column("size"), limits };
  const rival = samples.get(`mksquashfs ${mode}`);
  if (limits === undefined || rival === undefined) return row;
  const ratio = (what) => median(own.map((sample, round) => sample[what] / rival[round][what]));
  return { ...row, ratios: { wall: ratio("wall"), size: ratio("size") } };
}

function asMarkdown({ machine: about, closure, rounds, rows }) {
  const fixed = (value, digits) => (Number.isFinite(value) ? value.toFixed(digits) : "-");
  const cells = (row) => {
    const { wall, size } = row.ratios ?? {};
    const figures = [fixed(row.wall, 2), fixed(row.cpu, 2), fixed(row.peak / 1e6, 0), fixed(row.size / 1e6, 2)];
    const { limits } = row;
    if (limits === undefined) return [row.name, ...figures, "", "", ""];
    const isMet = wall <= limits.wall && size <= limits.size && !(row.peak > limits.peak);
    const want = `${limits.wall} / ${limits.size}`;
    return [row.name, ...figures, `${fixed(wall, 2)} / ${fixed(size, 4)}`, want, isMet ? "met" : "MISSED"];
  };
  const head = ["case", "wall s", "CPU s", "peak MB", "image MB", "of mksquashfs: wall / size", "wanted", ""];
  const lines = [head, head.map(() => "---"), ...rows.map(cells)];
  return `# SquashFS against mksquashfs and gensquashfs

\`npm run bench:squashfs -- --write\` rewrites this file. The tree: ${closure.paths} paths, ${closure.entries} entries,
${(closure.bytes / 1e6).toFixed(0)} MB. Medians of ${rounds} rounds after a warm-up, the cases in turn; ratios by pairs of the same round.
Where others use the machine too, CPU seconds say more than the wall clock.

${about.map(([what, value]) => `* ${what}: ${value}`).join("\n")}

${lines.map((line) => `| ${line.join(" | ")} |`).join("\n")}
`;
}

function findPeer() {
  const version = spawnSync("mksquashfs", ["-version"], { encoding: "utf8" }).stdout?.split("\n")[0];
  const other = spawnSync("gensquashfs", ["--version"], { encoding: "utf8" }).stdout?.split("\n")[0];
  return { version: `${version ?? "no mksquashfs"}; ${other ?? "no gensquashfs"}` };
}

function empty(folder) {
  removeTree(folder);
  mkdirSync(folder);
}

function wanted(one) {
  return options.only === undefined || options.only.split(",").some((part) => one.name.includes(part));
}

function say(line) {
  process.stderr.write(`${line}\n`);
}
