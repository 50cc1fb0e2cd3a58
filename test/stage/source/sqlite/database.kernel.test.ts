/** Databases that SQLite has written, in all their forms: what we read of them is what SQLite reads. */
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ImageError } from "../../../../src/core/error.ts";
import { writeNixDatabase } from "../../../../src/stage/source/nix/database/writer.ts";
import type { SqliteDatabase } from "../../../../src/stage/source/sqlite/database.ts";
import { readSqlite } from "../../../../src/stage/source/sqlite/node-database.ts";
import { allRows, findKeys, findRow } from "../../../../src/stage/source/sqlite/tree-reader.ts";
import { askSqlite } from "../../../helpers/nix/judges.ts";
import { randomClosure } from "../../../helpers/nix/random-closure.ts";
import { hasCommand, oracle } from "../../../helpers/oracle.ts";
import { makeScratch } from "../../../helpers/scratch.ts";
import { generator } from "../../../helpers/trees/noise.ts";

const scratch = makeScratch("sqlite-reader");
const rootOf = (database: SqliteDatabase, name: string) => {
  const row = [...allRows(database, 1)].find(([, each]) => each === name);
  return row![3] as number;
};
/** A table as SQLite prints it: `id|text`. */
const print = (path: string) =>
  readSqlite(path, (database) => {
    const rows = [...allRows(database, rootOf(database, "T"))];
    return rows
      .map(
        (row) =>
          `${row
            .slice(1)
            .map((each) => each ?? "")
            .join("|")}\n`,
      )
      .join("");
  });
/** Rows with texts of many lengths, some of which take overflow pages. */
const fill = (from: number, to: number) =>
  `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to})
   INSERT INTO T SELECT NULL, i, printf('%0*d', (i * 7919) % 3000 + 1, i), CASE i % 5 WHEN 0 THEN NULL ELSE (i - 50) * (i * i * 123457 - 5) END FROM n`;
const create = "CREATE TABLE T (id INTEGER PRIMARY KEY, key UNIQUE, text TEXT, number INTEGER)";

describe.skipIf(!oracle("sqlite3", hasCommand("sqlite3")))("SQLite's databases", () => {
  test.each([
    ["512"],
    ["1024", "PRAGMA auto_vacuum = FULL"],
    ["4096", ".filectrl reserve_bytes 32"],
    ["8192", "PRAGMA auto_vacuum = INCREMENTAL"],
    ["65536"],
  ])("pages of %s bytes, %s", (pageSize, ...more) => {
    const path = join(scratch, `pages-${pageSize}.sqlite`);
    askSqlite(
      path,
      `PRAGMA page_size = ${pageSize}`,
      ...more,
      create,
      fill(1, 1500),
      "DELETE FROM T WHERE key % 7 = 3",
    );
    const rows = askSqlite(path, "SELECT key, text, number FROM T ORDER BY id");
    expect(print(path) === rows).toBe(true);
    readSqlite(path, (database) => {
      for (const key of [1, 2, 3, 777, 1499, 1500, 1501]) {
        const found = [...findKeys(database, rootOf(database, "sqlite_autoindex_T_1"), [key])];
        expect(found).toEqual(key % 7 === 3 || key > 1500 ? [] : [[key, key]]);
        expect(findRow(database, rootOf(database, "T"), key)?.[1]).toBe(found[0]?.[1]);
      }
    });
  });

  test("others than UTF-8 are refused", () => {
    const path = join(scratch, "utf16.sqlite");
    askSqlite(path, "PRAGMA encoding = 'UTF-16'", create);
    expect(() => print(path)).toThrow(`${path}: its text is not in UTF-8`);
  });
});

