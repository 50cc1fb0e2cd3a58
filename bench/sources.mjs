// `npm run bench:sources`: what other sources than a plain closure cost, and what is read or written besides: registrations,
// binary caches, a ready database, tar archives, extended attributes. Each group of cases is one run, its cases in turn.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findPeer } from "./cases.mjs";
import { machine } from "./machine.mjs";
import { measure, median } from "./measure.mjs";
import { ratio } from "./promises.mjs";
import { fixed, range } from "./report.mjs";
import { DEFAULTS, layOut, removeTree } from "./store.mjs";
import { checkRoom } from "./turns.mjs";

/** @import { Sample } from "./types.ts" */

/**
 * A command that is run in every round. `least`: the case that it is held against, and `limit` how many times as long as
 * that it may take.
 * @typedef {{ name: string, argv: string[], least?: string, limit?: number, samples?: Sample[] }} SourceCase
 * @typedef {{ name: string, cases: SourceCase[] }} Group
 */

const HELP = `Usage: npm run bench:sources -- [options]
  --dir=DIR     where everything is laid out; a folder on tmpfs (default /dev/shm/ts-mkerofs-sources)
  --keep        leave it for the next run (else it is removed at the end)
  --rounds=N    rounds that count, after one that does not (default 5)
  --only=TEXT   only groups whose name contains it
  --mkfs=PATH   the peer (default $MKFS_EROFS, else mkfs.erofs in PATH)
  --node-26=PATH  a Node that has node:ffi
  --write       rewrite bench/RESULTS-sources.md
`;
const OURS = [process.execPath, fileURLToPath(new URL("../dist/cli/mkerofs/main.js", import.meta.url)), "--quiet"];
const FLOOR_PIPE = fileURLToPath(new URL("floor-pipe.mjs", import.meta.url));
/** The group for which a cache is made first, which takes long. */
const BINARY_CACHE = "a binary cache";
/** Of the digests in names of store paths. */
const NIX_DIGITS = "0123456789abcdfghijklmnpqrsvwxyz";
const text = { type: /** @type {const} */ ("string") };
const flag = { type: /** @type {const} */ ("boolean"), default: false };
const { values: options } = parseArgs({
  options: {
    ...{ help: flag, keep: flag, write: flag, only: text, mkfs: text, "node-26": text },
    dir: { ...text, default: "/dev/shm/ts-mkerofs-sources" },
    rounds: { ...text, default: "5" },
  },
});
if (options.help) process.stdout.write(HELP);
else await main();

async function main() {
  const { dir } = options;
  checkRoom(dir.slice(0, dir.lastIndexOf("/")) || "/", 6e9, say);
  const budgets = { ...DEFAULTS, paths: 570, entries: 38_500, bytes: 620e6, small: 600, large: 1000 };
  const { closure } = layOut(`${dir}/store`, budgets, say);
  const scratch = `${dir}/scratch`;
  removeTree(scratch);
  mkdirSync(`${scratch}/temp`, { recursive: true });
  process.env.TMPDIR = `${scratch}/temp`;
  const peer = findPeer(options.mkfs ?? process.env.MKFS_EROFS ?? "mkfs.erofs");
  const groups = [...nixGroups(`${dir}/store`, scratch), ...otherGroups(`${dir}/store`, scratch, peer?.command)];
  const chosen = groups.filter(({ name }) => isAsked(name));
  for (const { name, cases } of chosen) await runGroup(name, cases, scratch);
  const about = machine(peer, dir).map(([what, value]) => `${what}: ${value}`);
  const entries = `closure: ${closure.paths} paths, ${closure.entries} entries, ${(closure.bytes / 1e6).toFixed(0)} MB`;
  const page = asMarkdown([...about, entries], chosen);
  process.stdout.write(page);
  if (options.write) writeFileSync(fileURLToPath(new URL("RESULTS-sources.md", import.meta.url)), page);
  if (!options.keep) removeTree(dir);
}

/** @param {string} group */
function isAsked(group) {
  return options.only === undefined || group.includes(options.only);
}

