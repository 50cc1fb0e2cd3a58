// `npm run bench:loops`: the loops that run once an entry or once a byte, each alone, as nanoseconds an item. For finding
// out what a change to one of them did; what a user waits for is in scenario.mjs.
//   node bench/loops.mjs [folder of the build, default dist]
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Bench } from "tinybench";
import { generator, storeName } from "./filler.mjs";

/** @typedef {typeof import("../src/core/struct.ts")} Structs */
/** @typedef {typeof import("../src/erofs/disk/inode.ts") & Structs} ErofsInodes */
/** @typedef {typeof import("../src/squashfs/disk/inode.ts") & Structs} SquashfsInodes */
/** @typedef {typeof import("../src/erofs/disk/dirent.ts") & Structs & Trees} Directories */
/** @typedef {typeof import("../src/stage/tree/tree.ts")} Trees */
/** @typedef {typeof import("../src/stage/tree/exclude.ts")} Excludes */

const ITEMS = 10_000;
const BLOCK = 4096;
const dist = resolve(process.argv[2] ?? fileURLToPath(new URL("../dist", import.meta.url)));
/** Results end up here, so that no loop can be proved to be without effect. */
let sink = 0;

const bench = new Bench({ time: 500, warmupTime: 200 });
/** @type {Map<string, number>} */
const counts = new Map();
/** @type {(name: string, count: number, loop: () => number) => void} */
const add = (name, count, loop) => {
  counts.set(name, count);
  // tinybench wants to see nothing returned: a promise would change how it measures.
  bench.add(name, () => {
    sink ^= loop();
  });
};

const next = generator("loops");
const names = Array.from({ length: ITEMS }, () => storeName(next));

await loops("core/hash/crc32c.js", (/** @type {typeof import("../src/core/hash/crc32c.ts")} */ { crc32c }) => {
  const bytes = Uint8Array.from({ length: 1 << 20 }, () => next(256));
  const block = bytes.subarray(0, BLOCK);
  add("crc32c, a byte of a superblock's block", BLOCK, () => crc32c(block));
  add("crc32c, a byte of 1 MiB", bytes.length, () => crc32c(bytes));
});

// Which form names are best sorted in: the reason why they are latin1 strings while a directory is listed.
const asBytes = names.map((name) => Buffer.from(name, "latin1"));
add("sort, a latin1 string", ITEMS, () => names.slice().sort().length);
add("sort, a latin1 string, compared with <", ITEMS, () => names.slice().sort((a, b) => (a < b ? -1 : 1)).length);
add("sort, a Buffer", ITEMS, () => asBytes.slice().sort(Buffer.compare).length);

await loops("core/bytes.js", (/** @type {typeof import("../src/core/bytes.ts")} */ { compareBytes }) => {
  const plain = asBytes.map((name) => new Uint8Array(name));
  add("sort, a Uint8Array, compareBytes", ITEMS, () => plain.slice().sort(compareBytes).length);
});

await loops(["core/struct.js", "erofs/disk/inode.js"], (/** @type {ErofsInodes} */ modules) => {
  const { StructView, blankInode, emitInode } = modules;
  const out = new Uint8Array(ITEMS * 64);
  const view = new StructView(out.buffer);
  const FLAT_INLINE = 2;
  const inode = blankInode();
  for (const extended of [false, true]) {
    add(`inode, ${extended ? "extended" : "compact"}`, ITEMS, () => {
      let at = 0;
      for (let i = 0; i < ITEMS; i++) {
        inode.isExtended = extended;
        inode.layout = FLAT_INLINE;
        inode.xattrCount = i & 1;
        inode.mode = 0o100444 + (i & 1);
        inode.nlink = 1 + (i & 1);
        inode.size = i * 37;
        inode.union = i;
        inode.serial = i;
        inode.uid = i & 7;
        inode.gid = i & 3;
        inode.mtime = i & 31;
        inode.mtimeNsec = i & 15;
        at = emitInode(view, at, inode);
      }
      return at;
    });
  }
});

