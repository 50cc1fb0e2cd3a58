// Puts what the entry points import into a few files in place of fifty: loading modules one by one would take longer
// than packing a small tree. The single modules stay in dist/ for their types, and for the benchmarks of loops.
import { chmodSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const commands = ["cli/mkerofs/main", "cli/gensquashfs/main", "cli/mksquashfs/main"];
const bundle = await rolldown({
  input: Object.fromEntries(["index", "build/worker", ...commands].map((name) => [name, `${dist}/${name}.js`])),
  platform: "node",
  logLevel: "warn",
});
await bundle.write({
  dir: dist,
  format: "esm",
  entryFileNames: "[name].js",
  // beside the worker, which they start by its place next to them
  chunkFileNames: "build/chunk-[name].js",
  // comments and spaces out: names stay, for readable stack traces
  minify: { compress: false, mangle: false, codegen: true },
});
await bundle.close();
// commands are published as files with a #! line; compilers write them without the executable bit
for (const command of commands) chmodSync(`${dist}/${command}.js`, 0o755);
