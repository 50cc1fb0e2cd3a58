/**
 * Headers of tar archives as POSIX.1-2001 (pax) has them: a ustar header, and in front of it records for what it has no room
 * for. Attributes are records as star and GNU tar have them.
 *
 *     | header of type x | records, padded | header | contents, padded | …
 *     record: its own length in decimal digits, a space, key=value, a newline
 */
import { bytesFromLatin1, latin1FromBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import type { EntryKind } from "../../core/mode.ts";
import type { ImageXattr } from "../../inspect/reader.ts";

/** Bytes of what an archive consists of. */
export const TAR_BLOCK = 512;
/** Types by kind. */
const TYPES: Readonly<Partial<Record<EntryKind, string>>> = {
  ...{ file: "0", symlink: "2", char: "3", block: "4", directory: "5", fifo: "6" },
};
/** The type of another name of a file. */
const HARD_LINK = "1";
/** The largest numbers of fields of 8 and 12 bytes, and the longest texts of fields of 100. */
const [MOST_SHORT, MOST_LONG, MOST_TEXT] = [0o7777777, 0o77777777777, 100] as const;

/** An entry of an archive; texts are latin1. */
export interface TarEntry {
  /** A directory's ends with a slash. */
  readonly path: string;
  readonly kind: EntryKind;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly mtimeNsec: number;
  /** Bytes of contents. */
  readonly size: number;
  /** Of a symbolic link; of another name of a file, the first one. */
  readonly target: string;
  readonly isHardLink: boolean;
  readonly major: number;
  readonly minor: number;
  readonly xattrs: readonly ImageXattr[];
}

/** The headers of an entry. Throws `LIMIT` for a socket, which no archive holds. */
export function tarHeader(entry: TarEntry): Uint8Array {
  const type = entry.isHardLink ? HARD_LINK : TYPES[entry.kind];
  if (type === undefined) throw new ImageError("LIMIT", `a tar archive holds no ${entry.kind}`);
  const records = recordsOf(entry);
  const header = ustar(entry, type);
  if (records === "") return header;
  const blocks = Math.ceil(records.length / TAR_BLOCK);
  const whole = new Uint8Array((2 + blocks) * TAR_BLOCK);
  const own = { ...entry, path: "PaxHeader", target: "", size: records.length, mode: 0o644, mtime: 0, uid: 0, gid: 0 };
  whole.set(ustar(own, "x"));
  whole.set(bytesFromLatin1(records), TAR_BLOCK);
  whole.set(header, (1 + blocks) * TAR_BLOCK);
  return whole;
}

/** What the header has no room for. */
function recordsOf({ path, target, size, uid, gid, mtime, mtimeNsec, xattrs }: TarEntry): string {
  const records: [key: string, value: string][] = [];
  if (!fits(path)) records.push(["path", path]);
  if (!fits(target)) records.push(["linkpath", target]);
  if (size > MOST_LONG) records.push(["size", String(size)]);
  if (uid > MOST_SHORT) records.push(["uid", String(uid)]);
  if (gid > MOST_SHORT) records.push(["gid", String(gid)]);
  if (mtimeNsec > 0 || mtime < 0 || mtime > MOST_LONG) records.push(["mtime", showTime(mtime, mtimeNsec)]);
  for (const { name, value } of xattrs) records.push([`SCHILY.xattr.${codeName(name)}`, latin1FromBytes(value)]);
  return records.map(([key, value]) => record(`${key}=${value}\n`)).join("");
}

/** A keyword ends where its first equals sign stands: names have it coded, as GNU tar codes it. */
function codeName(name: Uint8Array): string {
  return latin1FromBytes(name).replaceAll("%", "%25").replaceAll("=", "%3D");
}

function fits(text: string): boolean {
  // what is no ASCII means UTF-8 in a record, and is not said to be anything in a header
  return text.length <= MOST_TEXT;
}

/** A record, whose length counts its own digits. */
function record(text: string): string {
  const rest = text.length + 1;
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length = rest + String(length).length;
  return `${length} ${text}`;
}

/** Seconds with nine decimals; before 1970 they count backwards. */
function showTime(sec: number, nsec: number): string {
  const decimals = (value: number) => (value === 0 ? "" : `.${String(value).padStart(9, "0")}`);
  if (sec >= 0) return `${sec}${decimals(nsec)}`;
  return nsec === 0 ? `${sec}` : `-${-sec - 1}${decimals(1e9 - nsec)}`;
}

function ustar(entry: TarEntry, type: string): Uint8Array {
  const block = new Uint8Array(TAR_BLOCK);
  const text = (at: number, value: string, most: number) => block.set(bytesFromLatin1(value.slice(0, most)), at);
  const number = (at: number, value: number, digits: number, most: number) =>
    text(at, Math.min(Math.max(value, 0), most).toString(8).padStart(digits, "0"), digits);
  text(0, entry.path, MOST_TEXT);
  number(100, entry.mode & 0o7777, 7, MOST_SHORT);
  number(108, entry.uid, 7, MOST_SHORT);
  number(116, entry.gid, 7, MOST_SHORT);
  number(124, entry.size, 11, MOST_LONG);
  number(136, entry.mtime, 11, MOST_LONG);
  text(148, "        ", 8);
  text(156, type, 1);
  text(157, entry.target, MOST_TEXT);
  text(257, "ustar\x0000", 8);
  number(329, entry.major, 7, MOST_SHORT);
  number(337, entry.minor, 7, MOST_SHORT);
  const sum = block.reduce((total, byte) => total + byte, 0);
  text(148, `${sum.toString(8).padStart(6, "0")}\0 `, 8);
  return block;
}
