/**
 * Databases on this machine, read without SQLite: nothing is locked, and nothing is written beside them, as SQLite itself
 * would, which cannot read a database in WAL mode in a folder that it must not write to. In place of locks it is looked at
 * afterwards whether anything has changed meanwhile.
 */
import { closeSync, fstatSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import type { SyncSource } from "../../../core/byte-source.ts";
import { ImageError } from "../../../core/error.ts";
import { systemCode, systemMessage } from "../../../core/node/node-errors.ts";
import { READ_FLAGS } from "../disk/node-files.ts";
import { SqliteDatabase } from "./database.ts";
import { readWal } from "./wal.ts";

/** How often a database that changes is read anew. */
const TRIES = 20;
/** Milliseconds by which times of files may stand still: the kernel's clock for them ticks a hundred times a second at least. */
const CLOCK_TICK = 20;

/**
 * Reads from a database what is in it at one moment, its log included.
 *
 * @param read is called anew where somebody else has written meanwhile
 * @throws ImageError `INPUT` for what is no database, and one with a transaction that did not end; `CHANGED` where it is
 *   written to all the time
 */
export function readSqlite<T>(path: string, read: (database: SqliteDatabase) => T): T {
  // its other files stand beside what a link names
  const real = findFile(path);
  for (let left = TRIES; left > 0; left--) {
    const before = describeQuiet(real);
    const answer = attempt(path, real, read);
    // a database that changes may look damaged, or lack what it has
    if (describe(real) !== before) continue;
    if ("error" in answer) throw answer.error;
    return answer.value;
  }
  throw new ImageError("CHANGED", `${path}: changes all the time while it is read`, { path });
}

/** What changes when anybody writes. */
function describe(real: string): string {
  return statFiles(real)
    .map((stat) => (stat ? [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join() : "-"))
    .join();
}

/** {@link describe}, when the next write gives the files another time than the last one. */
function describeQuiet(real: string): string {
  const now = Date.now();
  const isFresh = statFiles(real).some((stat) => stat && Math.abs(now - Number(stat.mtimeMs)) < CLOCK_TICK);
  if (isFresh) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, CLOCK_TICK);
  return describe(real);
}

function statFiles(real: string) {
  return [real, `${real}-wal`, `${real}-journal`].map((each) =>
    statSync(each, { bigint: true, throwIfNoEntry: false }),
  );
}

function attempt<T>(
  path: string,
  real: string,
  read: (database: SqliteDatabase) => T,
): { value: T } | { error: unknown } {
  const opened: OpenFile[] = [];
  try {
    const file = new OpenFile(real);
    opened.push(file);
    const journal = OpenFile.ifThere(`${real}-journal`, opened);
    // one that begins with zeros is over, and kept for the next transaction
    const start = new Uint8Array(1);
    if (journal && journal.readAt(start, 0) === 1 && start[0] !== 0) {
      const why =
        "a transaction has not ended: let what writes it finish, or open it with Nix or sqlite3, which undo it";
      throw new ImageError("INPUT", `${path}: ${why}`, { path });
    }
    const log = OpenFile.ifThere(`${real}-wal`, opened);
    // SQLite does not read the log of a database without a page
    const wal = log && file.size > 0 ? readWal(log) : undefined;
    return { value: read(new SqliteDatabase(path, file, wal && { ...wal, file: log! })) };
  } catch (error) {
    if (systemCode(error) === undefined) return { error };
    return { error: new ImageError("INPUT", `${path}: ${systemMessage(error)}`, { path, cause: error }) };
  } finally {
    for (const each of opened) each.close();
  }
}

/** A file that is open. */
class OpenFile implements SyncSource {
  readonly size: number;
  readonly #fd: number;

  constructor(path: string) {
    this.#fd = openSync(path, READ_FLAGS);
    this.size = fstatSync(this.#fd).size;
  }

  /** Opens a file that may be there or not, and adds it to those that are to be closed. */
  static ifThere(path: string, opened: OpenFile[]): OpenFile | undefined {
    if (!statSync(path, { throwIfNoEntry: false })) return undefined;
    const file = new OpenFile(path);
    opened.push(file);
    return file;
  }

  readAt(into: Uint8Array, offset: number): number {
    let done = 0;
    while (done < into.length) {
      const got = readSync(this.#fd, into, done, into.length - done, offset + done);
      if (got === 0) break;
      done += got;
    }
    return done;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** The path without links. */
function findFile(path: string): string {
  const real = settle(path, () => realpathSync(path));
  // a FIFO would have us wait for who writes
  if (!settle(path, () => statSync(real)).isFile()) throw new ImageError("INPUT", `${path}: is no file`, { path });
  return real;
}

function settle<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw new ImageError("INPUT", `${path}: ${systemMessage(cause)}`, { path, cause });
  }
}
