/**
 * An exact comparison of what a filesystem shows with what it should show; nothing of the product is used. Paths in
 * messages, and those handed to `exclude`, are latin1 (a byte a character).
 */
import { type BigIntStats, lstatSync, readlinkSync } from "node:fs";
import { type Directory, type Listed, lookUp, openDirectory, readXattrs, type XattrMap } from "./actual.ts";
import {
  childPath,
  type EntryKind,
  errorCode,
  inodeOf,
  isSystemError,
  kindOf,
  type SpecEntry,
  splitDevice,
  type Time,
  toNs,
} from "./entry.ts";
import {
  type ExpectedMeta,
  type ExpectedNode,
  expectedSpec,
  expectedSpecXattrs,
  expectedTree,
  expectedXattrs,
  type TreeOptions,
} from "./expected.ts";
import { Enough, octal, Report, shorten, show, showPath, showTime } from "./report.ts";

export { describeTree } from "./actual.ts";
export type { EntryKind, SpecEntry, Time } from "./entry.ts";
export type { ExpectedMeta } from "./expected.ts";

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
export interface CompareOptions extends CommonOptions, TreeOptions {
  /** Compare extended attributes too (getfattr). Default: false. */
  xattrs?: boolean | undefined;
}

/** Options of {@link compareWithSpec}. */
export interface SpecOptions extends CommonOptions {
  /** Parents that the spec does not list may be there, with any metadata. Default: a spec without them is an error. */
  implicitDirectories?: boolean | undefined;
}

/** Compares what `actualDir` shows with `expectedDir`; returns the differences as lines to read, none if equal. */
export function compareTrees(expectedDir: string, actualDir: string, options: CompareOptions = {}): string[] {
  const xattrs = options.xattrs === true ? expectedXattrs(expectedDir, options) : undefined;
  return new Comparison(options).run(expectedTree(expectedDir, options), actualDir, xattrs);
}

