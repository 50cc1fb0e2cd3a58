/**
 * The temporary files of one build in one folder. They are gone when it ends, when the process exits, and when a signal
 * ends it; what is left by a process or a thread that was killed is removed when the next build of the same target makes
 * its first temporary file there, and beside a target before anything is listed (see prepareTarget).
 */
import { close, closeSync, constants, fstatSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { ImageError } from "../error.ts";
import { systemCode, systemMessage } from "./node-errors.ts";
import { type FileIdentity, fileId, listedName } from "./node-identity.ts";
import { litterLabel, litterName, removeLitter } from "./node-litter.ts";
import { removeAtEnd } from "./node-process-end.ts";

/** A file that every thread can open. */
export interface TemporaryFile {
  /** Where it can be opened. */
  path: string;
  /** What messages call it. */
  shownPath: string;
}

const CREATE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
/** Where the descriptors of a process are files: opening one opens what it is open for, whatever has become of its name. */
const DESCRIPTOR_FOLDERS = ["/proc/self/fd", "/dev/fd"];

let made = 0;

/** Makes temporary files in a folder, and removes them. */
export class TemporaryFiles {
  readonly #folder: string;
  readonly #label: string;
  readonly #shownPath: string;
  /** Paths of the files that have a name, by device and inode. */
  readonly #named = new Map<string, string>();
  /** Of files that have no name any more. */
  readonly #descriptors: number[] = [];
  #forget: (() => void) | undefined;

  private constructor(folder: string, label: string, shownPath: string) {
    this.#folder = folder;
    this.#label = label;
    this.#shownPath = shownPath;
  }

  /** Files beside a target, of which `shownPath` is what messages call it. */
  static beside(target: string, shownPath: string): TemporaryFiles {
    return new TemporaryFiles(dirname(target), litterLabel(basename(target)), shownPath);
  }

  /** Files where the system wants them, for a target that is elsewhere; undefined: a stream. Messages name the folder. */
  static ofSystem(target: string | undefined): TemporaryFiles {
    const folder = tmpdir();
    return new TemporaryFiles(folder, litterLabel(target === undefined ? "stream" : resolve(target)), folder);
  }

  /** Removes what is left of builds that have been killed. */
  removeLitter(): void {
    removeLitter(this.#folder, this.#label);
  }

  /** Makes an empty file, which keeps its name; `mode` is that of open(2). */
  create(mode = 0o600): string {
    const { path, descriptor } = this.#create(mode);
    closeSync(descriptor);
    return path;
  }

  /**
   * Makes an empty file that only this process can find, where the system lets a file be opened that has no name any
   * more: Linux with /proc, and others with /dev/fd. Elsewhere it keeps its name until the end.
   */
  createHidden(): TemporaryFile {
    // its own name says nothing to anybody who cannot find it
    const shownPath = this.#shownPath;
    const { path: named, descriptor, id } = this.#create(0o600);
    const path = DESCRIPTOR_FOLDERS.map((folder) => `${folder}/${descriptor}`).find((at) => leadsTo(at, descriptor));
    if (path === undefined) {
      closeSync(descriptor);
      return { path: named, shownPath };
    }
    rmSync(named);
    this.#named.delete(id);
    if (leadsTo(path, descriptor)) {
      this.#descriptors.push(descriptor);
      return { path, shownPath };
    }
    // some filesystems let go of what has no name
    closeSync(descriptor);
    return { path: this.create(), shownPath };
  }

  /** The files that have a name. */
  get named(): readonly FileIdentity[] {
    return [...this.#named].map(([id, path]) => ({ id, name: listedName(() => Buffer.from(path)) }));
  }

  /** Whether one of them has this device and inode. */
  has(id: string): boolean {
    return this.#named.has(id);
  }

  /** The file at `path` is a temporary one no more. */
  release(path: string): void {
    for (const [id, named] of this.#named) if (named === path) this.#named.delete(id);
  }

  /** Nobody reads again what has no name any more: it is freed beside other work, as much of it takes the system long. */
  letGo(): void {
    // it is gone whatever the answer
    for (const descriptor of this.#descriptors.splice(0)) close(descriptor, () => undefined);
  }

  /** Removes what is left. */
  remove(): void {
    this.#forget?.();
    this.#forget = undefined;
    this.#removeNamed();
    for (const descriptor of this.#descriptors.splice(0)) closeSync(descriptor);
  }

  #removeNamed(): void {
    for (const path of this.#named.values()) {
      try {
        rmSync(path, { force: true });
      } catch {
        // what the build has ended with is what there is to say; the next one tries again
      }
    }
    this.#named.clear();
  }

  /** What the folder refuses is not to be taken for what the target does, which may well be writable. */
  #refused(cause: unknown): ImageError {
    const path = this.#shownPath;
    const isFolder = ["EACCES", "EPERM", "EROFS"].includes(systemCode(cause) ?? "") && path !== this.#folder;
    const why = isFolder ? `no file can be made beside it, in the folder ${this.#folder}: ` : "";
    return new ImageError("IO", `${path}: ${why}${systemMessage(cause)}`, { path, cause });
  }

  #create(mode: number): { path: string; descriptor: number; id: string } {
    if (!this.#forget) {
      this.removeLitter();
      this.#forget = removeAtEnd(() => this.#removeNamed());
    }
    for (;;) {
      const path = join(this.#folder, litterName(made++, this.#label));
      try {
        const descriptor = openSync(path, CREATE, mode);
        const id = fileId(fstatSync(descriptor, { bigint: true }));
        this.#named.set(id, path);
        return { path, descriptor, id };
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === "EEXIST") continue;
        throw this.#refused(cause);
      }
    }
  }
}

/** Whether opening `path` opens the file of a descriptor. */
function leadsTo(path: string, descriptor: number): boolean {
  try {
    const again = openSync(path, "r+");
    try {
      return fileId(fstatSync(again, { bigint: true })) === fileId(fstatSync(descriptor, { bigint: true }));
    } finally {
      closeSync(again);
    }
  } catch {
    return false;
  }
}
