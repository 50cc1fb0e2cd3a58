// Programs side by side: a mode is what they are to do, a case is a program that does it. Every round runs each case once.
import { spawnSync } from "node:child_process";
import { mkdirSync, statfsSync } from "node:fs";
import { FLOOR } from "./cases.mjs";
import { noImage, sizeOfImage } from "./image.mjs";
import { hasTime, measure } from "./measure.mjs";
import { summariseOne } from "./report.mjs";
import { removeTree } from "./store.mjs";

/** @import { Mode, ModeCase, PlacedCase, Row, Sample, Say } from "./types.ts" */
/** @import { Format } from "./image.mjs" */

/**
 * The modes whose name contains one of the parts of `only`; a name in full means that mode alone.
 * @template {Mode} M
 * @param {M[]} modes
 * @param {string | undefined} only
 */
export function chooseModes(modes, only) {
  if (only === undefined) return modes;
  /** @param {string} part */
  const inFull = (part) => modes.some(({ name }) => name === part);
  /** @param {M} mode */
  const isMeant = ({ name }) => only.split(",").some((part) => (inFull(part) ? name === part : name.includes(part)));
  const chosen = modes.filter(isMeant);
  if (chosen.length === 0) throw new Error(`--only: none of ${modes.map(({ name }) => name).join(", ")}`);
  return chosen;
}

/**
 * Why a program does not take these options at all: it says so for an empty folder too. A crash is none.
 * @param {string[]} argv
 */
export function refusal([program = "", ...words]) {
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: "utf8" });
  if (status === 0 || status === null) return undefined;
  const lines = `${stdout}${stderr}`.trim().split("\n");
  const said = lines.find((line) => /not supported|invalid|unrecogni|cannot find|unknown/i.test(line)) ?? lines[0];
  return `not supported: ${said}`;
}

/**
 * The cases in the order of a round: each starts with another mode, and every second with the last program, so that none
 * always finds what another has left (memory just freed, a warm or a slowed-down processor).
 * @template {ModeCase} C
 * @param {C[]} cases
 * @param {Mode[]} modes
 * @param {number} round
 */
export function inTurn(cases, modes, round) {
  const from = round % modes.length;
  const turned = [...modes.slice(from), ...modes.slice(0, from)];
  return turned.flatMap((mode) => {
    const all = cases.filter((one) => one.mode === mode);
    return round % 2 === 0 ? all : all.reverse();
  });
}

/**
 * Makes the image of each case in each round; one row a case, and one of the floor (floor.mjs) behind them. `image` of a case is a path in its `folder`, which is
 * emptied before: the last image is left there. `limit`: seconds after which a run is stopped.
 * @typedef {{ limit: number, tree: string, work: string, format: Format }} Building
 * @param {PlacedCase[]} programs
 * @param {Mode[]} modes
 * @param {Building & { rounds: number, say: Say }} how
 * @returns {Promise<Row[]>}
 */
export async function buildInTurn(programs, modes, { rounds, limit, tree, work, format, say }) {
  const cases = [...programs, floorCase(`${work}/floor`)];
  /** @type {Map<string, Sample[]>} */
  const samples = new Map(cases.map((one) => [one.name, []]));
  for (const one of cases) if (one.skipped) say(`  ${one.name.padEnd(48)} ${one.skipped}`);
  const settled = new Set();
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`);
    for (const one of inTurn(cases, [...modes, FLOOR_MODE], round - 1)) {
      if (one.skipped || settled.has(one)) continue;
      const sample = await buildOnce(one, { limit, tree, work, format });
      if (sample.failure !== undefined || sample.late) {
        // It outweighs what went well before: the case must not pass for a sound one.
        settled.add(one);
        samples.set(one.name, [{ ...sample, once: true }]);
      } else samples.get(one.name)?.push(sample);
      const cost = sample.failure ?? `${sample.late ? "stopped after " : ""}${sample.wall?.toFixed(2)} s`;
      say(`  ${one.name.padEnd(48)} ${cost}`);
    }
  }
  return cases.map((one) => ({ mode: one.mode.name, ...summariseOne(one, samples.get(one.name) ?? []) }));
}

/** Nothing is promised of it. */
const FLOOR_MODE = { name: "floor", wall: Number.POSITIVE_INFINITY, size: Number.POSITIVE_INFINITY };

/** Reading the tree and writing what was read, as it is. @param {string} folder @returns {PlacedCase} */
function floorCase(folder) {
  return {
    name: "floor: read and written, no image",
    side: "other",
    isFloor: true,
    mode: FLOOR_MODE,
    argv: (image, tree) => [...FLOOR, `--tree=${tree}`, image],
    folder,
    image: `${folder}/image`,
  };
}

/** @param {PlacedCase} one @param {Building} how @returns {Promise<Sample>} */
async function buildOnce(one, { limit, tree, work, format }) {
  // Out of the clock: none writes over an old image, or finds what a stopped run has left.
  for (const folder of [one.folder, `${work}/temp`]) {
    removeTree(folder);
    mkdirSync(folder, { recursive: true });
  }
  const sample = await measure(one.argv(one.image, tree), { cwd: work, limit, scratch: work });
  if (sample.failure !== undefined || sample.late) return sample;
  if (one.isFloor) return sample;
  const size = sizeOfImage(one.image, format);
  return size === undefined ? { failure: noImage(format) } : { ...sample, size };
}

/** Makes the folders that programs work in, and has them put aside there what they cannot place yet. @param {string} work */
export function makeWork(work) {
  removeTree(work);
  for (const name of ["empty", "temp"]) mkdirSync(`${work}/${name}`, { recursive: true });
  process.env.TMPDIR = `${work}/temp`;
}

/**
 * Throws where there is no room for `need` more bytes in a folder, whose speed should be memory's.
 * @param {string} dir
 * @param {number} need
 * @param {Say} say
 */
export function checkRoom(dir, need, say) {
  const { type, bavail, bsize } = statfsSync(dir);
  if (type !== 0x01021994) say(`  note: ${dir} is not on tmpfs; the figures are the disk's too`);
  if (bavail * bsize < need) throw new Error(`${dir}: ${(need / 1e9).toFixed(1)} GB of room are needed`);
  if (!hasTime) say("  note: /usr/bin/time is missing (Debian: apt install time): no CPU time, no peak memory");
}
