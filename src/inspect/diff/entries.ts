/**
 * What two images differ in as filesystems: both are walked at the same time, names in byte order, so that memory is taken for
 * the directories that are open, and for names of inodes that have several.
 */
import { Interruption } from "../../core/abort.ts";
import { bytesFromLatin1, equalBytes, latin1FromBytes, showBytes, toHex } from "../../core/bytes.ts";
import { isDirectoryMode, kindOfMode } from "../../core/mode.ts";
import type { ImageEntry, ImageInode, ImageReader } from "../reader.ts";
import { DirectoryGuard, walkImage } from "../walk.ts";
import { firstDifference } from "./contents.ts";

/** A field of an entry, as the first image and the second have it; undefined: not at all. */
export interface FieldChange {
  readonly field: string;
  readonly from: string | number | undefined;
  readonly to: string | number | undefined;
}

/** What has become of an entry from the first image to the second. */
export type EntryChange =
  | {
      readonly change: "added" | "removed";
      /** From the root on; bytes that are no UTF-8 are `\xNN`. */
      readonly path: string;
      readonly kind: string;
      /** How many entries lie below it, which are not told one by one. */
      readonly below: number;
    }
  | { readonly change: "changed"; readonly path: string; readonly kind: string; readonly fields: FieldChange[] };

