// Speed of the codecs over the files of a folder: MB of input a second of CPU time (this process alone, the best of some
// passes), and what came out. Files are compressed as an image's are: read into the codec's window, then cut into
// pieces of fixed output, or into blocks of fixed input.
//   node bench/codec.mjs [--megabytes 240] [--passes 3] [--only NAME,LEVEL ...] [--peers] [folder, default /usr]
// --only chooses codecs: `lz4`, `lz4hc,9`, `deflate,1`, `zlib,9`, `zstd,3`, `xz,6` ... --peers measures the C libraries on the
// same files too, where there are a C compiler and such libraries: see codec-peers.c.
import { execFileSync } from "node:child_process";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { generator } from "./filler.mjs";

/** @import { Codec } from "../src/codec/codec.ts" */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    megabytes: { type: "string", default: "240" },
    passes: { type: "string", default: "3" },
    only: { type: "string", multiple: true, default: [] },
    peers: { type: "boolean", default: false },
    dist: { type: "string", default: fileURLToPath(new URL("../dist", import.meta.url)) },
  },
});
const [folder = "/usr"] = positionals;
/** @type {typeof import("../src/codec/names.ts")} */
const { checkCodecName, createCodec } = await import(pathToFileURL(join(values.dist, "codec/names.js")).href);

/** How much of a file is handed to a compression at most. */
const AHEAD = 1 << 20;
/** Bigger files would say too much. */
const MAX_FILE = 8_000_000;

/**
 * Regular files below `path`, in byte order.
 * @param {string} path
 * @returns {Generator<string>}
 */
function* filesBelow(path) {
  for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) yield* filesBelow(child);
    else if (entry.isFile()) yield child;
  }
}

/** A sample of the folder's files of so many bytes, the same each time. @param {number} wanted */
function readSample(wanted) {
  const next = generator("codec");
  const paths = [...filesBelow(folder)];
  const files = [];
  for (let bytes = 0; bytes < wanted && paths.length > 0; ) {
    const [path = ""] = paths.splice(next(paths.length), 1);
    const { size } = lstatSync(path);
    if (size === 0 || size > MAX_FILE) continue;
    files.push(readFileSync(path));
    bytes += size;
  }
  return files;
}

/**
 * Compresses all files once; `limit` bytes of output, or `block` bytes of input at a time.
 * @param {Codec} codec
 * @param {Buffer[]} files
 * @param {{ limit?: number, block?: number }} kind
 */
function compressAll(codec, files, { limit, block }) {
  const { plain } = codec;
  let output = 0;
  let calls = 0;
  for (const file of files) {
    let base = 0;
    let end = 0;
    for (let at = 0; at < file.length; calls++) {
      const to = Math.min(file.length, at + (block ?? AHEAD));
      if (to > end) {
        base = at;
        end = Math.min(file.length, base + plain.length);
        plain.set(file.subarray(base, end));
      }
      if (block === undefined) {
        output += codec.compressInto(at - base, to - base, 0, limit ?? 0);
        at += codec.consumed;
      } else {
        output += codec.compress(at - base, to - base, 0, to - at) || to - at;
        at = to;
      }
    }
  }
  return { output, calls };
}

const files = readSample(Number(values.megabytes) * 1e6);
const input = files.reduce((sum, file) => sum + file.length, 0);
console.log(`${files.length} files, ${(input / 1e6).toFixed(1)} MB of ${folder}; Node ${process.version}`);
const FILLS = { "4 KiB out": { limit: 4096, dictSize: 32768 }, "64 KiB out": { limit: 65536, dictSize: 262144 } };
const BLOCKS = { "128 KiB in": { block: 131072, dictSize: 131072 } };
const LARGE_BLOCKS = { "1 MiB in": { block: 1 << 20, dictSize: 1 << 20 } };
/**
 * How a codec is used. Dictionaries are of those that are told them.
 * @param {string} name
 * @returns {Record<string, { limit?: number, block?: number, dictSize: number }>}
 */
function kindsOf(name) {
  if (name === "xz") return { ...BLOCKS, ...LARGE_BLOCKS };
  return name === "lzma" ? FILLS : { ...FILLS, ...BLOCKS };
}
/** Codecs that are told how far matches reach back. */
const TOLD = ["lzma", "xz"];
const CODECS = [
  ...["lz4", ...[3, 6, 9, 10, 12].map((level) => `lz4hc,${level}`)],
  ...["lzo1x_1", ...[1, 5, 8, 9].map((level) => `lzo,${level}`)],
  ...[1, 3, 6, 9, 12].map((level) => `deflate,${level}`),
  ...[1, 6, 9].map((level) => `zlib,${level}`),
  ...[1, 6, 9].flatMap((level) => [`lzma,${level}`, `xz,${level}`]),
  ...[1, 3, 9, 15].map((level) => `zstd,${level}`),
];
const chosen = values.only.length > 0 ? values.only : CODECS;

for (const wanted of chosen) {
  const [name = "", level] = wanted.split(",");
  for (const [kind, options] of Object.entries(kindsOf(name))) {
    const dictSize = TOLD.includes(name) ? options.dictSize : undefined;
    const codec = await createCodec({ name: checkCodecName(name), level: level ? Number(level) : undefined, dictSize });
    let best = Number.POSITIVE_INFINITY;
    let result = { output: 0, calls: 0 };
    for (let pass = 0; pass < Number(values.passes); pass++) {
      const from = process.cpuUsage();
      result = compressAll(codec, files, options);
      const { user, system } = process.cpuUsage(from);
      best = Math.min(best, (user + system) / 1e6);
    }
    const { output, calls } = result;
    const speed = `${(input / best / 1e6).toFixed(1)} MB/s`;
    const figures = `x${(input / output).toFixed(4)}  ${output} bytes in ${calls} pieces`;
    console.log(`${codec.name.padEnd(14)} ${kind.padEnd(10)} ${speed.padStart(12)}  ${figures}`);
  }
}

if (values.peers) {
  const scratch = mkdtempSync(join(tmpdir(), "codec-peers-"));
  try {
    /** @param {string} name */
    const path = (name) => join(scratch, name);
    writeFileSync(path("bin"), Buffer.concat(files));
    writeFileSync(
      path("idx"),
      Uint32Array.from(files, (file) => file.length),
    );
    const source = fileURLToPath(new URL("codec-peers.c", import.meta.url));
    execFileSync("cc", ["-O3", "-o", path("peers"), source, "-ldl"], { stdio: "inherit" });
    execFileSync(path("peers"), [path("bin"), path("idx"), values.passes, ...chosen], { stdio: "inherit" });
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
