/**
 * Attributes by the package `@napi-rs/xattr`, which whoever uses this one may install. It follows no links, and takes and
 * gives text: what is no UTF-8 it cannot be asked for, and it lists no attributes where the name of one is none.
 */
import { isUtf8 } from "node:buffer";
import { constants } from "node:os";
import { encodeUtf8, latin1FromBytes } from "../../../core/bytes.ts";
import type { XattrReader } from "./node-reader.ts";
import { requireModule } from "./node-require.ts";
import { hasNoXattrs, xattrError } from "./node-xattr-errors.ts";

/** What is used of the package. */
interface NapiXattr {
  listAttributesSync(path: string): string[];
  getAttributeSync(path: string, name: string): Buffer | null;
}

const PACKAGE = "@napi-rs/xattr";
const NO_NAMES: readonly string[] = [];
const REPLACEMENT = "\ufffd";

/** Reads by the package. Throws an error with the reason where it is not installed, or not for this machine. */
export function loadNapi(): XattrReader {
  let xattr: NapiXattr;
  try {
    xattr = requireModule(PACKAGE) as NapiXattr;
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND";
    throw new Error(isMissing ? `the package ${PACKAGE} is not installed` : (cause as Error).message, { cause });
  }
  return new NapiReader(xattr);
}

class NapiReader implements XattrReader {
  readonly #xattr: NapiXattr;
  #path = "";
  /** Names as they came last, and as they are given. */
  #lastTexts: readonly string[] = [];
  #lastNames: readonly string[] = [];
  /** Names as they came, by latin1 strings of their bytes. */
  readonly #texts = new Map<string, string>();

  constructor(xattr: NapiXattr) {
    this.#xattr = xattr;
  }

  list(path: Buffer): readonly string[] | undefined {
    this.#path = path.toString();
    // what stands for bytes that are no UTF-8 may also be what the path has
    if (this.#path.includes(REPLACEMENT) && !isUtf8(path)) return undefined;
    let texts: string[];
    try {
      texts = this.#xattr.listAttributesSync(this.#path);
    } catch (cause) {
      const errno = errnoOf(cause);
      // it says so of a name that it cannot give
      if (errno === undefined && (cause as NodeJS.ErrnoException).code === "InvalidArg") return undefined;
      if (errno !== undefined && hasNoXattrs(errno)) return NO_NAMES;
      throw errno === undefined ? cause : xattrError(errno, "llistxattr");
    }
    if (texts.length === 0) return NO_NAMES;
    const last = this.#lastTexts;
    if (texts.length === last.length && texts.every((text, index) => text === last[index])) return this.#lastNames;
    this.#lastTexts = texts;
    this.#lastNames = texts.map((text) => this.#spell(text));
    return this.#lastNames;
  }

  value(name: string): Uint8Array | undefined {
    try {
      return this.#xattr.getAttributeSync(this.#path, this.#texts.get(name)!) ?? undefined;
    } catch (cause) {
      const errno = errnoOf(cause);
      if (errno === constants.errno.ENODATA) return undefined;
      throw errno === undefined ? cause : xattrError(errno, "lgetxattr");
    }
  }

  #spell(text: string): string {
    const name = latin1FromBytes(encodeUtf8(text));
    this.#texts.set(name, text);
    return name;
  }
}

/** The error number that Rust puts into its messages. */
function errnoOf(error: unknown): number | undefined {
  const found = / \(os error (\d+)\)$/.exec((error as Error).message);
  return found ? Number(found[1]) : undefined;
}
