// A store to measure on: real files of this machine, laid out as Nix would, beside filler that a build of the closure
// must not look at. Everything but the contents comes from a seed, so that two layouts of one machine are equal.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { fill } from "./filler.mjs";

/** @import { Node, Say, StoreBudgets, StoreLayout, StoreTotal, Total, Unit } from "./types.ts" */

const ROOTS = ["bin", "include", "lib", "libexec", "local", "sbin", "share"].map((name) => `/usr/${name}`);
/** Where a directory is cut up, and where gathering of its smaller neighbours ends: about 65 entries a store path. */
const MOST = { entries: 240, bytes: 48e6 };
const ENOUGH = { entries: 56, bytes: 3e6 };
const MARKER = ".ts-mkerofs-bench";
const SEED = "ts-mkerofs bench 2";

/** What is laid out unless asked otherwise. `small`, `large`: top-level entries of the two stores. */
// The bytes are those of a real closure of that many entries (3.3 GB), or what this machine's /usr has to give.
export const DEFAULTS = { paths: 900, entries: 60_000, bytes: 3.3e9, small: 1_000, large: 140_000 };

/**
 * Makes (or finds, when it was made with equal `budgets`) the layout in `dir`:
 * `staged/` the closure alone, `store-small/` and `store-large/` the closure and filler, and beside each store a
 * `….paths` file with the closure's absolute paths. Copies, not links: links would be work for one tool and not the other.
 * @param {string} dir
 * @param {StoreBudgets} budgets
 * @param {Say} say
 * @returns {StoreLayout}
 */
export function layOut(dir, budgets, say) {
  return layOutOnce(dir, { seed: SEED, roots: ROOTS, most: MOST, enough: ENOUGH, ...budgets }, () => {
    return layOutStores(dir, budgets, say);
  });
}

/**
 * What `make` lays out in the empty `dir`; or, when that was made with equal parameters, what is there.
 * @template T
 * @param {string} dir
 * @param {object} parametersOf
 * @param {() => T} make
 * @returns {T}
 */
export function layOutOnce(dir, parametersOf, make) {
  const parameters = JSON.stringify(parametersOf);
  const stamp = `${dir}/stamp.json`;
  if (fs.existsSync(stamp)) {
    const found = JSON.parse(fs.readFileSync(stamp, "utf8"));
    if (found.parameters === parameters) return found;
  }
  tearDown(dir);
  fs.mkdirSync(dir, { recursive: true });
  fs.writeFileSync(`${dir}/${MARKER}`, "");
  const layout = { parameters, ...make() };
  fs.writeFileSync(stamp, JSON.stringify(layout, null, 2));
  return layout;
}

/** @param {string} dir @param {StoreBudgets} budgets @param {Say} say @returns {StoreLayout} */
function layOutStores(dir, budgets, say) {
  say("  choosing files under /usr");
  const chosen = choose(budgets);
  say(`  copying ${chosen.length} store paths`);
  const closure = { paths: 0, entries: 0, bytes: 0 };
  fs.mkdirSync(`${dir}/staged`);
  for (const unit of chosen) copyUnit(unit, `${dir}/staged`, closure);
  const names = fs.readdirSync(`${dir}/staged`).sort();
  closure.paths = names.length;

  /** @param {"small" | "large"} size */
  const layOutStore = (size) => {
    const top = Math.max(budgets[size], names.length);
    say(`  filling a store of ${top} paths`);
    const store = `${dir}/store-${size}`;
    execFileSync("cp", ["-a", `${dir}/staged`, store]);
    const filler = fill(store, top - names.length, `${SEED} ${size}`);
    fs.writeFileSync(`${store}.paths`, names.map((name) => `${store}/${name}\n`).join(""));
    return { paths: top, entries: closure.entries + filler.entries, bytes: closure.bytes + filler.bytes };
  };
  return { closure, stores: { small: layOutStore("small"), large: layOutStore("large") } };
}

/** Removes a layout, and nothing that is not one. @param {string} dir */
export function tearDown(dir) {
  if (!fs.existsSync(dir) || fs.readdirSync(dir).length === 0) return;
  if (!fs.existsSync(`${dir}/${MARKER}`)) throw new Error(`${dir} is not empty and not a layout of this benchmark`);
  removeTree(dir);
}

/** Removes what is or was copied from a store. Its directories are read-only: only root can empty them as they are. @param {string} path */
export function removeTree(path) {
  if (!fs.existsSync(path)) return;
  if (process.getuid?.() !== 0) execFileSync("chmod", ["-R", "u+w", path]);
  execFileSync("rm", ["-rf", path]);
}

