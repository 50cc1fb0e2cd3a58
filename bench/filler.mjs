// The rest of a store: what lies beside a closure and is none of its business. Three of four are build instructions
// (one text file of 1-4 KB), the others small outputs (a directory of 1-5 files), as in a store that has been used a while.
import * as fs from "node:fs";

/** @import { Next } from "./types.ts" */

const ALPHABET = "0123456789abcdfghijklmnpqrsvwxyz";

/**
 * Adds `count` top-level entries to `store`; returns how many entries and bytes they are in all.
 * @param {string} store
 * @param {number} count
 * @param {string} seed
 */
export function fill(store, count, seed) {
  const next = generator(seed);
  const total = { entries: 0, bytes: 0 };
  const seen = Array.from({ length: 2048 }, () => storeName(next));
  /** @type {(path: string, text: string, mode: number) => void} */
  const put = (path, text, mode) => {
    fs.writeFileSync(path, text, { encoding: "latin1" });
    finish(path, mode);
    total.entries += 1;
    total.bytes += text.length;
  };
  for (let i = 0; i < count; i++) {
    const name = `${storeName(next)}.${next(12)}`;
    if (i % 4 !== 3) {
      put(`${store}/${name}.drv`, derivation(name, seen, next), 0o444);
      continue;
    }
    const top = `${store}/${name}`;
    const inner = next(2) === 0 ? top : `${top}/share`;
    fs.mkdirSync(inner, { recursive: true });
    const files = 1 + next(5);
    for (let j = 0; j < files; j++) {
      put(`${inner}/file-${j}`, derivation(name, seen, next).slice(next(900)), next(8) === 0 ? 0o555 : 0o444);
    }
    for (const folder of inner === top ? [top] : [inner, top]) {
      finish(folder, 0o555);
      total.entries += 1;
    }
  }
  return total;
}

/** @param {string} name @param {string[]} seen @param {Next} next */
function derivation(name, seen, next) {
  const pick = () => `"/nix/store/${seen[next(seen.length)]}`;
  const inputs = Array.from({ length: 4 + next(30) }, () => `(${pick()}.drv",["out"])`).join(",");
  const env = Array.from({ length: 2 + next(12) }, () => `("var${next(90)}",${pick()}/lib")`).join(",");
  return `Derive([("out","/nix/store/${name}","","")],[${inputs}],[${pick()}"],"x86_64-linux",${pick()}/bin/bash",["-e"],[${env},("name","${name}")])`;
}

/** @param {string} path @param {number} mode */
function finish(path, mode) {
  fs.chmodSync(path, mode);
  fs.utimesSync(path, 1, 1);
}

/** A base name as in a store: 32 characters of hash, and what it is the hash of. @param {Next} next */
export function storeName(next) {
  let hash = "";
  for (let i = 0; i < 32; i++) hash += ALPHABET[next(32)];
  return `${hash}-package-${next(4000)}`;
}

/**
 * mulberry32 started from a text: `next(n)` is an integer below n, the same sequence on every machine.
 * @param {string} seed
 * @returns {Next}
 */
export function generator(seed) {
  let state = 0;
  for (const char of seed) state = (Math.imul(state, 31) + char.charCodeAt(0)) | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 0x100000000) * below);
  };
}
