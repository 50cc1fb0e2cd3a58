/**
 * Reads the members of a tar archive: v7, ustar, GNU tar, POSIX's pax, and what others have added to these.
 *
 *     header [extended headers before it] | contents, in whole blocks | header | contents | … | two blocks of zeros
 */
import { bytesFromLatin1, latin1FromBytes, showBytes } from "../../../../core/bytes.ts";
import { ImageError } from "../../../../core/error.ts";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG } from "../../../tree/tree.ts";
import type { Xattr } from "../../../tree/xattrs.ts";
import type { ArchiveInput } from "../archive-input.ts";
import type { Member } from "../member-tree.ts";
import {
  BLOCK,
  type Dialect,
  dialectOf,
  HEADER,
  hasChecksum,
  isZeroBlock,
  readNumber,
  readText,
  TYPEFLAG,
} from "./tar-header.ts";
import { decodeBase64, emptyPax, type PaxRecords, readDecimal, readPax, readTime } from "./tar-pax.ts";
import { arrangeRows, RowLines, readMap, readOldRows, readSize, type SparseRows } from "./tar-sparse.ts";

/** A member, and where its contents lie. */
export interface TarMember extends Member {
  /** Of a file: where in the archive its contents, or the first of its rows, start. */
  offset: number;
  /** Of a file with holes: what is stored of it, one row behind the other. */
  rows: SparseRows | undefined;
}

/** How archives are read. */
export interface TarReading {
  /** Blocks of zeros do not end an archive: others may follow. */
  ignoreZeros: boolean;
  /** Contents are left out: a header follows a header. */
  headersOnly: boolean;
}

/** Bytes of an extended header: more than any writer makes, and little to hold in memory. */
const MOST_EXTENDED = 16 << 20;
/** Bytes of a name or target that does not fit into a header. */
const MOST_NAME = 1 << 16;

/** What a member is, by its typeflag; any other is a file (POSIX), 1 a further name of one. */
const KINDS: Readonly<Record<string, number>> = {
  "2": S_IFLNK,
  "3": S_IFCHR,
  "4": S_IFBLK,
  "5": S_IFDIR,
  D: S_IFDIR,
  "6": S_IFIFO,
};

/** Members that this does not read: to take them for files would be wrong. */
const REFUSED: Readonly<Record<string, string>> = {
  M: "is the rest of a file whose beginning is in another volume",
  N: "has a name in a form that GNU tar has given up",
};

/** Typeflags of members that are about others. */
const EXTENSIONS = "xXgLKV";

const XATTRS = ["SCHILY.xattr.", "LIBARCHIVE.xattr."] as const;

/** Reads one archive. */
export class TarReader {
  readonly #input: ArchiveInput;
  /** What messages call the archive. */
  readonly #name: string;
  readonly #reading: TarReading;
  readonly #global = emptyPax();
  #local = emptyPax();
  #longName: string | undefined;
  #longTarget: string | undefined;
  /** Bytes that follow the header of the last member and are not read yet, those that fill up a block included. */
  #contents = 0;
  /** The path of the last member. */
  #last = "";
  #isStarted = false;

  constructor(input: ArchiveInput, name: string, reading: TarReading) {
    this.#input = input;
    this.#name = name;
    this.#reading = reading;
  }

  /** The next member; undefined at the end. Throws `INPUT` for what is no archive. What is there already is not waited for. */
  async next(): Promise<TarMember | undefined> {
    for (;;) {
      const passing = this.#input.skip(this.#contents);
      if (passing !== true && !(await passing)) throw this.#cutOff();
      this.#contents = 0;
      const at = this.#input.at;
      const needing = this.#input.need(BLOCK);
      const block = needing === true || (await needing) ? this.#take() : undefined;
      if (!this.#isHeader(block, at)) {
        if (await this.#isEnd(block, at)) return undefined;
        continue;
      }
      const type = String.fromCharCode(block[TYPEFLAG]!);
      if (EXTENSIONS.includes(type)) {
        const size = this.#extensionSize(type, block, at);
        if (type === "V") continue;
        const needed = this.#input.need(size);
        if (needed !== true && !(await needed)) throw this.#cutOff();
        this.#takeExtension(type, size, at);
        continue;
      }
      const member = this.#readMember(type, block, at);
      const reading = this.#readContents(type, block, member, at);
      if (reading !== undefined) await reading;
      if (this.#local.records.size + this.#local.ranges.length > 0) this.#local = emptyPax();
      this.#longName = undefined;
      this.#longTarget = undefined;
      return member;
    }
  }

  /** The next block, which is there. */
  #take(): Uint8Array {
    const input = this.#input;
    const block = input.bytes.subarray(input.from, input.from + BLOCK);
    input.from += BLOCK;
    return block;
  }

  /** The next block; undefined where there are no 512 bytes left. */
  async #block(): Promise<Uint8Array | undefined> {
    const needing = this.#input.need(BLOCK);
    return needing === true || (await needing) ? this.#take() : undefined;
  }

