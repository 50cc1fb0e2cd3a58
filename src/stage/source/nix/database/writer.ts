/**
 * Nix's database of valid paths as a file: the rows that `nix-store --load-db` would make of their registration, with the
 * same numbers and in the same order, and bytes that depend on these alone.
 */
import { ImageError } from "../../../../core/error.ts";
import type { SqliteValue } from "../../sqlite/format.ts";
import { DatabasePages } from "../../sqlite/pages.ts";
import { TreeWriter } from "../../sqlite/tree-writer.ts";
import type { PathInfo } from "../path-info.ts";
import { isStorePath } from "../store-path.ts";
import type { DerivationOutput } from "./derivation.ts";
import { SCHEMA, type TreeName } from "./schema.ts";

/** What a database says besides what is known of its paths. */
export interface NixDatabaseOptions {
  /** When all paths became valid, in seconds since 1970: at least 1, as 0 would mean now. */
  registrationTime: number;
  /** Outputs of those paths that are derivations. */
  outputs?: ReadonlyMap<string, readonly DerivationOutput[]> | undefined;
}

type Row = readonly SqliteValue[];

/**
 * Writes a database. Of a path given twice the last one counts, as in a registration. Only what a registration holds gets
 * in: no signatures, no `ca`, no `ultimate`.
 *
 * @throws ImageError `INPUT` for what is no store path, what is no hash, and a reference to a path that is not there
 */
export function writeNixDatabase(infos: Iterable<PathInfo>, options: NixDatabaseOptions): Uint8Array {
  const time = options.registrationTime;
  if (!Number.isSafeInteger(time) || time < 1)
    throw new ImageError("INPUT", `registrationTime: ${time} is no whole number of seconds from 1 on`);
  // the order in which Nix registers, so a path's place is its number
  const sorted = [...new Map([...infos].map((info) => [info.path, info])).values()].sort(byPath);
  for (const info of sorted) checkInfo(info);
  const refs = listRefs(sorted);
  const outputs = sorted.flatMap(({ path }, index) =>
    (options.outputs?.get(path) ?? []).map(([name, output]): [number, string, string] => [index + 1, name, output]),
  );

  const roots = new Map<string, number>();
  for (const { type, name } of SCHEMA) if (type !== "trigger") roots.set(name, 2 + roots.size);
  const pages = new DatabasePages(1 + roots.size);
  const write = (name: TreeName, kind: "table" | "index", rows: Iterable<Row>) =>
    writeTree(pages, kind, roots.get(name)!, rows);
  write("ValidPaths", "table", validPaths(sorted, time));
  write(
    "sqlite_autoindex_ValidPaths_1",
    "index",
    number(sorted, ({ path }) => [path]),
  );
  write("sqlite_sequence", "table", sorted.length > 0 ? [["ValidPaths", sorted.length]] : []);
  const { referrers, references } = refs;
  const rows = countTo(referrers.length);
  write("Refs", "table", numberRows(referrers, references));
  write("sqlite_autoindex_Refs_1", "index", numberRows(referrers, references, rows));
  write("IndexReferrer", "index", numberRows(referrers, rows));
  write("IndexReference", "index", listReferences(refs, sorted.length));
  write("DerivationOutputs", "table", outputs);
  write(
    "sqlite_autoindex_DerivationOutputs_1",
    "index",
    number(outputs, ([drv, name]) => [drv, name]),
  );
  write("IndexDerivationOutputs", "index", listOutputPaths(outputs));
  const schema = SCHEMA.map(({ type, name, table, sql }): Row => [type, name, table, roots.get(name) ?? 0, sql]);
  writeTree(pages, "table", 1, schema);
  return pages.finish();
}

function writeTree(pages: DatabasePages, kind: "table" | "index", root: number, rows: Iterable<Row>): void {
  const tree = new TreeWriter(pages, kind);
  for (const row of rows) tree.add(row);
  tree.finish(root);
}

/** Keys of an index whose order is that of the rows: what of a row is in it, and the row's number. */
function* number<T>(rows: readonly T[], pick: (row: T) => Row): Generator<Row> {
  let row = 0;
  for (const each of rows) yield [...pick(each), ++row];
}

/** Rows of numbers, of which there are many, by their columns: one array is each of them in turn. */
function* numberRows(...columns: readonly ArrayLike<number>[]): Generator<Row> {
  const row = columns.map(() => 0);
  for (let index = 0; index < columns[0]!.length; index++) {
    for (let column = 0; column < row.length; column++) row[column] = columns[column]![index]!;
    yield row;
  }
}

/** 1, 2, … */
function countTo(count: number): Uint32Array {
  return new Uint32Array(count).map((_, index) => index + 1);
}

function byPath(a: PathInfo, b: PathInfo): number {
  return a.path < b.path ? -1 : 1;
}

function checkInfo({ path, narHash, narSize, deriver }: PathInfo): void {
  const refuse = (why: string) => new ImageError("INPUT", `${path}: ${why}`, { path });
  if (!isStorePath(path)) throw refuse("is no path of a Nix store");
  if (!/^[0-9a-f]{64}$/.test(narHash)) throw refuse(`${narHash} is no SHA-256`);
  if (!Number.isSafeInteger(narSize) || narSize < 0) throw refuse(`${narSize} is no size`);
  if (deriver !== undefined && !isStorePath(deriver)) throw refuse(`its deriver ${deriver} is no path of a Nix store`);
}

/** The first column is the row's number, and is stored as NULL for that. */
function* validPaths(sorted: readonly PathInfo[], time: number): Generator<Row> {
  for (const { path, narHash, narSize, deriver } of sorted)
    yield [null, path, `sha256:${narHash}`, time, deriver ?? null, narSize || null, null, null, null];
}

/** Which path refers to which, by number. */
interface Refs {
  referrers: readonly number[];
  references: readonly number[];
}

/** In the order of both. */
function listRefs(sorted: readonly PathInfo[]): Refs {
  const numbers = new Map(sorted.map(({ path }, index) => [path, index + 1]));
  const refs = { referrers: [] as number[], references: [] as number[] };
  for (const [index, { path, references }] of sorted.entries()) {
    const found = references.map((reference) => {
      const nr = numbers.get(reference);
      if (nr !== undefined) return nr;
      throw new ImageError("INPUT", `${path}: refers to ${reference}, which is not there`, { path });
    });
    for (const nr of [...new Set(found)].sort((a, b) => a - b)) {
      refs.referrers.push(index + 1);
      refs.references.push(nr);
    }
  }
  return refs;
}

/** The rows of `Refs` by reference: a sort by counting. */
function listReferences({ references }: Refs, count: number): Generator<Row> {
  const starts = new Uint32Array(count + 2);
  for (const reference of references) starts[reference + 1]!++;
  for (let nr = 1; nr < starts.length; nr++) starts[nr]! += starts[nr - 1]!;
  const rows = new Uint32Array(references.length);
  references.forEach((reference, index) => {
    rows[starts[reference]!++] = index + 1;
  });
  return numberRows(
    rows.map((row) => references[row - 1]!),
    rows,
  );
}

function listOutputPaths(outputs: readonly (readonly [number, string, string])[]): Row[] {
  return outputs
    .map(([, , path], index): [string, number] => [path, index + 1])
    .sort(([a, aRow], [b, bRow]) => (a < b ? -1 : a > b ? 1 : aRow - bRow));
}
