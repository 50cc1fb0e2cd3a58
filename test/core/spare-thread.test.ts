/** A thread that was started before it was known what for. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { afterAll, expect, test } from "vitest";
import { startSpare, takeSpare } from "../../src/core/node/node-start.ts";

const folder = mkdtempSync(join(tmpdir(), "spare-"));
const module = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return pathToFileURL(join(folder, name));
};
const ANSWER = `
const { parentPort, threadId } = require("node:worker_threads");
parentPort.on("message", (text) => parentPort.postMessage([text, threadId]));
`;
const workers: Worker[] = [];
afterAll(async () => {
  for (const worker of workers) await worker.terminate();
  rmSync(folder, { recursive: true });
});

/** Starts a worker and asks it; returns its thread's number. */
async function ask(url: URL): Promise<number> {
  const worker = takeSpare() ?? new Worker(url);
  workers.push(worker);
  worker.postMessage("who?");
  const [text, thread] = await new Promise<[string, number]>((resolve, reject) => {
    worker.once("message", resolve).once("error", reject);
  });
  expect(text).toBe("who?");
  return thread;
}

test("is taken by the first that asks for one, and by no other", async () => {
  const url = module("a.cjs", ANSWER);
  const before = await ask(url);
  startSpare(() => new Worker(url));
  const [first, second] = [await ask(url), await ask(url)];
  // threads are numbered as they start
  expect(first).toBe(before + 1);
  expect(second).toBe(before + 2);
});

test("is forgotten when it fails, and does no harm", async () => {
  const url = module("c.cjs", 'if (!globalThis.process.env.SPARE_WORKS) throw new Error("broken");');
  startSpare(() => new Worker(url));
  await new Promise((resolve) => setTimeout(resolve, 500));
  writeFileSync(url, ANSWER);
  expect(await ask(url)).toBeGreaterThan(0);
});
