/** Databases in memory. */
import { SqliteDatabase } from "../../../src/stage/source/sqlite/database.ts";
import { readWal, type SyncFile } from "../../../src/stage/source/sqlite/wal.ts";

/** Bytes as a file. */
export function memoryFile(bytes: Uint8Array): SyncFile {
  return {
    size: bytes.length,
    readAt(into, offset) {
      const part = bytes.subarray(offset, offset + into.length);
      into.set(part);
      return part.length;
    },
  };
}

/** A database, with its log if it has one. */
export function memoryDatabase(bytes: Uint8Array, log?: Uint8Array): SqliteDatabase {
  const file = log && memoryFile(log);
  const wal = file && readWal(file);
  return new SqliteDatabase("db.sqlite", memoryFile(bytes), wal && { ...wal, file });
}
