/** Images as files: written beside the target and renamed over it, so that the target is whole or untouched. */
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ImageError } from "../error.ts";
import type { Sink } from "../sink.ts";
import { systemMessage } from "./node-errors.ts";
import { checkWindowsTarget, replaceFile } from "./node-windows-target.ts";

/** Writes to an open file at offsets; each thread has its own on one path. */
export class FileSink implements Sink {
  readonly #descriptor: number;
  readonly #shownPath: string;
  readonly #offset: number;
  #isOpen = true;

  /**
   * @param path of the file, which must exist
   * @param shownPath what messages call it
   * @param offset of the image in the file
   */
  constructor(path: string, shownPath: string, offset: number) {
    this.#shownPath = shownPath;
    this.#offset = offset;
    this.#descriptor = attempt(shownPath, () => openSync(path, constants.O_WRONLY));
  }

  writeAt(bytes: Uint8Array, offset: number): void {
    // a build that was given up may have a write still to come: its descriptor may be another file's by now
    if (!this.#isOpen) throw new ImageError("ABORTED", "the build was aborted");
    attempt(this.#shownPath, () => {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.#descriptor, bytes, done, bytes.length - done, this.#offset + offset + done);
      }
    });
  }

  truncate(length: number): void {
    // a device has its length
    if (!fstatSync(this.#descriptor).isFile()) return;
    attempt(this.#shownPath, () => ftruncateSync(this.#descriptor, this.#offset + length));
  }

  close(): void {
    this.sync();
    this.release();
  }

  /** Makes what has been written durable, where the target is something that keeps it. */
  sync(): void {
    const kind = fstatSync(this.#descriptor);
    if (kind.isFile() || kind.isBlockDevice()) attempt(this.#shownPath, () => fsyncSync(this.#descriptor));
  }

  /** Closes the file without making it durable; may be called again. */
  release(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#descriptor);
  }
}

/** A target path while its image is being made. */
export interface Target {
  /** Where threads write. */
  path: string;
  /** Whether writing goes to the target itself (a device), so that the head must come last. */
  inPlace: boolean;
  /** All is durable: puts the image in its place. */
  commit(): void;
  /** Leaves the target as it was, and nothing else. */
  abandon(): void;
}

/** Prepares to write a target: a temporary file beside a regular file, or a device itself. */
export function openTarget(target: string): Target {
  checkWindowsTarget(target);
  const existing = statIfThere(target);
  const dangling = existing ? undefined : danglingTarget(target);
  // a symbolic link stays one: what it names is made
  if (dangling !== undefined) return openTarget(dangling);
  if (existing?.isBlockDevice() || existing?.isCharacterDevice()) {
    const nothing = () => undefined;
    return { path: target, inPlace: true, commit: nothing, abandon: nothing };
  }
  if (existing?.isDirectory()) throw new ImageError("INPUT", `${target}: is a directory`, { path: target });
  if (existing && !existing.isFile())
    throw new ImageError("INPUT", `${target}: neither a file nor a device`, { path: target });
  // a symbolic link stays one: what it names is replaced
  const final = existing ? realpathSync(target) : target;
  const path = createBeside(final, target);
  const remove = () => rmSync(path, { force: true });
  // who ends the process at once, as a second Ctrl-C does, leaves nothing behind either
  process.once("exit", remove);
  const result: Target = {
    path,
    inPlace: false,
    commit() {
      attempt(target, () => replaceFile(path, final));
      process.off("exit", remove);
      syncDirectory(dirname(final));
    },
    abandon() {
      process.off("exit", remove);
      remove();
    },
  };
  try {
    if (existing) takeOver(path, target, existing);
  } catch (error) {
    result.abandon();
    throw error;
  }
  return result;
}

/** Where a symbolic link leads whose target is not there; undefined for anything else. */
function danglingTarget(target: string): string | undefined {
  const link = attempt(target, () => lstatSync(target, { throwIfNoEntry: false }));
  return link?.isSymbolicLink() ? resolve(dirname(target), readlinkSync(target)) : undefined;
}

/** Gives the new file the mode of the one it replaces, and its owner where that is allowed. */
function takeOver(path: string, target: string, existing: Stats): void {
  try {
    chownSync(path, existing.uid, existing.gid);
  } catch {
    // only root may give files away; anyone else's file is their own
  }
  attempt(target, () => chmodSync(path, existing.mode & 0o7777));
}

/** Throws `IO` where a block device is shorter than `bytes`: before its old contents are touched. */
export function checkDeviceRoom(path: string, bytes: number): void {
  if (!attempt(path, () => statSync(path)).isBlockDevice()) return;
  const descriptor = attempt(path, () => openSync(path, constants.O_RDONLY));
  try {
    const got = attempt(path, () => readSync(descriptor, new Uint8Array(1), 0, 1, bytes - 1));
    if (got === 0) throw new ImageError("IO", `${path}: no space left on device, ${bytes} bytes are needed`, { path });
  } finally {
    closeSync(descriptor);
  }
}

function statIfThere(target: string) {
  return attempt(target, () => statSync(target, { throwIfNoEntry: false }));
}

/** Creates an empty file of a name nobody has, beside the target so that rename is atomic. */
function createBeside(final: string, target: string): string {
  for (let attempts = 0; ; attempts++) {
    const path = join(dirname(final), `.ts-mkerofs-${process.pid}-${attempts}.tmp`);
    try {
      closeSync(openSync(path, "wx"));
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw refused(target, error);
    }
  }
}

/**
 * Makes the rename durable. Not every system can open a directory, and not every directory may be read; the image is
 * in its place all the same.
 */
function syncDirectory(directory: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(directory, constants.O_RDONLY);
  } catch {
    return;
  }
  try {
    fsyncSync(descriptor);
  } catch {
    // as above: filesystems that cannot sync a directory say so
  } finally {
    closeSync(descriptor);
  }
}

function attempt<T>(shownPath: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw refused(shownPath, cause);
  }
}

function refused(path: string, cause: unknown): ImageError {
  return new ImageError("IO", `${path}: ${systemMessage(cause)}`, { path, cause });
}

/** Holds back the first bytes until everything else is durable: a device is no image before it is whole. */
export class HeadLastSink implements Sink {
  readonly #sink: FileSink;
  readonly #headBytes: number;
  #head: Uint8Array | undefined;

  constructor(sink: FileSink, headBytes: number) {
    this.#sink = sink;
    this.#headBytes = headBytes;
  }

  writeAt(bytes: Uint8Array, offset: number): void {
    const kept = Math.max(0, Math.min(this.#headBytes - offset, bytes.length));
    if (kept > 0) {
      this.#head ??= new Uint8Array(this.#headBytes);
      this.#head.set(bytes.subarray(0, kept), offset);
    }
    if (kept < bytes.length) this.#sink.writeAt(bytes.subarray(kept), offset + kept);
  }

  /** Wipes an image that was there before, so that a build that fails leaves none. */
  truncate(length: number): void {
    this.#sink.truncate(length);
    this.#sink.writeAt(new Uint8Array(Math.min(this.#headBytes, length)), 0);
    this.#sink.sync();
  }

  close(): void {
    this.#sink.sync();
    if (this.#head) this.#sink.writeAt(this.#head, 0);
    this.#sink.close();
  }
}
