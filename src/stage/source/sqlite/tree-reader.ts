/**
 * Rows of tables by their numbers, and keys of indices by what they begin with. A damaged tree ends in an error: it is
 * no deeper than SQLite's own may be, and numbers and keys come in their order, so none comes twice.
 */
import type { SqliteDatabase } from "./database.ts";
import type { SqliteValue } from "./format.ts";
import { TreePage } from "./tree-page.ts";

/** SQLite's own bound. */
const MAX_DEPTH = 20;

/** The row of a table that has a number: its values, of which the one that is the number is null. */
export function findRow(database: SqliteDatabase, root: number, row: number): SqliteValue[] | undefined {
  let nr = root;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const page = new TreePage(database, nr, "table");
    const cell = lowerBound(page.count, (each) => page.row(each) - row);
    if (page.isLeaf) return cell < page.count && page.row(cell) === row ? page.values(cell) : undefined;
    nr = page.child(cell);
  }
  throw database.damaged(root, "a tree that is deeper than any");
}

/** All rows of a table, in the order of their numbers. */
export function* allRows(database: SqliteDatabase, root: number): Generator<SqliteValue[]> {
  let before = 0;
  const addUp = countBytes(database);
  for (const page of leavesBelow(new Set(), root, 0)) {
    for (let cell = 0; cell < page.count; cell++) {
      const row = page.row(cell);
      if (row <= before) throw page.damaged("rows are not in their order");
      before = row;
      const values = page.values(cell);
      addUp(values, page);
      yield values;
    }
  }

  function* leavesBelow(seen: Set<number>, nr: number, depth: number): Generator<TreePage> {
    const page = new TreePage(database, nr, "table");
    // pages without rows would not show otherwise that they come again
    if (seen.has(nr) || depth === MAX_DEPTH) throw page.damaged("is its own part");
    seen.add(nr);
    if (page.isLeaf) yield page;
    else for (let cell = 0; cell <= page.count; cell++) yield* leavesBelow(seen, page.child(cell), depth + 1);
  }
}

/** All keys of an index that begin with some values, in their order. */
export function* findKeys(
  database: SqliteDatabase,
  root: number,
  prefix: readonly SqliteValue[],
): Generator<SqliteValue[]> {
  let before: SqliteValue[] = [];
  const addUp = countBytes(database);
  yield* keysBelow(root, 0);

  function* keysBelow(nr: number, depth: number): Generator<SqliteValue[]> {
    const page = new TreePage(database, nr, "index");
    if (depth === MAX_DEPTH) throw page.damaged("a tree that is deeper than any");
    const compare = (cell: number) => compareKeys(page.values(cell, prefix.length), prefix);
    for (let cell = lowerBound(page.count, compare); ; cell++) {
      if (!page.isLeaf) yield* keysBelow(page.child(cell), depth + 1);
      if (cell === page.count || compare(cell) > 0) return;
      const key = page.values(cell);
      if (compareKeys(key, before) <= 0) throw page.damaged("keys are not in their order");
      before = key;
      addUp(key, page);
      yield key;
    }
  }
}

/** Adds up the texts of rows. Throws once they are longer than all that there is: rows do not lie on each other. */
function countBytes(database: SqliteDatabase): (values: readonly SqliteValue[], page: TreePage) => void {
  let bytes = 0;
  return (values, page) => {
    for (const value of values) if (typeof value === "string") bytes += value.length;
    if (bytes > database.size) throw page.damaged("rows are longer than what there is");
  };
}

/** The first of `count` places that compares as not less. */
function lowerBound(count: number, compare: (place: number) => number): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(middle) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** SQLite's order: null, numbers, texts as bytes; what the other goes on from is less. */
function compareKeys(a: readonly SqliteValue[], b: readonly SqliteValue[]): number {
  for (let column = 0; column < Math.min(a.length, b.length); column++) {
    const [left, right] = [a[column]!, b[column]!];
    const byType = typeRank(left) - typeRank(right);
    if (byType !== 0) return byType;
    if (left !== right) return left < right ? -1 : 1;
  }
  return a.length - b.length;
}

function typeRank(value: SqliteValue): number {
  return value === null ? 0 : typeof value === "number" ? 1 : 2;
}