/** @param {string} name @param {SourceCase[]} cases @param {string} scratch */
async function runGroup(name, cases, scratch) {
  say(name);
  for (let round = 0; round <= Number(options.rounds); round++) {
    for (const one of round % 2 === 0 ? cases : cases.toReversed()) {
      rmSync(`${scratch}/image`, { force: true });
      const sample = await measure(one.argv, { cwd: scratch, limit: 300, scratch });
      if (sample.failure !== undefined || sample.late) throw new Error(`${one.name}: ${sample.failure ?? "too slow"}`);
      if (round > 0) one.samples = [...(one.samples ?? []), sample];
    }
  }
  for (const { name, samples = [] } of cases)
    say(`  ${name.padEnd(52)} ${fixed(median(samples.map((s) => s.wall)), 2)} s`);
}

/** Registrations, a binary cache, a database. @param {string} store @param {string} scratch @returns {Group[]} */
function nixGroups(store, scratch) {
  const folder = `${scratch}/natural`;
  const paths = copyNatural(readFileSync(`${store}/store-large.paths`, "utf8").trim().split("\n"), folder);
  // a graph without references, deriver or hash
  writeFileSync(`${scratch}/graph`, paths.map((path) => `${path}\n\n0\n`).join(""));
  const graph = `--closure=${scratch}/graph`;
  const image = `${scratch}/image`;
  const files = `find ${folder} -type f -print0 | xargs -0 -P2 sha256sum >/dev/null`;
  /** @param {string} name @param {string} least @param {...string} words @returns {SourceCase} */
  const hashed = (name, least, ...words) => ({ name, argv: [...OURS, graph, ...words, image], least, limit: 1.5 });
  /** @type {SourceCase[]} */
  const registration = [
    { name: "plain", argv: [...OURS, graph, image] },
    hashed("--registration", "plain", "--registration"),
    hashed("--registration=!, ahead of all paths", "plain", "--registration=!"),
    hashed("--registration=~, behind all paths", "plain", "--registration=~"),
    { name: "find | xargs -0 -P2 sha256sum", argv: ["sh", "-c", files] },
  ];
  const placed = `--store-dir=${folder}`;
  const below = [placed, "--nix-db=/db/db.sqlite"];
  /** @type {SourceCase[]} */
  const inFolder = [
    { name: "--store-dir", argv: [...OURS, graph, placed, image] },
    hashed("--store-dir --registration", "--store-dir", placed, "--registration"),
    hashed("--store-dir --nix-db", "--store-dir", ...below),
    hashed("--store-dir --nix-db --registration", "--store-dir", ...below, "--registration"),
  ];
  const squashfs = ["--format=squashfs", "-zlz4"];
  /** @type {SourceCase[]} */
  const compressed = [
    { name: "-zlz4", argv: [...OURS, graph, "-zlz4", image] },
    hashed("-zlz4 --registration", "-zlz4", "-zlz4", "--registration"),
    { name: "SquashFS, -zlz4", argv: [...OURS, graph, ...squashfs, image] },
    hashed("SquashFS, -zlz4 --registration", "SquashFS, -zlz4", ...squashfs, "--registration"),
  ];
  const cache = isAsked(BINARY_CACHE) ? makeCache(paths, scratch, [...OURS, graph]) : undefined;
  /** @type {SourceCase[]} */
  const binary =
    cache === undefined
      ? []
      : [
          { name: "paths, with --registration", argv: [...OURS, graph, "--registration", image] },
          {
            name: "--binary-cache of plain NARs, hashes checked",
            argv: [...OURS, `--binary-cache=${cache}`, image, ...paths],
            least: "paths, with --registration",
            limit: 1.2,
          },
        ];
  const many = makeMany(scratch);
  const inStore = [...OURS, `--closure=${many}`, `--store-dir=${scratch}/many`];
  return [
    { name: "a registration whose hashes are found out", cases: registration },
    { name: "the same, of a store in its folder", cases: inFolder },
    { name: "the same, compressed", cases: compressed },
    ...(cache === undefined ? [] : [{ name: BINARY_CACHE, cases: binary }]),
    {
      name: "a ready database of 5,000 paths (limit: 0.3 s more)",
      cases: [
        { name: "without", argv: [...inStore, image] },
        { name: "--nix-db", argv: [...inStore, "--nix-db=/db.sqlite", image], least: "without" },
      ],
    },
  ];
}