  /** Whether a block is a header; false for one of zeros, and where there is none. */
  #isHeader(block: Uint8Array | undefined, at: number): block is Uint8Array {
    if (block === undefined || (block[0] === 0 && isZeroBlock(block))) return false;
    const isSound = hasChecksum(block);
    if (!isSound && !this.#isStarted) throw this.#refuse("is no tar archive", at);
    if (!isSound) throw this.#refuse(`what follows ${this.#shown(this.#last)} is no header: its checksum is wrong`, at);
    this.#isStarted = true;
    return true;
  }

  /** Whether the archive ends with a block of zeros, or without one. */
  async #isEnd(block: Uint8Array | undefined, at: number): Promise<boolean> {
    const last = this.#shown(this.#last);
    const { ignoreZeros } = this.#reading;
    if (block === undefined) {
      if (this.#input.bytes.length > this.#input.from) throw this.#cutOff();
      if (ignoreZeros && this.#isStarted) return true;
      if (!this.#isStarted) throw this.#refuse("is no tar archive: it is empty", 0);
      throw this.#refuse(`ends behind ${last} without the blocks of zeros that end an archive`, at);
    }
    this.#isStarted = true;
    if (ignoreZeros) return false;
    const next = await this.#block();
    if (next === undefined || isZeroBlock(next)) return true;
    throw this.#refuse(`a single block of zeros stands behind ${last}`, at);
  }

  /** Bytes of the contents of a member that is about others. */
  #extensionSize(type: string, block: Uint8Array, at: number): number {
    const size = readNumber(block, HEADER.size);
    const most = type === "L" || type === "K" ? MOST_NAME : MOST_EXTENDED;
    if (!(size >= 0)) throw this.#refuse("the size of an extended header is no number", at);
    if (size > most) throw this.#refuse(`an extended header of ${size} bytes is longer than ${most}`, at);
    // of a volume there is only the label
    this.#contents = roundUp(size);
    return size;
  }

  #takeExtension(type: string, size: number, at: number): void {
    const input = this.#input;
    const from = input.from;
    input.from += size;
    this.#contents -= size;
    if (type === "L") this.#longName = readText(input.bytes, [from, size]);
    else if (type === "K") this.#longTarget = readText(input.bytes, [from, size]);
    else {
      const records = new Uint8Array(input.bytes.subarray(from, input.from));
      const wrong = readPax(records, type === "g" ? this.#global : this.#local);
      if (wrong !== undefined) throw this.#refuse(wrong, at);
    }
  }

  #readMember(type: string, block: Uint8Array, at: number): TarMember {
    const dialect = dialectOf(block);
    const path = this.#text("path") ?? this.#longName ?? headerPath(block, dialect);
    const realPath = this.#text("GNU.sparse.name") ?? path;
    this.#last = realPath;
    const refuse = (why: string) => this.#refuse(`${this.#shown(realPath)}: ${why}`, at);
    if (REFUSED[type] !== undefined) throw refuse(REFUSED[type]);
    const number = (name: string, keyword: string, field: readonly [number, number], least: number) => {
      const record = this.#record(keyword);
      const value = record === undefined ? readNumber(block, field) : readDecimal(record);
      if (value >= least) return value;
      throw refuse(`its ${name} is no number that can be`);
    };
    const stored = number("size", "size", HEADER.size, 0);
    const isLink = type === "1";
    const isDirectory = !isLink && KINDS[type] === undefined && realPath.endsWith("/");
    const kind = isLink ? 0 : isDirectory ? S_IFDIR : (KINDS[type] ?? S_IFREG);
    const hasTarget = isLink || kind === S_IFLNK;
    const isDevice = kind === S_IFCHR || kind === S_IFBLK;
    const time = this.#record("mtime");
    const mtime = time ? readTime(time) : { sec: readNumber(block, HEADER.mtime), nsec: 0 };
    if (Number.isNaN(mtime.sec)) throw refuse("its time is no number that can be");
    const mode = readNumber(block, HEADER.mode);
    if (!(mode >= 0)) throw refuse("its mode is no number that can be");
    return {
      path: realPath,
      kind,
      mode: mode % 0o10000,
      uid: number("owner", "uid", HEADER.uid, 0),
      gid: number("group", "gid", HEADER.gid, 0),
      mtime: mtime.sec,
      mtimeNsec: mtime.nsec,
      size: stored,
      major: isDevice ? number("device", "SCHILY.devmajor", HEADER.devmajor, 0) : 0,
      minor: isDevice ? number("device", "SCHILY.devminor", HEADER.devminor, 0) : 0,
      target: hasTarget ? (this.#text("linkpath") ?? this.#longTarget ?? readText(block, HEADER.linkname)) : undefined,
      xattrs: this.#xattrs(refuse),
      offset: 0,
      rows: undefined,
    };
  }

  /** Finds where contents lie; only files have some, and what some archives have for further names or GNU tar's directories. */
  #readContents(type: string, block: Uint8Array, member: TarMember, at: number): void | Promise<void> {
    const refuse = (why: string) => this.#refuse(`${this.#shown(member.path)}: ${why}`, at);
    const stored = member.size;
    if (!Number.isSafeInteger(this.#input.at + stored + BLOCK)) throw refuse("is longer than an archive can be");
    const pass = (bytes: number) => {
      if (!this.#reading.headersOnly) this.#contents = roundUp(bytes);
    };
    if (member.kind === S_IFREG) {
      member.offset = this.#input.at;
      const records = this.#local.records.size + this.#global.records.size + this.#local.ranges.length;
      if (type !== "S" && records === 0) return pass(stored);
      return this.#readRows(type, block, member, refuse).then(pass);
    }
    member.size = 0;
    if (member.kind === 0) return stored > 0 ? this.#passLink(stored) : undefined;
    if (KINDS[type] === undefined || type === "D") pass(stored);
    return undefined;
  }

  async #passLink(stored: number): Promise<void> {
    if (await this.#hasLinkContents()) this.#contents = roundUp(stored);
  }

  /** Reads the rows of a sparse file; returns how many bytes are stored behind them. */
  async #readRows(
    type: string,
    block: Uint8Array,
    member: TarMember,
    refuse: (why: string) => ImageError,
  ): Promise<number> {
    const stored = member.size;
    const isGnu = dialectOf(block) === "gnu";
    let rows: number[];
    let left = stored;
    let size: number;
    const { ranges } = this.#local;
    const map = this.#record("GNU.sparse.map");
    if (latin1FromBytes(this.#record("SCHILY.filetype") ?? new Uint8Array(0)) === "sparse")
      throw refuse("is a sparse file in a form that only star has");
    if (type === "S") {
      if (!isGnu) throw refuse("is a sparse file in a form that is none of GNU tar's");
      rows = [];
      size = readNumber(block, HEADER.realsize);
      for (let goesOn = readOldRows(block, false, rows); goesOn; ) {
        const more = await this.#block();
        if (more === undefined) throw this.#cutOff();
        goesOn = readOldRows(more, true, rows);
      }
    } else if (latin1FromBytes(this.#record("GNU.sparse.major") ?? new Uint8Array(0)) === "1") {
      size = readSize(this.#record("GNU.sparse.realsize"));
      const lines = new RowLines();
      for (let isDone = false; !isDone; left -= BLOCK) {
        if (left < BLOCK) throw refuse("its map of data is damaged");
        const more = await this.#block();
        if (more === undefined) throw this.#cutOff();
        isDone = this.#addLines(lines, more, refuse);
      }
      rows = lines.rows;
    } else if (map !== undefined || ranges.length > 0) {
      size = readSize(this.#record("GNU.sparse.size") ?? this.#record("GNU.sparse.realsize"));
      rows = map === undefined ? ranges : readMap(map);
    } else return stored;
    if (!(size >= 0)) throw refuse("its size is no number that can be");
    const arranged = arrangeRows(rows, size, left);
    if (typeof arranged === "string") throw refuse(arranged);
    member.size = size;
    member.offset = this.#input.at;
    if (arranged.length !== 2 || arranged[1] !== size) member.rows = arranged;
    return left;
  }

  #addLines(lines: RowLines, block: Uint8Array, refuse: (why: string) => ImageError): boolean {
    try {
      return lines.add(block);
    } catch (error) {
      throw error instanceof RangeError ? refuse(error.message) : error;
    }
  }

  /** Whether contents follow a further name that says so: most writers mean the size of the file. */
  async #hasLinkContents(): Promise<boolean> {
    if (this.#local.records.size > 0) return true;
    const input = this.#input;
    if (!(await input.need(BLOCK))) return false;
    const block = input.bytes.subarray(input.from, input.from + BLOCK);
    return !isZeroBlock(block) && !hasChecksum(block);
  }

  /** What the extended headers say; a record without a value takes back what the one about all members says. */
  #record(keyword: string): Uint8Array | undefined {
    const value = this.#local.records.get(keyword) ?? this.#global.records.get(keyword);
    return value?.length === 0 ? undefined : value;
  }

  #text(keyword: string): string | undefined {
    const value = this.#record(keyword);
    return value && latin1FromBytes(value);
  }

  #xattrs(refuse: (why: string) => ImageError): readonly Xattr[] {
    if (this.#local.records.size + this.#global.records.size === 0) return NO_XATTRS;
    const all = new Map<string, Uint8Array>();
    for (const { records } of [this.#global, this.#local]) takeXattrs(records, all, refuse);
    return all.size === 0 ? NO_XATTRS : Array.from(all, ([name, value]) => ({ name: bytesFromLatin1(name), value }));
  }

  #shown(path: string): string {
    return showBytes(bytesFromLatin1(path)) || "an empty name";
  }

  #cutOff(): ImageError {
    const where = this.#last === "" ? "in its first member" : `in or behind ${this.#shown(this.#last)}`;
    return this.#refuse(`is cut off ${where}`, this.#input.at);
  }

  #refuse(why: string, at: number): ImageError {
    return new ImageError("INPUT", `${this.#name}: ${why} (offset ${at})`, { path: this.#name, offset: at });
  }
}

const NO_XATTRS: readonly Xattr[] = [];

/** What GNU tar codes in a name, as a keyword ends with an equals sign; and what libarchive codes, in both of its records. */
const [CODED_BY_GNU, CODED_BY_LIBARCHIVE] = [/%(25|3D)/g, /%([\da-f]{2})/gi] as const;

/** Attributes among records: of star and GNU tar with a value as it is, of libarchive with one that is coded too, or both. */
function takeXattrs(records: PaxRecords, all: Map<string, Uint8Array>, refuse: (why: string) => ImageError): void {
  const [plain, coded] = XATTRS;
  const decode = (name: string, what: RegExp) =>
    name.replace(what, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  let ofPlain: RegExp = CODED_BY_GNU;
  for (const [keyword, value] of records) {
    if (!keyword.startsWith(coded)) continue;
    ofPlain = CODED_BY_LIBARCHIVE;
    const name = decode(keyword.slice(coded.length), CODED_BY_LIBARCHIVE);
    const bytes = decodeBase64(latin1FromBytes(value));
    if (bytes === undefined) throw refuse(`the value of its attribute ${showBytes(bytesFromLatin1(name))} is damaged`);
    all.set(name, bytes);
  }
  // writers that have both mean the same; this one cannot be coded wrongly
  for (const [keyword, value] of records) {
    if (keyword.startsWith(plain)) all.set(decode(keyword.slice(plain.length), ofPlain), value);
  }
}

/** The path that a header has in two fields. */
function headerPath(block: Uint8Array, dialect: Dialect): string {
  const name = readText(block, HEADER.name);
  const prefix = dialect === "ustar" ? readText(block, HEADER.prefix) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

function roundUp(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}
