// `npm run bench:verity`: what --verity adds to the time of a plain closure, beside `veritysetup format` of the same image,
// all in turn; and what one SHA-256 of a salt and a block takes by each call that Node has.
import crypto from "node:crypto";
import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { machine } from "./machine.mjs";
import { measure, median } from "./measure.mjs";
import { fixed, range } from "./report.mjs";
import { findVersion } from "./squashfs-cases.mjs";
import { DEFAULTS, layOut, removeTree } from "./store.mjs";
import { checkRoom } from "./turns.mjs";

const HELP = `Usage: npm run bench:verity -- [options]
  --dir=DIR        where everything is laid out; a folder on tmpfs (default /dev/shm/ts-mkerofs-verity)
  --closure=FILE   a list of paths to pack, instead of one that is laid out
  --keep           leave what is laid out for the next run
  --rounds=N       rounds that count, after one that does not (default 9)
  --workers=N      threads (default 2)
  --write          rewrite bench/RESULTS-verity.md
`;
/** What may be added, of veritysetup's time. */
const LIMIT = 0.8;
const BLOCK = 4096;
const text = { type: /** @type {const} */ ("string") };
const flag = { type: /** @type {const} */ ("boolean"), default: false };
const { values: options } = parseArgs({
  options: {
    ...{ help: flag, keep: flag, write: flag, closure: text },
    dir: { ...text, default: "/dev/shm/ts-mkerofs-verity" },
    rounds: { ...text, default: "9" },
    workers: { ...text, default: "2" },
  },
});
if (options.help) process.stdout.write(HELP);
else await main();

async function main() {
  const { dir, closure } = options;
  const scratch = `${dir}/scratch`;
  checkRoom(dir.slice(0, dir.lastIndexOf("/")) || "/", 3e9, say);
  const budgets = { ...DEFAULTS, paths: 570, entries: 38_500, bytes: 620e6, small: 600, large: 600 };
  if (closure === undefined) layOut(`${dir}/store`, budgets, say);
  removeTree(scratch);
  mkdirSync(scratch, { recursive: true });
  const calls = await timeCalls();
  const walls = await timeBuilds(closure ?? `${dir}/store/store-large.paths`, scratch);
  const version = findVersion("veritysetup", "--version");
  if (version === undefined) throw new Error("veritysetup is not there");
  const about = machine({ version }, dir).filter(([what]) => !["tar", "C library"].includes(what));
  const page = asMarkdown(about, calls, walls);
  process.stdout.write(page);
  if (options.write) writeFileSync(fileURLToPath(new URL("RESULTS-verity.md", import.meta.url)), page);
  removeTree(scratch);
  if (!options.keep && closure === undefined) removeTree(dir);
}

/** Seconds of each round by what was run. @param {string} closure @param {string} scratch */
async function timeBuilds(closure, scratch) {
  const image = `${scratch}/image`;
  const ours = [process.execPath, fileURLToPath(new URL("../dist/cli/mkerofs/main.js", import.meta.url)), "--quiet"];
  const line = [...ours, `--workers=${options.workers}`, `--closure=${closure}`];
  /** @type {Record<"plain" | "sealed" | "veritysetup", string[]>} */
  const cases = {
    plain: [...line, `${scratch}/plain`],
    sealed: [...line, "--verity", image],
    veritysetup: ["veritysetup", "format", `${scratch}/plain`, `${scratch}/hashes`],
  };
  /** @type {Record<keyof typeof cases, number[]>} */
  const walls = { plain: [], sealed: [], veritysetup: [] };
  for (let round = 0; round <= Number(options.rounds); round++) {
    rmSync(`${scratch}/hashes`, { force: true });
    for (const name of /** @type {(keyof typeof cases)[]} */ (Object.keys(cases))) {
      const { wall, failure, late } = await measure(cases[name], { limit: 120, scratch });
      if (wall === undefined || failure !== undefined || late) throw new Error(`${name}: ${failure ?? "too slow"}`);
      if (round > 0) walls[name].push(wall);
    }
  }
  return { ...walls, megabytes: Math.round(statSync(`${scratch}/plain`).size / 1e6) };
}

