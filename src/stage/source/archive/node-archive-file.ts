/** Files that hold NARs: their bytes, read by one thread, and checked as other sources are. */
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { ImageError } from "../../../core/error.ts";
import { attempt } from "../../../core/node/node-errors.ts";
import { READ_FLAGS, sourceStamp } from "../disk/node-files.ts";

/** A row of bytes in a file: plain data. */
export interface ArchivePlace {
  path: string;
  shownPath: string;
  /** Where in the file it starts, and its bytes. */
  start: number;
  size: number;
  /** What tells the file from another, or from what it was: see sourceStamp; undefined: nothing else writes to it. */
  stamp: number | undefined;
  /** Who has these very bytes beside the build: a file, or whoever wrote them into a pipe; undefined: nobody is known to. */
  holder?: ArchiveHolder | undefined;
}

/** Who has the bytes of an archive. */
export interface ArchiveHolder {
  /** The file. */
  path: string | undefined;
  /** They are of an archive that was compressed, and nobody has them. */
  isUnpacked: boolean;
}

/** A file with an archive, open. */
export class ArchiveFile {
  readonly #place: ArchivePlace;
  readonly #descriptor: number;
  readonly size: number;

  /** Throws `IO` for what cannot be read, `CHANGED` for what is not as it was. */
  constructor(place: ArchivePlace) {
    this.#place = place;
    this.size = place.size;
    this.#descriptor = attempt(place.shownPath, () => openSync(place.path, READ_FLAGS));
    try {
      this.check();
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** What is in a file now: all of it. Throws `INPUT` for what is no file. */
  static placeOf(path: string, shownPath: string): ArchivePlace {
    // without opening it: a FIFO would wait for a writer
    const stats = attempt(shownPath, () => statSync(path));
    if (!stats.isFile()) throw new ImageError("INPUT", `${shownPath}: is no file`, { path: shownPath });
    return { path, shownPath, start: 0, size: stats.size, stamp: sourceStamp(stats) };
  }

  /** Fills `into` from byte `offset` of the archive; returns fewer bytes only at its end. */
  readAt(into: Uint8Array, offset: number): number {
    const wanted = Math.min(into.length, this.size - offset);
    let done = 0;
    while (done < wanted) {
      const at = this.#place.start + offset + done;
      const got = attempt(this.#place.shownPath, () => readSync(this.#descriptor, into, done, wanted - done, at));
      if (got === 0) break;
      done += got;
    }
    return done;
  }

  /** Throws `CHANGED` where the file is not as it was. */
  check(): void {
    const { stamp, shownPath: path, start, size } = this.#place;
    if (stamp === undefined) return;
    const stats = attempt(path, () => fstatSync(this.#descriptor));
    if (stats.isFile() && stats.size >= start + size && sourceStamp(stats) === stamp) return;
    throw new ImageError("CHANGED", `${path}: was modified while it was packed`, { path });
  }

  /** Closes it. */
  release(): void {
    closeSync(this.#descriptor);
  }
}
