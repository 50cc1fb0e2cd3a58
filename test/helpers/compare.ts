/**
 * An exact comparison of what a filesystem shows with what it should show; nothing of the product is used.
 * Names and link targets are bytes throughout. Paths in messages, and those handed to `exclude`, are latin1 (a byte a
 * character). Every step goes through an open directory (`/proc/self/fd/N/name`), so that no path is too long.
 * Contents are read whole, but for files over 64 MiB: where both sides report a hole (SEEK_HOLE, asked through perl),
 * one MiB in 64 is read, since the kernel takes seconds for every GiB of hole in an image.
 */
import { spawnSync } from "node:child_process";
import {
  type BigIntStats,
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
} from "node:fs";
import { basename, dirname } from "node:path";

/** Kinds of entries, spelled as Linux's stat(1) would abbreviate them. */
export type EntryKind = "file" | "directory" | "symlink" | "char" | "block" | "fifo" | "socket";

/** A time as the disk holds it: floor seconds, then 0..999999999. */
export interface Time {
  sec: number;
  nsec: number;
}

/** What an entry's inode is expected to say; undefined is not compared. */
export interface ExpectedMeta {
  /** Relative to the top, latin1; the top itself is the empty string. */
  readonly path: string;
  readonly kind: EntryKind;
  /** 07777 at most. */
  mode: number | undefined;
  uid: number | undefined;
  gid: number | undefined;
  mtimeNs: bigint | undefined;
}

interface CommonOptions {
  /** Expected of every entry instead of its own. */
  time?: Time | undefined;
  uid?: number | undefined;
  gid?: number | undefined;
  /** Last word on what is expected of one entry (changes its argument): clamped times, shifted ids and the like. */
  adjust?: ((meta: ExpectedMeta) => void) | undefined;
  /** Do not insist on 2 + number of sub-directories. */
  ignoreNlinkOfDirectories?: boolean | undefined;
  /** Differences after which the comparison ends. Default: 50. */
  limit?: number | undefined;
  /** Attribute names that are not compared, such as `security.selinux` of the host. */
  ignoreXattr?: ((name: string) => boolean) | undefined;
}

/** Options of {@link compareTrees}. */
export interface CompareOptions extends CommonOptions {
  /** `copy`: every name has its own inode with one link. Default: `keep`. */
  hardLinks?: "keep" | "copy" | undefined;
  /** Entries expected to be absent, each with all below it. */
  exclude?: ((relPathLatin1: string) => boolean) | undefined;
  /** Closure mode: the top must hold exactly these paths under their base names; `expectedDir` is not looked at. */
  roots?: readonly string[] | undefined;
  /** Compare extended attributes too (getfattr). Default: false. */
  xattrs?: boolean | undefined;
}

/** Options of {@link compareWithSpec}. */
export interface SpecOptions extends CommonOptions {
  /** Parents that the spec does not list may be there, with any metadata. Default: a spec without them is an error. */
  implicitDirectories?: boolean | undefined;
}

/** One entry of a tree that exists in memory only; what is undefined is not compared. */
export interface SpecEntry {
  /** Relative, without leading or trailing slash; the top is the empty string (and may be left out). Strings are UTF-8. */
  path: Uint8Array | string;
  kind: EntryKind;
  mode?: number | undefined;
  uid?: number | undefined;
  gid?: number | undefined;
  mtime?: Time | undefined;
  target?: Uint8Array | string | undefined;
  major?: number | undefined;
  minor?: number | undefined;
  contents?: Uint8Array | undefined;
  size?: number | undefined;
  /** Default for what is no directory: the number of entries joined by `hardLinkOf`. */
  nlink?: number | undefined;
  /** Path of an earlier entry that is the same inode. */
  hardLinkOf?: Uint8Array | string | undefined;
  /** Full names (`user.x`). If any entry has this, those without it must have no attributes. */
  xattrs?: Record<string, Uint8Array> | undefined;
}

