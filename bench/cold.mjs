// `npm run bench:cold -- TREE [ROUNDS]`: what the kernel reads of a cold image of a tree, of mkfs.erofs's and of ours in turn:
// `find`, every file, 20,000 random reads. Beside the time, which follows whatever else the disk does, stand the requests
// that reach the block device and their bytes, which do not. Root alone may mount. $MKFS_EROFS: the peer.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { findPeer } from "./cases.mjs";
import { median } from "./measure.mjs";

/** @typedef {{ requests: number, bytes: number, wall: number }} Cost Of one pass. */

const OURS = fileURLToPath(new URL("../dist/cli/mkerofs/main.js", import.meta.url));
const PASS = fileURLToPath(new URL("read-pass.mjs", import.meta.url));
const READS = "20000";
const SECTOR = 512;
/** Fields of /sys/block/…/stat: requests that were read, and their sectors. */
const STAT = { requests: 0, sectors: 2 };
const METADATA = ["--quiet", "-T0", "--all-root"];

const [tree, rounds = "3"] = process.argv.slice(2);
if (tree === undefined) throw new Error("usage: npm run bench:cold -- TREE [ROUNDS]");
const scratch = mkdtempSync(`${tmpdir()}/ts-mkerofs-cold-`);
try {
  compare(resolve(tree), Number(rounds));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** @param {string} folder @param {number} count */
function compare(folder, count) {
  const mkfs = process.env.MKFS_EROFS ?? "mkfs.erofs";
  if (findPeer(mkfs) === undefined) throw new Error("mkfs.erofs is missing: $MKFS_EROFS may say where it is");
  const images = {
    "mkfs.erofs": make("mkfs.erofs", [mkfs, ...METADATA], folder),
    ours: make("ours", [process.execPath, OURS, ...METADATA], folder),
    "ours, --dedupe=none": make("none", [process.execPath, OURS, ...METADATA, "--dedupe=none"], folder),
  };
  for (const what of ["find", "all", "random"]) {
    /** @type {Map<string, Cost[]>} */
    const costs = new Map(Object.keys(images).map((name) => [name, []]));
    for (let round = 0; round < count; round++) {
      for (const [name, image] of Object.entries(images)) costs.get(name)?.push(read(what, image, folder));
    }
    const first = summarise(costs.get("mkfs.erofs") ?? []);
    for (const [name, own] of costs) {
      const cost = summarise(own);
      const ratio = (/** @type {keyof Cost} */ field) => `(${(cost[field] / first[field]).toFixed(3)})`;
      process.stdout.write(
        `${what.padEnd(7)} ${name.padEnd(20)} ${cost.requests} requests ${ratio("requests")}, ` +
          `${(cost.bytes / 1e6).toFixed(1)} MB ${ratio("bytes")}, ${cost.wall.toFixed(2)} s ${ratio("wall")}\n`,
      );
    }
  }
}

/** @param {string} name @param {string[]} command @param {string} folder */
function make(name, [program = "", ...words], folder) {
  const image = `${scratch}/${name}.img`;
  execFileSync(program, [...words, image, folder]);
  process.stdout.write(`image   ${name.padEnd(20)} ${(statSync(image).size / 1e6).toFixed(1)} MB\n`);
  return image;
}

/** Medians. @param {Cost[]} costs @returns {Cost} */
function summarise(costs) {
  const of = (/** @type {keyof Cost} */ field) => median(costs.map((cost) => cost[field])) ?? Number.NaN;
  return { requests: of("requests"), bytes: of("bytes"), wall: of("wall") };
}

/** @param {string} what @param {string} image @param {string} folder @returns {Cost} */
function read(what, image, folder) {
  const point = `${scratch}/mount`;
  mkdirSync(point, { recursive: true });
  const device = execFileSync("losetup", ["--find", "--show", "--read-only", image], { encoding: "utf8" }).trim();
  try {
    execFileSync("mount", ["-t", "erofs", "-o", "ro", device, point]);
    try {
      const before = counters(device);
      const { wall } = JSON.parse(
        execFileSync(process.execPath, [PASS, what, folder, point, READS, "drop"], { encoding: "utf8" }),
      );
      const after = counters(device);
      return { requests: after.requests - before.requests, bytes: after.bytes - before.bytes, wall };
    } finally {
      execFileSync("umount", [point]);
    }
  } finally {
    execFileSync("losetup", ["--detach", device]);
  }
}

/** @param {string} device */
function counters(device) {
  const fields = readFileSync(`/sys/block/${basename(device)}/stat`, "latin1")
    .trim()
    .split(/\s+/)
    .map(Number);
  return { requests: fields[STAT.requests] ?? 0, bytes: (fields[STAT.sectors] ?? 0) * SECTOR };
}