/** How images are compared. */
export interface EntryRules {
  /** The formats differ: what only one of them holds, or each in its own way, is no difference. */
  readonly isAcross: boolean;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** What is compared, and what ends it. */
interface Comparison {
  readonly readers: readonly [ImageReader, ImageReader];
  readonly guards: readonly [DirectoryGuard, DirectoryGuard];
  readonly links: Links;
  readonly isAcross: boolean;
  readonly interruption: Interruption;
}

/** Names of one inode in both images. */
type Links = Map<number, number>;

/**
 * Tells what differs, directories before what is in them.
 *
 * @throws ImageError `DAMAGED` where an image does not hold together, a directory that is in itself too; `ABORTED`
 */
export async function* diffEntries(a: ImageReader, b: ImageReader, rules: EntryRules): AsyncGenerator<EntryChange> {
  const comparison: Comparison = {
    readers: [a, b],
    guards: [new DirectoryGuard(a, a.rootId), new DirectoryGuard(b, b.rootId)],
    links: new Map(),
    isAcross: rules.isAcross,
    interruption: new Interruption(rules.signal),
  };
  const { interruption } = comparison;
  const open: Pair[] = [];
  const first = { path: "", name: undefined, ids: [a.rootId, b.rootId] as const };
  for (let next: Both | undefined = first; next !== undefined; ) {
    const { path, name, ids } = next;
    const inodes = [await a.inode(ids[0]), await b.inode(ids[1])] as const;
    for (const which of [0, 1] as const) {
      if (name !== undefined && isDirectoryMode(inodes[which].mode)) comparison.guards[which].enter(ids[which], name);
    }
    const fields = await changesOf(comparison, inodes, ids);
    if (fields.length > 0) {
      yield { change: "changed", path: showBytes(bytesFromLatin1(path)), kind: kindName(inodes[1]), fields };
    }
    if (inodes.some(({ mode }) => isDirectoryMode(mode))) {
      open.push({ path, left: [await namesOf(comparison, 0, inodes[0]), await namesOf(comparison, 1, inodes[1])] });
    }
    next = undefined;
    while (next === undefined && open.length > 0) {
      await interruption.check();
      const step = takeNext(open);
      if (step === undefined) continue;
      if ("ids" in step) next = step;
      else yield await describeAlone(comparison, step);
    }
  }
}

/** A directory of both images, with what has not been compared yet, the next one last. */
interface Pair {
  readonly path: string;
  readonly left: readonly [ImageEntry[], ImageEntry[]];
}

/** An entry of both. */
interface Both {
  readonly path: string;
  /** Of the root undefined. */
  readonly name: Uint8Array | undefined;
  readonly ids: readonly [number, number];
}

/** An entry of one. */
interface Alone {
  readonly change: "added" | "removed";
  readonly path: string;
  readonly name: Uint8Array;
  readonly id: number;
}

/** The next entry of the directory that was opened last; undefined: it has none left, and is closed. */
function takeNext(open: Pair[]): Both | Alone | undefined {
  const { path, left } = open.at(-1)!;
  const [a, b] = [left[0].at(-1), left[1].at(-1)];
  if (a === undefined && b === undefined) {
    open.pop();
    return undefined;
  }
  const order = a === undefined ? 1 : b === undefined ? -1 : compareNames(a, b);
  if (order <= 0) left[0].pop();
  if (order >= 0) left[1].pop();
  const { name, id } = (order <= 0 ? a : b)!;
  const whole = (path === "" ? "" : `${path}/`) + latin1FromBytes(name);
  if (order === 0) return { path: whole, name, ids: [id, b!.id] };
  return { change: order < 0 ? "removed" : "added", path: whole, name, id };
}

async function namesOf(
  { readers, guards, interruption }: Comparison,
  which: 0 | 1,
  inode: ImageInode,
): Promise<ImageEntry[]> {
  const entries: ImageEntry[] = [];
  if (!isDirectoryMode(inode.mode)) return entries;
  for await (const { name, id } of readers[which].entries(inode)) {
    await interruption.check();
    guards[which].read(name);
    entries.push({ name: name.slice(), id });
  }
  return entries.sort((a, b) => compareNames(b, a));
}

function compareNames(a: ImageEntry, b: ImageEntry): number {
  const [first, second] = [latin1FromBytes(a.name), latin1FromBytes(b.name)];
  return first < second ? -1 : first > second ? 1 : 0;
}

async function describeAlone(
  { readers, guards, interruption }: Comparison,
  { change, path, name, id }: Alone,
): Promise<EntryChange> {
  const which = change === "removed" ? 0 : 1;
  const reader = readers[which];
  const inode = await reader.inode(id);
  if (isDirectoryMode(inode.mode)) guards[which].enter(id, name);
  let below = -1;
  for await (const _ of walkImage(reader, id, guards[which])) {
    await interruption.check();
    below++;
  }
  return { change, path: showBytes(bytesFromLatin1(path)), kind: kindName(inode), below };
}

function kindName({ mode }: ImageInode): string {
  return kindOfMode(mode) ?? "unknown";
}

/** The fields in which an entry differs. Long because each field is asked for. */
async function changesOf(
  { readers: [a, b], links, isAcross, interruption }: Comparison,
  [first, second]: readonly [ImageInode, ImageInode],
  ids: readonly [number, number],
): Promise<FieldChange[]> {
  const changes: FieldChange[] = [];
  const note = (field: string, from: FieldChange["from"], to: FieldChange["to"]) => {
    if (from !== to) changes.push({ field, from, to });
  };
  const kind = kindName(first);
  note("kind", kind, kindName(second));
  note("mode", showMode(first), showMode(second));
  note("uid", first.uid, second.uid);
  note("gid", first.gid, second.gid);
  note("mtime", showTime(first, isAcross), showTime(second, isAcross));
  const isDirectory = kind === "directory";
  // each format counts a directory's names, and its bytes, in its own way
  if (!(isDirectory && isAcross)) note("nlink", first.nlink, second.nlink);
  noteXattrs(await xattrsOf(a, first), await xattrsOf(b, second), note);
  if (kind !== kindName(second)) return changes;
  if (first.nlink > 1 && second.nlink > 1 && !isDirectory) {
    const known = links.get(ids[0]);
    if (known === undefined) links.set(ids[0], ids[1]);
    else {
      // it has been compared under another name
      if (known !== ids[1]) changes.push({ field: "linked to", from: ids[0], to: ids[1] });
      else return [];
    }
  }
  if (kind === "symlink") note("target", showBytes(await a.target(first)), showBytes(await b.target(second)));
  else if (kind === "char" || kind === "block") note("device", showDevice(a, first), showDevice(b, second));
  else if (kind === "file") {
    note("size", first.size, second.size);
    if (first.size !== second.size) return changes;
    const at = await firstDifference(a.pieces(first), b.pieces(second), interruption);
    if (at !== undefined) changes.push({ field: "contents", from: at, to: at });
  }
  return changes;
}

function showMode({ mode }: ImageInode): string {
  return `0${(mode & 0o7777).toString(8)}`;
}

function showTime({ mtime, mtimeNsec }: ImageInode, isWhole: boolean): string {
  return isWhole ? `${mtime}` : `${mtime}.${String(mtimeNsec).padStart(9, "0")}`;
}

function showDevice(reader: ImageReader, inode: ImageInode): string {
  const { major, minor } = reader.device(inode);
  return `${major}:${minor}`;
}

async function xattrsOf(reader: ImageReader, inode: ImageInode): Promise<Map<string, Uint8Array>> {
  const found = await reader.xattrs(inode);
  return new Map(found.map(({ name, value }) => [showBytes(name), value.slice()]));
}

function noteXattrs(
  first: ReadonlyMap<string, Uint8Array>,
  second: ReadonlyMap<string, Uint8Array>,
  note: (field: string, from: string | undefined, to: string | undefined) => void,
): void {
  for (const name of [...new Set([...first.keys(), ...second.keys()])].sort()) {
    const [from, to] = [first.get(name), second.get(name)];
    if (from && to && equalBytes(from, to)) continue;
    note(`xattr ${name}`, from && toHex(from), to && toHex(to));
  }
}
