/**
 * Attributes by llistxattr(2) and lgetxattr(2), called through `node:ffi`, which Node has from 26.1 on. Paths are bytes. The
 * buffers start small, as Linux sets memory aside for all that it might have to give.
 */
import { constants } from "node:os";
import { hasHead, latin1FromBytes, writeLatin1 } from "../../../core/bytes.ts";
import { MAX_XATTR_LIST, XATTR_SIZE_MAX } from "../../../core/xattr.ts";
import type { XattrReader } from "./node-reader.ts";
import { hasNoXattrs, xattrError } from "./node-xattr-errors.ts";

/** What is used of `node:ffi`, which the types of Node 20 do not know. */
interface Ffi {
  dlopen(library: null, functions: Record<string, { return: string; arguments: string[] }>): { functions: LibC };
  getInt32(pointer: bigint): number;
  getRawPointer(bytes: Uint8Array): bigint;
}

interface LibC {
  llistxattr(path: bigint, list: bigint, size: bigint): number;
  lgetxattr(path: bigint, name: bigint, value: bigint, size: bigint): number;
  __errno_location(): bigint;
}

const { ENODATA, ERANGE } = constants.errno;
/** Where size_t has 64 bits, and the lower half of a result comes first, as the functions are declared. */
const WIDE = new Set(["x64", "arm64", "loong64", "riscv64"]);
const USUAL_BYTES = 512;
/** No list is longer, and no value. */
const MOST_BYTES = Math.max(MAX_XATTR_LIST, XATTR_SIZE_MAX);
const NO_NAMES: readonly string[] = [];

/** Reads by calls of the C library. Throws an error with the reason where that cannot be. */
export function loadFfi(): XattrReader {
  if (process.platform !== "linux" || !WIDE.has(process.arch)) {
    throw new Error(`not on ${process.platform} with ${process.arch}`);
  }
  return new FfiReader(loadQuietly());
}

/** Loads `node:ffi` without its warning that it is new. */
function loadQuietly(): Ffi {
  const { getBuiltinModule } = process as { getBuiltinModule?: (name: string) => unknown };
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    const ffi = getBuiltinModule?.("node:ffi") as Ffi | undefined;
    if (ffi === undefined) throw new Error(`Node ${process.versions.node} has no node:ffi, 26.1 and later ones have`);
    return ffi;
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Memory that C may write to or read from, and where it is. */
class Memory {
  readonly bytes: Uint8Array;
  readonly pointer: bigint;
  readonly size: bigint;

  constructor(ffi: Ffi, bytes: Uint8Array) {
    this.bytes = bytes;
    this.pointer = ffi.getRawPointer(bytes);
    this.size = BigInt(bytes.length);
  }
}

class FfiReader implements XattrReader {
  readonly #ffi: Ffi;
  readonly #libc: LibC;
  #path: Memory;
  #list: Memory;
  #value: Memory;
  /** What {@link value} has given: most values are as long as the one before. */
  #view: Uint8Array = new Uint8Array(0);
  /** The list of the last file that had attributes, and its names. */
  #lastList = new Uint8Array(0);
  #lastNames: readonly string[] = [];
  /** Names as the C library takes them. */
  readonly #strings = new Map<string, Memory>();

  constructor(ffi: Ffi) {
    this.#ffi = ffi;
    this.#libc = ffi.dlopen(null, {
      llistxattr: { return: "int32", arguments: ["uint64", "uint64", "uint64"] },
      lgetxattr: { return: "int32", arguments: ["uint64", "uint64", "uint64", "uint64"] },
      __errno_location: { return: "pointer", arguments: [] },
    }).functions;
    this.#path = this.#allocate(8192);
    this.#list = this.#allocate(USUAL_BYTES);
    this.#value = this.#allocate(USUAL_BYTES);
  }

  list(path: Buffer): readonly string[] {
    if (path.length >= this.#path.bytes.length) this.#path = this.#allocate(2 * path.length);
    this.#path.bytes.set(path);
    this.#path.bytes[path.length] = 0;
    let length = this.#libc.llistxattr(this.#path.pointer, this.#list.pointer, this.#list.size);
    if (length < 0 && this.#errno() === ERANGE && this.#list.bytes.length < MOST_BYTES) {
      this.#list = this.#allocate(MOST_BYTES);
      length = this.#libc.llistxattr(this.#path.pointer, this.#list.pointer, this.#list.size);
    }
    if (length > 0) return this.#split(length);
    const errno = length < 0 ? this.#errno() : 0;
    if (errno !== 0 && !hasNoXattrs(errno)) throw xattrError(errno, "llistxattr");
    return NO_NAMES;
  }

  value(name: string): Uint8Array | undefined {
    let string = this.#strings.get(name);
    if (string === undefined) {
      string = this.#allocate(name.length + 1);
      writeLatin1(name, string.bytes, 0);
      this.#strings.set(name, string);
    }
    let length = this.#libc.lgetxattr(this.#path.pointer, string.pointer, this.#value.pointer, this.#value.size);
    if (length < 0 && this.#errno() === ERANGE && this.#value.bytes.length < MOST_BYTES) {
      this.#value = this.#allocate(MOST_BYTES);
      length = this.#libc.lgetxattr(this.#path.pointer, string.pointer, this.#value.pointer, this.#value.size);
    }
    if (length >= 0) return this.#viewOf(length);
    const errno = this.#errno();
    if (errno === ENODATA) return undefined;
    throw xattrError(errno, "lgetxattr");
  }

  /** Zeroed memory. It stays where it is: small arrays, which engines move, are not used. */
  #allocate(bytes: number): Memory {
    return new Memory(this.#ffi, new Uint8Array(new ArrayBuffer(Math.max(bytes, USUAL_BYTES))));
  }

  #viewOf(length: number): Uint8Array {
    const { buffer } = this.#value.bytes;
    if (this.#view.length !== length || this.#view.buffer !== buffer) this.#view = new Uint8Array(buffer, 0, length);
    return this.#view;
  }

  #split(length: number): readonly string[] {
    const { bytes } = this.#list;
    if (length === this.#lastList.length && hasHead(bytes, this.#lastList)) return this.#lastNames;
    this.#lastList = bytes.slice(0, length);
    this.#lastNames = latin1FromBytes(this.#lastList).split("\0").slice(0, -1);
    return this.#lastNames;
  }

  #errno(): number {
    return this.#ffi.getInt32(this.#libc.__errno_location());
  }
}
