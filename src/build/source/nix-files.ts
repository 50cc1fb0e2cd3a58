/**
 * What Nix is to know of the store paths in an image: found out once they have been staged, and put into the image as
 * files, or written beside it.
 *
 *     staged tree --> hash and size of each path as a NAR, its references --> PathInfo --> registration
 *
 * Where a build can write files last, it writes these so, and hashes wait until it reads contents anyway.
 */
import { encodeUtf8, latin1FromBytes, toHex } from "../../core/bytes.ts";
import { Column } from "../../core/column.ts";
import { ImageError } from "../../core/error.ts";
import { shareUint32 } from "../../core/shared.ts";
import { stripCaseHack } from "../../stage/source/disk/case-hack.ts";
import { type Entry, entries } from "../../stage/source/entries.ts";
import { gatherContents } from "../../stage/source/memory-contents.ts";
import type { InfoFile } from "../../stage/source/nix/database/image-files.ts";
import { checkReferences, type KnownPath, sorted } from "../../stage/source/nix/known-path.ts";
import { formatRegistration } from "../../stage/source/nix/list/registration.ts";
import { createHashWork, type HashWork, MISSING_BYTES } from "../../stage/source/nix/nar/node-hash-paths.ts";
import { hashPart } from "../../stage/source/nix/nix-hash.ts";
import type { PathInfo } from "../../stage/source/nix/path-info.ts";
import { FLAG_LATE, NONE, S_IFDIR, Tree } from "../../stage/tree/tree.ts";
import { isShared } from "../contents.ts";
import type { NixOptions } from "../options.ts";
import { mergeStaged } from "./merged-part.ts";
import { namePaths, REGISTRATION } from "./named-paths.ts";
import type { LateFiles, SourceHost, Staged, StorePaths } from "./part.ts";

/** A store path in a tree. */
interface StoredPath {
  entry: number;
  path: string;
  known: KnownPath | undefined;
  /** It may no longer be what is known of it. */
  isAmended: boolean;
}

/** What is made of what Nix is to know. */
export interface NixFiles {
  /** The tree, with the files that were to be put into it. */
  staged: Staged;
  /** The registration, which is to be written beside the image; once all is known, `staged.late` too. */
  registration(): Uint8Array;
}

/** What is known of all paths. */
interface Known {
  /** In byte order of the paths; hashes that are yet to be found out, and sizes, are those of nothing. */
  infos: PathInfo[];
  /** What is to be found out of some. */
  work: HashWork | undefined;
  /** All of it, once that has been done. */
  complete(): PathInfo[];
}

/**
 * Finds out what Nix is to know of the store paths in a tree, and adds files that say so.
 *
 * @param stores where the paths lie in the tree
 * @param time of the build, in seconds since 1970
 * @param canWait files may be written when all others have been read: see {@link Staged.late}
 * @throws ImageError `INPUT` for a tree without any, for references that nobody knows, and for one that is not there
 */
export async function addNixFiles(
  host: SourceHost,
  staged: Staged,
  stores: readonly StorePaths[],
  options: NixOptions,
  { time, canWait }: { time: number; canWait: boolean },
): Promise<NixFiles> {
  const stored = (await Promise.all(stores.map((store) => findPaths(staged.tree, store, options)))).flat();
  const mayWait = canWait && isShared(staged.contents) && staged.tree.linkCount === 0;
  const known = await knowPaths(host, staged, stored, options, mayWait);
  const files = await chooseFiles(staged, stored, known.infos, options, time);
  const registration = () => registrationOf(known.complete());
  checkOutside(staged.tree, stored, files);
  const entries = files.map(({ entry, bytesOf }) =>
    bytesOf && !canWait ? { ...entry, contents: bytesOf(known.infos) } : entry,
  );
  const all = files.length === 0 ? staged : await addFiles(host, staged, entries);
  return { staged: canWait ? { ...all, late: makeLate(all, files, known) } : all, registration };
}

function registrationOf(infos: readonly PathInfo[]): Uint8Array {
  return encodeUtf8(formatRegistration(infos));
}

/** What is asked for. */
async function chooseFiles(
  staged: Staged,
  stored: readonly StoredPath[],
  infos: readonly PathInfo[],
  options: NixOptions,
  time: number,
): Promise<InfoFile[]> {
  const { registration = false, nixDatabase = false } = options;
  const path = registration === true ? REGISTRATION : registration;
  const files: InfoFile[] = path === false ? [] : [{ entry: { path, mode: 0o444 }, bytesOf: registrationOf }];
  if (nixDatabase === false) return files;
  const { databaseFiles } = await import("./nix-database.ts");
  const entryOf = new Map(stored.map((each) => [each.path, each.entry]));
  return [...files, ...(await databaseFiles(staged, infos, entryOf, options, time))];
}

