// Makes the page of this example, one file that needs nothing else:
//   npm run build && node examples/browser/build.mjs [FILE]        (default: examples/browser/dist/index.html)
// What the library calls of Node is in shims/; what it would call besides, for other sources and targets than those of a
// page, throws an error that names it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** @param {string} name */
const at = (name) => fileURLToPath(new URL(name, import.meta.url));

/** What a file exports. @param {string} file */
async function exportsOf(file) {
  const built = await build({ entryPoints: [file], bundle: true, format: "esm", write: false, metafile: true });
  return Object.values(built.metafile.outputs).flatMap((output) => output.exports);
}

/** Modules of Node: what stands in for them, and what is not there. @type {import("esbuild").Plugin} */
const nodeModules = {
  name: "node-modules",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(?:node:)?\w+(?:\/\w+)?$/ }, ({ path, importer }) => {
      const name = path.replace(/^node:/, "");
      // the package `buffer` is one of npm, and Node's module
      const isPackage = name === "buffer" && importer === at("shims/globals.ts");
      return builtinModules.includes(name) && !isPackage ? { path: name, namespace: "node" } : undefined;
    });
    onLoad({ filter: /.*/, namespace: "node" }, async ({ path }) => {
      const shim = at(`shims/${path}.ts`);
      const there = existsSync(shim) ? await exportsOf(shim) : [];
      const all = Object.keys(await import(`node:${path}`)).filter((name) => /^[a-z]\w*$/i.test(name));
      const missing = all.filter((name) => name !== "default" && !there.includes(name));
      const contents = `
        ${there.length > 0 ? `import * as shim from ${JSON.stringify(shim)}; export * from ${JSON.stringify(shim)};` : "const shim = {};"}
        const missing = (name) => function () { throw new Error(\`node:${path} has no \${name} in a page\`); };
        ${missing.map((name) => `export const ${name} = /* @__PURE__ */ missing("${name}");`).join("\n")}
        export default shim;`;
      return { contents, resolveDir: at(".") };
    });
  },
};

/** One script of a file and all that it imports. @param {string} file @param {import("esbuild").BuildOptions} options */
async function bundle(file, options = {}) {
  const built = await build({
    ...{ entryPoints: [at(file)], bundle: true, format: "iife", minify: true, write: false },
    ...{ target: "es2022", legalComments: "inline", logOverride: { "empty-import-meta": "silent" } },
    ...options,
  });
  return built.outputFiles?.[0]?.text ?? "";
}

const script = await bundle("page.ts");
const worker = await bundle("worker.ts", { inject: [at("shims/globals.ts")], plugins: [nodeModules] });
/** @type {[string, string][]} */
const parts = [
  ["/* page.css */", readFileSync(at("page.css"), "utf8")],
  ["/* page.ts */", script.replaceAll("</script", "<\\/script")],
  ['"worker.ts"', JSON.stringify(worker).replaceAll("<", "\\u003c")],
];
let page = readFileSync(at("page.html"), "utf8");
for (const [place, text] of parts) page = page.replace(place, () => text);
const out = process.argv[2] === undefined ? at("dist/index.html") : resolve(process.argv[2]);
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, page);
console.log(`${out}: ${page.length} bytes`);