/** Microseconds that a hash takes, the least of some rounds, by call. @returns {Promise<[call: string, us: number][]>} */
async function timeCalls() {
  const count = 128;
  const salt = crypto.randomBytes(32);
  const bytes = new Uint8Array(salt.length + count * BLOCK);
  const hashes = Buffer.alloc(32 * count);
  const salted = Array.from({ length: count }, (_, at) => bytes.subarray(at * BLOCK, (at + 1) * BLOCK + salt.length));
  const blocks = salted.map((each) => each.subarray(salt.length));
  const begun = crypto.createHash("sha256").update(salt);
  const put = (/** @type {string} */ hash, /** @type {number} */ at) => hashes.write(hash, 32 * at, 32, "latin1");
  const saltedAt = (/** @type {number} */ at) => {
    bytes.set(salt, at * BLOCK);
    return /** @type {Uint8Array} */ (salted[at]);
  };
  /** @type {Record<string, (block: Uint8Array, at: number) => unknown>} */
  const calls = {
    "createHash(), salt, block, Buffer": (block, at) =>
      hashes.set(crypto.createHash("sha256").update(salt).update(block).digest(), 32 * at),
    "a copy of a hash with the salt, Buffer": (block, at) => hashes.set(begun.copy().update(block).digest(), 32 * at),
    "a copy of a hash with the salt, text": (block, at) => put(begun.copy().update(block).digest("binary"), at),
  };
  if (crypto.hash) {
    calls["crypto.hash(), Buffer"] = (_, at) => hashes.set(crypto.hash("sha256", saltedAt(at), "buffer"), 32 * at);
    calls["crypto.hash(), text"] = (_, at) => put(crypto.hash("sha256", saltedAt(at), "binary"), at);
  }
  /** @type {Map<string, number>} */
  const best = new Map();
  for (let round = 0; round < 40; round++) {
    for (const [name, call] of Object.entries(calls)) {
      const start = performance.now();
      for (let turn = 0; turn < 8; turn++) blocks.forEach(call);
      const us = ((performance.now() - start) * 1000) / (8 * count);
      best.set(name, Math.min(us, best.get(name) ?? us));
    }
    const start = performance.now();
    await Promise.all(salted.map((each) => crypto.webcrypto.subtle.digest("SHA-256", each)));
    const us = ((performance.now() - start) * 1000) / count;
    best.set("subtle.digest(), all at once", Math.min(us, best.get("subtle.digest(), all at once") ?? us));
  }
  return [...best];
}

/**
 * @param {[string, string][]} about
 * @param {[string, number][]} calls
 * @param {Awaited<ReturnType<typeof timeBuilds>>} walls
 */
function asMarkdown(about, calls, { megabytes, plain, sealed, veritysetup }) {
  const added = sealed.map((wall, round) => wall - /** @type {number} */ (plain[round]));
  const ratio = median(added.map((wall, round) => wall / /** @type {number} */ (veritysetup[round]))) ?? Number.NaN;
  const rows = Object.entries({
    "ts-mkerofs --closure": plain,
    "the same with --verity": sealed,
    "what that adds": added,
    "veritysetup format": veritysetup,
  }).map(([name, times]) => `| ${name} | ${fixed(median(times), 3)} | ${range(times)} |`);
  return `# Results of hash trees

Made by \`npm run bench:verity\`: a plain closure${options.closure === undefined ? " that is laid out" : ""}, an image of
${megabytes} MB, with ${options.workers} threads, and veritysetup on it; medians of ${options.rounds} rounds after a warm-up, all in turn, in
seconds.

${about.map(([what, value]) => `* ${what}: ${value}`).join("\n")}

| | s | range |
| --- | --- | --- |
${rows.join("\n")}

\`--verity\` adds ${fixed(ratio, 2)} of the time of \`veritysetup format\` (limit: ${LIMIT}, ${ratio <= LIMIT ? "MET" : "MISSED"}).

| one SHA-256 of 32 bytes and 4 KiB | µs |
| --- | --- |
${calls.map(([name, us]) => `| ${name} | ${fixed(us, 2)} |`).join("\n")}
`;
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`);
}
