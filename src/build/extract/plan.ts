/**
 * What is to be made of an image's entries, as it is gone through: directories, symbolic links and devices at once, files in
 * rows that threads share, hard links and attributes behind them. Paths are relative to the folder, as latin1.
 */
import { writeLatin1 } from "../../core/bytes.ts";
import { Column } from "../../core/column.ts";
import { Feed } from "../../core/threads/feed.ts";
import type { JobContext } from "../../core/threads/threads.ts";

/** Numbers of a row of {@link FileRows}. */
const ROW = 9;
const [ID, PATH_AT, PATH_LEN, MODE, UID, GID, MTIME, NSEC, SIZE] = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const;
const [MOST_FILES, MOST_PATH_BYTES] = [2 ** 26, 2 ** 32 - 2 ** 16] as const;

/** A file that is to be made. */
export interface FileRow {
  /** Its inode in the image. */
  readonly id: number;
  readonly path: Uint8Array;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly mtimeNsec: number;
  readonly size: number;
}

/** What {@link FileRows} are shared by. */
export interface SharedFileRows {
  rows: SharedArrayBuffer;
  paths: SharedArrayBuffer;
  feed: SharedArrayBuffer;
}

/** Files, in the order of the image: threads may make some while more come. */
export class FileRows {
  readonly #rows: Column<Float64Array>;
  readonly #paths: Column<Uint8Array>;
  readonly #feed: Feed;
  #count = 0;
  #pathBytes = 0;

  /** @param shared those that another thread adds to */
  constructor(shared?: SharedFileRows) {
    this.#rows = shared ? new Column(Float64Array, shared.rows) : Column.create(Float64Array, MOST_FILES * ROW);
    this.#paths = shared ? new Column(Uint8Array, shared.paths) : Column.create(Uint8Array, MOST_PATH_BYTES);
    this.#feed = new Feed(shared?.feed);
  }

  /** What another thread needs to see them. */
  share(): SharedFileRows {
    return { rows: this.#rows.buffer, paths: this.#paths.buffer, feed: this.#feed.buffer };
  }

  /** Adds one. */
  add(file: Omit<FileRow, "path">, path: string): void {
    const at = this.#count++ * ROW;
    const row = this.#rows.ensure(at + ROW);
    const names = this.#paths.ensure(this.#pathBytes + path.length);
    writeLatin1(path, names, this.#pathBytes);
    row[at + ID] = file.id;
    row[at + PATH_AT] = this.#pathBytes;
    row[at + PATH_LEN] = path.length;
    row[at + MODE] = file.mode;
    row[at + UID] = file.uid;
    row[at + GID] = file.gid;
    row[at + MTIME] = file.mtime;
    row[at + NSEC] = file.mtimeNsec;
    row[at + SIZE] = file.size;
    this.#pathBytes += path.length;
    this.#feed.add(this.#count);
  }

  /** No more come. */
  end(): void {
    this.#feed.end(this.#count);
  }

  /** Takes so many at a time until none is left: see {@link Feed.take}. */
  take(job: JobContext, atOnce: number): Generator<{ from: number; to: number }, void, void> {
    return this.#feed.take(job, atOnce);
  }

  /** One of them. */
  get(index: number): FileRow {
    const at = index * ROW;
    const row = this.#rows.ensure(at + ROW);
    const from = row[at + PATH_AT]!;
    const to = from + row[at + PATH_LEN]!;
    return {
      id: row[at + ID]!,
      path: this.#paths.ensure(to).slice(from, to),
      mode: row[at + MODE]!,
      uid: row[at + UID]!,
      gid: row[at + GID]!,
      mtime: row[at + MTIME]!,
      mtimeNsec: row[at + NSEC]!,
      size: row[at + SIZE]!,
    };
  }
}
