// `npm run bench:verify`: `ts-imagefs verify` beside `fsck.erofs --extract`, and `extract` beside unsquashfs, of images of one
// closure, all in turn; and the floors of both: the least that Node does for it (floor-verify.mjs).
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { machine } from "./machine.mjs";
import { measure, median } from "./measure.mjs";
import { fixed, range } from "./report.mjs";
import { DEFAULTS, layOut, removeTree } from "./store.mjs";
import { checkRoom } from "./turns.mjs";

const HELP = `Usage: npm run bench:verify -- [options]
  --dir=DIR          where everything is laid out; a folder on tmpfs (default /dev/shm/ts-mkerofs-verify)
  --closure=FILE     a list of paths to pack, instead of one that is laid out
  --fsck=PATH        fsck.erofs (default: fsck.erofs)
  --unsquashfs=PATH  unsquashfs (default: unsquashfs)
  --rounds=N         rounds that count, after one that does not (default 5)
  --write            rewrite bench/RESULTS-verify.md
`;
const text = { type: /** @type {const} */ ("string") };
const { values: options } = parseArgs({
  options: {
    ...{ help: { type: "boolean" }, write: { type: "boolean" }, closure: text },
    dir: { ...text, default: "/dev/shm/ts-mkerofs-verify" },
    fsck: { ...text, default: "fsck.erofs" },
    unsquashfs: { ...text, default: "unsquashfs" },
    rounds: { ...text, default: "5" },
  },
});
/**
 * The first line of what a program says of its version.
 * @param {string} program
 * @param {string} option
 */
function versionOf(program, option) {
  const said = spawnSync(program, [option], { encoding: "utf8" });
  return `${said.stdout ?? ""}${said.stderr ?? ""}`.split("\n")[0] || "unknown";
}

/** Images by name: what makes them, what decodes them, and the limits with one thread and with two, of the peer's time. */
const IMAGES = [
  { name: "EROFS, plain", command: "mkerofs", words: ["-T0"], codec: "", limits: [1.2, 1] },
  { name: "EROFS, lz4", command: "mkerofs", words: ["-T0", "-zlz4"], codec: "lz4", limits: [1.2, 1] },
  {
    name: "EROFS, zstd, 64 KiB",
    command: "mkerofs",
    words: ["-T0", "-zzstd,3", "-C65536"],
    codec: "zstd",
    limits: [1.2, 1],
  },
  {
    name: "EROFS, deflate, 64 KiB",
    command: "mkerofs",
    words: ["-T0", "-zdeflate,1", "-C65536"],
    codec: "deflate",
    limits: [1.2, 1],
  },
  { name: "SquashFS, gzip", command: "mksquashfs", words: ["-comp", "gzip"], codec: "zlib", limits: [Number.NaN, 1.5] },
  {
    name: "SquashFS, zstd",
    command: "mksquashfs",
    words: ["-comp", "zstd", "-Xcompression-level", "3"],
    codec: "zstd",
    limits: [Number.NaN, 1.5],
  },
];
/** @typedef {(typeof IMAGES)[number]} Image */
/** Store paths of SquashFS images, which are made slowly. */
const MOST_PATHS = 150;

if (options.help) process.stdout.write(HELP);
else await main();

async function main() {
  const { dir, closure } = options;
  checkRoom(dir.slice(0, dir.lastIndexOf("/")) || "/", 4e9, say);
  const budgets = { ...DEFAULTS, paths: 570, entries: 38_500, bytes: 620e6, small: 600, large: 600 };
  if (closure === undefined) layOut(`${dir}/store`, budgets, say);
  const scratch = `${dir}/scratch`;
  removeTree(scratch);
  mkdirSync(scratch, { recursive: true });
  const rows = [];
  for (const image of IMAGES)
    rows.push(...(await compare(image, closure ?? `${dir}/store/store-large.paths`, scratch)));
  const peers = `${versionOf(options.fsck, "-V")}; ${versionOf(options.unsquashfs, "-version")}`;
  const about = machine({ version: peers }, dir).filter(([what]) => !["tar", "C library"].includes(what));
  const page = asMarkdown(about, rows);
  process.stdout.write(page);
  if (options.write) writeFileSync(fileURLToPath(new URL("RESULTS-verify.md", import.meta.url)), page);
  removeTree(scratch);
}

/** @param {string} name */
function command(name) {
  return [process.execPath, fileURLToPath(new URL(`../dist/cli/${name}/main.js`, import.meta.url))];
}