/** Leaves what files hold until all else is in the image. @param files the ones that have been added */
function makeLate({ tree, contents }: Staged, files: readonly InfoFile[], { work, complete }: Known): LateFiles {
  const entryOf = files.length > 0 ? mergedEntries(contents) : undefined;
  const entries = work && shareUint32(work.entries.map((entry) => entryOf?.[entry] ?? entry));
  const makers = files.flatMap(({ entry, bytesOf }) =>
    bytesOf ? [[findEntry(tree, String(entry.path)).at(-1)!, bytesOf] as const] : [],
  );
  for (const [entry] of makers) tree.flags.view[entry]! |= FLAG_LATE;
  const finish = () => {
    const infos = complete();
    return new Map(makers.map(([entry, bytesOf]) => [entry, bytesOf(infos)]));
  };
  return { work: work && { ...work, entries: entries! }, finish };
}

/** By entry of the first of the trees that have been merged, if any have: what it is in the merged tree. */
function mergedEntries(contents: Staged["contents"]): Uint32Array | undefined {
  if (!("kind" in contents) || contents.kind !== "merged") return undefined;
  const { part, entry } = contents.origins;
  const entryOf = new Uint32Array(part.length);
  for (let merged = 0; merged < part.length; merged++) if (part[merged] === 0) entryOf[entry[merged]!] = merged;
  return entryOf;
}

/** The entries on a path as far as it is there, from below the root on. */
function findEntry(tree: Tree, path: string): number[] {
  const found: number[] = [];
  for (const name of path.split("/").filter((each) => each !== "")) {
    const above = found.at(-1) ?? 0;
    const entry = tree.kind(above) === S_IFDIR ? childOf(tree, above, latin1FromBytes(encodeUtf8(name))) : NONE;
    if (entry === NONE) break;
    found.push(entry);
  }
  return found;
}

/** Throws `INPUT` for a file that would be a part of a store path, which is then no longer what is said of it. */
function checkOutside(tree: Tree, stored: readonly StoredPath[], files: readonly InfoFile[]): void {
  const paths = new Map(stored.map(({ entry, path }) => [entry, path]));
  for (const { entry: file } of files) {
    const shown = String(file.path);
    const entry = findEntry(tree, shown).find((each) => paths.has(each));
    if (entry === undefined) continue;
    throw new ImageError("INPUT", `${shown}: lies in ${paths.get(entry)}, which would be changed`, { path: shown });
  }
}

/** Adds files to what has been staged, as those of a closure are. */
async function addFiles(host: SourceHost, staged: Staged, files: readonly Entry[]): Promise<Staged> {
  const tree = Tree.create();
  const source = entries(files);
  const policy = { ...host.policyOf({ isClosure: true }), below: [] };
  const { contents, xattrs } = await host.here((job) => source.stage(tree, policy, job));
  const bytes = await gatherContents(tree, contents);
  const added: Staged = { tree, contents: { kind: "memory", bytes }, xattrs, excluded: 0 };
  return mergeStaged([staged, added], Tree.create());
}

/** Whether all that Nix is to know is asked for. */
function asksForInfos({ registration = false, registrationOut, nixDatabase = false }: NixOptions): boolean {
  return registration !== false || registrationOut !== undefined || nixDatabase !== false;
}

/**
 * All that Nix is to know of each path; without hashes where nobody asks for them.
 *
 * @param mayWait where only hashes are to be found out, that may be done later
 */
async function knowPaths(
  host: SourceHost,
  staged: Staged,
  stored: readonly StoredPath[],
  options: NixOptions,
  mayWait: boolean,
): Promise<Known> {
  if (stored.length === 0) throw new ImageError("INPUT", "registration: there are no store paths in the image");
  const isChanged = staged.excluded + staged.tree.excluded > 0 || (options.chmod?.length ?? 0) > 0;
  const hasHash = ({ known, isAmended, entry }: StoredPath) =>
    !isChanged && !isAmended && !staged.joined?.has(entry) && known?.narHash !== undefined && (known.narSize ?? 0) > 0;
  // where references alone are looked at, nobody asks for hashes
  const toHash = asksForInfos(options) ? stored.filter((each) => !hasHash(each)) : [];
  const toScan = stored.filter(({ known }) => known?.references === undefined);
  if (toScan.length > 0 && !options.scanReferences) {
    const { path } = toScan[0]!;
    const how =
      "a list that tells them (nix path-info --json, nix-store --dump-db, closureInfo), or looking for them in contents";
    throw new ImageError("INPUT", `${path}: to which paths it refers is not known: that takes ${how}`, { path });
  }
  const collect = (found: ReadonlyMap<StoredPath, Read>) => {
    const infos = stored.map((each): PathInfo => {
      const { path, known } = each;
      const read = found.get(each);
      const references = known?.references ?? read!.references;
      const { narHash = "", narSize = 0 } = (hasHash(each) ? known : read) ?? {};
      const { line: _, ...rest } = known ?? { path };
      return { ...rest, path, narHash, narSize, references };
    });
    return infos.sort((a, b) => (a.path < b.path ? -1 : 1));
  };
  if (mayWait && toScan.length === 0 && toHash.length > 0) {
    const infos = collect(new Map(toHash.map((each) => [each, UNREAD])));
    checkReferences(infos, "the closure");
    const work = createHashWork(shareUint32(toHash.map(({ entry }) => entry)));
    return { infos, work, complete: () => collect(readHashes(work, toHash)) };
  }
  const infos = collect(await readPaths(host, staged, stored, new Set([...toHash, ...toScan]), toScan.length > 0));
  checkReferences(infos, "the closure");
  return { infos, work: undefined, complete: () => infos };
}

