// The least that verifying an image has to do, whatever the program: a floor that no reader in Node can get under.
//   node bench/floor-verify.mjs plain IMAGE     each inode and directory entry of a plain EROFS image is read, and all its bytes
//   node bench/floor-verify.mjs decode LIST IMAGE THREADS   all that LIST names is decoded: codec, then lines of place and bytes
//   node bench/floor-verify.mjs extract LIST IMAGE DIR THREADS   files of the sizes in LIST are made as well
import {
  closeSync,
  fchmodSync,
  fchownSync,
  futimesSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from "node:fs";
import { fileURLToPath } from "node:url";
import { isMainThread, Worker, workerData } from "node:worker_threads";

const [, , what = "", ...words] = isMainThread ? process.argv : workerData.argv;
if (what === "plain") plain(words[0] ?? "");
else await share(Number(words.at(-1)));

/** Goes through directories as they are found; nothing is checked. @param {string} path */
function plain(path) {
  const file = openSync(path, "r");
  const head = Buffer.alloc(2048);
  readSync(file, head, 0, 2048, 0);
  const block = 1 << head.readUInt8(1024 + 12);
  /** @type {Map<number, Buffer>} */
  const windows = new Map();
  const WINDOW = 1 << 14;
  /** @param {number} at */
  const windowOf = (at) => {
    const number = Math.floor(at / WINDOW);
    let found = windows.get(number);
    if (found === undefined) {
      found = Buffer.allocUnsafe(WINDOW + 8192);
      readSync(file, found, 0, found.length, number * WINDOW);
      windows.set(number, found);
    }
    return found;
  };
  const known = new Set([head.readUInt16LE(1024 + 14)]);
  const base = head.readUInt32LE(1024 + 40) * block;
  let inodes = 0;
  for (const nid of known) {
    const at = base + nid * 32;
    const window = windowOf(at);
    const from = at % WINDOW;
    const format = window.readUInt16LE(from);
    const isExtended = (format & 1) === 1;
    const mode = window.readUInt16LE(from + 4);
    const size = window.readUInt32LE(from + 8);
    inodes++;
    if ((mode & 0xf000) !== 0x4000) continue;
    const count = window.readUInt16LE(from + 2);
    const tailAt = at + (isExtended ? 64 : 32) + (count === 0 ? 0 : 12 + 4 * (count - 1));
    const start = window.readUInt32LE(from + 16) * block;
    const whole = format >> 1 === 2 ? Math.floor((size - 1) / block) * block : size;
    for (let done = 0; done < size; done += block) {
      const place = done < whole ? start + done : tailAt;
      const names = windowOf(place);
      const first = place % WINDOW;
      const entries = names.readUInt16LE(first + 8) / 12;
      for (let entry = 0; entry < entries; entry++) {
        const here = first + entry * 12;
        const nameAt = first + names.readUInt16LE(here + 8);
        if (names[nameAt] !== 0x2e) known.add(names.readUInt32LE(here));
      }
    }
  }
  const buffer = Buffer.alloc(1 << 20);
  for (let at = 0, got = 1; got > 0; at += got) got = readSync(file, buffer, 0, buffer.length, at);
  console.log(`${inodes} inodes`);
}

/** Every other batch is another thread's. @param {number} threads */
async function share(threads) {
  const [listPath = "", imagePath = "", dir = ""] = words;
  if (what === "extract" && isMainThread) mkdirSync(dir);
  const others = isMainThread
    ? Array.from({ length: threads - 1 }, (_, index) => {
        const argv = ["", "", what, ...words];
        const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { argv, thread: index + 1 } });
        return new Promise((resolve) => worker.once("exit", resolve));
      })
    : [];
  const thread = isMainThread ? 0 : workerData.thread;
  const [codecName = "", ...lines] = readFileSync(listPath, "latin1").trimEnd().split("\n");
  const { createCodec } = await import("../dist/codec/names.js");
  const codec = await createCodec({ name: /** @type {any} */ (codecName), plainLen: 1 << 24 });
  const image = openSync(imagePath, "r");
  const LINES = 64;
  const bytes = Buffer.alloc(1 << 20);
  let made = 0;
  for (let first = thread * LINES; first < lines.length; first += threads * LINES) {
    for (const line of lines.slice(first, first + LINES)) {
      const [at = 0, stored = 0, length = 0, isPartial = 0, size = -1] = line.split(" ").map(Number);
      if (stored > 0) {
        const from = codec.compressed;
        readSync(image, from, 0, stored, at);
        let start = 0;
        // what EROFS has stands at the end of its blocks
        while (from[start] === 0) start++;
        // codecs read the start of what is stored in another, slower way
        if (isPartial) codec.decompressStart(start, stored, 0, length);
        else codec.decompress(start, stored, 0, length);
      }
      if (size < 0) continue;
      const file = openSync(`${dir}/${thread}-${made++}`, "wx", 0o600);
      for (let done = 0; done < size; done += bytes.length)
        writeSync(file, bytes, 0, Math.min(bytes.length, size - done));
      fchownSync(file, 0, 0);
      fchmodSync(file, 0o644);
      futimesSync(file, 1, 1);
      closeSync(file);
    }
  }
  await Promise.all(others);
  closeSync(image);
}