/**
 * Copies store paths to names as Nix gives them, whose first digits are spread evenly.
 * @param {string[]} paths
 * @param {string} folder
 */
function copyNatural(paths, folder) {
  mkdirSync(folder);
  const copies = paths.map((path) => {
    const name = basename(path);
    const digits = [...createHash("sha256").update(name).digest()].map((byte) => NIX_DIGITS[byte % 32]);
    const copy = `${folder}/${digits.join("")}-${name.slice(name.indexOf("-") + 1)}`;
    run(["cp", "-a", path, copy]);
    return copy;
  });
  return copies.sort();
}

/**
 * A binary cache of these paths, of Nix's own NARs; undefined without Nix.
 * @param {string[]} paths
 * @param {string} scratch
 * @param {string[]} command that makes an image of them
 */
function makeCache(paths, scratch, command) {
  if (spawnSync("nix-store", ["--version"]).error) {
    say("  no nix-store: no binary cache");
    return undefined;
  }
  const cache = `${scratch}/cache`;
  const registration = `${scratch}/registration`;
  run([...command, `--registration-out=${registration}`, `${scratch}/image`]);
  mkdirSync(`${cache}/nar`, { recursive: true });
  const lines = readFileSync(registration, "utf8").trimEnd().split("\n");
  const storeDir = /** @type {string} */ (paths[0]).slice(0, -basename(/** @type {string} */ (paths[0])).length - 1);
  writeFileSync(`${cache}/nix-cache-info`, `StoreDir: ${storeDir}\n`);
  for (let at = 0; at < lines.length; ) {
    const [path = "", hash = "", size = "", , references = "0"] = lines.slice(at, at + 5);
    at += 5 + Number(references);
    const part = basename(path).slice(0, basename(path).indexOf("-"));
    run(["sh", "-c", `nix-store --dump "$1" >"$2"`, "sh", path, `${cache}/nar/${part}.nar`]);
    const info = {
      StorePath: path,
      URL: `nar/${part}.nar`,
      Compression: "none",
      NarHash: `sha256:${hash}`,
      NarSize: size,
    };
    const text = Object.entries({ ...info, References: "" }).map(([key, value]) => `${key}: ${value}\n`);
    writeFileSync(`${cache}/${part}.narinfo`, text.join(""));
  }
  return cache;
}

/** The registration of 5,000 paths of one file each. @param {string} scratch */
function makeMany(scratch) {
  const store = `${scratch}/many`;
  let registration = "";
  for (let nr = 0; nr < 5000; nr++) {
    const path = `${store}/${`${nr}`.padStart(32, "0")}-package-${nr}`;
    mkdirSync(path, { recursive: true });
    writeFileSync(`${path}/file`, `${nr}\n`);
    registration += `${path}\n${`${nr}`.padStart(64, "0")}\n200\n\n1\n${path}\n`;
  }
  writeFileSync(`${scratch}/many-registration`, registration);
  return `${scratch}/many-registration`;
}

