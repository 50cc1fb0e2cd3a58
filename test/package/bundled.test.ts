/** The library in a program that a bundler has put together: with its threads where they come with it, without where not. */
import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build as esbuild } from "esbuild";
import { rolldown } from "rolldown";
import { build as vite } from "vite";
import { beforeAll, describe, expect, test } from "vitest";
import webpack from "webpack";
import { buildErofs, directory } from "../../dist/index.js";
import { makeScratch } from "../helpers/scratch.ts";

const scratch = makeScratch("package-bundled");
const app = `${scratch}/app.js`;
const OPTIONS = { timestamp: 1, owner: "root", compress: "lz4hc", digest: true } as const;
/** The SHA-256 of that image: see CONTRIBUTING.md where it changes. */
const PINNED = "2edd4aa74f5c4d10d7821babcccc3bdb42f7294984f5e0c80474c38b607f61af";
let digest: string;

beforeAll(async () => {
  mkdirSync(`${scratch}/node_modules`);
  symlinkSync(fileURLToPath(new URL("../../", import.meta.url)), `${scratch}/node_modules/ts-mkerofs`, "junction");
  mkdirSync(`${scratch}/rootfs`);
  for (let n = 0; n < 40; n++)
    writeFileSync(`${scratch}/rootfs/${n}`, `${n} and what comes after it\n`.repeat(1 + 300 * n));
  writeFileSync(`${scratch}/package.json`, '{ "type": "module" }');
  writeFileSync(
    app,
    `import { buildErofs, buildSquashfs, directory } from "ts-mkerofs";
     (async () => {
       const options = { ...${JSON.stringify(OPTIONS)}, workers: 3 };
       const { digest } = await buildErofs(directory("rootfs"), "bundled.img", options);
       await buildSquashfs(directory("rootfs"), "bundled.sqfs", { workers: 3 });
       console.log(digest);
     })();`,
  );
  const report = await buildErofs(directory(`${scratch}/rootfs`), `${scratch}/here.img`, { ...OPTIONS, workers: 1 });
  digest = report.digest!;
});

/** Runs a bundle, each job of which asks for all its threads: see vitest.config.ts. @param cpus that it may use */
function run(bundle: string, cpus?: string): { digest: string; warnings: string[] } {
  const words = [process.execPath, bundle];
  const [command = "", ...rest] = cpus === undefined ? words : ["taskset", "-c", cpus, ...words];
  const { status, stdout, stderr } = spawnSync(command, rest, { cwd: scratch, encoding: "utf8" });
  expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
  // Node's own hint behind a warning is none
  return { digest: stdout.trim(), warnings: stderr.split("\n").filter((line) => /warning:/i.test(line)) };
}

const worker = "ts-mkerofs/worker";
const all = { bundle: true, platform: "node", logLevel: "error" } as const;

async function byRolldown(dir: string, input: Record<string, string>): Promise<string> {
  const bundle = await rolldown({ input, platform: "node", cwd: scratch, logLevel: "warn" });
  await bundle.write({ dir: `${scratch}/${dir}`, entryFileNames: "[name].js" });
  await bundle.close();
  return `${dir}/app.js`;
}

async function byEsbuild(dir: string, entryPoints: Record<string, string>, more: object): Promise<string> {
  await esbuild({ ...all, absWorkingDir: scratch, entryPoints, outdir: `${scratch}/${dir}`, format: "esm", ...more });
  return `${dir}/app.js`;
}

async function byVite(dir: string, input: Record<string, string>): Promise<string> {
  const output = { entryFileNames: "[name].js", chunkFileNames: "[name].js" };
  await vite({
    ...{ root: scratch, configFile: false, logLevel: "error" },
    ssr: { noExternal: true },
    build: { ssr: true, outDir: dir, rollupOptions: { input, output } },
  });
  return `${dir}/app.js`;
}

/** Takes the module of threads along by itself, as it is named where they are started. */
async function byWebpack(dir: string): Promise<string> {
  const output = { path: `${scratch}/${dir}`, filename: "[name].cjs" };
  // making it small takes ten seconds
  const optimization = { minimize: false };
  const rest = { target: "node", context: scratch, entry: { app }, output, optimization } as const;
  const compiler = webpack({ mode: "production", ...rest });
  const failed = await new Promise<unknown>((resolve) =>
    compiler!.run((error, stats) => resolve(error ?? (stats?.hasErrors() ? stats.toString("errors-only") : undefined))),
  );
  expect(failed).toBeUndefined();
  return `${dir}/app.cjs`;
}

test("the image is the one that it has always been", () => {
  expect(digest).toBe(PINNED);
});

describe("with the module of its threads as a second entry", () => {
  test.each([
    ["rolldown", () => byRolldown("rolldown", { app, worker })],
    ["esbuild, in one file each", () => byEsbuild("esbuild", { app, worker }, {})],
    ["esbuild, with files in common", () => byEsbuild("split", { app, worker }, { splitting: true })],
    ["Vite", () => byVite("vite", { app, worker })],
    ["webpack, which finds it", () => byWebpack("webpack")],
  ])("%s: threads run, and the bytes are the same, with one processor too", async (_, bundle) => {
    const made = await bundle();
    expect(run(made)).toEqual({ digest, warnings: [] });
    if (process.platform === "linux") expect(run(made, "0")).toEqual({ digest, warnings: [] });
  });
});

describe("without it", () => {
  const commonjs = { format: "cjs", outExtension: { ".js": ".cjs" }, logLevel: "silent" };
  test.each([
    ["rolldown", () => byRolldown("rolldown-alone", { app })],
    ["esbuild", () => byEsbuild("esbuild-alone", { app }, {})],
    ["esbuild, for CommonJS", async () => (await byEsbuild("commonjs", { app }, commonjs)).replace(/\.js$/, ".cjs")],
  ])("%s: one thread does all, says so once, and the bytes are the same", async (_, bundle) => {
    const found = run(await bundle());
    expect(found.digest).toBe(digest);
    expect(found.warnings).toEqual([
      expect.stringMatching(/\[TS_MKEROFS_NO_WORKER\] Warning: ts-mkerofs: .*one thread/),
    ]);
  });
});
