/** Temporary files: whose they are, that nobody else sees them, and that none stays, however a build ends. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { buildErofs, buildSquashfs, closure, directory } from "../../../dist/index.js";
import { litterLabel, litterName } from "../../../src/core/node/node-litter.ts";
import { atProgress } from "../../helpers/faults.ts";
import { preload } from "../../helpers/preload.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { useTemporaryFolder } from "../../helpers/temporary.ts";
import { words } from "../../helpers/trees/noise.ts";

const API = new URL("../../../dist/index.js", import.meta.url).href;
const scratch = makeScratch("litter");
const tree = `${scratch}/tree`;
const out = `${scratch}/out`;
const image = `${out}/my image.erofs`;
const isLinux = process.platform === "linux";

const temporary = `${scratch}/temporary`;
useTemporaryFolder(temporary);

beforeAll(() => {
  mkdirSync(tree);
  for (let nr = 0; nr < 40; nr++) writeFileSync(`${tree}/${nr}`, words(nr, 300_000));
});
beforeEach(() => mkdirSync(out));
afterEach(() => rmSync(out, { recursive: true }));

/** A process that builds an image of `tree` with a `call`, slowly, and does `then` once while its temporary file is there. */
function startBuild(then: string, call: string, before = ""): ChildProcess {
  const script = `
    import fs from "node:fs";
    import { dirname } from "node:path";
    import { buildErofs, buildSquashfs, directory } from ${JSON.stringify(API)};
    const [tree, image] = process.argv.slice(1);
    let isDone = false;
    const onProgress = () => {
      if (isDone || !fs.readdirSync(folder).some((name) => name.endsWith(".tmp"))) return;
      isDone = true;
      ${then}
    };
    const settings = { onProgress, workers: 1, dedupe: "none" };
    let folder = dirname(image);
    ${before}
    await ${call};
    console.log("built");`;
  const env = { ...process.env, ...preload(`${scratch}/slow.mjs`, SLOW) };
  return spawn(process.execPath, ["--input-type=module", "-e", script, tree, image], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
}

const SLOW = "const { writeSync } = fs; fs.writeSync = (...args) => { sleep(30); return writeSync(...args); };";

async function endOf(child: ChildProcess): Promise<{ code: number | null; signal: string | null; said: string }> {
  let said = "";
  child.stdout!.on("data", (chunk) => {
    said += chunk;
  });
  return new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal, said })));
}

const PLAIN = "buildErofs(directory(tree), image, settings)";
const CALLS: readonly (readonly [what: string, call: string])[] = [
  ["plain", PLAIN],
  ["compressed", "buildErofs(directory(tree), image, { ...settings, compress: { algorithm: 'lz4' } })"],
  ["SquashFS", "buildSquashfs(directory(tree), image, { onProgress, workers: 1, compressor: 'lz4' })"],
];

describe("while a build runs", () => {
  test.each(CALLS)("one file is beside the target, and says for which and whose it is: %s", async (_what, call) => {
    const child = startBuild("console.log(JSON.stringify(fs.readdirSync(folder)));", call);
    const [line] = (await endOf(child)).said.split("\n");
    const seen: string[] = JSON.parse(line!);
    // what else is kept in files has no name, where a file can be opened without one
    if (isLinux) expect(seen).toHaveLength(1);
    for (const name of seen) expect(name).toMatch(new RegExp(`^\\.ts-mkerofs-${child.pid}-.*my image\\.erofs\\.tmp$`));
    expect(readdirSync(out)).toEqual(["my image.erofs"]);
  });

  test.skipIf(!isLinux)("no file for a stream can be found", async () => {
    const seen = new Set<string>();
    const onProgress = () => {
      for (const name of readdirSync(temporary)) seen.add(name);
    };
    for (const build of [buildErofs, buildSquashfs] as const) {
      await build(directory(tree), new WritableStream<Uint8Array>({ write: () => undefined }), { onProgress });
    }
    expect([...seen]).toEqual([]);
  });
});