/** Tar archives, attributes. @param {string} store @param {string} scratch @param {string | undefined} mkfs @returns {Group[]} */
function otherGroups(store, scratch, mkfs = "mkfs.erofs") {
  const tree = `${store}/staged`;
  const image = `${scratch}/image`;
  run(["tar", "-C", tree, "-cf", `${scratch}/tree.tar`, "."]);
  const fixedTime = ["-T0", "--all-root"];
  /** @param {string[]} reader */
  const piped = (reader) => ["sh", "-c", `tar -C "$0" -c . | "$@"`, tree, ...reader];
  /** @type {Group[]} */
  const groups = [
    {
      name: "a tar archive",
      cases: [
        {
          name: "mkfs.erofs --tar=f, of a file",
          argv: [mkfs, "--quiet", "--tar=f", ...fixedTime, image, `${scratch}/tree.tar`],
        },
        {
          name: "ours --tar=f, of a file",
          argv: [...OURS, "--tar=f", ...fixedTime, image, `${scratch}/tree.tar`],
          least: "mkfs.erofs --tar=f, of a file",
          limit: 0.8,
        },
        { name: "tar | mkfs.erofs --tar=f", argv: piped([mkfs, "--quiet", "--tar=f", ...fixedTime, image]) },
        {
          name: "tar | floor: a temporary file, and the image's bytes",
          argv: piped([process.execPath, FLOOR_PIPE, image]),
        },
        {
          name: "tar | ours --tar=f",
          argv: piped([...OURS, "--tar=f", ...fixedTime, image]),
          least: "tar | mkfs.erofs --tar=f",
          limit: 0.9,
        },
      ],
    },
  ];
  const labelled = `${scratch}/labelled`;
  run(["cp", "-a", tree, labelled]);
  const attribute = ["setfattr", "-h", "-n", "trusted.bench", "-v", "some value"];
  if (spawnSync("setfattr", ["--version"]).error || process.getuid?.() !== 0) {
    say("  no setfattr, or not root: no attributes");
    return groups;
  }
  run(["sh", "-c", `find "$0" -print0 | xargs -0 "$@"`, labelled, ...attribute]);
  /** @param {string} reader @param {number} limit @returns {SourceCase} */
  const read = (reader, limit) => {
    return {
      name: `an attribute on every entry, by ${reader}`,
      argv: [...OURS, `--xattrs=${reader}`, ...fixedTime, image, labelled],
      least: "attributes not read",
      limit,
    };
  };
  const unread = [...OURS, "--xattrs=none", ...fixedTime, image, labelled];
  groups.push({
    name: "extended attributes",
    cases: [{ name: "attributes not read", argv: unread }, read("napi", 1.2), read("getfattr", 1.5)],
  });
  const node26 = options["node-26"];
  if (node26 === undefined) return groups;
  /** @param {string[]} argv */
  const on26 = (argv) => [node26, ...argv.slice(1)];
  const ffi = read("ffi", 1.2);
  groups.push({
    name: `extended attributes on Node ${spawnSync(node26, ["-v"], { encoding: "utf8" }).stdout.trim()}`,
    cases: [
      { name: "attributes not read", argv: on26(unread) },
      { ...ffi, argv: on26(ffi.argv) },
    ],
  });
  return groups;
}

/** @param {string[]} about @param {Group[]} groups */
function asMarkdown(about, groups) {
  const head = ["case", "wall s", "range", "CPU s", "peak MB", "against", "times", "limit", ""];
  /** @param {string[]} cells */
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  const tables = groups.map(({ name, cases }) => {
    const rows = cases.map(({ name, samples = [], least, limit }) => {
      const walls = samples.map(({ wall }) => wall);
      const other = cases.find((one) => one.name === least)?.samples?.map(({ wall }) => wall);
      const times = other && ratio({ walls }, { walls: other });
      const verdict = limit === undefined || times === undefined ? "" : times <= limit ? "met" : "MISSED";
      const cpu = fixed(median(samples.map((sample) => sample.cpu)), 2);
      const peak = fixed((median(samples.map((sample) => sample.peak)) ?? Number.NaN) / 1e6, 1);
      const against = [least ?? "", least ? fixed(times, 2) : "", limit === undefined ? "" : `${limit}`, verdict];
      return line([name, fixed(median(walls), 2), range(walls), cpu, peak, ...against]);
    });
    return `## ${name[0]?.toUpperCase()}${name.slice(1)}\n\n${line(head)}${line(head.map(() => "---"))}${rows.join("")}`;
  });
  return `# Results for other sources

Made by \`npm run bench:sources\`: medians of ${options.rounds} rounds after a warm-up, the cases of a table in turn, times by pairs
of the same round. What is slower than it should be is in the tables like the rest.

${about.map((one) => `* ${one}`).join("\n")}

${tables.join("\n")}`;
}

/** @param {string[]} argv */
function run([program = "", ...words]) {
  const { status, stderr, error } = spawnSync(program, words, { encoding: "utf8", maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${program}: ${error?.message ?? stderr}`);
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`);
}
