/** Databases in memory. */
import { bytesSource } from "../../../src/core/byte-source.ts";
import { SqliteDatabase } from "../../../src/stage/source/sqlite/database.ts";
import { readWal } from "../../../src/stage/source/sqlite/wal.ts";

/** A database, with its log if it has one. */
export function memoryDatabase(bytes: Uint8Array, log?: Uint8Array): SqliteDatabase {
  const file = log && bytesSource(log);
  const wal = file && readWal(file);
  return new SqliteDatabase("db.sqlite", bytesSource(bytes), wal && { ...wal, file });
}