await loops(["core/struct.js", "squashfs/disk/inode.js"], (/** @type {SquashfsInodes} */ modules) => {
  const { StructView, blankHead, blankFile, emitFile } = modules;
  const out = new Uint8Array(ITEMS * 56);
  const view = new StructView(out.buffer);
  const NO_XATTRS = 0xffffffff;
  const head = blankHead();
  const file = blankFile();
  for (const [form, nlink] of Object.entries({ basic: 1, extended: 2 })) {
    add(`SquashFS inode of a file, ${form}`, ITEMS, () => {
      let at = 0;
      for (let i = 0; i < ITEMS; i++) {
        head.type = 2;
        head.mode = 0o100444 + (i & 1);
        head.xattr = NO_XATTRS;
        head.uid = i & 7;
        head.gid = i & 3;
        head.mtime = i & 31;
        head.number = i + 1;
        head.nlink = nlink;
        file.size = i * 37;
        file.startOff = i * 19;
        file.fragment = i & 15;
        file.fragmentOff = i;
        file.sparseBytes = 0;
        at = emitFile(view, at, head, file);
      }
      return at;
    });
  }
});

await loops(["core/struct.js", "erofs/disk/dirent.js", "stage/tree/tree.js"], (/** @type {Directories} */ modules) => {
  const { StructView, measureDirectory, DirectoryBlocks, Tree } = modules;
  for (const count of [12, ITEMS]) {
    const tree = directoryOf(Tree, names.slice(0, count).sort());
    const nids = Uint32Array.from({ length: count + 1 }, (_, i) => 36 + i);
    const out = new Uint8Array(measureDirectory(tree, 0, BLOCK) + BLOCK);
    const view = new StructView(out.buffer);
    add(`directory of ${count}, measure`, count, () => measureDirectory(tree, 0, BLOCK));
    add(`directory of ${count}, pack`, count, () => {
      const blocks = new DirectoryBlocks(tree, 0, nids, BLOCK);
      let at = 0;
      while (blocks.emit(out, view, at) > 0) at += BLOCK;
      return at;
    });
  }
});

await loops("stage/tree/exclude.js", async (/** @type {Excludes} */ { compileExcludes, shareExcludes }) => {
  const { includesToExcludes } = await import("./excludes.mjs");
  const regex = includesToExcludes(names.slice(0, 900).map((name) => name.slice(0, 10)));
  const excluded = compileExcludes(shareExcludes({ regexes: [regex] }));
  add("exclude, a name against nixpkgs' regex", ITEMS, () => names.filter((name) => excluded?.(name)).length);
});

await bench.run();
// (the compiler of AssemblyScript, which scripts/ uses, declares a smaller console)
/** @type {Console} */ (/** @type {unknown} */ (console)).table(bench.tasks.map((task) => row(task.name, task.result)));
if (Number.isNaN(sink)) process.exitCode = 1;
if (bench.tasks.some((task) => task.result.state === "errored")) process.exitCode = 1;

/**
 * Adds the loops of the named modules; says so where the build has none of them (yet).
 * @template M
 * @param {string | string[]} modules
 * @param {(exported: M) => void | Promise<void>} define
 */
async function loops(modules, define) {
  const paths = [modules].flat().map((name) => `${dist}/${name}`);
  const missing = paths.find((path) => !existsSync(path));
  if (missing) {
    process.stderr.write(`skipped: ${missing} is missing (npm run build)\n`);
    return;
  }
  const exports = await Promise.all(paths.map((path) => import(pathToFileURL(path).href)));
  await define(Object.assign({}, ...exports));
}

/**
 * A tree of one directory that holds empty files of these names.
 * @param {Trees["Tree"]} Tree
 * @param {string[]} sorted
 */
function directoryOf(Tree, sorted) {
  const tree = Tree.create();
  tree.allocate(sorted.length + 1);
  tree.mode.view.fill(0o100444, 1, sorted.length + 1);
  tree.mode.view[0] = 0o040555;
  tree.ref.view[0] = 1;
  tree.count.view[0] = sorted.length;
  sorted.forEach((name, index) => {
    const at = tree.allocateName(name.length);
    tree.names.view.set(Buffer.from(name, "latin1"), at);
    tree.nameOff.view[index + 1] = at;
    tree.nameLen.view[index + 1] = name.length;
  });
  return tree;
}

/** @param {string} name @param {import("tinybench").TaskResult} result */
function row(name, result) {
  if (result.state === "errored") return { loop: name, "ns an item": String(result.error) };
  if (result.state !== "completed") return { loop: name, "ns an item": result.state };
  const items = counts.get(name) ?? 1;
  /** @param {number} milliseconds */
  const nanoseconds = (milliseconds) => Number(((milliseconds * 1e6) / items).toPrecision(3));
  const { p50, p75, rme, samplesCount } = result.latency;
  return {
    loop: name,
    "ns an item": nanoseconds(p50),
    "upper quartile": nanoseconds(p75),
    "± %": Number(rme.toFixed(1)),
    runs: samplesCount,
  };
}
