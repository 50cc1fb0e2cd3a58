/**
 * Pseudo file definitions, as mksquashfs takes them: entries that are not on disk, or not like this.
 *
 *     PATH d|m MODE UID GID               PATH b|c MODE UID GID MAJOR MINOR       PATH f MODE UID GID COMMAND
 *     PATH s MODE UID GID TARGET          PATH i MODE UID GID s|f                 PATH l|h FILE    PATH L ENTRY
 *     PATH R TIME MODE UID GID LENGTH OFFSET [SPARSE]    the contents stand behind the definitions: see node-pseudo.ts
 *
 * With the letter in upper case (but not `L`, `R`) a time or a date stands before the mode. `x` gives attributes: `PATH x
 * NAME=VALUE`.
 */
import { bytesFromLatin1 } from "../../../core/bytes.ts";
import { parseDate } from "../../text/date.ts";
import { type Line, LineReader, readLines, show } from "../../text/line-words.ts";
import { decodeValue } from "../../text/xattr-value.ts";
import { splitPath } from "../../tree/path.ts";
import { MAX_ID } from "../../tree/policy.ts";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK } from "../../tree/tree.ts";
import type { Xattr } from "../../tree/xattrs.ts";
import type { Accounts } from "./accounts.ts";

/** One definition; strings are latin1. */
export interface PseudoEntry {
  path: string;
  /**
   * `add` an entry, `modify` one, give it attributes (`xattr`), or a `copy` of a file (`follow`: of what a symbolic link
   * there leads to) or further name of an entry.
   */
  action: "add" | "modify" | "xattr" | "copy" | "follow" | "link";
  /** Type bits (of `add`) and permission bits. */
  mode: number;
  uid: number;
  gid: number;
  /** Seconds since 1970, where one is given. */
  mtime: number | undefined;
  /** What a link leads to; the file or entry of `copy`, `follow` and `link`. */
  target: string;
  /** What a shell is to run for the contents. */
  command: string | undefined;
  /** Where the contents stand in the data behind the definitions. */
  data: { offset: number; length: number } | undefined;
  major: number;
  minor: number;
  xattr: Xattr | undefined;
  where: string;
}

const KINDS: Readonly<Record<string, number>> = {
  d: S_IFDIR,
  m: 0,
  b: S_IFBLK,
  c: S_IFCHR,
  f: S_IFREG,
  s: S_IFLNK,
  i: S_IFIFO,
  r: S_IFREG,
};
const LINKS: Readonly<Record<string, PseudoEntry["action"]>> = { l: "copy", h: "follow", L: "link" };
const TYPES = "d, m, b, c, f, s, i, l, h, L, x, or D, M, B, C, F, S, I, R";

/** Reads the definitions of a file. Throws `INPUT` naming the line. */
export function parsePseudoFile(text: Uint8Array, name: string, accounts: Accounts): PseudoEntry[] {
  return [...readLines(text, name, true)].map((line) => parsePseudo(line, accounts));
}

