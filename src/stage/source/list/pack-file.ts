/**
 * Pack files, as gensquashfs takes them: one entry a line.
 *
 *     dir|pipe|sock PATH MODE UID GID      file PATH MODE UID GID [LOCATION]     slink PATH MODE UID GID TARGET
 *     nod PATH MODE UID GID b|c MAJ MIN    link PATH - - - TARGET              glob PATH MODE UID GID [OPTION]… [LOCATION]
 */
import { LineReader, readLines } from "../../text/line-words.ts";
import { MAX_ID } from "../../tree/policy.ts";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK } from "../../tree/tree.ts";

/** One line; strings are latin1. A value that is undefined is taken from the disk. */
export interface PackEntry {
  keyword: "dir" | "file" | "slink" | "link" | "nod" | "pipe" | "sock" | "glob";
  path: string;
  /** Permission bits. */
  mode: number | undefined;
  uid: number | undefined;
  gid: number | undefined;
  /** Of a file or glob: where it lies, relative to the pack directory. Of a link: what it leads to. */
  target: string;
  /** Of a `nod`: S_IFBLK or S_IFCHR. */
  kind: number;
  major: number;
  minor: number;
  /** Of a `glob`. */
  glob: PackGlob | undefined;
  where: string;
}

/** What a `glob` line takes of what it finds. */
export interface PackGlob {
  /** Kinds of entries (S_IF…); undefined: all. */
  kinds: readonly number[] | undefined;
  /** Patterns that the name, or the path in the image, has to match. */
  name: string | undefined;
  path: string | undefined;
  sameDevice: boolean;
  keepTime: boolean;
  recursive: boolean;
  /** Files that are one inode are so in the image. */
  hardLinks: boolean;
}

const KEYWORDS = ["dir", "file", "slink", "link", "nod", "pipe", "sock", "glob"] as const;
const KINDS: Readonly<Record<string, number>> = {
  b: S_IFBLK,
  c: S_IFCHR,
  d: S_IFDIR,
  p: S_IFIFO,
  f: S_IFREG,
  l: S_IFLNK,
  s: S_IFSOCK,
};

/** Reads a pack file. Throws `INPUT` naming the line. */
export function parsePackFile(text: Uint8Array, name: string): PackEntry[] {
  return [...readLines(text, name)].map((line) => {
    const reader = new LineReader(line);
    const keyword = KEYWORDS.find(
      (known) => line.text.startsWith(known) && /^[ \t]/.test(line.text.slice(known.length)),
    );
    if (keyword === undefined) throw reader.fail(`a line begins with one of ${KEYWORDS.join(", ")}`);
    reader.next();
    const path = reader.need("the path");
    const entry: PackEntry = {
      ...{ keyword, path, where: line.where, target: "", kind: 0, major: 0, minor: 0, glob: undefined },
      ...parseOwner(reader, keyword),
    };
    parseRest(reader, entry);
    reader.end();
    return entry;
  });
}

function parseOwner(reader: LineReader, keyword: PackEntry["keyword"]) {
  const words = [reader.need("the mode"), reader.need("the uid"), reader.need("the gid")] as const;
  // of a hard link they are there for nothing
  if (keyword === "link") return { mode: undefined, uid: undefined, gid: undefined };
  const value = (word: string, what: string, base: 8 | 10, max: number) =>
    keyword === "glob" && word === "*" ? undefined : reader.toNumber(word, what, base, max);
  return {
    mode: value(words[0], "mode", 8, 0o7777),
    uid: value(words[1], "uid", 10, MAX_ID),
    gid: value(words[2], "gid", 10, MAX_ID),
  };
}

function parseRest(reader: LineReader, entry: PackEntry): void {
  switch (entry.keyword) {
    case "file":
      entry.target = reader.nextAll() ?? entry.path;
      return;
    case "slink":
    case "link":
      entry.target = reader.nextAll() ?? "";
      if (entry.target === "") throw reader.fail("the target is missing");
      return;
    case "nod": {
      const type = reader.need("the type of device").toLowerCase();
      if (type !== "b" && type !== "c") throw reader.fail(`the type of device is b or c, not "${type}"`);
      entry.kind = KINDS[type]!;
      entry.major = reader.needNumber("the major number", 10, 0xffffffff);
      entry.minor = reader.needNumber("the minor number", 10, 0xffffffff);
      return;
    }
    case "glob":
      entry.glob = parseGlob(reader);
      entry.target = reader.nextAll() ?? ".";
      return;
    default:
      return;
  }
}

function parseGlob(reader: LineReader): PackGlob {
  const result: { -readonly [K in keyof PackGlob]: PackGlob[K] } = {
    ...{ kinds: undefined, name: undefined, path: undefined },
    ...{ sameDevice: false, keepTime: false, recursive: true, hardLinks: true },
  };
  while (reader.rest.startsWith("-")) {
    const option = reader.need("an option");
    if (option === "--") break;
    if (option === "-type") {
      const kind = KINDS[reader.need("the type").toLowerCase()];
      if (kind === undefined) throw reader.fail("-type is one of b, c, d, p, f, l, s");
      result.kinds = [...(result.kinds ?? []), kind];
    } else if (option === "-name") result.name = unquote(reader.need("the pattern"));
    else if (option === "-path") result.path = unquote(reader.need("the pattern"));
    else if (option === "-xdev" || option === "-mount") result.sameDevice = true;
    else if (option === "-keeptime") result.keepTime = true;
    else if (option === "-nonrecursive") result.recursive = false;
    else if (option === "-nohardlinks") result.hardLinks = false;
    else throw reader.fail(`${option}: unknown option of glob`);
  }
  return result;
}

/** A pattern may stand in single quotes too. */
function unquote(pattern: string): string {
  return /^'.*'$/s.test(pattern) ? pattern.slice(1, -1) : pattern;
}
