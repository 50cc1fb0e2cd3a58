/** Relative paths begin where the process was when a call was made: it may go elsewhere while a build runs. */
import { realpathSync, statSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { showBytes } from "../bytes.ts";
import { ImageError } from "../error.ts";
import { systemCode } from "./node-errors.ts";

/** The folder in which relative paths begin. */
export class CallFolder {
  /** Undefined where it cannot be reached by its path: then paths stay relative. */
  readonly #path: string | undefined;
  /** It has been removed. */
  readonly #isGone: boolean;
  #isUsed = false;

  private constructor(path: string | undefined, isGone: boolean) {
    this.#path = path;
    this.#isGone = isGone;
  }

  /** The one that the process is in now. */
  static now(): CallFolder {
    const path = findFolder();
    return new CallFolder(path, path === undefined && isFolderGone());
  }

  /**
   * A path that stays the same. It is not made shorter: `link/..` need not be where the link is. Throws `INPUT` for a
   * relative path where the folder has been removed.
   */
  resolve(path: Uint8Array): Uint8Array {
    const text = Buffer.from(path);
    if (isAbsolute(text.toString("latin1"))) return path;
    if (this.#isGone) throw folderGone(showBytes(path));
    if (this.#path === undefined) return path;
    this.#isUsed = true;
    if (process.platform === "win32") return Buffer.from(resolve(this.#path, text.toString()));
    return Buffer.concat([Buffer.from(this.#prefix), text]);
  }

  /** {@link resolve} for a text. */
  resolveText(path: string): string {
    return Buffer.from(this.resolve(Buffer.from(path))).toString();
  }

  /** An error about a path in the folder, with the path as it was given. */
  restore(error: unknown): unknown {
    if (!this.#isUsed || !(error instanceof ImageError) || error.path === undefined) return error;
    const { path: whole } = error;
    const prefix = slashed(this.#prefix);
    if (!slashed(whole).startsWith(prefix)) return error;
    const path = whole.slice(prefix.length);
    const { code, offset, cause } = error;
    return new ImageError(
      code,
      error.message.replaceAll(whole, () => path),
      { path, offset, cause },
    );
  }

  get #prefix(): string {
    return this.#path === undefined || this.#path.endsWith("/") ? `${this.#path}` : `${this.#path}/`;
  }
}

/** A path as the system tells it apart: on Windows both slashes are one. */
function slashed(path: string): string {
  return process.platform === "win32" ? path.replaceAll("\\", "/") : path;
}

/** Does `work` now, and tells how that ended when it is asked. */
export function settle<T>(work: () => T): () => T {
  try {
    const value = work();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** An absolute path, with `..` taken off. Throws `INPUT` for a relative one where the current directory has been removed. */
export function absolutePath(path: string): string {
  if (!isAbsolute(path) && findFolder() === undefined && isFolderGone()) throw folderGone(path);
  return resolve(path);
}

function folderGone(path: string): ImageError {
  return new ImageError("INPUT", `${path}: is a relative path, and the current directory has been removed`, { path });
}

/** Whether the current directory has been removed; `process.cwd()` may tell what was true at its last call. */
function isFolderGone(): boolean {
  try {
    realpathSync.native(".");
    return false;
  } catch (error) {
    return systemCode(error) === "ENOENT";
  }
}

function findFolder(): string | undefined {
  try {
    const path = process.cwd();
    const [here, there] = [statSync("."), statSync(path)];
    return here.dev === there.dev && here.ino === there.ino ? path : undefined;
  } catch {
    // it has been removed, or lies where this process may not go
    return undefined;
  }
}

/** A path that a caller gives, as bytes of its own. Throws `INPUT` for what is none. */
export function givenPath(what: string, path: unknown): Uint8Array {
  const isPath = typeof path === "string" || path instanceof Uint8Array;
  if (!isPath) throw new ImageError("INPUT", `${what}: ${path === undefined ? "is missing" : "is no path"}`);
  const bytes = typeof path === "string" ? Buffer.from(path) : path.slice();
  if (bytes.length > 0 && bytes.indexOf(0) < 0) return bytes;
  throw new ImageError("INPUT", `${what}: ${JSON.stringify(showBytes(bytes))} is no path`);
}
