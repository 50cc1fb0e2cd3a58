/**
 * Pseudo file definitions, as mksquashfs takes them: entries that are not on disk, or not like this.
 *
 *     PATH d|m MODE UID GID               PATH b|c MODE UID GID MAJOR MINOR       PATH f MODE UID GID COMMAND
 *     PATH s MODE UID GID TARGET          PATH i MODE UID GID s|f                 PATH l FILE      PATH L ENTRY
 *
 * With the letter in upper case (but not `L`) a time stands before the mode. `x` gives attributes: `PATH x NAME=VALUE`.
 */
import { bytesFromLatin1 } from "../core/bytes.ts";
import { type Line, LineReader, readLines, show } from "./line-words.ts";
import { MAX_ID } from "./policy.ts";
import type { Xattr } from "./source.ts";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK } from "./tree.ts";

/** One definition; strings are latin1. */
export interface PseudoEntry {
  path: string;
  /** `add` an entry, `modify` one, give it attributes (`xattr`), or a `copy` of a file or further name of an entry. */
  action: "add" | "modify" | "xattr" | "copy" | "link";
  /** Type bits (of `add`) and permission bits. */
  mode: number;
  uid: number;
  gid: number;
  /** Seconds since 1970, where one is given. */
  mtime: number | undefined;
  /** What a link leads to; the file or entry of `copy` and `link`. */
  target: string;
  /** What a shell is to run for the contents. */
  command: string | undefined;
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
};
const MAX_TIME = 0xffffffff;

/** Reads the definitions of a file. Throws `INPUT` naming the line. */
export function parsePseudoFile(text: Uint8Array, name: string): PseudoEntry[] {
  return [...readLines(text, name)].map(parsePseudo);
}

/** Reads one definition. */
export function parsePseudo(line: Line): PseudoEntry {
  const reader = new LineReader(line);
  const entry: PseudoEntry = {
    ...{ path: reader.need("the path"), action: "add", mode: 0, uid: 0, gid: 0, mtime: undefined },
    ...{ target: "", command: undefined, major: 0, minor: 0, xattr: undefined, where: line.where },
  };
  const letter = reader.need("the type");
  if (letter === "l" || letter === "L") {
    entry.action = letter === "l" ? "copy" : "link";
    entry.target = needAll(reader, letter === "l" ? "the file" : "the entry");
    return entry;
  }
  if (letter === "x") {
    entry.action = "xattr";
    entry.xattr = parseXattr(reader);
    return entry;
  }
  const type = letter.toLowerCase();
  const kind = letter.length === 1 ? KINDS[type] : undefined;
  if (kind === undefined)
    throw reader.fail(`"${show(letter)}" is no type: d, m, b, c, f, s, i, l, L, x, or D, M, B, C, F, S, I`);
  if (letter !== type) entry.mtime = reader.needNumber("the time", 10, MAX_TIME);
  entry.mode = kind | reader.needNumber("the mode", 8, 0o7777);
  entry.uid = needId(reader, "the uid");
  entry.gid = needId(reader, "the gid");
  if (type === "m") entry.action = "modify";
  else if (type === "f") entry.command = needAll(reader, "the command");
  else if (type === "s") entry.target = needAll(reader, "the target");
  else if (type === "i") entry.mode = (entry.mode & 0o7777) | parseIpc(reader);
  else if (type === "b" || type === "c") {
    entry.major = reader.needNumber("the major number", 10, 0xfff);
    entry.minor = reader.needNumber("the minor number", 10, 0xfffff);
  }
  reader.end();
  return entry;
}

function needAll(reader: LineReader, what: string): string {
  // a command is the shell's to take apart
  const rest = what === "the command" ? reader.nextRaw() : reader.nextAll();
  if (rest === undefined || rest === "") throw reader.fail(`${what} is missing`);
  return rest;
}

/** Names of users are not looked up: they mean something else on every machine. */
function needId(reader: LineReader, what: string): number {
  const word = reader.need(what);
  return word === "root" ? 0 : reader.toNumber(word, what, 10, MAX_ID);
}

function parseIpc(reader: LineReader): number {
  const type = reader.need("s or f");
  if (type !== "s" && type !== "f") throw reader.fail(`i is for a socket (s) or a FIFO (f), not "${show(type)}"`);
  return type === "s" ? S_IFSOCK : S_IFIFO;
}

function parseXattr(reader: LineReader): Xattr {
  const text = needAll(reader, "the attribute");
  const at = text.indexOf("=");
  if (at <= 0) throw reader.fail("an attribute is NAME=VALUE");
  const value = text.slice(at + 1);
  const name = bytesFromLatin1(text.slice(0, at));
  if (/^0[xX](?:[0-9a-fA-F]{2})*$/.test(value)) {
    return { name, value: Uint8Array.from(value.slice(2).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)) };
  }
  if (/^0[sS][0-9a-zA-Z+/]*={0,2}$/.test(value)) return { name, value: bytesFromLatin1(atob(value.slice(2))) };
  return { name, value: bytesFromLatin1(value) };
}