/** Compares what `actualDir` shows with `expectedDir`; returns the differences as lines to read, none if equal. */
export function compareTrees(expectedDir: string, actualDir: string, options: CompareOptions = {}): string[] {
  const roots = options.roots;
  const top = roots === undefined ? diskNode(Buffer.from(expectedDir), options, "") : closureNode(roots, options);
  return new Comparison(options).run(top, actualDir, (comparison) => {
    if (options.xattrs !== true) return;
    const wanted: XattrMap =
      roots === undefined
        ? readXattrs(expectedDir, ".")
        : new Map(roots.flatMap((root) => [...readXattrs(dirname(root), `./${basename(root)}`)]));
    for (const path of wanted.keys()) if (isExcluded(path, options.exclude)) wanted.delete(path);
    comparison.compareXattrs(wanted, readXattrs(actualDir, "."));
  });
}

/** Compares what `actualDir` shows with a list of entries: all must be there, and no other. */
export function compareWithSpec(actualDir: string, spec: readonly SpecEntry[], options: SpecOptions = {}): string[] {
  return new Comparison(options).run(specNode(spec, options), actualDir, (comparison) => {
    if (!spec.some((entry) => entry.xattrs !== undefined)) return;
    const wanted: XattrMap = new Map();
    for (const { path, xattrs } of spec) {
      const values = Object.entries(xattrs ?? {});
      if (values.length === 0) continue;
      wanted.set(
        latin1(path),
        new Map(values.map(([name, value]) => [latin1(name), Buffer.from(value).toString("hex")])),
      );
    }
    comparison.compareXattrs(wanted, readXattrs(actualDir, "."));
  });
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

// ---- what is expected -------------------------------------------------------------------------------------------

/** One expected entry, of a disk or of a spec. */
interface ExpectedNode {
  kind: EntryKind;
  meta: ExpectedMeta;
  size: bigint | undefined;
  rdev: bigint | undefined;
  nlink: number | undefined;
  /** Names with one value are names of one inode. */
  group: string;
  target(): Buffer | undefined;
  /** Returns undefined if the file at `actual` has these contents, else what is wrong. */
  checkContents(actual: Buffer): string | undefined;
  /** Children in byte order; `close` when all are done with. */
  open(): { children: { name: Buffer; node: () => ExpectedNode }[]; close(): void };
}

function diskNode(at: Buffer, options: CompareOptions, path: string): ExpectedNode {
  const stat = lstatSync(at, { bigint: true });
  const kind = kindOf(stat);
  return {
    kind,
    meta: {
      path,
      kind,
      mode: Number(stat.mode) & 0o7777,
      uid: Number(stat.uid),
      gid: Number(stat.gid),
      mtimeNs: stat.mtimeNs,
    },
    size: kind === "file" || kind === "symlink" ? stat.size : undefined,
    rdev: kind === "char" || kind === "block" ? stat.rdev : 0n,
    nlink: undefined,
    group: options.hardLinks === "copy" || kind === "directory" ? `path:${path}` : inodeOf(stat),
    target: () => readlinkSync(at, { encoding: "buffer" }),
    checkContents: (actual) => differenceOfFiles(at, actual),
    open: () => {
      const directory = openDirectory(at);
      const children = directory
        .list()
        .map(({ name }) => ({ name, path: childPath(path, name) }))
        .filter((child) => options.exclude?.(child.path) !== true)
        .map((child) => ({ name: child.name, node: () => diskNode(directory.at(child.name), options, child.path) }));
      return { children, close: () => directory.close() };
    },
  };
}

/** The top of a closure: a directory of which nothing is known but its names. */
function closureNode(roots: readonly string[], options: CompareOptions): ExpectedNode {
  const children = roots
    .map((root) => ({ root, name: Buffer.from(basename(root)) }))
    .sort((a, b) => Buffer.compare(a.name, b.name))
    .filter(({ name }) => options.exclude?.(name.toString("latin1")) !== true);
  for (const [index, { name }] of children.entries()) {
    if (children[index + 1]?.name.equals(name)) throw new Error(`two roots are called ${name}`);
  }
  return bareDirectory("", () =>
    children.map(({ root, name }) => ({
      name,
      node: () => diskNode(Buffer.from(root), options, name.toString("latin1")),
    })),
  );
}

function bareDirectory(path: string, children: () => { name: Buffer; node: () => ExpectedNode }[]): ExpectedNode {
  return {
    kind: "directory",
    meta: { path, kind: "directory", mode: undefined, uid: undefined, gid: undefined, mtimeNs: undefined },
    size: undefined,
    rdev: 0n,
    nlink: undefined,
    group: `path:${path}`,
    target: () => undefined,
    checkContents: () => undefined,
    open: () => ({ children: children(), close: () => {} }),
  };
}

/** The tree of a spec; throws if the list itself does not hold together. */
function specNode(spec: readonly SpecEntry[], options: SpecOptions): ExpectedNode {
  const byPath = new Map<string, SpecEntry>();
  const namesIn = new Map<string, Set<string>>([["", new Set()]]);
  for (const entry of spec) {
    const path = latin1(entry.path);
    if (byPath.has(path)) throw new Error(`spec: ${show(path)} is there twice`);
    byPath.set(path, entry);
    if (entry.kind === "directory" && !namesIn.has(path)) namesIn.set(path, new Set());
  }
  const register = (path: string) => {
    if (path === "") return;
    const slash = path.lastIndexOf("/");
    const parent = path.slice(0, Math.max(slash, 0));
    if (!byPath.has(parent) && parent !== "" && options.implicitDirectories !== true) {
      throw new Error(`spec: parent of ${show(path)} is missing`);
    }
    if (byPath.has(parent) && byPath.get(parent)!.kind !== "directory") {
      throw new Error(`spec: parent of ${show(path)} is no directory`);
    }
    if (!namesIn.has(parent)) namesIn.set(parent, new Set());
    namesIn.get(parent)!.add(path.slice(slash + 1));
    register(parent);
  };
  for (const path of byPath.keys()) register(path);

  const build = (path: string): ExpectedNode => {
    const children = () =>
      [...(namesIn.get(path) ?? [])].sort(compareLatin1).map((name) => ({
        name: Buffer.from(name, "latin1"),
        node: () => build(path === "" ? name : `${path}/${name}`),
      }));
    const node = bareDirectory(path, children);
    const entry = byPath.get(path);
    return entry === undefined ? node : { ...node, ...fromSpec(path, entry) };
  };
  return build("");
}

function fromSpec(path: string, entry: SpecEntry): Partial<ExpectedNode> {
  const { kind, contents, target, mode, mtime } = entry;
  const bytes = target === undefined ? undefined : Buffer.from(latin1(target), "latin1");
  const size = contents?.length ?? entry.size ?? bytes?.length;
  const isDevice = kind === "char" || kind === "block";
  return {
    kind,
    meta: {
      path,
      kind,
      mode: mode === undefined ? undefined : mode & 0o7777,
      uid: entry.uid,
      gid: entry.gid,
      mtimeNs: mtime === undefined ? undefined : toNs(mtime),
    },
    size: size === undefined || kind === "directory" ? undefined : BigInt(size),
    rdev: !isDevice ? 0n : entry.major === undefined ? undefined : joinDevice(entry.major, entry.minor ?? 0),
    nlink: entry.nlink,
    group: `path:${entry.hardLinkOf === undefined ? path : latin1(entry.hardLinkOf)}`,
    target: () => bytes,
    checkContents: (actual) => (contents === undefined ? undefined : differenceOfBytes(contents, actual)),
  };
}

// ---- comparison -------------------------------------------------------------------------------------------------

class Enough extends Error {}

/** One pair of entries that both exist, for the questions that need the whole tree: links. */
interface Pair {
  path: string;
  kind: EntryKind;
  expectedGroup: string;
  expectedLinks: number | undefined;
  actualInode: string;
  actualLinks: bigint;
}

class Comparison {
  readonly #options: CommonOptions;
  readonly #differences: string[] = [];
  readonly #pairs: Pair[] = [];
  readonly #seen = new Set<string>();

  constructor(options: CommonOptions) {
    this.#options = options;
  }

  run(top: ExpectedNode, actualDir: string, more: (comparison: Comparison) => void): string[] {
    try {
      this.#compareEntry(top, Buffer.from(actualDir), "", undefined);
      this.#compareLinks();
      more(this);
    } catch (error) {
      if (!(error instanceof Enough)) throw error;
    }
    return this.#differences;
  }

  compareXattrs(wanted: XattrMap, found: XattrMap): void {
    const ignored = this.#options.ignoreXattr;
    for (const path of new Set([...wanted.keys(), ...found.keys()])) {
      if (!this.#seen.has(path)) continue; // a missing or surplus entry, already told
      const [expected, actual] = [wanted.get(path), found.get(path)];
      for (const name of new Set([...(expected?.keys() ?? []), ...(actual?.keys() ?? [])])) {
        if (ignored?.(name) === true) continue;
        const [left, right] = [shorten(expected?.get(name)), shorten(actual?.get(name))];
        const same = expected?.get(name) === actual?.get(name);
        if (!same) this.#report(path, `attribute ${show(name)} is ${right}, expected ${left}`);
      }
    }
  }

  #report(path: string, message: string): void {
    this.#differences.push(`${showPath(path)}: ${message}`);
    if (this.#differences.length >= (this.#options.limit ?? 50)) throw new Enough();
  }

  #expect(path: string, what: string, actual: unknown, expected: unknown): void {
    if (expected !== undefined && actual !== expected) this.#report(path, `${what} ${actual}, expected ${expected}`);
  }

  #compareEntry(expected: ExpectedNode, at: Buffer, path: string, listedAs: EntryKind | undefined): void {
    let stat: BigIntStats;
    try {
      stat = lstatSync(at, { bigint: true });
    } catch (error) {
      this.#report(path, `is listed, but a lookup says ${errorCode(error)}`);
      return;
    }
    const kind = kindOf(stat);
    if (listedAs !== undefined) this.#expect(path, "is listed as", listedAs, kind);
    if (kind !== expected.kind) {
      this.#report(path, `is a ${kind}, expected a ${expected.kind}`);
      return;
    }
    this.#seen.add(path);
    this.#compareInode(expected, stat, path);
    this.#pairs.push({
      path,
      kind,
      expectedGroup: expected.group,
      expectedLinks: expected.nlink,
      actualInode: inodeOf(stat),
      actualLinks: stat.nlink,
    });
    try {
      if (kind === "directory") this.#compareDirectory(expected, at, stat, path);
      else if (kind === "symlink") this.#compareTarget(expected.target(), at, stat, path);
      else if (kind === "file") {
        const problem = expected.checkContents(at);
        if (problem !== undefined) this.#report(path, problem);
      }
    } catch (error) {
      if (error instanceof Enough || !isSystemError(error)) throw error;
      this.#report(path, `cannot be read: ${error.message}`);
    }
  }

  #compareInode(expected: ExpectedNode, stat: BigIntStats, path: string): void {
    const { time, uid, gid, adjust } = this.#options;
    const meta = { ...expected.meta };
    if (time !== undefined) meta.mtimeNs = toNs(time);
    meta.uid = uid ?? meta.uid;
    meta.gid = gid ?? meta.gid;
    adjust?.(meta);
    this.#expect(path, "mode", octal(Number(stat.mode) & 0o7777), octal(meta.mode));
    this.#expect(path, "uid", Number(stat.uid), meta.uid);
    this.#expect(path, "gid", Number(stat.gid), meta.gid);
    this.#expect(path, "mtime", showTime(stat.mtimeNs), showTime(meta.mtimeNs));
    this.#expect(path, "size", stat.size, expected.size);
    const devices = [stat.rdev, expected.rdev].map((rdev) => (rdev === undefined ? undefined : splitDevice(rdev)));
    this.#expect(path, "device", JSON.stringify(devices[0]), devices[1] && JSON.stringify(devices[1]));
  }

  #compareTarget(expected: Buffer | undefined, at: Buffer, stat: BigIntStats, path: string): void {
    const actual = readlinkSync(at, { encoding: "buffer" });
    this.#expect(path, "length of the target", BigInt(actual.length), stat.size);
    if (expected !== undefined && !actual.equals(expected)) {
      const [left, right] = [actual, expected].map((target) => shorten(show(target.toString("latin1"))));
      this.#report(path, `target ${left}, expected ${right}`);
    }
  }

  #compareDirectory(expected: ExpectedNode, at: Buffer, stat: BigIntStats, path: string): void {
    const wanted = expected.open();
    const found = openDirectory(at);
    try {
      const entries = found.list();
      const seen = new Set(entries.map(({ name }) => name.toString("latin1")));
      if (seen.size !== entries.length) this.#report(path, `lists ${entries.length - seen.size} names twice`);
      let subdirectories = 0;
      let next = 0;
      for (const { name, node } of wanted.children) {
        for (; next < entries.length && Buffer.compare(entries[next]!.name, name) < 0; next++) {
          this.#surplus(path, entries, next);
        }
        const child = node();
        if (child.kind === "directory") subdirectories++;
        const entry = entries[next];
        const below = childPath(path, name);
        if (entry === undefined || !entry.name.equals(name)) {
          const lookup = lookUp(found.at(name));
          this.#report(below, lookup === "ENOENT" ? "is missing" : `is not listed, though a lookup says ${lookup}`);
          continue;
        }
        next++;
        this.#compareEntry(child, found.at(name), below, entry.kind);
      }
      for (; next < entries.length; next++) this.#surplus(path, entries, next);
      const links = expected.nlink ?? (this.#options.ignoreNlinkOfDirectories ? undefined : 2 + subdirectories);
      this.#expect(path, "links", Number(stat.nlink), links);
      this.#probeMissingNames(found, entries, seen, path);
    } finally {
      found.close();
      wanted.close();
    }
  }

  #surplus(path: string, entries: readonly Listed[], index: number): void {
    const { name } = entries[index]!;
    if (index > 0 && entries[index - 1]!.name.equals(name)) return; // told as a name listed twice
    this.#report(childPath(path, name), "is not expected");
  }

  /** Names that are not there must not be found: misses of the binary search at the ends, between and beside names. */
  #probeMissingNames(directory: Directory, entries: readonly Listed[], seen: Set<string>, path: string): void {
    const probes = new Set(["\x01", "~~", "\xff".repeat(255), "-", "...", "\x7f"]);
    const step = Math.max(1, Math.floor(entries.length / 12));
    for (let index = 0; index < entries.length; index = nextSample(index, step, entries.length)) {
      const name = entries[index]!.name.toString("latin1");
      for (const probe of [`${name}x`, `${name}\x01`, `${name}\xff`, name.slice(0, -1), `${name.slice(0, -1)}\x01`]) {
        probes.add(probe);
      }
    }
    for (const probe of probes) {
      if (seen.has(probe) || probe === "" || probe === "." || probe === ".." || probe.length > 255) continue;
      const lookup = lookUp(directory.at(Buffer.from(probe, "latin1")));
      if (lookup !== "ENOENT") this.#report(childPath(path, probe), `is not listed, but a lookup says ${lookup}`);
    }
  }

  #compareLinks(): void {
    const expectedNames = groupPaths(this.#pairs, (pair) => pair.expectedGroup);
    const actualNames = groupPaths(this.#pairs, (pair) => pair.actualInode);
    for (const pair of this.#pairs) {
      const expected = expectedNames.get(pair.expectedGroup)!;
      const actual = actualNames.get(pair.actualInode)!;
      if (expected.first !== actual.first) {
        this.#report(
          pair.path,
          `is the inode of ${showPath(actual.first)}, expected that of ${showPath(expected.first)}`,
        );
      }
      // A count is one inode's: told at its first name only.
      if (pair.kind !== "directory" && actual.first === pair.path) {
        this.#expect(pair.path, "links", Number(pair.actualLinks), pair.expectedLinks ?? expected.count);
      }
    }
  }
}

