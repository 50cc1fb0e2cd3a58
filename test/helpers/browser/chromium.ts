/** Chromium without a window, spoken to through a pipe in the words of its DevTools. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

/** Debian's; root may not run it in a sandbox. What it would ask its maker's servers is left out. */
const ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
const QUIET = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-pipe",
];

/** What a command gives, or an event tells. */
export type Told = Record<string, unknown>;

/** A browser with one page. */
export interface Chromium {
  /** Opens another page, and waits until it is loaded. */
  open(url: string): Promise<void>;
  /** Sends a command of DevTools to the page. */
  send(method: string, params?: Told): Promise<Told>;
  /** Evaluates an expression in the page, waits for what it promises, and gives its value, which must be one of JSON. */
  evaluate(expression: string): Promise<unknown>;
  /** What scripts have printed, or failed with, so far. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

/** Starts a browser with an empty page. */
export async function openChromium(): Promise<Chromium> {
  const profile = mkdtempSync(join(tmpdir(), "chromium-"));
  const child = spawn("chromium", [...ARGUMENTS, ...QUIET, `--user-data-dir=${profile}`, "about:blank"], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const [input, output] = [child.stdio[3] as Writable, child.stdio[4] as Readable];
  const waiting = new Map<number, { resolve(told: Told): void; reject(error: Error): void }>();
  const listeners = new Map<string, () => void>();
  const complaints: string[] = [];
  /** What is there of a message that is not whole yet. */
  const parts: string[] = [];
  let sent = 0;
  const refuse = (error: Error) => {
    for (const { reject } of waiting.values()) reject(error);
  };
  child.once("error", refuse);
  child.once("exit", (code) => refuse(new Error(`chromium has ended with ${code}`)));
  output.setEncoding("utf8").on("data", (text: string) => {
    const [end, ...starts] = text.split("\0");
    parts.push(end!);
    for (const start of starts) hear(JSON.parse(parts.splice(0, parts.length, start).join("")));
  });
  function hear({
    id,
    result,
    error,
    method,
    params,
  }: {
    id?: number;
    result: Told;
    error?: Told;
    method: string;
    params: Told;
  }) {
    if (id === undefined) {
      if (method === "Runtime.exceptionThrown" || method === "Runtime.consoleAPICalled" || method === "Log.entryAdded")
        complaints.push(JSON.stringify(params));
      listeners.get(method)?.();
      return;
    }
    const { resolve, reject } = waiting.get(id)!;
    waiting.delete(id);
    if (error) reject(new Error(JSON.stringify(error)));
    else resolve(result);
  }
  const ask = (method: string, params: Told = {}, sessionId?: unknown) =>
    new Promise<Told>((resolve, reject) => {
      waiting.set(++sent, { resolve, reject });
      input.write(`${JSON.stringify({ id: sent, method, params, sessionId })}\0`);
    });
  const { targetInfos } = (await ask("Target.getTargets")) as { targetInfos: { type: string; targetId: string }[] };
  const { targetId } = targetInfos.find(({ type }) => type === "page")!;
  const { sessionId } = await ask("Target.attachToTarget", { targetId, flatten: true });
  const send = (method: string, params?: Told) => ask(method, params, sessionId);
  for (const domain of ["Page", "Runtime", "Log", "DOM"]) await send(`${domain}.enable`);
  return {
    async open(url) {
      const loaded = new Promise<void>((resolve) => listeners.set("Page.loadEventFired", resolve));
      await send("Page.navigate", { url });
      await loaded;
    },
    send,
    complaints,
    async evaluate(expression) {
      const told = await send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
      if (told.exceptionDetails) throw new Error(JSON.stringify(told.exceptionDetails));
      return (told.result as Told).value;
    },
    async close() {
      input.end();
      child.kill();
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
