/**
 * What the central directory of a zip archive says of its members. It is parsed by zip.js; what it means for a tree, and
 * what cannot be, is decided here.
 */
import { type Entry, Reader, ZipReader } from "@zip.js/zip.js/lib/zip-core-custom.js";
import { encodeUtf8, latin1FromBytes, showBytes } from "../../../../core/bytes.ts";
import { ImageError } from "../../../../core/error.ts";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "../../../tree/tree.ts";
import type { Member } from "../member-tree.ts";
import { ownerOf, timeOf } from "./zip-extra.ts";

/** A member, and where its data lies. */
export interface ZipMember extends Member {
  /** Whether its data is compressed with DEFLATE; else it is stored as it is. */
  isDeflated: boolean;
  /** Offset of its local header. */
  headerOff: number;
  /** Bytes of its data in the archive. */
  packedLen: number;
  crc32: number;
}

/** Bytes of an archive at any offset; fewer than asked for only at the end. */
export interface ZipBytes {
  size: number;
  readAt(into: Uint8Array, offset: number): number;
}

/** Bytes of a central directory: 20 million members. Nobody has more memory taken by saying that there are. */
const MOST_DIRECTORY = 2 ** 30;
/** Who made a member: its upper half says how to understand the attributes. */
const HOST_UNIX = 3;
const HOST_MACOS = 19;
const DOS_READ_ONLY = 0x01;
const DOS_DIRECTORY = 0x10;
const STORED = 0;
const DEFLATED = 8;
/** Other methods that programs are known to write. */
const METHODS: Readonly<Record<number, string>> = {
  1: "shrink",
  6: "implode",
  9: "DEFLATE64",
  12: "bzip2",
  14: "LZMA",
  93: "zstd",
  95: "xz",
  98: "PPMd",
  99: "AES",
};

/** The members, in the order of the directory. Throws `INPUT` for what is no zip archive, and for a member that cannot be. */
export async function* readMembers(bytes: ZipBytes, name: string): AsyncGenerator<ZipMember> {
  const entries = new ZipReader(new BytesReader(bytes), { filenameValidation: "tolerant" }).getEntriesGenerator();
  for (;;) {
    let next: IteratorResult<Entry, boolean>;
    try {
      next = await entries.next();
    } catch (cause) {
      if (cause instanceof ImageError) throw cause;
      const said = cause instanceof Error ? cause.message : String(cause);
      const why = `is no zip archive that can be read: ${said.slice(0, 1).toLowerCase()}${said.slice(1)}`;
      throw new ImageError("INPUT", `${name}: ${why}`, { path: name, cause });
    }
    if (next.done) return;
    yield toMember(next.value, name);
  }
}

class BytesReader extends Reader<ZipBytes> {
  readonly #bytes: ZipBytes;

  constructor(bytes: ZipBytes) {
    super(bytes);
    this.#bytes = bytes;
    this.size = bytes.size;
  }

  override async readUint8Array(index: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (length > MOST_DIRECTORY) throw new Error(`Its directory is longer than ${MOST_DIRECTORY} bytes`);
    const into = new Uint8Array(Math.max(0, Math.min(length, this.size - index)));
    return into.subarray(0, this.#bytes.readAt(into, index));
  }
}

function toMember(entry: Entry, name: string): ZipMember {
  const { compressionMethod, extraField = new Map(), externalFileAttributes, versionMadeBy } = entry;
  const isUnix = [HOST_UNIX, HOST_MACOS].includes(versionMadeBy >>> 8);
  const path = pathOf(entry, isUnix);
  const refuse = (why: string) => {
    const shown = showBytes(Uint8Array.from(path, (char) => char.charCodeAt(0)));
    return new ImageError("INPUT", `${name}: ${shown || "a member without a name"}: ${why}`, { path: name });
  };
  checkPath(path, isUnix, refuse);
  if (entry.encrypted) throw refuse("is encrypted, which is not supported");
  if (compressionMethod !== STORED && compressionMethod !== DEFLATED) {
    const method = METHODS[compressionMethod];
    const how = `method ${compressionMethod}${method === undefined ? "" : ` (${method})`}`;
    throw refuse(`is compressed with ${how}, which is not supported: DEFLATE is`);
  }
  const mode = isUnix ? externalFileAttributes >>> 16 : 0;
  const kind = kindOf(path, mode, !isUnix && (externalFileAttributes & DOS_DIRECTORY) !== 0, refuse);
  const isReadOnly = (externalFileAttributes & DOS_READ_ONLY) !== 0;
  const { sec, nsec } = timeOf(extraField, Number(entry.rawLastModDate));
  const { uid, gid } = ownerOf(extraField) ?? { uid: 0, gid: 0 };
  return {
    ...{ path, kind, uid, gid, mtime: sec, mtimeNsec: nsec, major: 0, minor: 0, target: undefined, xattrs: [] },
    mode: mode !== 0 ? mode & 0o7777 : kind === S_IFDIR ? 0o755 : isReadOnly ? 0o444 : 0o644,
    size: checkSize(entry.uncompressedSize, refuse),
    isDeflated: compressionMethod === DEFLATED,
    headerOff: checkSize(entry.offset, refuse),
    packedLen: checkSize(entry.compressedSize, refuse),
    crc32: entry.crc32!,
  };
}

/**
 * A member's name, as a latin1 string. Names are UTF-8 where the member says so, bytes of the filesystem where a Unix has
 * made it, as programs that extract take them, and else those of the PC's code page.
 */
function pathOf(entry: Entry, isUnix: boolean): string {
  const { filename, rawFilename, bitFlag, extraFieldUnicodePath } = entry;
  const isPlain = !extraFieldUnicodePath?.valid && (isUnix || bitFlag?.languageEncodingFlag);
  return latin1FromBytes(isPlain ? rawFilename : encodeUtf8(filename));
}

/** Throws for a name that is none of a tree. Those with `..` or NUL are refused where they are added to it. */
function checkPath(path: string, isUnix: boolean, refuse: (why: string) => ImageError): void {
  if (path.replace(/\/+$/, "") === "") throw refuse(path === "" ? "has no name" : "is an absolute path");
  if (path.startsWith("/")) throw refuse("is an absolute path");
  // a Unix may have it in a name, and nobody else
  if (path.includes("\\") && !isUnix) throw refuse("has backslashes, and names of zip archives are parted by slashes");
  if (/^[a-z]:/i.test(path) && !isUnix) throw refuse("is a path with a drive");
}

function kindOf(path: string, mode: number, isDosDirectory: boolean, refuse: (why: string) => ImageError): number {
  const type = mode & S_IFMT;
  const isNamedSo = path.endsWith("/");
  if (type === S_IFDIR || (type === 0 && (isNamedSo || isDosDirectory))) return S_IFDIR;
  if (isNamedSo) throw refuse("is called as a directory, and is none");
  if (type === S_IFCHR || type === S_IFBLK) throw refuse("is a device, of which a zip archive holds no numbers");
  if (type === 0) return S_IFREG;
  return type;
}

function checkSize(size: unknown, refuse: (why: string) => ImageError): number {
  if (Number.isSafeInteger(size) && (size as number) >= 0) return size as number;
  throw refuse(`${String(size)} is no number of bytes`);
}

/** Whether a member's data is what a link points to. */
export function isLink({ kind }: ZipMember): boolean {
  return kind === S_IFLNK;
}