function groupPaths(
  pairs: readonly Pair[],
  key: (pair: Pair) => string,
): Map<string, { first: string; count: number }> {
  const groups = new Map<string, { first: string; count: number }>();
  for (const pair of pairs) {
    const group = groups.get(key(pair));
    if (group === undefined) groups.set(key(pair), { first: pair.path, count: 1 });
    else group.count++;
  }
  return groups;
}

/** Every `step`th index, and always the last. */
function nextSample(index: number, step: number, length: number): number {
  return index === length - 1 ? length : Math.min(index + step, length - 1);
}

function lookUp(at: Buffer): string {
  try {
    return `it is a ${kindOf(lstatSync(at, { bigint: true }))}`;
  } catch (error) {
    return errorCode(error);
  }
}

function isExcluded(path: string, exclude: CompareOptions["exclude"]): boolean {
  if (exclude === undefined) return false;
  const parts = path.split("/");
  return parts.some((_, index) => exclude(parts.slice(0, index + 1).join("/")));
}

// ---- directories and contents -----------------------------------------------------------------------------------

interface Listed {
  name: Buffer;
  /** What the directory entry itself says (d_type), before any lookup. */
  kind: EntryKind;
}

interface Directory {
  /** Sorted by bytes, without `.` and `..`. */
  list(): Listed[];
  at(name: Buffer): Buffer;
  close(): void;
}