describe.skipIf(process.platform === "win32")("a signal that nobody listens for", () => {
  // Was a bug: a script that was ended by Ctrl-C left its temporary files behind.
  test.each(
    CALLS.flatMap(([what, call]) => ["SIGINT", "SIGTERM", "SIGHUP"].map((signal) => [what, signal, call] as const)),
  )("ends the process, and nothing stays: %s, %s", async (_what, signal, call) => {
    writeFileSync(image, "old");
    const child = startBuild(`process.kill(process.pid, "${signal}");`, call);
    expect(await endOf(child)).toEqual({ code: null, signal, said: "" });
    expect(readdirSync(out)).toEqual(["my image.erofs"]);
    expect(readFileSync(image, "utf8")).toBe("old");
  });

  test("is left to a listener that the program has, or gets meanwhile, or had", async () => {
    const kill = `process.kill(process.pid, "SIGINT");`;
    const heard = { code: 0, signal: null, said: "heard\nbuilt\n" };
    const once = `process.once("SIGINT", () => console.log("heard"));`;
    expect(await endOf(startBuild(kill, PLAIN, once))).toEqual(heard);
    expect(await endOf(startBuild(`${once} setTimeout(() => ${kill} 1);`.replace("; 1", ", 1"), PLAIN))).toEqual(heard);
    const gone = `process.on("SIGINT", listen); process.off("SIGINT", listen); ${kill}`;
    expect(await endOf(startBuild(gone, PLAIN, "const listen = () => undefined;"))).toMatchObject({ signal: "SIGINT" });
    expect(readdirSync(out)).toEqual(["my image.erofs"]);
  });

  // as many a library does that wants to end the process well
  test("ends it well where a listener raises it again", async () => {
    const again = 'process.once("SIGINT", () => { console.log("heard"); process.kill(process.pid, "SIGINT"); });';
    const child = startBuild('process.kill(process.pid, "SIGINT");', PLAIN, again);
    expect(await endOf(child)).toEqual({ code: null, signal: "SIGINT", said: "heard\n" });
    expect(readdirSync(out)).toEqual([]);
  });

  test("has no listener before and after builds, and one for all that run", async () => {
    const count = () => ["SIGINT", "SIGTERM", "SIGHUP", "exit"].map((name) => process.listenerCount(name));
    const before = count();
    const seen = new Set<number>();
    const onProgress = () => void seen.add(process.listenerCount("exit"));
    await Promise.all(
      Array.from({ length: 12 }, (_, nr) => buildErofs(directory(tree), `${out}/${nr}`, { onProgress })),
    );
    expect(Math.max(...seen)).toBe(before.at(-1)! + 1);
    expect(count()).toEqual(before);
  });
});

