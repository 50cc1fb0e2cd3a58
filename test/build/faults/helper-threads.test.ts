/** Helper threads that die, or that the system lets wait: no build hangs, and signals are answered meanwhile. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { buildErofs, directory } from "../../../dist/index.js";
import { runInChild } from "../../helpers/child.ts";
import { commandPath } from "../../helpers/commands.ts";
import { preload } from "../../helpers/preload.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { noise } from "../../helpers/trees/noise.ts";

const scratch = makeScratch("helper-threads");
const tree = `${scratch}/tree`;
const out = `${scratch}/out`;

/** Directories, with files that are equal or hold parts of each other, and more than one thread writes at once. */
beforeAll(() => {
  for (let nr = 0; nr < 24; nr++) {
    mkdirSync(`${tree}/${nr}/below`, { recursive: true });
    const bytes = noise((nr % 6) + 1, 400_000);
    writeFileSync(`${tree}/${nr}/file`, bytes);
    writeFileSync(`${tree}/${nr}/below/twin`, bytes);
    writeFileSync(`${tree}/${nr}/below/part`, bytes.subarray(100_000));
  }
});

beforeEach(() => {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
});

/** The main thread takes its time, so that the helper gets its share, whatever it does with it. */
const slowly = (name: "readSync" | "writeSync" | "readdirSync", inHelper: string) => `
  const before = fs.${name};
  fs.${name} = (...args) => {
    if (isMainThread) sleep(15);
    else { ${inHelper} }
    return before(...args);
  };`;

const BUILDS: readonly (readonly [what: string, call: string])[] = [
  ["plain, of a directory", "api.buildErofs(api.directory(args.tree), args.image, { workers: 2, ...more })"],
  ["plain, of a closure", "api.buildErofs(args.tops, args.image, { workers: 2, ...more })"],
  [
    "compressed",
    "api.buildErofs(api.directory(args.tree), args.image, { workers: 2, compress: { algorithm: 'lz4' }, ...more })",
  ],
  [
    "compressed, with runs that are equal",
    "api.buildErofs(api.directory(args.tree), args.image, { workers: 2, compress: { algorithm: 'lz4' }, dedupeExtents: true, ...more })",
  ],
  ["SquashFS", "api.buildSquashfs(api.directory(args.tree), args.image, { workers: 2, compressor: 'lz4', ...more })"],
];

const args = () => ({ tree, image: `${out}/image`, tops: readdirSync(tree).map((name) => `${tree}/${name}`) });

describe("a helper that exits", () => {
  // Was a bug: the main thread waited for ever for the turn that the helper had, deaf to SIGTERM.
  test.each(BUILDS)("at its first write ends the build with an error: %s", (_what, call) => {
    // until the main thread wants to write too
    const env = preload(`${scratch}/exits.mjs`, slowly("writeSync", "sleep(200); process.exit(7);"));
    const { error } = runInChild(`const more = {}; await ${call}`, args(), { env, timeout: 30_000 });
    expect(error).toMatchObject({
      isImageError: true,
      code: "INTERNAL",
      message: "a worker thread ended with code 7",
    });
    expect(readdirSync(out)).toEqual([]);
  });

  test.each(BUILDS)("while it reads ends the build with an error: %s", (_what, call) => {
    const env = preload(`${scratch}/exits.mjs`, slowly("readSync", "process.exit(7);"));
    const { error } = runInChild(`const more = {}; await ${call}`, args(), { env, timeout: 30_000 });
    expect(error).toMatchObject({ isImageError: true, code: "INTERNAL" });
    expect(readdirSync(out)).toEqual([]);
  });
});

describe("a helper that exits while it lists", () => {
  test.each(BUILDS)("ends the build with an error: %s", (_what, call) => {
    const env = preload(`${scratch}/exits.mjs`, slowly("readdirSync", "process.exit(7);"));
    const { error } = runInChild(`const more = {}; await ${call}`, args(), { env, timeout: 30_000 });
    expect(error).toMatchObject({ isImageError: true, code: "INTERNAL", message: "a worker thread ended with code 7" });
    expect(readdirSync(out)).toEqual([]);
  });
});

describe("a helper whose write takes long", () => {
  test.each(BUILDS)("does not keep an aborted build from ending: %s", (_what, call) => {
    const env = preload(`${scratch}/hangs.mjs`, slowly("writeSync", "hang(8);"));
    const body = `
      const abort = new AbortController();
      const more = { signal: abort.signal };
      let at = 0;
      setTimeout(() => { at = performance.now(); abort.abort(); }, 700);
      const code = await ${call}.then(() => "done", (error) => error.code);
      fs.writeSync(1, "\\nOUTCOME " + JSON.stringify({ value: { code, waited: performance.now() - at } }) + "\\n");
      process.kill(process.pid, "SIGKILL");`;
    const { value } = runInChild(body, args(), { env, timeout: 30_000 });
    expect(value).toMatchObject({ code: "ABORTED" });
    expect((value as { waited: number }).waited).toBeLessThan(3000);
    expect(readdirSync(out)).toEqual([]);
  });

  test.skipIf(process.platform === "win32").each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "does not keep a command from answering %s",
    async (signal) => {
      const env = { ...process.env, ...preload(`${scratch}/hangs.mjs`, slowly("writeSync", "hang(10);")) };
      const words = [commandPath("mkerofs"), "--workers=2", "--dedupe=none", `${out}/image`, tree];
      const child = spawn(process.execPath, words, { env, stdio: ["ignore", "ignore", "pipe"] });
      const said = textOf(child);
      await untilThere(() => readdirSync(out).length > 0);
      await new Promise((resolve) => setTimeout(resolve, 500));
      const from = performance.now();
      child.kill(signal);
      const status = await endOf(child);
      expect(performance.now() - from).toBeLessThan(5000);
      expect(status).toEqual({ code: null, signal });
      expect(await said).toBe(`ts-mkerofs: interrupted (${signal})\n`);
      expect(readdirSync(out)).toEqual([]);
    },
  );
});

/** How a process has ended. */
function endOf(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve) => child.on("exit", (code, signal) => resolve({ code, signal })));
}

async function textOf(child: ChildProcess): Promise<string> {
  let text = "";
  for await (const chunk of child.stderr!) text += chunk;
  return text;
}

async function untilThere(isThere: () => boolean): Promise<void> {
  for (let tries = 0; !isThere(); tries++) {
    if (tries === 1000) throw new Error(`nothing came to ${join(out)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

// one that is asked as work runs out has its request taken back: whatever becomes of it later is not the build's end
test("helpers that were asked too late stop nothing that comes behind their job", async () => {
  vi.stubEnv("TS_MKEROFS_EAGER_THREADS", "0");
  const files = `${scratch}/files`;
  mkdirSync(files);
  for (let nr = 0; nr < 12; nr++) writeFileSync(`${files}/${nr}`, noise(nr + 1, 3_000_000));
  for (let turn = 0; turn < 5; turn++) {
    const { digest } = await buildErofs(directory(files), `${out}/image`, { workers: 4, digest: true });
    const image = readFileSync(`${out}/image`);
    expect(digest).toBe(createHash("sha256").update(image).digest("hex"));
  }
  vi.unstubAllEnvs();
});
