/** Starts a second thread where a command line has work for it, before the code is loaded that understands all of it. */
import { statSync } from "node:fs";
import os from "node:os";
import { startSpare } from "../../core/node/node-start.ts";

const LIST = /^--(?:nix-)?closure=/;
/** Bytes of a list of as many store paths as a thread is started for: 32 or more. */
const LONG_LIST = 2048;

/** @param worker the module that threads run */
export function startEarly(worker: URL): void {
  if (hasWorkForTwo(process.argv)) startSpare(worker);
}

/** Guesses; a thread too many is of no use, and one too few is started later. */
function hasWorkForTwo(words: readonly string[]): boolean {
  // by its name an import would fail where a Node is too old to have it
  if (os.availableParallelism() < 2 || words.includes("--workers=1")) return false;
  const list = words.find((word) => LIST.test(word))?.replace(LIST, "");
  if (list === undefined) return false;
  try {
    const stats = statSync(list);
    return stats.isFile() && stats.size >= LONG_LIST;
  } catch {
    // what is wrong with it will be said where it is read
    return false;
  }
}