/** Reads one definition. */
export function parsePseudo(line: Line, accounts: Accounts): PseudoEntry {
  const reader = new LineReader(line);
  const entry: PseudoEntry = {
    ...{ path: needPath(reader), action: "add", mode: 0, uid: 0, gid: 0, mtime: undefined, target: "" },
    ...{ command: undefined, data: undefined, major: 0, minor: 0, xattr: undefined, where: line.where },
  };
  const letter = reader.need("the type");
  const link = LINKS[letter];
  if (link !== undefined) {
    entry.action = link;
    entry.target = needName(reader, link === "link" ? "the entry" : "the file");
    reader.end();
    return entry;
  }
  if (letter === "x") {
    entry.action = "xattr";
    entry.xattr = parseXattr(reader);
    return entry;
  }
  const type = letter.toLowerCase();
  const kind = letter.length === 1 && letter !== "r" ? KINDS[type] : undefined;
  if (kind === undefined) throw reader.fail(`"${show(letter)}" is no type: ${TYPES}`);
  if (letter !== type) entry.mtime = needTime(reader);
  entry.mode = kind | reader.needNumber("the mode", 8, 0o7777);
  entry.uid = needId(reader, "user", accounts.users);
  entry.gid = needId(reader, "group", accounts.groups);
  if (type === "m") entry.action = "modify";
  else if (type === "f") entry.command = needRest(reader, "the command");
  else if (type === "s") {
    entry.target = needRest(reader, "the target");
    entry.mode = S_IFLNK | 0o777;
  } else if (type === "i") entry.mode = (entry.mode & 0o7777) | parseIpc(reader);
  else if (type === "r") {
    const length = reader.needNumber("the length", 10, Number.MAX_SAFE_INTEGER);
    entry.data = { length, offset: reader.needNumber("the offset", 10, Number.MAX_SAFE_INTEGER) };
    // 0 or 1 for a sparse file, which unsquashfs 4.5 does not say: blocks of zeros are found anyway
    if (reader.rest !== "") reader.needNumber("0 or 1", 10, 1);
  } else if (type === "b" || type === "c") {
    entry.major = reader.needNumber("the major number", 10, 0xfff);
    entry.minor = reader.needNumber("the minor number", 10, 0xfffff);
  }
  reader.end();
  return entry;
}

function needPath(reader: LineReader): string {
  const path = needName(reader, "the path");
  try {
    splitPath(path);
    return path;
  } catch (error) {
    throw reader.fail((error as Error).message);
  }
}

function needName(reader: LineReader, what: string): string {
  const name = reader.nextEscaped();
  if (name === undefined || name === "") throw reader.fail(`${what} is missing`);
  return name;
}

function needTime(reader: LineReader): number {
  const text = needName(reader, "the time");
  const time = parseDate(text);
  if (typeof time === "number") return time;
  throw reader.fail(`the time "${show(text)}" ${time.why}`);
}

/** What is left of the line as it stands: a command is the shell's to take apart, a target may hold anything. */
function needRest(reader: LineReader, what: string): string {
  const rest = reader.nextRaw();
  if (rest === "") throw reader.fail(`${what} is missing`);
  return rest;
}

function needId(reader: LineReader, what: "user" | "group", names: ReadonlyMap<string, number>): number {
  const word = reader.need(`the ${what}`);
  if (/^\+?[0-9]+$/.test(word)) return reader.toNumber(word.replace("+", ""), `the ${what}`, 10, MAX_ID);
  const id = names.get(word);
  if (id === undefined) throw reader.fail(`there is no ${what} "${show(word)}" on this machine`);
  return id;
}

function parseIpc(reader: LineReader): number {
  const type = reader.need("s or f");
  if (type !== "s" && type !== "f") throw reader.fail(`i is for a socket (s) or a FIFO (f), not "${show(type)}"`);
  return type === "s" ? S_IFSOCK : S_IFIFO;
}

function parseXattr(reader: LineReader): Xattr {
  return parseXattrWord(needRest(reader, "the attribute"), (why) => reader.fail(why));
}

/**
 * Reads `NAME=VALUE`, the value as it stands, or `0x` and hex digits, `0s` and base64, `0t` and text with `\ooo`. Throws
 * what `fail` makes of the reason.
 */
export function parseXattrWord(text: string, fail: (why: string) => Error): Xattr {
  const at = text.indexOf("=");
  if (at <= 0) throw fail("an attribute is NAME=VALUE");
  const value = text.slice(at + 1);
  const name = bytesFromLatin1(text.slice(0, at));
  const encoded = decodeValue(value, fail);
  if (encoded) return { name, value: encoded };
  if (/^0[tT]/.test(value)) return { name, value: bytesFromLatin1(withoutOctal(value.slice(2))) };
  return { name, value: bytesFromLatin1(value) };
}

function withoutOctal(text: string): string {
  return text.replace(/\\([0-7]{3}|\\)/g, (_, escaped: string) =>
    escaped === "\\" ? escaped : String.fromCharCode(Number.parseInt(escaped, 8) & 0xff),
  );
}
