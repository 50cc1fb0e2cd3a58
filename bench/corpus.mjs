// A tree to compress: real files of this machine, of which directories come in an order that a seed decides, so that two
// layouts of one machine are equal, and text, programs and data are mixed as they are below /usr.
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { generator } from "./filler.mjs";
import { copy, layOutOnce, scan } from "./store.mjs";

/** @import { Next, Node, Say, Total, TreeLayout } from "./types.ts" */

const FROM = "/usr";
const SEED = "ts-mkerofs compress 1";

/** What is laid out unless asked otherwise. */
export const TREE = { entries: 40_000, bytes: 800e6 };

/**
 * Makes (or finds, when it was made with equal `budgets`) `dir`/tree, of at most so many entries and bytes. Where files
 * were on average too large so far to use up both budgets together, those of more than five times the wanted average
 * are left out. `listing`: the beginning of a hash of all paths and sizes.
 * @param {string} dir
 * @param {Total} budgets
 * @param {Say} say
 * @returns {TreeLayout}
 */
export function layOutTree(dir, budgets, say) {
  return layOutOnce(dir, { seed: SEED, ...budgets }, () => {
    say(`  choosing files under ${FROM}`);
    const folders = shuffled(foldersOf(scan(FROM)), generator(SEED));
    say("  copying them");
    const total = { entries: 1, bytes: 0 };
    const listing = createHash("sha256");
    mkdirSync(`${dir}/tree`);
    for (const { leaf, place, missing } of choose(folders, budgets, total)) {
      for (const folder of missing) mkdirSync(`${dir}/tree/${folder}`, { mode: 0o755 });
      total.entries += missing.length;
      copy(leaf, `${dir}/tree/${place}`, total);
      listing.update(`${place}\0${leaf.bytes}\0`);
    }
    return { ...total, listing: listing.digest("hex").slice(0, 12) };
  });
}

/**
 * The files and links to take, and the folders they need; the caller adds each to `total` before it asks for the next.
 * @param {Node[]} folders
 * @param {Total} budgets
 * @param {Total} total
 */
function* choose(folders, budgets, total) {
  const wanted = budgets.bytes / budgets.entries;
  const made = new Set(["."]);
  for (const folder of folders) {
    for (const leaf of folder.children ?? []) {
      if (leaf.children || total.bytes + leaf.bytes > budgets.bytes) continue;
      if (leaf.bytes > 5 * wanted && total.bytes > 1.025 * wanted * total.entries) continue;
      const place = `.${leaf.path.slice(FROM.length)}`;
      const missing = [];
      for (let above = dirname(place); !made.has(above); above = dirname(above)) missing.unshift(above);
      // What is then left would be filled with links and the tiniest of files.
      if (total.bytes > 0.99 * budgets.bytes || total.entries + missing.length >= budgets.entries) return;
      for (const name of missing) made.add(name);
      yield { leaf, place, missing };
    }
  }
}

/** @param {Node | undefined} node @returns {Node[]} */
function foldersOf(node) {
  return node?.children ? [node, ...node.children.flatMap(foldersOf)] : [];
}

/** @template T @param {T[]} list @param {Next} next */
function shuffled(list, next) {
  for (let last = list.length - 1; last > 0; last--) {
    const other = next(last + 1);
    [list[last], list[other]] = /** @type {[T, T]} */ ([list[other], list[last]]);
  }
  return list;
}
