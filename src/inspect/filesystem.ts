/**
 * An image as callers see it: by paths. A path is of the image's root whether it starts with `/` or not; links on its way are
 * followed within the image, and `..` of the root is the root. Calls wait for each other, so any number may be made at once.
 */

import type { ByteSource } from "../core/byte-source.ts";
import { bytesFromLatin1, showBytes } from "../core/bytes.ts";
import { ImageError } from "../core/error.ts";
import { type EntryKind, isDirectoryMode, kindOfMode } from "../core/mode.ts";
import { showValue } from "../core/options/checks.ts";
import { type OpenedImage, readerOf } from "./open-image.ts";
import { contentsOf, type ImageInode, type ImageReader } from "./reader.ts";
import { pathError, resolvePath } from "./resolve.ts";
import { type WalkedEntry, walkImage } from "./walk.ts";

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

/** What an image lies in. */
export interface ImageHolder {
  /** What messages call the image; undefined: it has no name. */
  readonly name?: string | undefined;
  /** Closes what has been opened for it. */
  release(): void;
}

/**
 * An image that is open. Whatever does not hold together is `DAMAGED`; a path that is not there, or is another kind, `INPUT`,
 * as is all that is asked for once the image has been closed.
 */
export class Image {
  /** What the image is one of. */
  readonly format: "erofs" | "squashfs";
  readonly #reader: ImageReader;
  readonly #holder: ImageHolder;
  #last: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  /** @param holder what the image lies in, which is released when it is closed */
  constructor(opened: OpenedImage, holder: ImageHolder) {
    this.format = opened.format;
    this.#reader = readerOf(opened);
    this.#holder = holder;
  }

  /** What is known of an entry; a link itself, as of lstat(2). */
  stat(path: string | Uint8Array): Promise<ImageStat> {
    return this.#turn(async () => {
      const { id, inode } = await this.#resolve(path, false);
      return this.#describe(id, inode);
    });
  }

  /** The entries of a directory, in the order of the image. */
  readdir(path: string | Uint8Array): Promise<ImageName[]> {
    return this.#turn(async () => {
      const { inode } = await this.#resolve(path, true);
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
      const { inode } = await this.#resolve(path, false);
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
    return this.#turn(async () => {
      checkBytes("offset", offset);
      if (length !== Number.POSITIVE_INFINITY) checkBytes("length", length);
      const inode = await this.#file(path);
      const count = Math.max(Math.min(length, inode.size - offset), 0);
      const bytes = allocate(count, path);
      const source: ByteSource = await this.#reader.open(inode);
      if (count > 0) await source.readAt(bytes, offset);
      return bytes;
    });
  }

  /** The contents of a file from front to back. It fails with the error of what is read, or that the image has been closed. */
  stream(path: string | Uint8Array): ReadableStream<Uint8Array> {
    let parts: AsyncGenerator<Uint8Array> | undefined;
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const part = await this.#turn(async () => {
          parts ??= contentsOf(this.#reader, await this.#file(path));
          const next = await parts.next();
          // what comes next may be read into the same memory
          return next.done === true ? undefined : next.value.slice();
        });
        if (part === undefined) controller.close();
        else controller.enqueue(part);
      },
      cancel: async () => {
        await parts?.return(undefined);
      },
    });
  }

  /** Extended attributes by whole name; of a link itself. */
  xattrs(path: string | Uint8Array): Promise<(readonly [name: string, value: Uint8Array])[]> {
    return this.#turn(async () => {
      const { inode } = await this.#resolve(path, false);
      const found = await this.#reader.xattrs(inode);
      return found.map(({ name, value }) => [showBytes(name), value] as const);
    });
  }

  /** A directory and all below it: directories before what is in them. */
  async *walk(path: string | Uint8Array = ""): AsyncGenerator<ImageWalked> {
    const { id: start, path: whole } = await this.#turn(() => this.#resolve(path, true));
    const entries = walkImage(this.#reader, start);
    for (;;) {
      const next = await this.#turn(() => entries.next());
      if (next.done === true) return;
      const { path: below, id, inode } = next.value;
      const bytes = bytesFromLatin1(whole === "" || below === "" ? whole + below : `${whole}/${below}`);
      yield { path: showBytes(bytes), pathBytes: bytes, ...this.#describe(id, inode) };
    }
  }

  /**
   * Closes the files that were opened for the image, once all that was asked for before is done; resolves when they are closed.
   * Whatever is asked for later fails with `INPUT`, which names the image; so do streams and walks that have not ended, with
   * what they would read next. Closing it again does nothing more.
   */
  close(): Promise<void> {
    this.#closing ??= this.#last.then(() => this.#holder.release());
    return this.#closing;
  }

  /** Does `work` when all that was asked for before is done. */
  async #turn<R>(work: () => Promise<R>): Promise<R> {
    if (this.#closing !== undefined) throw this.#closed();
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  #closed(): ImageError {
    const { name } = this.#holder;
    if (name === undefined) return new ImageError("INPUT", "the image has been closed");
    return new ImageError("INPUT", `${name}: has been closed`, { path: name });
  }

  #resolve(path: string | Uint8Array, followsLast: boolean): Promise<WalkedEntry> {
    if (typeof path === "string" || path instanceof Uint8Array) return resolvePath(this.#reader, path, followsLast);
    throw new ImageError("INPUT", `path: ${showValue(path)} is neither a string nor a Uint8Array`);
  }

  async #file(path: string | Uint8Array): Promise<ImageInode> {
    const { inode } = await this.#resolve(path, true);
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

function checkBytes(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new ImageError("INPUT", `${name}: ${showValue(value)} is no number of bytes`);
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
