// What Node takes at the least to have a pipe's bytes in a file whose parts have their places only when all is known: they
// pass through a temporary file, as they may not be kept in memory, and two threads copy it. Nothing is looked at.
//   tar … | node bench/floor-pipe.mjs OUT
import fs from "node:fs";
import { isMainThread, Worker, workerData } from "node:worker_threads";

/** Bytes that move at once, at most. */
const WINDOW = 256 << 10;
const STDIN = 0;
/** Shared words: the bytes of the pipe, once all are there; whether the second half is copied. */
const SIZE = 0;
const COPIED = 1;

/** @typedef {{ spill: number, out: number, words: BigInt64Array }} Work */

function start() {
  const name = process.argv[2];
  if (name === undefined) throw new Error("OUT is missing");
  const out = fs.openSync(name, "w");
  const spill = fs.openSync(`${name}.spill`, "w+");
  fs.unlinkSync(`${name}.spill`);
  const words = new BigInt64Array(new SharedArrayBuffer(16));
  // it is there when there is something to do
  new Worker(new URL(import.meta.url), { workerData: { spill, out, words } });
  const size = spillAll(spill);
  Atomics.store(words, SIZE, BigInt(size));
  Atomics.notify(words, SIZE);
  copy({ spill, out, words }, 0, Math.floor(size / 2));
  Atomics.wait(words, COPIED, 0n);
}

/**
 * What has come is written at once: whoever gathers more has the writer wait, as a pipe has room for 64 KiB.
 * @param {number} spill
 */
function spillAll(spill) {
  const window = Buffer.allocUnsafeSlow(WINDOW);
  let size = 0;
  for (let got = -1; got !== 0; size += got) {
    got = fs.readSync(STDIN, window, 0, WINDOW, null);
    fs.writeSync(spill, window, 0, got, size);
  }
  return size;
}

/** @param {Work} work @param {number} from @param {number} to */
function copy({ spill, out }, from, to) {
  const window = Buffer.allocUnsafeSlow(WINDOW);
  for (let at = from; at < to; ) {
    const got = fs.readSync(spill, window, 0, Math.min(WINDOW, to - at), at);
    fs.writeSync(out, window, 0, got, at);
    at += got;
  }
}

if (isMainThread) start();
else {
  const work = /** @type {Work} */ (workerData);
  Atomics.wait(work.words, SIZE, 0n);
  const size = Number(work.words[SIZE]);
  copy(work, Math.floor(size / 2), size);
  Atomics.store(work.words, COPIED, 1n);
  Atomics.notify(work.words, COPIED);
}
