// What Node takes at the least to read a tree and write one file: everything is listed, opened, stated and read once, and
// the contents leave in large pieces. It makes no image, looks for nothing equal and keeps no order: a writer of images is
// held against it in the same run, to see how much of its time is its own.
// With a codec contents are compressed too: the floor of an image that is compressed so.
//   node bench/floor.mjs [--threads=2] [--codec=NAME[,LEVEL] --pcluster=4096|--block=131072] --closure=LIST|--tree=DIR OUT
import fs from "node:fs";
import { parseArgs } from "node:util";
import { isMainThread, Worker, workerData } from "node:worker_threads";

/** Bytes that leave at once. */
const WINDOW = 4 << 20;
const BLOCK = 4096;
const FLAGS = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;
/** Shared words: the next path that nobody has taken, and where the next piece goes. */
const NEXT = 0;
const PLACE = 1;

/** @import { Packer, Packing } from "./floor-codec.mjs" */
/** @typedef {{ paths: string[], out: string, words: BigInt64Array, packing: Packing | undefined }} Work */

function start() {
  const text = { type: /** @type {const} */ ("string") };
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      ...{ threads: { ...text, default: "2" }, closure: text, tree: text },
      ...{ codec: text, pcluster: text, block: text },
    },
  });
  const [out] = positionals;
  if (out === undefined || (values.closure === undefined) === (values.tree === undefined)) {
    throw new Error("floor.mjs: --closure=LIST or --tree=DIR, and OUT");
  }
  const { codec, pcluster, block } = values;
  const sizes = { pcluster: Number(pcluster ?? 0), block: Number(block ?? 0) };
  const packing = codec === undefined ? undefined : { codec, ...sizes };
  if ((packing !== undefined) !== (sizes.pcluster > 0 || sizes.block > 0)) {
    throw new Error("floor.mjs: --codec, and --pcluster or --block");
  }
  const paths = values.closure === undefined ? childrenOf(values.tree ?? "") : readList(values.closure);
  fs.writeFileSync(out, "");
  const work = { paths, out, words: new BigInt64Array(new SharedArrayBuffer(16)), packing };
  for (let helper = 1; helper < Number(values.threads); helper++) {
    new Worker(new URL(import.meta.url), { workerData: work });
  }
  copyAll(work);
}

/** @param {string} folder */
function childrenOf(folder) {
  return fs.readdirSync(folder).map((name) => `${folder}/${name}`);
}

/** @param {string} list */
function readList(list) {
  return fs.readFileSync(list, "utf8").trimEnd().split("\n");
}

/** Copies paths until none is left; run by every thread at once. @param {Work} work */
async function copyAll({ paths, out, words, packing }) {
  const output = new Output(fs.openSync(out, "r+"), words);
  if (packing !== undefined) {
    const { Packer } = await import("./floor-codec.mjs");
    output.packer = await Packer.create(packing, (bytes) => output.put(bytes));
  }
  for (let path = take(words); path < paths.length; path = take(words)) {
    const top = /** @type {string} */ (paths[path]);
    copy(output, top, fs.lstatSync(top));
  }
  output.packer?.finish();
  output.flush();
}

/** @param {BigInt64Array} words */
function take(words) {
  return Number(Atomics.add(words, NEXT, 1n));
}

/** @param {Output} output @param {string} path @param {fs.Dirent | fs.Stats} kind */
function copy(output, path, kind) {
  if (kind.isDirectory()) {
    fs.lstatSync(path);
    for (const child of fs.readdirSync(path, { withFileTypes: true })) copy(output, `${path}/${child.name}`, child);
  } else if (kind.isFile()) copyFile(output, path);
  else {
    fs.lstatSync(path);
    if (kind.isSymbolicLink()) fs.readlinkSync(path);
  }
}

/** @param {Output} output @param {string} path */
function copyFile(output, path) {
  const file = fs.openSync(path, FLAGS);
  const { size } = fs.fstatSync(file);
  // one byte more than there should be: a file that has grown would show itself
  if (output.packer) output.packer.addFile(file, size);
  else if (size < WINDOW) output.advance(fs.readSync(file, output.window, output.room(size + 1), size + 1, null));
  else {
    output.flush();
    for (let got = -1; got !== 0; output.flush()) {
      got = fs.readSync(file, output.window, 0, WINDOW, null);
      output.advance(got);
    }
  }
  fs.closeSync(file);
}

/** Where a thread's contents go, from memory that is used again and again. */
class Output {
  window = Buffer.allocUnsafeSlow(WINDOW);
  /** What compresses contents, where they are to be. @type {Packer | undefined} */
  packer;
  #used = 0;
  #file;
  #words;

  /** @param {number} file @param {BigInt64Array} words */
  constructor(file, words) {
    this.#file = file;
    this.#words = words;
  }

  /** Where so many bytes may go. @param {number} bytes */
  room(bytes) {
    if (this.#used + bytes > WINDOW) this.flush();
    return this.#used;
  }

  /** So many bytes are there. @param {number} bytes */
  advance(bytes) {
    this.#used = Math.min(WINDOW, Math.ceil((this.#used + bytes) / BLOCK) * BLOCK);
  }

  /** @param {Uint8Array} bytes */
  put(bytes) {
    const at = this.room(bytes.length);
    this.window.set(bytes, at);
    this.advance(bytes.length);
  }

  flush() {
    const place = Number(Atomics.add(this.#words, PLACE, BigInt(this.#used)));
    for (let done = 0; done < this.#used; ) {
      done += fs.writeSync(this.#file, this.window, done, this.#used - done, place + done);
    }
    this.#used = 0;
  }
}

if (isMainThread) start();
else await copyAll(/** @type {Work} */ (workerData));
