/** What is compared of two images: what their superblocks say, and what their entries are. Taken from their dumps. */
import { COMPAT_FEATURES, FEATURES } from "../../../src/erofs/disk/features.ts";
import { dumpImage } from "../../../src/inspect/dump.ts";
import type { PeerOwner } from "./source.ts";

/** Of an image. */
export interface PeerFacts {
  /** Fields of the superblock by name. */
  readonly image: Readonly<Record<string, number | string>>;
  /** `mode links owner:group size time path` of each inode, in the order of the paths. */
  readonly tree: readonly string[];
}

/** A structure of a dump. */
interface Line {
  readonly name: string;
  readonly path: string;
  readonly fields: ReadonlyMap<string, string>;
}

/** Bits of EROFS's feature_incompat and feature_compat that no table here names. */
const OTHER_BITS = { "device table": 8 } as const;

/**
 * Looks at an image.
 *
 * @param owner shown by a word, as it is another one on each machine
 * @param countsLinks whether the links of directories are to be compared
 * @returns why it cannot be read here, if it cannot
 */
export async function readPeerFacts(
  bytes: Uint8Array,
  owner: PeerOwner,
  countsLinks: boolean,
): Promise<PeerFacts | string> {
  const lines: Line[] = [];
  try {
    for await (const text of dumpImage(bytes)) {
      const line = parseLine(text);
      if (line) lines.push(line);
    }
  } catch (error) {
    return (error as Error).message;
  }
  const superblock = lines.find(({ name }) => name.endsWith("super_block"))!;
  const isErofs = superblock.name.startsWith("erofs");
  const ids = lines.filter(({ name }) => name === "id").map(({ fields }) => fields.get("id")!);
  const inodes = lines.filter(({ name, path }) => /_inode/.test(name) && path !== "");
  const entries = inodes.map((line) =>
    isErofs ? erofsEntry(line, superblock, owner) : squashfsEntry(line, ids, owner),
  );
  const tree = entries.map((entry) => showEntry(entry, countsLinks));
  const byPath = (a: string, b: string) => (pathOf(a) < pathOf(b) ? -1 : 1);
  return { image: isErofs ? erofsFacts(superblock) : squashfsFacts(superblock, inodes), tree: tree.sort(byPath) };
}

function pathOf(entry: string): string {
  return entry.slice(entry.indexOf("/"));
}

/** `OFFSET BYTES NAME PATH …: a=1 b=2`. */
function parseLine(text: string): Line | undefined {
  const parts = /^\s*\S+ +\d+ {2}(\w+)(?: (\/.*?))?(?: nid=[\w.]+[^:]*)?: (\w+=.*?)(?:, then \d+ zeros)?$/.exec(text);
  if (!parts) return undefined;
  const [, name = "", path = "", fields = ""] = parts;
  const pairs = [...fields.matchAll(/(\w+)=("(?:[^"\\]|\\.)*"|\S+)/g)].map(([, key, value]) => [key!, value!] as const);
  return { name, path, fields: new Map(pairs) };
}

function number({ fields }: Line, key: string): number {
  return Number(fields.get(key)!);
}

function erofsFacts(line: Line): PeerFacts["image"] {
  const [incompat, compat] = [number(line, "feature_incompat"), number(line, "feature_compat")];
  // random there and derived here, unless it is given
  const uuid = line.fields.get("uuid")!;
  const named = [
    ...Object.entries(FEATURES).map(([name, { bit }]) => [name, bit & incompat] as const),
    ...Object.entries(OTHER_BITS).map(([name, bit]) => [name, bit & incompat] as const),
    ...Object.entries(COMPAT_FEATURES).map(([name, { bit }]) => [name, bit & compat] as const),
  ];
  return {
    features: named.flatMap(([name, bit]) => (bit === 0 ? [] : [name])).join(" "),
    block: 2 ** number(line, "blkszbits"),
    inodes: number(line, "inos"),
    label: line.fields.get("volume_name")!,
    ...(/^.{12}[48]/.test(uuid) ? {} : { uuid }),
  };
}

function erofsEntry(line: Line, superblock: Line, owner: PeerOwner): Entry {
  const isExtended = line.name.endsWith("extended");
  const mtime = number(line, "i_mtime") + (isExtended ? 0 : number(superblock, "epoch"));
  return {
    path: line.path,
    mode: Number.parseInt(line.fields.get("i_mode")!, 8),
    links: number(line, isExtended ? "i_nlink" : "i_nb"),
    owner: showOwner(number(line, "i_uid"), number(line, "i_gid"), owner),
    size: number(line, "i_size"),
    mtime,
  };
}

/** Flags of SquashFS by their bits. */
const FLAGS = "NOI NOD CHECK NOF NO_FRAG ALWAYS_FRAG DUPLICATE EXPORT NOX NO_XATTR COMP_OPT NOID".split(" ");
/** Type bits of a mode, by inode_type modulo 7. */
const TYPES = [0o140000, 0o040000, 0o100000, 0o120000, 0o060000, 0o020000, 0o010000] as const;

function squashfsFacts(line: Line, inodes: readonly Line[]): PeerFacts["image"] {
  const flags = number(line, "flags");
  return {
    flags: FLAGS.filter((_, bit) => flags & (1 << bit)).join(" "),
    compression: number(line, "compression"),
    block: number(line, "block_size"),
    inodes: inodes.length,
    ids: number(line, "no_ids"),
  };
}

function squashfsEntry(line: Line, ids: readonly string[], owner: PeerOwner): Entry {
  const [uid, gid] = [ids[number(line, "uid")], ids[number(line, "guid")]].map(Number) as [number, number];
  return {
    path: line.path,
    mode: TYPES[number(line, "inode_type") % 7]! | Number.parseInt(line.fields.get("mode")!, 8),
    links: line.fields.has("nlink") ? number(line, "nlink") : 1,
    owner: showOwner(uid, gid, owner),
    size: line.fields.has("file_size") ? number(line, "file_size") : 0,
    mtime: number(line, "mtime"),
  };
}

function showOwner(uid: number, gid: number, { uid: user, gid: group }: PeerOwner): string {
  return `${uid === user ? "own" : uid}:${gid === group ? "own" : gid}`;
}

interface Entry {
  readonly path: string;
  readonly mode: number;
  readonly links: number;
  readonly owner: string;
  readonly size: number;
  readonly mtime: number;
}

/** How long a directory is depends on the format alone. */
function showEntry({ path, mode, links, owner, size, mtime }: Entry, countsLinks: boolean): string {
  const type = mode & 0o170000;
  const count = countsLinks || type !== 0o040000 ? links : "-";
  const length = type === 0o100000 ? size : "-";
  return `${mode.toString(8)} ${count} ${owner} ${length} ${mtime} ${path}`;
}
