/** What a command line is guessed to ask for, before the code is loaded that understands it: little, or work for two. */
import { type Stats, statSync } from "node:fs";
import os from "node:os";
import { startBuildWorker } from "../build/node-build-worker.ts";
import { startSpare } from "../core/node/node-start.ts";

/** Options that are followed by a list of store paths, and by a number of threads. */
const LIST = /^-?-(?:nix-)?closure(?:=|$)/;
const THREADS = /^(?:--workers|-processors|-j|--num-jobs)(?:=|$)/;
/** Bytes of a list of as many store paths as a thread is started for: 32 or more. */
const LONG_LIST = 2048;
/** Links of a directory that has as many in it: one from each, besides its own. */
const MANY_LINKS = 34;

/** Options that name more than the paths that are there: archives that may come by a pipe, and lists of whatever size. */
const MANY = /^(?:-F$|-?-tar(?:=|$)|-?-.*(?:closure|nix|manifest|registration|binary-cache|pack-file|pf$))/;
/** Links and bytes of a directory without directories, and few files; bytes of a file that is read soon. */
const NO_LINKS = 2;
const SMALL_FOLDER = 4096;
const SMALL_FILE = 1 << 16;

/** Whether it asks for little: all that it names is small, or it names nothing, as `--help` does. */
export function isLittle(words: readonly string[] = process.argv.slice(2)): boolean {
  if (words.some((word) => word === "-" || MANY.test(word))) return false;
  return !words.some((word) => has(word.slice(word.indexOf("=") + 1), (stats) => !isSmall(stats)));
}

function isSmall(stats: Stats): boolean {
  if (stats.isDirectory()) return stats.nlink === NO_LINKS && stats.size <= SMALL_FOLDER;
  return stats.isFile() && stats.size <= SMALL_FILE;
}

/** Starts a second thread where there is work for it, or does nothing. */
export function startEarly(): void {
  if (hasWorkForTwo(process.argv.slice(2))) startSpare(startBuildWorker);
}

/** Of `ts-imagefs`: what decodes all of an image, and bytes of one that a thread is started for. */
const DECODING = ["extract", "verify"];
const LARGE_IMAGE = 8 << 20;

/** Guesses; a thread too many is of no use, and one too few is started later. */
function hasWorkForTwo(words: readonly string[]): boolean {
  // by its name an import would fail where a Node is too old to have it
  if (os.availableParallelism() < 2 || valueBehind(words, THREADS) === "1") return false;
  const list = valueBehind(words, LIST);
  if (list !== undefined && has(list, (stats) => stats.isFile() && stats.size >= LONG_LIST)) return true;
  if (words.some((word) => DECODING.includes(word))) return words.some((word) => has(word, isLargeImage));
  return words.some((word) => has(word, (stats) => stats.isDirectory() && stats.nlink >= MANY_LINKS));
}

function isLargeImage(stats: Stats): boolean {
  return stats.isFile() && stats.size >= LARGE_IMAGE;
}

/** What stands behind `=`, or is the next word. */
function valueBehind(words: readonly string[], option: RegExp): string | undefined {
  const at = words.findIndex((word) => option.test(word));
  if (at < 0) return undefined;
  const word = words[at]!;
  return word.includes("=") ? word.slice(word.indexOf("=") + 1) : words[at + 1];
}

function has(path: string, isSo: (stats: Stats) => boolean): boolean {
  try {
    return isSo(statSync(path));
  } catch {
    // what is wrong with it will be said where it is read
    return false;
  }
}