/** Groups of files and directories, each to become one store path, within the budgets. @param {StoreBudgets} budgets */
function choose(budgets) {
  /** @type {Unit[]} */
  const units = [];
  for (const root of ROOTS) {
    const node = scan(root);
    if (node) divide(node, units);
  }
  // By hash, not by name: else the budgets would be spent before /usr/share is reached.
  const shuffled = units.toSorted((a, b) => (a.hash < b.hash ? -1 : 1));
  /** @type {Unit[]} */
  const chosen = [];
  const sum = { entries: 0, bytes: 0 };
  // First abreast of the budgets, so that a few big groups don't use one of them up alone; then whatever still fits.
  for (const pace of [() => (chosen.length + 1) / budgets.paths + 0.05, () => 1]) {
    for (const unit of shuffled) {
      if (chosen.length === budgets.paths) break;
      const share = Math.min(1, pace());
      /** @param {"entries" | "bytes"} what */
      const fits = (what) => sum[what] + unit[what] <= budgets[what] * share;
      if (unit.chosen || !fits("entries") || !fits("bytes")) continue;
      unit.chosen = true;
      sum.entries += unit.entries;
      sum.bytes += unit.bytes;
      chosen.push(unit);
    }
  }
  return chosen;
}

/**
 * What lies at `path`, with totals and sorted children; undefined for what a store cannot hold or this user cannot read.
 * @param {string} path
 * @returns {Node | undefined}
 */
export function scan(path) {
  try {
    const stat = fs.lstatSync(path);
    const node = { path, entries: 1, bytes: 0 };
    if (stat.isSymbolicLink()) return node;
    if (stat.isFile()) {
      fs.accessSync(path, fs.constants.R_OK);
      return { ...node, bytes: stat.size };
    }
    if (!stat.isDirectory()) return undefined;
    /** @type {Node[]} */
    const children = [];
    for (const name of fs.readdirSync(path).sort()) {
      const child = scan(`${path}/${name}`);
      if (child) {
        children.push(child);
        node.entries += child.entries;
        node.bytes += child.bytes;
      }
    }
    return { ...node, children };
  } catch {
    return undefined;
  }
}

/**
 * Cuts `node` into groups of neighbours: sub-directories whole where they are small, cut up in turn where not.
 * @param {Node} node
 * @param {Unit[]} units
 */
function divide(node, units) {
  /** @type {Node[]} */
  let parts = [];
  let entries = 0;
  let bytes = 0;
  const close = () => {
    const [first] = parts;
    if (first) units.push({ first, parts, entries, bytes, hash: nixHash(first.path) });
    parts = [];
    entries = 0;
    bytes = 0;
  };
  for (const child of node.children ?? []) {
    if (child.entries > MOST.entries || child.bytes > MOST.bytes) {
      if (child.children) divide(child, units);
      continue;
    }
    parts.push(child);
    entries += child.entries;
    bytes += child.bytes;
    if (entries >= ENOUGH.entries || bytes >= ENOUGH.bytes) close();
  }
  close();
}

/**
 * A group of one becomes the store path itself (a file may: Nix has many such), else a directory of its parts.
 * @param {Unit} unit
 * @param {string} into
 * @param {StoreTotal} total
 */
function copyUnit(unit, into, total) {
  const name = unit.first.path
    .slice(5)
    .replaceAll("/", "-")
    .replace(/[^-+._?=0-9A-Za-z]/g, "_");
  const target = `${into}/${unit.hash}-${name.slice(0, 120)}`;
  if (unit.parts.length === 1) return copy(unit.first, target, total);
  fs.mkdirSync(target);
  total.entries += 1;
  for (const part of unit.parts) copy(part, `${target}/${part.path.slice(part.path.lastIndexOf("/") + 1)}`, total);
  finish(target, 0o555);
}

/**
 * Copies what was scanned, as a store holds it: read-only, of time 1. `total` grows by what was copied.
 * @param {Node} node
 * @param {string} target
 * @param {Total} total
 */
export function copy(node, target, total) {
  total.entries += 1;
  if (node.children) {
    fs.mkdirSync(target);
    for (const child of node.children) copy(child, `${target}/${child.path.slice(node.path.length + 1)}`, total);
    return finish(target, 0o555);
  }
  const stat = fs.lstatSync(node.path);
  if (stat.isSymbolicLink()) {
    fs.symlinkSync(fs.readlinkSync(node.path), target);
    return fs.lutimesSync(target, 1, 1);
  }
  fs.copyFileSync(node.path, target);
  finish(target, stat.mode & 0o100 ? 0o555 : 0o444);
  total.bytes += stat.size;
}

/** @param {string} path @param {number} mode */
function finish(path, mode) {
  fs.chmodSync(path, mode);
  fs.utimesSync(path, 1, 1);
}

/** 32 characters that look like a Nix store hash. @param {string} text */
export function nixHash(text) {
  const digest = createHash("sha256").update(`${SEED}\0${text}`).digest();
  let hash = "";
  for (let i = 0; i < 32; i++) hash += "0123456789abcdfghijklmnpqrsvwxyz"[(digest[i] ?? 0) & 31];
  return hash;
}
