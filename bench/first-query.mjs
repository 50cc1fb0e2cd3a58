// `npm run bench:query`: the first `nix-store -q` in a guest that has just booted, whose store is an image with an overlay on
// it: with the database that the image brings, and after a load of the registration. Needs root, overlayfs and Nix; drops the
// page cache of the whole machine in each round.
//   node bench/first-query.mjs [--rounds=25] [--write]
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { machine } from "./machine.mjs";
import { median } from "./measure.mjs";
import { fixed, range } from "./report.mjs";

/** Store paths; each refers to itself and to the one before it. */
const PATHS = 150;
const NIX_DIGITS = "0123456789abcdfghijklmnpqrsvwxyz";
const OURS = fileURLToPath(new URL("../dist/cli/mkerofs/main.js", import.meta.url));
const { values: options } = parseArgs({
  options: { rounds: { type: "string", default: "25" }, write: { type: "boolean", default: false } },
});

/** What is asked in which guest. The last is what no image can do better: all that a load has left lies in it. */
const READY = "a ready database";
const LOADED = "after a load";
const FLOOR = "floor: the image of a guest after a load";

/** A guest: its store as Nix is told of it, and where it lies. @typedef {{ store: string, root: string }} Guest */
/** @typedef {{ name: string, image: string, loads: boolean, ms: number[] }} Case */

const scratch = mkdtempSync("/dev/shm/ts-mkerofs-query-");
try {
  await main();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function main() {
  const folder = `${scratch}/store`;
  const image = `${scratch}/image`;
  const registration = `${scratch}/registration`;
  const paths = makePaths(folder);
  const line = [OURS, "--quiet", `--closure=${scratch}/graph`, `--store-dir=${folder}`];
  const database = "/nix/var/nix/db/db.sqlite";
  run([process.execPath, ...line, `--nix-db=${database}`, `--registration-out=${registration}`, image]);
  run([process.execPath, ...line, `${image}-without`]);
  /** @type {Case[]} */
  const cases = [
    { name: READY, image, loads: false, ms: [] },
    { name: LOADED, image: `${image}-without`, loads: true, ms: [] },
    { name: FLOOR, image: `${image}-made`, loads: false, ms: [] },
  ];
  inGuest(`${image}-without`, folder, ({ store, root }) => {
    time(["nix-store", "--store", store, "--load-db"], registration);
    run([process.execPath, OURS, "--quiet", `${image}-made`, root]);
  });
  /** @type {number[]} */
  const loads = [];
  for (let round = 0; round <= Number(options.rounds); round++) {
    for (const one of round % 2 === 0 ? cases : cases.toReversed()) {
      inGuest(one.image, folder, ({ store }) => {
        const load = one.loads ? time(["nix-store", "--store", store, "--load-db"], registration) : 0;
        run(["sh", "-c", "sync; echo 3 >/proc/sys/vm/drop_caches"]);
        // the program is warm, as whatever boots a guest has used it or its libraries
        run(["nix-store", "--version"]);
        const query = time(["nix-store", "--store", store, "-q", "--references", /** @type {string} */ (paths.at(-1))]);
        if (round === 0) return;
        one.ms.push(query);
        if (one.loads) loads.push(load);
      });
    }
  }
  report(cases, loads);
}

/** Makes store paths and the graph of their references. @param {string} folder */
function makePaths(folder) {
  const paths = Array.from({ length: PATHS }, (_, at) => {
    const digits = [...createHash("sha256").update(String(at)).digest()].map((byte) => NIX_DIGITS[byte % 32]);
    return `${folder}/${digits.join("")}-package-${at}`;
  });
  for (const path of paths) {
    mkdirSync(path, { recursive: true });
    writeFileSync(`${path}/file`, path);
  }
  const graph = paths.map((path, at) => [path, "", at === 0 ? 1 : 2, path, ...(at === 0 ? [] : [paths[at - 1]])]);
  writeFileSync(`${scratch}/graph`, graph.map((lines) => `${lines.join("\n")}\n`).join(""));
  return paths;
}

/**
 * Mounts an image as a guest does, with an overlay in memory.
 * @param {string} image @param {string} folder @param {(guest: Guest) => void} use */
function inGuest(image, folder, use) {
  const guest = mkdtempSync(`${scratch}/guest-`);
  for (const name of ["lower", "over", "root"]) mkdirSync(`${guest}/${name}`);
  /** @type {string[]} */
  const mounted = [];
  try {
    const mount = (/** @type {string} */ at, /** @type {string[]} */ ...words) => {
      run(["mount", ...words, at]);
      mounted.push(at);
    };
    mount(`${guest}/lower`, "-t", "erofs", "-o", "loop,ro", image);
    mount(`${guest}/over`, "-t", "tmpfs", "tmpfs");
    for (const name of ["upper", "work"]) mkdirSync(`${guest}/over/${name}`);
    const layers = `lowerdir=${guest}/lower,upperdir=${guest}/over/upper,workdir=${guest}/over/work`;
    mount(`${guest}/root`, "-t", "overlay", "-o", layers, "overlay");
    use({ store: `local?root=${guest}/root&store=${folder}`, root: `${guest}/root` });
  } finally {
    for (const at of mounted.reverse()) run(["umount", at]);
  }
}

/** Milliseconds that a command takes. @param {string[]} argv @param {string} [input] a file */
function time(argv, input) {
  const stdin = input === undefined ? "ignore" : openSync(input, "r");
  const start = performance.now();
  run(argv, stdin);
  const took = performance.now() - start;
  if (typeof stdin === "number") closeSync(stdin);
  return took;
}

/** @param {string[]} argv @param {"ignore" | number} stdin */
function run(argv, stdin = "ignore") {
  const [command = "", ...words] = argv;
  const env = { ...process.env, NIX_REMOTE: "" };
  const { status, stderr, error } = spawnSync(command, words, { stdio: [stdin, "ignore", "pipe"], env });
  if (status !== 0) throw new Error(`${argv.join(" ")}: ${error?.message ?? stderr}`);
}

/** @param {Case[]} cases @param {number[]} loads */
function report(cases, loads) {
  const [ready = Number.NaN, loaded = Number.NaN, floor = Number.NaN] = cases.map(({ ms }) => median(ms));
  const times = ready / loaded;
  const rows = [...cases, { name: "the load itself", ms: loads }].map(
    ({ name, ms }) => `| ${name} | ${fixed(median(ms), 1)} | ${range(ms)} |`,
  );
  const about = machine(undefined, scratch).filter(([what]) => ["CPU", "memory", "kernel", "Node"].includes(what));
  const nix = spawnSync("nix-store", ["--version"], { encoding: "utf8" }).stdout.trim();
  const page = `# Results of the first query

Made by \`npm run bench:query\`: \`nix-store -q --references\` of one of ${PATHS} paths in a guest that has just booted: an image
of a store with an overlay in memory on it, the page cache dropped, the program warm. Medians of ${options.rounds} rounds after a
warm-up, both in turn, in milliseconds.

${about.map(([what, value]) => `* ${what}: ${value}`).join("\n")}
* Nix: ${nix}

| first query | ms | range |
| --- | --- | --- |
${rows.join("\n")}

With a ready database it takes ${fixed(times, 2)} of what it takes after a load (limit: 1.0, ${times <= 1 ? "met" : "MISSED"});
the floor takes ${fixed(floor / loaded, 2)}.
`;
  process.stdout.write(page);
  if (options.write) writeFileSync(fileURLToPath(new URL("RESULTS-first-query.md", import.meta.url)), page);
}
