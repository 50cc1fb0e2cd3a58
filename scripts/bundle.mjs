// Puts what the entry points import into a few files in place of a hundred: loading modules one by one would take longer
// than packing a small tree. What a small build does not need is in files of its own, which it does not read. The single
// modules stay in dist/ for tests, benchmarks and manual pages, and for the file of types that is made of theirs.
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { rolldown } from "rolldown";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const commands = ["cli/mkerofs/main", "cli/gensquashfs/main", "cli/mksquashfs/main", "cli/imagefs/main"];
/**
 * Files by name: modules, each with all that it imports and that no file before it has. What comes first is what old
 * versions of Node load too, then what is asked before the rest is read, what threads run that make plain EROFS images, and
 * what starts them. `compress` and `data` are what threads run for the other images, `compressed` and `squashfs` what the
 * main thread does for these besides.
 */
const files = {
  start: ["cli/start", "core/node/node-host"],
  early: ["core/node/node-limits", "cli/early", "core/node/node-start", "build/node-build-worker"],
  plain: [
    ...["build/jobs/segments", "build/jobs/walk", "build/jobs", "core/threads/control", "core/error"],
    // so that no thread reads the next file for these
    ...["stage/tree/dedupe", "erofs/disk/superblock", "erofs/plan/inode-batches", "squashfs/disk/compressors"],
  ],
  build: ["build/erofs", "build/erofs-plain"],
  options: ["squashfs/options"],
  mkerofs: ["cli/mkerofs/command"],
  xattrs: ["build/source/xattrs", "stage/source/xattr/node-read-sets"],
  shared: ["build/jobs/compare", "core/threads/ordered", "codec/second-look", "codec/wasm-codec", "codec/window-codec"],
  compress: ["build/jobs/compress"],
  compressed: ["build/erofs-compressed"],
  data: ["build/jobs/squashfs-data"],
  squashfs: ["build/squashfs"],
  hash: ["build/jobs/node-segment-hasher", "build/source/straight-nix"],
  nix: [
    ...["build/source/archive-part", "build/source/merged-part", "build/source/nix-files", "build/jobs/nix"],
    ...["stage/source/merge", "stage/source/nix/nar/node-nar-source", "stage/source/nix/cache/node-binary-cache"],
  ],
  lists: ["stage/source/nix/list/read-list"],
};
/** Packages that stay what they are, and are loaded where a build turns to them. */
const dependencies = Object.keys(
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).dependencies,
);
const names = Object.keys(files);
// one that has moved would take all that it imports into another file, without a word
for (const module of Object.values(files).flat())
  if (!existsSync(`${dist}/${module}.js`)) throw new Error(`scripts/bundle.mjs names ${module}, which is no module`);
// what an earlier build has left would be packed
for (const name of readdirSync(`${dist}/build`)) if (/^chunk-.*\.js$/.test(name)) rmSync(`${dist}/build/${name}`);
/** Modules of WebAssembly, compressed: see src/codec/node-embedded.ts. */
const embedded = {
  name: "embedded",
  load: {
    filter: { id: /\/codec\/embedded\.js$/ },
    handler: () => readFileSync(`${dist}/codec/node-embedded.js`, "utf8"),
  },
  transform: {
    filter: { id: /\/codec\/\w+\/generated\.js$/ },
    handler: (/** @type {string} */ code) =>
      code.replace(/"([\w+/]{256,}=*)"/, (_, base64) =>
        JSON.stringify(brotliCompressSync(Buffer.from(base64, "base64")).toString("base64")),
      ),
  },
};
const bundle = await rolldown({
  input: Object.fromEntries(["index", "build/worker", ...commands].map((name) => [name, `${dist}/${name}.js`])),
  platform: "node",
  external: dependencies.map((name) => new RegExp(`^${name}(?:/|$)`)),
  plugins: [embedded],
  logLevel: "warn",
  // to compress takes the time that it takes
  checks: { pluginTimings: false },
});
const { output } = await bundle.write({
  dir: dist,
  format: "esm",
  entryFileNames: "[name].js",
  // beside the worker, which they start by its place next to them
  chunkFileNames: "build/chunk-[name].js",
  codeSplitting: {
    groups: Object.entries(files).map(([name, modules]) => ({
      name,
      test: (/** @type {string} */ id) => modules.some((module) => id === `${dist}/${module}.js`),
      priority: names.length - names.indexOf(name),
    })),
  },
  // classes and their methods keep their names, for stack traces that say something
  minify: { compress: true, mangle: { toplevel: true, keepNames: { function: false, class: true } }, codegen: true },
});
await bundle.close();
// which modules a file is made of, for the tests of what a build loads, and of whose code it is
const contents = output
  .filter((file) => file.type === "chunk")
  .map(({ fileName, modules }) => [
    fileName,
    Object.entries(modules)
      .filter(([id, { renderedLength }]) => !id.startsWith("\0") && renderedLength > 0)
      .map(([id]) => relative(dist, id).replaceAll("\\", "/")),
  ]);
writeFileSync(`${dist}/contents.json`, JSON.stringify(Object.fromEntries(contents)));
// commands are published as files with a #! line; compilers write them without the executable bit
for (const command of commands) chmodSync(`${dist}/${command}.js`, 0o755);
