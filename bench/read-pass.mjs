// One pass over a mounted image, in a process of its own; prints what it took as JSON.
//   node bench/read-pass.mjs compare|find|all|random TREE MOUNT READS drop|keep
// TREE is what the image was made of. compare: every file and link is as it is there. find: asks for every entry. all:
// reads every file once, in the order in which directories list them. random: READS times 4 KiB anywhere in any file,
// the same places each time.
import * as fs from "node:fs";
import { performance } from "node:perf_hooks";
import { generator } from "./filler.mjs";

const [what, tree = "", mount = "", reads, drop] = process.argv.slice(2);
const PAGE = 4096;
const PRACTICE = 2000;
const buffer = Buffer.alloc(1 << 18);

if (what === "compare") {
  compare("");
  process.stdout.write("{}\n");
} else {
  const pass = what === "find" ? findAll : what === "all" ? prepareAll() : prepareRandom(Number(reads));
  const dropped = drop === "drop" && dropCaches();
  // So that neither the compiler nor the pages of this program, dropped with the rest, are part of the figure.
  pass(tree, PRACTICE);
  const from = performance.now();
  const bytes = pass(mount, Number.POSITIVE_INFINITY);
  const wall = (performance.now() - from) / 1000;
  process.stdout.write(`${JSON.stringify({ wall, bytes, dropped })}\n`);
}

/** A pass reads so many files of a tree at most, and gives their bytes. @typedef {(root: string, most: number) => number} Run */

/** @type {Run} */
function findAll(root, most) {
  let left = most;
  /** @param {string} folder */
  const visit = (folder) => {
    for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
      if (left === 0) return;
      left -= 1;
      fs.lstatSync(`${folder}/${entry.name}`);
      if (entry.isDirectory()) visit(`${folder}/${entry.name}`);
    }
  };
  visit(root);
  return 0;
}

/** @returns {Run} */
function prepareAll() {
  return (root, most) => {
    let bytes = 0;
    let left = most;
    /** @param {string} folder */
    const visit = (folder) => {
      for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
        if (left === 0) return;
        const path = `${folder}/${entry.name}`;
        if (entry.isDirectory()) visit(path);
        else if (entry.isFile()) {
          bytes += readWhole(path);
          left -= 1;
        }
      }
    };
    visit(root);
    return bytes;
  };
}

/** @param {string} path */
function readWhole(path) {
  const fd = fs.openSync(path, "r");
  let bytes = 0;
  for (let got = -1; got !== 0; bytes += got) got = fs.readSync(fd, buffer, 0, buffer.length, null);
  fs.closeSync(fd);
  return bytes;
}

/** @param {number} count @returns {Run} */
function prepareRandom(count) {
  const files = filesOf("").filter(({ size }) => size > 0);
  const next = generator("random reads");
  const places = Array.from({ length: files.length > 0 ? count : 0 }, () => {
    const { path, size } = /** @type {(typeof files)[number]} */ (files[next(files.length)]);
    return { path, at: next(Math.max(size - PAGE, 0) + 1) };
  });
  return (root, most) => {
    let bytes = 0;
    for (const { path, at } of most < count ? places.slice(0, most) : places) {
      const fd = fs.openSync(root + path, "r");
      bytes += fs.readSync(fd, buffer, 0, PAGE, at);
      fs.closeSync(fd);
    }
    return bytes;
  };
}

/**
 * Regular files of the tree, in an order that is always the same.
 * @param {string} folder
 * @returns {{ path: string, size: number }[]}
 */
function filesOf(folder) {
  return listOf(tree + folder).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return filesOf(path);
    return entry.isFile() ? [{ path, size: fs.statSync(tree + path).size }] : [];
  });
}

/** @param {string} folder */
function listOf(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @param {string} folder */
function compare(folder) {
  const [here, there] = [listOf(tree + folder), listOf(mount + folder)];
  /** @param {fs.Dirent[]} list */
  const names = (list) => list.map(({ name }) => name).join("\0");
  if (names(here) !== names(there)) throw new Error(`other names in the image: ${folder}/`);
  for (const entry of here) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) compare(path);
    else if (!(entry.isSymbolicLink() ? sameLink(path) : fs.readFileSync(tree + path).equals(contents(path)))) {
      throw new Error(`reads back differently: ${path}`);
    }
  }
}

/** @param {string} path */
function sameLink(path) {
  return fs.readlinkSync(tree + path) === fs.readlinkSync(mount + path);
}

/** @param {string} path */
function contents(path) {
  return fs.readFileSync(mount + path);
}

/** Whether the kernel let go of what it remembers of files: only root may ask for it, and not in every container. */
function dropCaches() {
  try {
    fs.writeFileSync("/proc/sys/vm/drop_caches", "3\n");
    return true;
  } catch {
    return false;
  }
}