/** Compares what `actualDir` shows with a list of entries: all must be there, and no other. */
export function compareWithSpec(actualDir: string, spec: readonly SpecEntry[], options: SpecOptions = {}): string[] {
  const top = expectedSpec(spec, options.implicitDirectories === true);
  return new Comparison(options).run(top, actualDir, expectedSpecXattrs(spec));
}

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
  readonly #report: Report;
  readonly #pairs: Pair[] = [];
  readonly #seen = new Set<string>();

  constructor(options: CommonOptions) {
    this.#options = options;
    this.#report = new Report(options.limit);
  }

  run(top: ExpectedNode, actualDir: string, xattrs: XattrMap | undefined): string[] {
    return this.#report.collect(() => {
      this.#compareEntry(top, Buffer.from(actualDir), "", undefined);
      this.#compareLinks();
      if (xattrs !== undefined) this.#compareXattrs(xattrs, readXattrs(actualDir, "."));
    });
  }

  #compareXattrs(wanted: XattrMap, found: XattrMap): void {
    const ignored = this.#options.ignoreXattr;
    for (const path of new Set([...wanted.keys(), ...found.keys()])) {
      if (!this.#seen.has(path)) continue; // a missing or surplus entry, already told
      const [expected, actual] = [wanted.get(path), found.get(path)];
      for (const name of new Set([...(expected?.keys() ?? []), ...(actual?.keys() ?? [])])) {
        if (ignored?.(name) === true) continue;
        const [left, right] = [shorten(expected?.get(name)), shorten(actual?.get(name))];
        const same = expected?.get(name) === actual?.get(name);
        if (!same) this.#report.add(path, `attribute ${show(name)} is ${right}, expected ${left}`);
      }
    }
  }

  #compareEntry(expected: ExpectedNode, at: Buffer, path: string, listedAs: EntryKind | undefined): void {
    let stat: BigIntStats;
    try {
      stat = lstatSync(at, { bigint: true });
    } catch (error) {
      this.#report.add(path, `is listed, but a lookup says ${errorCode(error)}`);
      return;
    }
    const kind = kindOf(stat);
    if (listedAs !== undefined) this.#report.expect(path, "is listed as", listedAs, kind);
    if (kind !== expected.kind) {
      this.#report.add(path, `is a ${kind}, expected a ${expected.kind}`);
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
        if (problem !== undefined) this.#report.add(path, problem);
      }
    } catch (error) {
      if (error instanceof Enough || !isSystemError(error)) throw error;
      this.#report.add(path, `cannot be read: ${error.message}`);
    }
  }

  #compareInode(expected: ExpectedNode, stat: BigIntStats, path: string): void {
    const { time, uid, gid, adjust } = this.#options;
    const meta = { ...expected.meta };
    if (time !== undefined) meta.mtimeNs = toNs(time);
    meta.uid = uid ?? meta.uid;
    meta.gid = gid ?? meta.gid;
    adjust?.(meta);
    this.#report.expect(path, "mode", octal(Number(stat.mode) & 0o7777), octal(meta.mode));
    this.#report.expect(path, "uid", Number(stat.uid), meta.uid);
    this.#report.expect(path, "gid", Number(stat.gid), meta.gid);
    this.#report.expect(path, "mtime", showTime(stat.mtimeNs), showTime(meta.mtimeNs));
    this.#report.expect(path, "size", stat.size, expected.size);
    const devices = [stat.rdev, expected.rdev].map((rdev) => (rdev === undefined ? undefined : splitDevice(rdev)));
    this.#report.expect(path, "device", JSON.stringify(devices[0]), devices[1] && JSON.stringify(devices[1]));
  }

  #compareTarget(expected: Buffer | undefined, at: Buffer, stat: BigIntStats, path: string): void {
    const actual = readlinkSync(at, { encoding: "buffer" });
    this.#report.expect(path, "length of the target", BigInt(actual.length), stat.size);
    if (expected !== undefined && !actual.equals(expected)) {
      const [left, right] = [actual, expected].map((target) => shorten(show(target.toString("latin1"))));
      this.#report.add(path, `target ${left}, expected ${right}`);
    }
  }

  #compareDirectory(expected: ExpectedNode, at: Buffer, stat: BigIntStats, path: string): void {
    const wanted = expected.open();
    const found = openDirectory(at);
    try {
      const entries = found.list();
      const seen = new Set(entries.map(({ name }) => name.toString("latin1")));
      if (seen.size !== entries.length) this.#report.add(path, `lists ${entries.length - seen.size} names twice`);
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
          this.#report.add(below, lookup === "ENOENT" ? "is missing" : `is not listed, though a lookup says ${lookup}`);
          continue;
        }
        next++;
        this.#compareEntry(child, found.at(name), below, entry.kind);
      }
      for (; next < entries.length; next++) this.#surplus(path, entries, next);
      const links = expected.nlink ?? (this.#options.ignoreNlinkOfDirectories ? undefined : 2 + subdirectories);
      this.#report.expect(path, "links", Number(stat.nlink), links);
      this.#probeMissingNames(found, entries, seen, path);
    } finally {
      found.close();
      wanted.close();
    }
  }

  #surplus(path: string, entries: readonly Listed[], index: number): void {
    const { name } = entries[index]!;
    if (index > 0 && entries[index - 1]!.name.equals(name)) return; // told as a name listed twice
    this.#report.add(childPath(path, name), "is not expected");
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
      if (lookup !== "ENOENT") this.#report.add(childPath(path, probe), `is not listed, but a lookup says ${lookup}`);
    }
  }

  #compareLinks(): void {
    const expectedNames = groupPaths(this.#pairs, (pair) => pair.expectedGroup);
    const actualNames = groupPaths(this.#pairs, (pair) => pair.actualInode);
    for (const pair of this.#pairs) {
      const expected = expectedNames.get(pair.expectedGroup)!;
      const actual = actualNames.get(pair.actualInode)!;
      if (expected.first !== actual.first) {
        this.#report.add(
          pair.path,
          `is the inode of ${showPath(actual.first)}, expected that of ${showPath(expected.first)}`,
        );
      }
      // A count is one inode's: told at its first name only.
      if (pair.kind !== "directory" && actual.first === pair.path) {
        this.#report.expect(pair.path, "links", Number(pair.actualLinks), pair.expectedLinks ?? expected.count);
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