function openDirectory(path: Buffer): Directory {
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

const PIECE = 1 << 20;
const left = Buffer.allocUnsafe(PIECE);
const right = Buffer.allocUnsafe(PIECE);

const SKIP_HOLES_FROM = 64 * PIECE;

function differenceOfFiles(expected: Buffer, actual: Buffer): string | undefined {
  const fd = openSync(expected, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    return differenceFrom((at) => left.subarray(0, readFully(fd, left, at)), actual, fd);
  } finally {
    closeSync(fd);
  }
}

function differenceOfBytes(expected: Uint8Array, actual: Buffer): string | undefined {
  return differenceFrom((at) => expected.subarray(at, at + PIECE), actual, undefined);
}

/** `pieceAt` gives full pieces up to the end of the contents, then a shorter one; `expected` is open if it is a file. */
function differenceFrom(
  pieceAt: (offset: number) => Uint8Array,
  actual: Buffer,
  expected: number | undefined,
): string | undefined {
  const fd = openSync(actual, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const skip = expected === undefined ? new Set<number>() : commonHoles(expected, fd);
    for (let at = 0; ; at += PIECE) {
      if (skip.has(at)) continue;
      const want = pieceAt(at);
      const have = right.subarray(0, readFully(fd, right, at));
      if (Buffer.compare(want, have) !== 0) return describeDifference(want, have, at);
      if (want.length < PIECE) return undefined;
    }
  } finally {
    closeSync(fd);
  }
}

/** Offsets of the pieces of two large files of one size that lie in holes of both, but for one in 64. */
function commonHoles(expected: number, actual: number): Set<number> {
  const size = fstatSync(expected).size;
  const skip = new Set<number>();
  if (size < SKIP_HOLES_FROM || fstatSync(actual).size !== size) return skip;
  for (let at = 0; at + PIECE <= size; at += PIECE) if (at % (64 * PIECE) !== 0) skip.add(at);
  for (const fd of [expected, actual]) {
    for (const { from, to } of dataRanges(fd, size)) {
      for (let at = from - (from % PIECE); at < to; at += PIECE) skip.delete(at);
    }
  }
  return skip;
}

/** Where an open file holds data, by lseek(2) with SEEK_DATA (3) and SEEK_HOLE (4); all of it if perl is missing. */
function dataRanges(fd: number, size: number): { from: number; to: number }[] {
  const script = `for (my $at = 0; defined(my $from = sysseek(STDIN, $at, 3)); ) {
    $at = sysseek(STDIN, $from, 4) // last;
    print $from + 0, " ", $at + 0, "\\n";
  }`;
  const run = spawnSync("perl", ["-e", script], {
    stdio: [fd, "pipe", "ignore"],
    encoding: "latin1",
    maxBuffer: 1 << 28,
  });
  if (run.status !== 0) return [{ from: 0, to: size }];
  return [...run.stdout.matchAll(/(\d+) (\d+)\n/g)].map((found) => ({ from: Number(found[1]), to: Number(found[2]) }));
}

function describeDifference(want: Uint8Array, have: Uint8Array, at: number): string {
  const common = Math.min(want.length, have.length);
  let index = 0;
  while (index < common && want[index] === have[index]) index++;
  if (index === common) return `contents end at ${at + have.length}, expected ${at + want.length} or more`;
  const [is, was] = [have, want].map((bytes) => Buffer.from(bytes.subarray(index, index + 8)).toString("hex"));
  return `contents differ from byte ${at + index} on: ${is}, expected ${was}`;
}

function readFully(fd: number, into: Buffer, position: number): number {
  let filled = 0;
  while (filled < into.length) {
    const count = readSync(fd, into, filled, into.length - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

function readAll(path: Buffer): Buffer {
  const pieces: Buffer[] = [];
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    for (let at = 0; ; at += PIECE) {
      const count = readFully(fd, left, at);
      pieces.push(Buffer.from(left.subarray(0, count)));
      if (count < PIECE) return Buffer.concat(pieces);
    }
  } finally {
    closeSync(fd);
  }
}

// ---- extended attributes ----------------------------------------------------------------------------------------

/** Path (latin1, relative) -> attribute name (latin1) -> value in hexadecimal. */
type XattrMap = Map<string, Map<string, string>>;

/** All attributes of `start` (`.` or `./name`) and below, as getfattr shows them. */
function readXattrs(directory: string, start: string): XattrMap {
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

// ---- small things -----------------------------------------------------------------------------------------------

function kindOf(entry: BigIntStats | Dirent<Buffer>): EntryKind {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "directory";
  if (entry.isSymbolicLink()) return "symlink";
  if (entry.isCharacterDevice()) return "char";
  if (entry.isBlockDevice()) return "block";
  return entry.isFIFO() ? "fifo" : "socket";
}

function inodeOf(stat: BigIntStats): string {
  return `${stat.dev}:${stat.ino}`;
}

function joinBytes(directory: Buffer, name: Buffer): Buffer {
  return Buffer.concat([directory, Buffer.from("/"), name]);
}

function childPath(path: string, name: Buffer | string): string {
  const text = typeof name === "string" ? name : name.toString("latin1");
  return path === "" ? text : `${path}/${text}`;
}

function latin1(bytes: Uint8Array | string): string {
  return Buffer.from(bytes as Uint8Array).toString("latin1");
}

function compareLatin1(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A latin1 string for people: UTF-8 where all of it is printable, else `\xNN`. */
function show(text: string): string {
  const decoded = Buffer.from(text, "latin1").toString("utf8");
  if (!/[\p{C}\\\ufffd]/u.test(decoded)) return decoded;
  return text.replace(/[^\x20-\x5b\x5d-\x7e]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** A path with its long names cut, each with its length. */
function showPath(path: string): string {
  const cut = (name: string) => (name.length <= 80 ? show(name) : `${show(name.slice(0, 24))}…(${name.length} bytes)`);
  return path === "" ? "(top)" : path.split("/").map(cut).join("/");
}

function shorten(text: string | undefined): string {
  if (text === undefined) return "absent";
  return text.length <= 80 ? text || "empty" : `${text.slice(0, 60)}… (${text.length} characters)`;
}

function octal(mode: number | undefined): string | undefined {
  return mode === undefined ? undefined : `0${mode.toString(8)}`;
}

function toNs(time: Time): bigint {
  return BigInt(time.sec) * 1_000_000_000n + BigInt(time.nsec);
}

function fromNs(ns: bigint): Time {
  const nsec = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return { sec: Number((ns - nsec) / 1_000_000_000n), nsec: Number(nsec) };
}

function showTime(ns: bigint | undefined): string | undefined {
  if (ns === undefined) return undefined;
  const { sec, nsec } = fromNs(ns);
  return `${sec} s + ${nsec} ns`;
}

function splitDevice(rdev: bigint): { major: number; minor: number } {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n);
  return { major: Number(major), minor: Number(minor) };
}

function joinDevice(major: number, minor: number): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return ((high & 0xfffff000n) << 32n) | ((high & 0xfffn) << 8n) | ((low & 0xffffff00n) << 12n) | (low & 0xffn);
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === "string";
}

function errorCode(error: unknown): string {
  return isSystemError(error) ? error.code! : String(error);
}