describe("what a build leaves that is killed", () => {
  test("in the system's folder, of the same target, is no part of the next image of that folder", async () => {
    const pid = spawnSync("true").pid;
    const label = litterLabel("stream");
    const ofDead = litterName(0, label).replace(/^\.ts-mkerofs-\d+-\d+-/, `.ts-mkerofs-${pid}-${pid}-`);
    writeFileSync(`${temporary}/${ofDead}`, "");
    writeFileSync(`${temporary}/file`, "");
    const stream = new WritableStream<Uint8Array>({ write: () => undefined });
    expect((await buildErofs(directory(temporary), stream)).counts.files).toBe(1);
    expect(readdirSync(temporary)).toEqual(["file"]);
    rmSync(`${temporary}/file`);
  });

  /** Kills a process that builds; gives the names that stay. */
  async function kill(call: string): Promise<string[]> {
    await endOf(startBuild('process.kill(process.pid, "SIGKILL");', call));
    return readdirSync(out);
  }

  test.each(CALLS)("is removed by the next build of the same target, and by no other: %s", async (_what, call) => {
    const left = await kill(call);
    expect(left).toHaveLength(1);
    expect(left[0]).toMatch(/my image\.erofs\.tmp$/);
    await buildErofs(directory(tree), `${out}/other`);
    await buildErofs(directory(tree), `${out}/image.erofs`);
    expect(readdirSync(out)).toContain(left[0]);
    await buildErofs(directory(tree), image);
    expect(readdirSync(out).sort()).toEqual(["image.erofs", "my image.erofs", "other"]);
  });

  test("is no part of the next image, which lies in its own source", async () => {
    const inside = `${scratch}/inside`;
    mkdirSync(inside);
    writeFileSync(`${inside}/file`, words(1, 3_000_000));
    const call = `buildErofs(directory(folder), folder + "/image", settings)`;
    await endOf(startBuild('process.kill(process.pid, "SIGKILL");', call, `folder = ${JSON.stringify(inside)};`));
    expect(readdirSync(inside)).toHaveLength(2);
    const report = await buildErofs(directory(inside), `${inside}/image`);
    expect(report).toMatchObject({ counts: { files: 1 }, ownFiles: 0 });
    expect(readdirSync(inside)).toEqual(["file", "image"]);
  });

  test("is removed where the target has a name of the greatest length", async () => {
    const long = `${out}/${"日".repeat(85)}`;
    await kill(PLAIN.replace("image,", `${JSON.stringify(long)},`));
    expect(readdirSync(out)).toHaveLength(1);
    await buildErofs(directory(tree), long);
    expect(readdirSync(out)).toEqual(["日".repeat(85)]);
  });

  test.skipIf(!isLinux)("stays as long as its process is there, though it does not move", async () => {
    const child = startBuild('process.kill(process.pid, "SIGSTOP");', PLAIN);
    const end = endOf(child);
    const isStopped = () => / T /.test(readFileSync(`/proc/${child.pid}/stat`, "latin1"));
    while (!isStopped()) await new Promise((resolve) => setTimeout(resolve, 10));
    const [theirs] = readdirSync(out);
    await buildErofs(directory(tree), image);
    expect(readdirSync(out).sort()).toEqual([theirs, "my image.erofs"]);
    const size = statSync(image).size;
    child.kill("SIGCONT");
    child.kill("SIGKILL");
    await end;
    await buildErofs(directory(tree), image);
    expect(readdirSync(out)).toEqual(["my image.erofs"]);
    expect(statSync(image).size).toBe(size);
  });

  test.skipIf(!isLinux)("in a thread that is terminated is removed while the process goes on", async () => {
    const script = `
      const { workerData, parentPort } = require("node:worker_threads");
      import(workerData.api).then(({ buildErofs, directory }) => buildErofs(directory(workerData.tree), workerData.image, {
        workers: 1,
        onProgress: ({ stage }) => {
          if (stage !== "write") return;
          parentPort.postMessage("now");
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
        },
      }));`;
    const worker = new Worker(script, { eval: true, workerData: { api: API, tree, image } });
    await new Promise((resolve) => worker.once("message", resolve));
    const [theirs] = readdirSync(out);
    // it runs
    await buildErofs(directory(tree), image);
    expect(readdirSync(out)).toContain(theirs);
    await worker.terminate();
    await buildErofs(directory(tree), image);
    expect(readdirSync(out)).toEqual(["my image.erofs"]);
  });

  test("stays if it is no file, or of a name that is not quite ours", async () => {
    const [left] = await kill(PLAIN);
    const others = [left!.replace(".tmp", ".tmp2"), `x${left}`, left!.replace("my image", "my_image")];
    for (const name of others) writeFileSync(`${out}/${name}`, "mine");
    const folder = left!.replace(/-0-/, "-77-");
    mkdirSync(`${out}/${folder}`);
    await buildErofs(directory(tree), image);
    expect(readdirSync(out).sort()).toEqual([...others, folder, "my image.erofs"].sort());
  });
});

test("nothing stays of a closure that is called off while it is packed", async () => {
  writeFileSync(`${scratch}/list`, `${tree}\n`);
  const abort = new AbortController();
  const onProgress = atProgress(
    ({ stage }) => stage === "write",
    () => abort.abort(),
  );
  const build = buildErofs(closure(`${scratch}/list`), image, { onProgress, signal: abort.signal });
  await expect(build).rejects.toMatchObject({ code: "ABORTED" });
  expect(readdirSync(out)).toEqual([]);
});
