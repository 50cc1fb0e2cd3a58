// Puts what the entry points import into a few files in place of fifty: loading modules one by one would take longer
// than packing a small tree. The single modules stay in dist/ for their types, and for the benchmarks of loops.
import { chmodSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const bundle = await rolldown({
  input: { index: `${dist}/index.js`, worker: `${dist}/worker.js`, "cli/main": `${dist}/cli/main.js` },
  platform: "node",
  logLevel: "warn",
});
await bundle.write({
  dir: dist,
  format: "esm",
  entryFileNames: "[name].js",
  // beside the worker, which they start by its place next to them
  chunkFileNames: "chunk-[name].js",
  // comments and spaces out: names stay, for readable stack traces
  minify: { compress: false, mangle: false, codegen: true },
});
await bundle.close();
// the command is published as a file with a #! line; compilers write it without the executable bit
chmodSync(`${dist}/cli/main.js`, 0o755);