/** @param {string} name */
function script(name) {
  return [process.execPath, fileURLToPath(new URL(name, import.meta.url))];
}

/** Makes an image, and times what reads it. @param {Image} image @param {string} closure @param {string} scratch */
async function compare(image, closure, scratch) {
  const { name, codec, limits } = image;
  const [path, list, to] = [`${scratch}/image`, `${scratch}/list`, `${scratch}/to`];
  make(image, closure, path);
  say(`${name}: ${Math.round(statSync(path).size / 1e6)} MB`);
  const isErofs = image.command === "mkerofs";
  const ours = [...command("imagefs"), isErofs ? "verify" : "extract"];
  if (codec !== "") run([...script("pieces.mjs"), path, codec, list, ...(isErofs ? [] : ["files"])]);
  const least = isErofs ? ["decode", list, path] : ["extract", list, path, to];
  const floor = codec === "" ? ["plain", path] : least;
  const rest = isErofs ? [path] : [path, to];
  /** @type {Record<string, string[]>} */
  const cases = {
    peer: isErofs ? [options.fsck, "--extract", path] : [options.unsquashfs, "-n", "-q", "-d", to, path],
    "one thread": [...ours, "--workers=1", ...rest],
    "two threads": [...ours, "--workers=2", ...rest],
    "floor, one thread": [...script("floor-verify.mjs"), ...floor, ...(codec === "" ? [] : ["1"])],
    ...(codec === "" ? {} : { "floor, two threads": [...script("floor-verify.mjs"), ...floor, "2"] }),
  };
  /** @type {Record<string, number[]>} */
  const walls = {};
  for (let round = 0; round <= Number(options.rounds); round++) {
    for (const [what, argv] of Object.entries(cases)) {
      rmSync(to, { recursive: true, force: true });
      const { wall, failure, late } = await measure(argv, { limit: 120, scratch });
      if (wall === undefined || failure !== undefined || late)
        throw new Error(`${name}: ${what}: ${failure ?? "too slow"}`);
      if (round > 0) walls[what] = [...(walls[what] ?? []), wall];
    }
  }
  const peer = median(walls.peer ?? []) ?? Number.NaN;
  return Object.entries(walls).map(([what, times]) => {
    const ratio = (median(times) ?? Number.NaN) / peer;
    const limit = what === "one thread" ? limits[0] : what === "two threads" ? limits[1] : undefined;
    return { name, what, times, ratio, limit: Number.isNaN(limit) ? undefined : limit };
  });
}

/** @param {Image} image @param {string} closure @param {string} path */
function make({ command: name, words }, closure, path) {
  if (name === "mkerofs") return run([...command(name), "--quiet", ...words, `--closure=${closure}`, path]);
  const paths = execFileSync("head", ["-n", `${MOST_PATHS}`, closure], { encoding: "utf8" })
    .trim()
    .split("\n");
  return run([...command(name), ...paths, path, "-quiet", "-noappend", ...words]);
}

/** @param {string[]} argv */
function run([program = "", ...words]) {
  execFileSync(program, words, { stdio: ["ignore", "ignore", "inherit"] });
}

/**
 * @param {[string, string][]} about
 * @param {Awaited<ReturnType<typeof compare>>} rows
 */
function asMarkdown(about, rows) {
  const lines = rows.map(({ name, what, times, ratio, limit }) => {
    const verdict = limit === undefined ? "" : `${limit}, ${ratio <= limit ? "MET" : "MISSED"}`;
    return `| ${name} | ${what} | ${fixed(median(times), 3)} | ${range(times)} | ${fixed(ratio, 2)} | ${verdict} |`;
  });
  return `# Results of verifying and extracting

Made by \`npm run bench:verify\`: images of one closure; EROFS: \`ts-imagefs verify\` beside \`fsck.erofs --extract\`, SquashFS (its
first ${MOST_PATHS} paths): \`ts-imagefs extract\` beside unsquashfs; medians of ${options.rounds} rounds after a warm-up, all in turn, in
seconds. A floor is the least that Node does: it reads each inode of a plain image, or decodes what is listed, and makes files.

${about.map(([what, value]) => `* ${what}: ${value}`).join("\n")}

| image | | s | range | of the peer | limit |
| --- | --- | --- | --- | --- | --- |
${lines.join("\n")}
`;
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`);
}