/** Where the paths of a store lie in a tree, and what is known of each. */
async function findPaths(tree: Tree, store: StorePaths, options: NixOptions): Promise<StoredPath[]> {
  const folder = store.below.reduce((entry, name) => childOf(tree, entry, name), 0);
  const { isAmended } = store;
  return (await namePaths(store, options.storeDir)).flatMap(({ name, path, known }) => {
    const entry = childOf(tree, folder, stripCaseHack(latin1FromBytes(encodeUtf8(name))));
    if (entry === NONE && isAmended) return [];
    if (entry === NONE) throw new ImageError("INTERNAL", `${name} is not in the tree`);
    return [{ path, known, isAmended, entry }];
  });
}

/** A child by name, by halves; NONE where there is none. */
function childOf(tree: Tree, directory: number, name: string): number {
  let low = directory === NONE ? 0 : tree.ref.view[directory]!;
  let high = directory === NONE ? 0 : low + tree.count.view[directory]!;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const found = latin1FromBytes(tree.name(middle));
    if (found === name) return middle;
    if (found < name) low = middle + 1;
    else high = middle;
  }
  return NONE;
}

/** What reading a path has told. */
type Read = Pick<PathInfo, "narHash" | "narSize" | "references">;

const UNREAD: Read = { narHash: "", narSize: 0, references: [] };

/** What has been found out of paths, by the order of the work. */
function readHashes(
  { hashes, sizes }: HashWork,
  order: readonly StoredPath[],
  references: readonly (readonly string[])[] = [],
): Map<StoredPath, Read> {
  return new Map(
    order.map((each, index) => {
      const narHash = toHex(hashes.subarray(32 * index, 32 * index + 32));
      return [each, { narHash, narSize: sizes[index]!, references: references[index] ?? [] }];
    }),
  );
}

/** Reads paths in all threads, the longest first. */
async function readPaths(
  host: SourceHost,
  { tree, contents }: Staged,
  stored: readonly StoredPath[],
  toRead: ReadonlySet<StoredPath>,
  scans: boolean,
): Promise<Map<StoredPath, Read>> {
  const weighed = [...toRead].map((each) => ({ each, bytes: bytesBelow(tree, each.entry) }));
  weighed.sort((a, b) => b.bytes - a.bytes);
  const order = weighed.map(({ each }) => each);
  if (order.length === 0) return new Map();
  const bytes = weighed.reduce((sum, each) => sum + each.bytes, 0);
  const folder = stored[0]!.path.slice(0, stored[0]!.path.lastIndexOf("/"));
  const scan = scans ? { hashParts: stored.map(({ path }) => hashPart(path)), folder } : undefined;
  const work = createHashWork(shareUint32(order.map(({ entry }) => entry)), scan);
  await host.run("hash", { tree: tree.share(), contents, work, bytes });
  return readHashes(work, order, readReferences(work, order, stored));
}

/** The references that were found, by the order of the work. Throws `INPUT` for one that is none of the closure. */
function readReferences({ scan }: HashWork, order: readonly StoredPath[], stored: readonly StoredPath[]): string[][] {
  const found: string[][] = order.map(() => []);
  if (scan === undefined) return found;
  const pairs = new Column(Uint32Array, scan.pairs).view;
  for (let at = 0; at < 2 * scan.count[0]!; at += 2) found[pairs[at]!]!.push(stored[pairs[at + 1]!]!.path);
  order.forEach(({ path, known }, index) => {
    const bytes = scan.missing.subarray(MISSING_BYTES * index, MISSING_BYTES * (index + 1));
    if (bytes[0] === 0 || known?.references !== undefined) return;
    const missing = latin1FromBytes(bytes, 0, bytes.indexOf(0));
    throw new ImageError("INPUT", `${path} refers to ${missing}, which is not in the closure`, { path });
  });
  return found.map(sorted);
}

/** Bytes of contents of all that lies at an entry. */
function bytesBelow(tree: Tree, entry: number): number {
  let bytes = 0;
  const pending = [entry];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    bytes += tree.size.view[next]!;
    if (tree.kind(next) !== S_IFDIR) continue;
    const first = tree.ref.view[next]!;
    for (let child = first; child < first + tree.count.view[next]!; child++) pending.push(child);
  }
  return bytes;
}
