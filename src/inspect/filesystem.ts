/**
 * An image as callers see it: by paths. A path is of the image's root whether it starts with `/` or not; links on its way are
 * followed within the image, and `..` of the root is the root. Calls wait for each other, so any number may be made at once.
 */

import type { ByteSource } from "../core/byte-source.ts";
import { bytesFromLatin1, showBytes } from "../core/bytes.ts";
import { ImageError } from "../core/error.ts";
import { type EntryKind, isDirectoryMode, kindOfMode } from "../core/mode.ts";
import { type OpenedImage, readerOf } from "./open-image.ts";
import type { ImageInode, ImagePiece, ImageReader } from "./reader.ts";
import { pathError, resolvePath } from "./resolve.ts";
import { walkImage } from "./walk.ts";

/** What is known of an entry. */
export interface ImageStat {
  /** What it is. */
  readonly kind: EntryKind;
  /** Permission bits, set-id and sticky bits included. */
  readonly mode: number;
  /** User. */
  readonly uid: number;
  /** Group. */
  readonly gid: number;
  /** Names that the inode has; of a directory, as the image says. */
  readonly nlink: number;
  /** Bytes of a file's contents, or of a link's target; of a directory what the format says. */
  readonly size: number;
  /** Seconds since 1970, and nanoseconds forward from them. */
  readonly mtime: { readonly sec: number; readonly nsec: number };
  /** The same for all names of one inode: a NID, or a place in the table of inodes. */
  readonly id: number;
  /** Of a device. */
  readonly device: { readonly major: number; readonly minor: number } | undefined;
}

/** An entry of a directory. */
export interface ImageName {
  /** Bytes that are no UTF-8 are `\xNN`. */
  readonly name: string;
  /** The name as it is. */
  readonly nameBytes: Uint8Array;
  /** See {@link ImageStat}. */
  readonly id: number;
}

/** An entry with its place. */
export interface ImageWalked extends ImageStat {
  /** From the root, which is `""`; bytes that are no UTF-8 are `\xNN`. */
  readonly path: string;
  /** The path as it is. */
  readonly pathBytes: Uint8Array;
}

/** Zeros of a hole that come at once. */
const ZEROS = 1 << 16;

/** An image that is open. Whatever does not hold together is `DAMAGED`; a path that is not there, or is another kind, `INPUT`. */
export class Image {
  /** What the image is one of. */
  readonly format: "erofs" | "squashfs";
  readonly #reader: ImageReader;
  readonly #release: () => void;
  #last: Promise<unknown> = Promise.resolve();

  /** @param release what is to be done when it is closed */
  constructor(opened: OpenedImage, release: () => void = () => undefined) {
    this.format = opened.format;
    this.#reader = readerOf(opened);
    this.#release = release;
  }

