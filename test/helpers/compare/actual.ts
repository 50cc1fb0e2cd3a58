/**
 * What is there: directories by their entries, extended attributes, whole trees. Every step goes through an open
 * directory (`/proc/self/fd/N/name`), so that no path is too long.
 */
import { spawnSync } from "node:child_process";
import { closeSync, constants, type Dirent, lstatSync, openSync, readdirSync, readlinkSync } from "node:fs";
import { readAll } from "./contents.ts";
import { type EntryKind, errorCode, fromNs, inodeOf, joinBytes, kindOf, type SpecEntry, splitDevice } from "./entry.ts";

/** An entry of a directory. */
export interface Listed {
  name: Buffer;
  /** What the directory entry itself says (d_type), before any lookup. */
  kind: EntryKind;
}

/** A directory that is open. */
export interface Directory {
  /** Sorted by bytes, without `.` and `..`. */
  list(): Listed[];
  at(name: Buffer): Buffer;
  close(): void;
}

/** Opens a directory. */
export function openDirectory(path: Buffer): Directory {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  const prefix = process.platform === "linux" ? Buffer.from(`/proc/self/fd/${fd}`) : path;
  return {
    list: () =>
      (readdirSync(prefix, { encoding: "buffer", withFileTypes: true }) as unknown as Dirent<Buffer>[])
        .map((entry) => ({ name: entry.name, kind: kindOf(entry) }))
        .sort((a, b) => Buffer.compare(a.name, b.name)),
    at: (name) => joinBytes(prefix, name),
    close: () => closeSync(fd),
  };
}

/** What a lookup of a path says. */
export function lookUp(at: Buffer): string {
  try {
    return `it is a ${kindOf(lstatSync(at, { bigint: true }))}`;
  } catch (error) {
    return errorCode(error);
  }
}

/** Lists a tree, the top first and the rest in byte order of paths' components, in the form of a spec. */
export function describeTree(dir: string, options: { contents?: boolean } = {}): SpecEntry[] {
  const entries: SpecEntry[] = [];
  const names = new Map<string, Buffer>();
  const visit = (at: Buffer, path: Buffer) => {
    const stat = lstatSync(at, { bigint: true });
    const kind = kindOf(stat);
    const entry: SpecEntry = { path, kind, mode: Number(stat.mode) & 0o7777 };
    Object.assign(entry, { uid: Number(stat.uid), gid: Number(stat.gid), mtime: fromNs(stat.mtimeNs) });
    if (kind === "symlink") entry.target = readlinkSync(at, { encoding: "buffer" });
    if (kind === "file") entry.size = Number(stat.size);
    if (kind === "file" && options.contents === true) entry.contents = readAll(at);
    if (kind === "char" || kind === "block") Object.assign(entry, splitDevice(stat.rdev));
    if (kind !== "directory") {
      const first = names.get(inodeOf(stat));
      if (first === undefined) names.set(inodeOf(stat), path);
      else entry.hardLinkOf = first;
    }
    entries.push(entry);
    if (kind !== "directory") return;
    const open = openDirectory(at);
    for (const { name } of open.list()) visit(open.at(name), path.length === 0 ? name : joinBytes(path, name));
    open.close();
  };
  visit(Buffer.from(dir), Buffer.alloc(0));
  return entries;
}

/** Path (latin1, relative) -> attribute name (latin1) -> value in hexadecimal. */
export type XattrMap = Map<string, Map<string, string>>;

/** All attributes of `start` (`.` or `./name`) and below, as getfattr shows them. */
export function readXattrs(directory: string, start: string): XattrMap {
  const args = ["-R", "-P", "-d", "-m", "-", "-h", "--absolute-names", "-e", "hex", "--", start];
  const run = spawnSync("getfattr", args, { cwd: directory, encoding: "latin1", maxBuffer: 2 ** 30 });
  if (run.error !== undefined) throw run.error;
  if (run.status !== 0) throw new Error(`getfattr in ${directory}: ${run.stderr}`);
  const map: XattrMap = new Map();
  let current = new Map<string, string>();
  for (const line of run.stdout.split("\n")) {
    if (line.startsWith("# file: ")) {
      current = new Map();
      map.set(unquote(line.slice(8)).replace(/^\.\/?/, ""), current);
    } else if (line !== "") {
      const [name = "", value = ""] = line.split("=");
      current.set(unquote(name), value.replace(/^0x/, ""));
    }
  }
  return map;
}

/** Undoes getfattr's `\ooo`. */
function unquote(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
