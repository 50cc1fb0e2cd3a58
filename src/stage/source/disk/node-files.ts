/** Contents of files on this machine. What was staged must still be there when it is read: size, time and kind. */
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { showBytes } from "../../../core/bytes.ts";
import { ImageError } from "../../../core/error.ts";
import { sourceError } from "../../../core/node/node-errors.ts";
import type { Contents } from "../../tree/contents.ts";
import type { Tree } from "../../tree/tree.ts";
import { PathBuilder, type SharedPaths, withShortPath } from "./node-paths.ts";

/** How files are opened that were looked at before: one that became a FIFO must not hang the build. Windows has no such flag. */
export const READ_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

const OPEN_FLAGS = READ_FLAGS | (constants.O_NOFOLLOW ?? 0);

/** Milliseconds: 1 s after 1970, the time of every path in a store. */
const NIX_TIME = 1000;

const double = new Float64Array(2);
const words = new Uint32Array(double.buffer);

/**
 * What tells a file from another of its size, as {@link Tree.stamp} keeps it: a hash of its time and its number. Stats
 * with and without BigInts have different ones.
 */
export function sourceStamp(stats: Stats | BigIntStats): number {
  double[0] = Number("mtimeNs" in stats ? stats.mtimeNs : stats.mtimeMs);
  // In a Nix store all times are 1, but a file that was replaced has another inode. Elsewhere the time says enough, and
  // some filesystems (FUSE) make up their inode numbers.
  double[1] = stats.mtimeMs <= NIX_TIME ? Number(stats.ino) : 0;
  // each word by a factor of its own: inode numbers differ in the upper bits of a double
  const time = Math.imul(words[0]!, 0x9e3779b1) ^ Math.imul(words[1]!, 0x85ebca77);
  return (time ^ Math.imul(words[2]!, 0xc2b2ae3d) ^ Math.imul(words[3]!, 0x27d4eb2f)) >>> 0;
}

/** Who takes what the system says of an entry: see EntryStager. */
interface StatsStager {
  store(entry: number, stats: Stats | BigIntStats, path: Buffer): void;
}

/** Reads the files of a tree that was walked on this machine. */
export class FileContents implements Contents {
  bytesRead = 0;
  readonly #tree: Tree;
  readonly #paths: PathBuilder;
  readonly #exactStats: { bigint: boolean };
  readonly #isChecked: boolean;
  #entry = -1;
  #descriptor = -1;
  /** How often the system has read of the open file: it could have changed in between. */
  #reads = 0;

  /** @param isChecked false: all will be read again by who looks whether a file is as it was staged, but for its size */
  constructor(tree: Tree, paths: SharedPaths, isChecked = true) {
    this.#isChecked = isChecked;
    this.#tree = tree;
    this.#paths = new PathBuilder(tree, paths);
    this.#exactStats = { bigint: paths.exactStats };
  }

  read(entry: number, offset: number, length: number, into: Uint8Array, at: number, toEnd: boolean): void {
    try {
      if (entry !== this.#entry) this.#open(entry);
      const wanted = toEnd ? length + 1 : length;
      let done = 0;
      while (done < wanted) {
        const got = readSync(this.#descriptor, into, at + done, wanted - done, offset + done);
        this.#reads++;
        if (got === 0) break;
        done += got;
        this.bytesRead += got;
        // a regular file gives all it has, so a read that stops short has seen the end
        if (done === length) break;
      }
      if (done !== length) throw this.#changed(done < length ? "shrank" : "grew");
    } catch (error) {
      this.#drop();
      throw sourceError(this.#paths.path(entry), error);
    }
  }

  close(): void {
    if (this.#descriptor < 0) return;
    try {
      if (this.#reads > 1 && this.#isChecked) this.#check();
    } catch (error) {
      throw sourceError(this.#paths.path(this.#entry), error);
    } finally {
      this.#drop();
    }
  }

  /** Forgets what it knows of entries, whose numbers are used again; no file is open. */
  forget(): void {
    this.#paths.forget();
  }

  release(): void {
    this.#drop();
  }

  #open(entry: number): void {
    this.close();
    this.#entry = entry;
    this.#descriptor = withShortPath(this.#paths.path(entry), (path) => openSync(path, OPEN_FLAGS));
    if (this.#isChecked) this.#check();
  }

  /**
   * Opens a file that has not been staged, and has it staged; the read that follows finds it open.
   *
   * @param path by which it can be reached
   */
  openNew(entry: number, path: Buffer, stager: StatsStager): void {
    this.close();
    this.#entry = entry;
    try {
      this.#descriptor = openSync(path, OPEN_FLAGS);
      const stats = fstatSync(this.#descriptor, this.#exactStats);
      if (!stats.isFile()) throw this.#changed("became something else");
      stager.store(entry, stats, path);
    } catch (error) {
      this.#drop();
      throw sourceError(this.#paths.path(entry), error);
    }
  }

  #drop(): void {
    if (this.#descriptor >= 0) closeSync(this.#descriptor);
    this.#descriptor = -1;
    this.#entry = -1;
    this.#reads = 0;
  }

  #check(): void {
    const stats = fstatSync(this.#descriptor, this.#exactStats);
    if (!stats.isFile()) throw this.#changed("became something else");
    const size = this.#tree.size.view[this.#entry]!;
    if (Number(stats.size) !== size) throw this.#changed(Number(stats.size) < size ? "shrank" : "grew");
    if (sourceStamp(stats) !== this.#tree.stamp.view[this.#entry]) throw this.#changed("was modified");
  }

  #changed(how: string): ImageError {
    const path = showBytes(this.#paths.path(this.#entry));
    return new ImageError("CHANGED", `${path}: ${how} while it was packed`, { path });
  }
}