  /** What is known of an entry; a link itself, as of lstat(2). */
  stat(path: string | Uint8Array): Promise<ImageStat> {
    return this.#turn(async () => {
      const { id, inode } = await resolvePath(this.#reader, path, false);
      return this.#describe(id, inode);
    });
  }

  /** The entries of a directory, in the order of the image. */
  readdir(path: string | Uint8Array): Promise<ImageName[]> {
    return this.#turn(async () => {
      const { inode } = await resolvePath(this.#reader, path, true);
      if (!isDirectoryMode(inode.mode)) throw isNo(path, "directory");
      const names: ImageName[] = [];
      for await (const { name, id } of this.#reader.entries(inode)) {
        names.push({ name: showBytes(name), nameBytes: name, id });
      }
      return names;
    });
  }

  /** The target of a symbolic link; bytes that are no UTF-8 are `\xNN`. */
  async readlink(path: string | Uint8Array): Promise<string> {
    return showBytes(await this.readlinkBytes(path));
  }

  /** The same as bytes. */
  readlinkBytes(path: string | Uint8Array): Promise<Uint8Array> {
    return this.#turn(async () => {
      const { inode } = await resolvePath(this.#reader, path, false);
      if (kindOfMode(inode.mode) !== "symlink") throw isNo(path, "symbolic link");
      return this.#reader.target(inode);
    });
  }

  /**
   * The contents of a file.
   *
   * @param offset first byte
   * @param length at most so many; without it all that follow
   */
  read(path: string | Uint8Array, offset = 0, length: number = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
    for (const [name, value] of Object.entries({ offset, length })) {
      if (!(value >= 0) || (value !== Number.POSITIVE_INFINITY && !Number.isSafeInteger(value)))
        throw new ImageError("INPUT", `${name}: ${value} is no number of bytes`);
    }
    return this.#turn(async () => {
      const inode = await this.#file(path);
      const count = Math.max(Math.min(length, inode.size - offset), 0);
      const bytes = allocate(count, path);
      const source: ByteSource = await this.#reader.open(inode);
      if (count > 0) await source.readAt(bytes, offset);
      return bytes;
    });
  }

  /** The contents of a file from front to back. */
  stream(path: string | Uint8Array): ReadableStream<Uint8Array> {
    let pieces: AsyncIterator<ImagePiece> | undefined;
    let zeros = 0;
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        if (zeros === 0) {
          const next = await this.#turn(async () => {
            pieces ??= this.#reader.pieces(await this.#file(path))[Symbol.asyncIterator]();
            const { done, value } = await pieces.next();
            // what comes next may be read into the same memory
            return done === true ? undefined : value instanceof Uint8Array ? value.slice() : value;
          });
          if (next === undefined) return controller.close();
          if (next instanceof Uint8Array) return controller.enqueue(next);
          zeros = next.zeros;
        }
        const length = Math.min(zeros, ZEROS);
        zeros -= length;
        controller.enqueue(new Uint8Array(length));
      },
      cancel: async () => {
        await this.#turn(async () => pieces?.return?.());
      },
    });
  }

  /** Extended attributes by whole name; of a link itself. */
  xattrs(path: string | Uint8Array): Promise<(readonly [name: string, value: Uint8Array])[]> {
    return this.#turn(async () => {
      const { inode } = await resolvePath(this.#reader, path, false);
      const found = await this.#reader.xattrs(inode);
      return found.map(({ name, value }) => [showBytes(name), value] as const);
    });
  }

  /** A directory and all below it: directories before what is in them. */
  async *walk(path: string | Uint8Array = ""): AsyncGenerator<ImageWalked> {
    const { id: start, path: whole } = await this.#turn(() => resolvePath(this.#reader, path, true));
    const entries = walkImage(this.#reader, start);
    for (;;) {
      const next = await this.#turn(() => entries.next());
      if (next.done === true) return;
      const { path: below, id, inode } = next.value;
      const bytes = bytesFromLatin1(whole === "" || below === "" ? whole + below : `${whole}/${below}`);
      yield { path: showBytes(bytes), pathBytes: bytes, ...this.#describe(id, inode) };
    }
  }

  /** Closes the file that was opened for it. */
  close(): void {
    this.#release();
  }

  /** Does `work` when all that was asked for before is done. */
  #turn<R>(work: () => Promise<R>): Promise<R> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #file(path: string | Uint8Array): Promise<ImageInode> {
    const { inode } = await resolvePath(this.#reader, path, true);
    if (kindOfMode(inode.mode) !== "file") throw isNo(path, "file");
    return inode;
  }

  #describe(id: number, inode: ImageInode): ImageStat {
    const { uid, gid, nlink, size, mtime: sec, mtimeNsec: nsec } = inode;
    const kind = kindOfMode(inode.mode);
    if (kind === undefined) {
      throw new ImageError("DAMAGED", `damaged image: inode ${id} has the mode ${inode.mode.toString(8)}`);
    }
    const device = kind === "char" || kind === "block" ? this.#reader.device(inode) : undefined;
    return { kind, mode: inode.mode & 0o7777, uid, gid, nlink, size, mtime: { sec, nsec }, id, device };
  }
}

/** Memory for what a caller has asked for; there may be less. */
function allocate(count: number, path: string | Uint8Array): Uint8Array {
  try {
    return new Uint8Array(count);
  } catch {
    throw pathError(path, `has ${count} bytes, more than there is memory for: stream() has them in pieces`);
  }
}

function isNo(path: string | Uint8Array, what: string): ImageError {
  return pathError(path, `is no ${what}`);
}