describe.skipIf(!oracle("sqlite3", hasCommand("sqlite3")))("a write-ahead log", () => {
  /** A database and its log as they stand when nobody has copied the log yet: the last of three transactions rolls back. */
  function copyWhileOpen(name: string): string {
    const [path, copy] = [join(scratch, `${name}-live.sqlite`), join(scratch, `${name}.sqlite`)];
    const keep = `.shell cp ${path} ${copy}; cp ${path}-wal ${copy}-wal`;
    const log = [
      "PRAGMA wal_autocheckpoint = 0",
      fill(201, 600),
      "DELETE FROM T WHERE key < 100",
      "BEGIN",
      fill(601, 800),
    ];
    // a cache of a few pages has what is not committed written to the log too
    askSqlite(
      path,
      "PRAGMA journal_mode = WAL",
      create,
      fill(1, 200),
      "PRAGMA wal_checkpoint(TRUNCATE)",
      "PRAGMA cache_size = 5",
      ...log,
      keep,
      "ROLLBACK",
    );
    return copy;
  }
  /** What SQLite reads of a copy of the copy: to read it changes it. */
  const theirs = (path: string) => {
    const other = join(scratch, "theirs.sqlite");
    for (const suffix of ["-wal", "-shm"]) rmSync(`${other}${suffix}`, { force: true });
    copyFileSync(path, other);
    if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${other}-wal`);
    return askSqlite(other, "SELECT key, text, number FROM T ORDER BY id");
  };

  test("is applied up to its last commit, and by a link's name too", () => {
    const path = copyWhileOpen("applied");
    const rows = theirs(path);
    expect(rows.split("\n")).toHaveLength(502);
    expect(print(path) === rows).toBe(true);
    symlinkSync(path, join(scratch, "link.sqlite"));
    expect(print(join(scratch, "link.sqlite")) === rows).toBe(true);
    rmSync(`${path}-wal`);
    expect(print(path).split("\n")).toHaveLength(201);
  });

  test("that is cut off or damaged counts as far as SQLite counts it", () => {
    const path = copyWhileOpen("damaged");
    const log = readFileSync(`${path}-wal`);
    const next = generator(3);
    const seen = new Set<string>();
    for (let round = 0; round < 60; round++) {
      const bytes = Buffer.from(log.subarray(0, round % 2 === 0 ? log.length : Math.floor(next() * log.length)));
      // what is changed most often lies near the start, where all that follows hangs on it
      if (round % 3 !== 1 && bytes.length > 0)
        bytes[Math.floor(next() ** 6 * bytes.length)]! ^= 1 << Math.floor(next() * 8);
      writeFileSync(`${path}-wal`, bytes);
      const rows = theirs(path);
      expect(print(path) === rows, `round ${round}`).toBe(true);
      seen.add(rows);
    }
    expect(seen.size).toBeGreaterThan(2);
  });

  test("that is older than the database, and begins anew over an old one", () => {
    const path = join(scratch, "anew-live.sqlite");
    const copy = join(scratch, "anew.sqlite");
    const steps = [
      "PRAGMA journal_mode = WAL",
      create,
      fill(1, 300),
      "PRAGMA wal_checkpoint(RESTART)",
      "DELETE FROM T WHERE key > 250",
    ];
    askSqlite(path, ...steps, `.shell cp ${path} ${copy}; cp ${path}-wal ${copy}-wal`);
    expect(print(copy).split("\n")).toHaveLength(251);
    expect(print(copy) === theirs(copy)).toBe(true);
    rmSync(`${copy}-wal`);
    expect(print(copy).split("\n")).toHaveLength(301);
  });

  test("of zero bytes, and one of rubbish, are none", () => {
    const path = join(scratch, "rubbish.sqlite");
    askSqlite(path, create, fill(1, 10));
    const rows = print(path);
    for (const log of [Buffer.alloc(0), Buffer.alloc(5000), Buffer.alloc(5000, "x")]) {
      writeFileSync(`${path}-wal`, log);
      expect(print(path)).toBe(rows);
    }
  });
});

describe.skipIf(!oracle("sqlite3", hasCommand("sqlite3")))("a rollback journal", () => {
  test("of a transaction that did not end is refused; one that is over is not", () => {
    const [path, copy] = [join(scratch, "hot-live.sqlite"), join(scratch, "hot.sqlite")];
    const keep = `.shell cp ${path} ${copy}; cp ${path}-journal ${copy}-journal`;
    askSqlite(
      path,
      create,
      fill(1, 300),
      "PRAGMA cache_size = 5",
      "BEGIN",
      "DELETE FROM T WHERE key > 20",
      keep,
      "ROLLBACK",
    );
    expect(readFileSync(`${copy}-journal`).length).toBeGreaterThan(0);
    const why = `${copy}: a transaction has not ended: let what writes it finish, or open it with Nix or sqlite3, which undo it`;
    expect(() => print(copy)).toThrow(expect.objectContaining({ code: "INPUT", message: why }));
    // SQLite undoes it
    const rows = askSqlite(copy, "SELECT key, text, number FROM T ORDER BY id");
    expect(rows.split("\n")).toHaveLength(301);
    expect(print(copy) === rows).toBe(true);
    for (const mode of ["PERSIST", "TRUNCATE"]) {
      askSqlite(copy, `PRAGMA journal_mode = ${mode}`, "DELETE FROM T WHERE key = 5");
      expect(existsSync(`${copy}-journal`)).toBe(true);
      expect(print(copy)).toBe(askSqlite(copy, "SELECT key, text, number FROM T ORDER BY id"));
    }
  });
});

describe("a file", () => {
  const path = join(scratch, "some.sqlite");
  const why = (make: () => void) => {
    rmSync(path, { recursive: true, force: true });
    make();
    return expect(() => readSqlite(path, (database) => database.page(1)));
  };

  test("that is not there, no file, or none that can be read is an error that names it", () => {
    why(() => {}).toThrow(expect.objectContaining({ code: "INPUT", message: `${path}: no such file or directory` }));
    why(() => mkdirSync(path)).toThrow(`${path}: is no file`);
    why(() => execFileSync("mkfifo", [path])).toThrow(`${path}: is no file`);
    why(() => writeFileSync(path, "")).toThrow(`${path}: is no SQLite database`);
  });

  test("that somebody writes to meanwhile is read again, and refused where that goes on", () => {
    const bytes = writeNixDatabase(randomClosure({ paths: 100 }), { registrationTime: 1 });
    writeFileSync(path, bytes);
    let tries = 0;
    const read = (until: number) =>
      readSqlite(path, () => {
        if (++tries >= until) return tries;
        writeFileSync(path, bytes);
        throw new ImageError("INPUT", "looks damaged");
      });
    expect(read(3)).toBe(3);
    tries = 0;
    expect(() => read(Number.POSITIVE_INFINITY)).toThrow(
      expect.objectContaining({ code: "CHANGED", message: `${path}: changes all the time while it is read` }),
    );
    expect(tries).toBe(20);
  });

  test("that is cut off while it is read ends in an error, not in rests", () => {
    writeFileSync(path, writeNixDatabase(randomClosure({ paths: 100 }), { registrationTime: 1 }));
    const read = () =>
      readSqlite(path, (database) => {
        truncateSync(path, 4096);
        return database.page(5);
      });
    expect(read).toThrow(expect.objectContaining({ code: "INPUT" }));
  });
});
