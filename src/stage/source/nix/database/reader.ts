/** What Nix's database says of paths, and which ones belong to a closure. */
import { ImageError } from "../../../../core/error.ts";
import type { SqliteDatabase } from "../../sqlite/database.ts";
import type { SqliteValue } from "../../sqlite/format.ts";
import { allRows, findKeys, findRow } from "../../sqlite/tree-reader.ts";
import type { PathInfo } from "../path-info.ts";
import { isStorePath } from "../store-path.ts";

/** The columns that are read, which come first and in this order in all versions of the schema that have them. */
const COLUMNS = {
  ValidPaths: ["id", "path", "hash", "registrationTime", "deriver", "narSize", "ultimate", "sigs", "ca"],
  Refs: ["referrer", "reference"],
};

/** Nix's database, by path. */
export class NixDatabase {
  readonly #name: string;
  readonly #database: SqliteDatabase;
  readonly #roots = new Map<string, number>();
  /** Bytes of the rows read: no more than there are, as they do not lie on each other. */
  #read = 0;

  /**
   * @param name what messages call it
   * @throws ImageError `INPUT` for another database
   */
  constructor(name: string, database: SqliteDatabase) {
    this.#name = name;
    this.#database = database;
    const tables = new Map<SqliteValue, SqliteValue>();
    for (const [, item, , root, sql] of allRows(database, 1)) {
      if (typeof item === "string" && typeof root === "number") this.#roots.set(item, root);
      tables.set(item!, sql!);
    }
    for (const [table, columns] of Object.entries(COLUMNS)) {
      const found = columnsOf(tables.get(table));
      const missing = columns.find((column, index) => found[index] !== column);
      if (missing) throw this.#refuse(`is no database of Nix: its ${table} has no column ${missing} in its place`);
    }
  }

  /** The number of a path; undefined where it is not valid. */
  find(path: string): number | undefined {
    for (const [, row] of findKeys(this.#database, this.#root("sqlite_autoindex_ValidPaths_1"), [path]))
      if (typeof row === "number") return row;
    return undefined;
  }

  /** All that the paths of some numbers refer to, and these, sorted by path. */
  closure(numbers: Iterable<number>): PathInfo[] {
    const roots = new Set(numbers);
    const infos = new Map<number, { info: PathInfo; refs: readonly number[] }>();
    const pending = [...roots];
    for (let nr = pending.pop(); nr !== undefined; nr = pending.pop()) {
      if (infos.has(nr)) continue;
      const refs = this.#references(nr);
      infos.set(nr, { info: this.#info(nr), refs });
      pending.push(...refs);
    }
    const found = [...infos].map(([nr, { info, refs }]) => ({
      ...info,
      isRoot: roots.has(nr),
      references: refs.map((ref) => infos.get(ref)!.info.path).sort(),
    }));
    return found.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  #references(nr: number): number[] {
    const keys = findKeys(this.#database, this.#root("sqlite_autoindex_Refs_1"), [nr]);
    return Array.from(keys, ([, reference]) => {
      if (typeof reference === "number") return reference;
      throw this.#refuse(`path ${nr} refers to ${reference}`);
    });
  }

  #info(nr: number): PathInfo {
    const row = findRow(this.#database, this.#root("ValidPaths"), nr);
    if (!row) throw this.#refuse(`refers to path ${nr}, which is not there`);
    const [, path, hash, time, deriver, size, ultimate, sigs, ca] = row;
    const what = `row ${nr} of ValidPaths`;
    if (typeof path !== "string" || !isStorePath(path)) throw this.#refuse(`${what} names no path of a store`);
    for (const value of row) this.#read += typeof value === "string" ? value.length : 0;
    if (this.#read > this.#database.size) throw this.#refuse(`${what} is longer than what there is`);
    const digest = /^sha256:([0-9a-f]{64})$/.exec(String(hash));
    if (!digest) throw this.#refuse(`${path}: its hash is none of SHA-256`);
    const maker = textOf(deriver);
    if (maker !== undefined && !isStorePath(maker)) throw this.#refuse(`${path}: its deriver is no path of a store`);
    return {
      path,
      narHash: digest[1]!,
      narSize: wholeNumber(size) ?? 0,
      references: [],
      deriver: maker,
      signatures: textOf(sigs)?.split(" "),
      ca: textOf(ca),
      ultimate: ultimate === 1,
      registrationTime: wholeNumber(time),
    };
  }

  #root(name: string): number {
    const root = this.#roots.get(name);
    if (root === undefined) throw this.#refuse(`is no database of Nix: has no ${name}`);
    return root;
  }

  #refuse(why: string): ImageError {
    return new ImageError("INPUT", `${this.#name}: ${why}`, { path: this.#name });
  }
}

/** The names of a table's columns, from the text that makes it. */
function columnsOf(sql: SqliteValue | undefined): string[] {
  const text = String(sql).replace(/--[^\n]*/g, "");
  const parts = text.slice(text.indexOf("(") + 1).split(",");
  return parts.map((part) => part.trim().split(/\s/)[0]!);
}

/** Nix stores null, or an empty text, for what a path has not. */
function textOf(value: SqliteValue | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function wholeNumber(value: SqliteValue | undefined): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
