/**
 * The walk: every thread takes directories from a queue in shared memory, lists one, and writes its children straight
 * into the tree's columns, in byte order, with one lstat an entry. Which thread takes which directory decides only
 * the entries' numbers, which never reach the bytes.
 */
import {
  type BigIntStats,
  closeSync,
  constants,
  lstatSync,
  opendirSync,
  openSync,
  readdirSync,
  readlinkSync,
  type Stats,
  statSync,
} from "node:fs";
import { latin1FromBytes, showBytes } from "../../../core/bytes.ts";
import { Column } from "../../../core/column.ts";
import { ImageError } from "../../../core/error.ts";
import { sourceError, systemMessage } from "../../../core/node/node-errors.ts";
import type { JobContext } from "../../../core/threads.ts";
import { compileExcludes, type Excluder } from "../../tree/exclude.ts";
import { blankMetadata, type StagePolicy, stageMetadata } from "../../tree/policy.ts";
import {
  encodeDevice,
  FLAG_SPARSE,
  NONE,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  type SharedTree,
  Tree,
} from "../../tree/tree.ts";
import { stripCaseHack } from "./case-hack.ts";
import { NameList } from "./name-list.ts";
import { sourceStamp } from "./node-files.ts";
import { hostMode } from "./node-modes.ts";
import { PathBuilder, type SharedPaths, withShortPath } from "./node-paths.ts";
import { imageTarget, type LinkPlace, SEPARATOR, systemPath } from "./node-windows.ts";

/** A directory that takes this many bytes on disk may have so many names that they are read some at a time. */
const LARGE_DIRECTORY = 64 * 1024;
const NAMES_AT_ONCE = 256;
/** Bytes of a name that any system allows. */
const MAX_NAME = 1024;
/** Tops are claimed this many at a time. */
const TOPS_PER_PIECE = 64;
const IDLE_MS = 1;

const WORD_RESERVED = 0;
const WORD_HEAD = 1;
const WORD_PENDING = 2;

/** Parameters of {@link walkAll}: plain data and shared memory. */
export interface WalkParams {
  tree: SharedTree;
  paths: SharedPaths;
  policy: StagePolicy;
  queue: SharedArrayBuffer;
  words: SharedArrayBuffer;
}

/** Makes the root, and numbers for the tops, before the threads start. */
export function prepareWalk(tree: Tree, paths: SharedPaths, policy: StagePolicy): WalkParams {
  const words = new Int32Array(new SharedArrayBuffer(12));
  const queue = Column.create(Uint32Array, 2 ** 26);
  const topCount = paths.from.length;
  tree.allocate(1);
  if (!paths.isDirectory) {
    tree.mode.view[0] = S_IFDIR | 0o755;
    stageMetadata(tree, policy, 0, blankMetadata());
    tree.ref.view[0] = tree.allocate(topCount);
    tree.count.view[0] = topCount;
  }
  words[WORD_PENDING] = countTopPieces(paths);
  return { tree: tree.share(), paths, policy, queue: queue.buffer, words: words.buffer as SharedArrayBuffer };
}

function countTopPieces({ from }: SharedPaths): number {
  return Math.ceil(from.length / TOPS_PER_PIECE);
}

/** Walks until no directory is left; run by every thread at once. */
export async function walkAll(job: JobContext, params: WalkParams): Promise<void> {
  const walker = new Walker(job, params);
  while (walker.step()) {
    const breathing = job.breathe();
    if (breathing !== undefined) await breathing;
  }
}

class Walker {
  readonly #job: JobContext;
  readonly #tree: Tree;
  readonly #paths: PathBuilder;
  readonly #shared: SharedPaths;
  readonly #exactStats: { bigint: boolean };
  readonly #policy: StagePolicy;
  readonly #excluded: Excluder | undefined;
  readonly #queue: Column<Uint32Array>;
  readonly #words: Int32Array;
  readonly #names: NameList;
  /** What the entry that is being stored has; its time stays 0 where all get another. */
  readonly #given = blankMetadata();
  readonly #topPieces: Iterator<number, void>;
  #path = Buffer.allocUnsafeSlow(8192);

  constructor(job: JobContext, params: WalkParams) {
    this.#job = job;
    this.#topPieces = job.pieces(countTopPieces(params.paths));
    this.#tree = Tree.attach(params.tree);
    this.#shared = params.paths;
    this.#exactStats = { bigint: params.paths.exactStats };
    this.#paths = new PathBuilder(this.#tree, params.paths);
    this.#policy = params.policy;
    this.#excluded = compileExcludes(params.policy.exclude);
    this.#queue = new Column(Uint32Array, params.queue);
    this.#words = new Int32Array(params.words);
    this.#names = new NameList(this.#tree, params.policy.caseHack);
  }

  /** Does one piece of work, or waits a moment for some; false when the walk is over. */
  step(): boolean {
    const reserved = Atomics.load(this.#words, WORD_RESERVED);
    const directory = this.#take();
    if (directory >= 0) this.#scan(directory);
    else if (!this.#walkTops()) {
      if (Atomics.load(this.#words, WORD_PENDING) === 0) return false;
      Atomics.wait(this.#words, WORD_RESERVED, reserved, IDLE_MS);
      return true;
    }
    if (Atomics.sub(this.#words, WORD_PENDING, 1) === 1) Atomics.notify(this.#words, WORD_RESERVED);
    return true;
  }

  #walkTops(): boolean {
    const piece = this.#topPieces.next();
    if (piece.done) return false;
    const from = piece.value * TOPS_PER_PIECE;
    for (let top = from; top < Math.min(from + TOPS_PER_PIECE, this.#shared.from.length); top++) {
      this.#walkTop(this.#shared.isDirectory ? 0 : top + 1);
    }
    return true;
  }

  #walkTop(entry: number): void {
    const path = Buffer.from(this.#paths.path(entry));
    const onDisk = systemPath(path);
    let stats: Stats | BigIntStats;
    try {
      // the directory whose contents are wanted may itself be named through a symbolic link
      stats = (this.#shared.isDirectory ? statSync : lstatSync)(onDisk, this.#exactStats);
    } catch (cause) {
      const shown = showBytes(path);
      throw new ImageError("INPUT", `${shown}: ${systemMessage(cause)}`, { path: shown, cause });
    }
    if (entry !== 0) this.#nameTop(entry, latin1FromBytes(path, path.lastIndexOf(0x2f) + 1));
    const isDirectory = (Number(stats.mode) & S_IFMT) === S_IFDIR;
    if (entry === 0 && !isDirectory) {
      const shown = showBytes(path);
      throw new ImageError("INPUT", `${shown}: not a directory`, { path: shown });
    }
    try {
      this.#store(entry, stats, onDisk);
    } catch (cause) {
      throw sourceError(path, cause);
    }
    if (isDirectory) {
      this.#hint(entry, Number(stats.size));
      this.#push([entry]);
    }
    this.#job.advance(1);
  }

  /** A top's name is the end of its path, which lies in the arena already. */
  #nameTop(entry: number, name: string): void {
    this.#tree.nameOff.view[entry] = this.#shared.to[entry - 1]! - name.length;
    this.#tree.nameLen.view[entry] = (this.#policy.caseHack ? stripCaseHack(name) : name).length;
  }

  /** The next directory of the queue, or -1. A slot may be reserved but not written yet: then it reads as zero. */
  #take(): number {
    const head = Atomics.load(this.#words, WORD_HEAD);
    const queue = this.#queue.ensure(head + 1);
    const slot = Atomics.load(queue, head);
    if (slot === 0) return -1;
    if (Atomics.compareExchange(this.#words, WORD_HEAD, head, head + 1) !== head) return this.#take();
    return slot - 1;
  }

  #push(directories: readonly number[]): void {
    Atomics.add(this.#words, WORD_PENDING, directories.length);
    const at = Atomics.add(this.#words, WORD_RESERVED, directories.length);
    const queue = this.#queue.ensure(at + directories.length);
    directories.forEach((entry, index) => {
      Atomics.store(queue, at + index, entry + 1);
    });
    Atomics.notify(this.#words, WORD_RESERVED);
  }

  #scan(directory: number): void {
    this.#tree.ensureAll();
    const path = this.#paths.path(directory);
    withShortDirectory(path, (short) => {
      try {
        this.#listNames(directory, short);
      } catch (cause) {
        throw sourceError(path, cause);
      }
      this.#scanNames(directory, short);
      // listing follows a symbolic link that has taken the directory's place: what was found lies elsewhere
      if (directory !== 0 || !this.#shared.isDirectory) this.#checkDirectory(directory);
    });
  }

  /** Notes for {@link #listNames} how large the system says that a directory is, where its children will be counted. */
  #hint(directory: number, size: number): void {
    this.#tree.count.view[directory] = Math.min(size, NONE);
  }

  /** Lists a directory into `#names`, sorted, without what is excluded. */
  #listNames(directory: number, path: Buffer): void {
    const prefix = this.#excluded && directory !== 0 ? `${latin1FromBytes(this.#tree.path(directory))}/` : "";
    const take = (listed: string[]) => this.#names.add(this.#withoutExcluded(prefix, listed));
    this.#names.clear();
    // what the system says may be anything: it decides no more than how the names are asked for
    if (this.#tree.count.view[directory]! < LARGE_DIRECTORY) take(readdirSync(path, "latin1").sort());
    else readNames(path, take);
    const twin = this.#names.sort();
    if (twin >= 0) this.#refuseTwin(directory, twin);
  }

  #withoutExcluded(prefix: string, names: string[]): string[] {
    const excluded = this.#excluded;
    if (!excluded) return names;
    const kept = names.filter((name) => !excluded(prefix + (this.#policy.caseHack ? stripCaseHack(name) : name)));
    this.#tree.addExcluded(names.length - kept.length);
    return kept;
  }

  #checkDirectory(directory: number): void {
    const path = this.#paths.path(directory);
    try {
      if (withShortPath(path, (short) => lstatSync(short)).isDirectory()) return;
    } catch (cause) {
      throw sourceError(path, cause);
    }
    const shown = showBytes(path);
    throw new ImageError("CHANGED", `${shown}: became something else while it was packed`, { path: shown });
  }

  /** Stages the children of a directory that has been listed, given the path by which it can be reached. */
  #scanNames(directory: number, directoryPath: Buffer): void {
    const tree = this.#tree;
    const names = this.#names;
    const first = tree.allocate(names.length);
    const device = this.#policy.oneFileSystem ? Number(statSync(directoryPath).dev) : undefined;
    if (directoryPath.length + 1 + MAX_NAME > this.#path.length)
      this.#path = Buffer.allocUnsafeSlow(2 * directoryPath.length + 2 * MAX_NAME);
    let at = directoryPath.copy(this.#path);
    if (this.#path[at - 1] !== SEPARATOR) this.#path[at++] = SEPARATOR;
    const directories: number[] = [];
    for (let index = 0; index < names.length; index++) {
      const entry = first + index;
      tree.parent.view[entry] = directory;
      names.store(index, entry);
      const path = this.#path.subarray(0, names.copy(index, this.#path, at));
      try {
        const stats = lstatSync(path, this.#exactStats);
        this.#store(entry, stats, path);
        if ((Number(stats.mode) & S_IFMT) === S_IFDIR && (device === undefined || Number(stats.dev) === device)) {
          this.#hint(entry, Number(stats.size));
          directories.push(entry);
        }
      } catch (cause) {
        throw sourceError(this.#paths.path(entry), cause);
      }
    }
    tree.ref.view[directory] = first;
    tree.count.view[directory] = names.length;
    this.#job.advance(names.length);
    if (directories.length > 0) this.#push(directories);
  }

  /** Two names that are one in the image: the store is not what Nix made. */
  #refuseTwin(directory: number, index: number): never {
    const nameAt = (at: number) => {
      const name = Buffer.alloc(MAX_NAME);
      return name.subarray(0, this.#names.copy(at, name, 0));
    };
    const path = showBytes(Buffer.concat([this.#paths.path(directory), Buffer.from("/"), nameAt(index)]));
    const other = showBytes(nameAt(index - 1));
    throw new ImageError("INPUT", `${path}: has the same name in the image as ${other}`, { path });
  }

  /** Where an entry lies, and what of the disk is the root: of tops in a made-up one, the directory that each lies in. */
  #placeOf(entry: number): LinkPlace {
    const link = Buffer.from(this.#paths.path(entry));
    let top = entry;
    while (!this.#paths.isNumbered(top)) top = this.#tree.parent.view[top]!;
    const root = this.#paths.path(top);
    return { link, root: this.#shared.isDirectory ? root : root.subarray(0, root.lastIndexOf(0x2f) + 1) };
  }

  #store(entry: number, stats: Stats | BigIntStats, path: Buffer): void {
    const tree = this.#tree;
    const mode = hostMode(stats, path, tree);
    tree.mode.view[entry] = mode;
    tree.stamp.view[entry] = sourceStamp(stats);
    const given = this.#given;
    given.uid = Number(stats.uid);
    given.gid = Number(stats.gid);
    if (this.#policy.times !== "fixed" && "mtimeNs" in stats) {
      given.mtimeNsec = Number(((stats.mtimeNs % NS) + NS) % NS);
      given.mtime = Number((stats.mtimeNs - BigInt(given.mtimeNsec)) / NS);
    }
    stageMetadata(tree, this.#policy, entry, given);
    const kind = mode & S_IFMT;
    if (kind === S_IFREG) {
      const size = Number(stats.size);
      tree.size.view[entry] = size;
      if (Number(stats.blocks) * 512 < size) tree.flags.view[entry]! |= FLAG_SPARSE;
    } else if (kind === S_IFLNK) {
      const target = imageTarget(readlinkSync(path, "buffer"), () => this.#placeOf(entry));
      const at = tree.allocateName(target.length);
      tree.names.view.set(target, at);
      tree.ref.view[entry] = at;
      // st_size of links in /proc and some others is not the target's length
      tree.size.view[entry] = target.length;
    } else if (kind === S_IFCHR || kind === S_IFBLK) {
      const { major, minor } = splitDevice(BigInt(stats.rdev));
      tree.ref.view[entry] = encodeDevice(major, minor, showBytes(path));
    }
    if (kind !== S_IFDIR && stats.nlink > 1 && !this.#policy.copyLinks) {
      // a number may not hold all of it
      const inode = BigInt(this.#exactStats.bigint ? stats.ino : lstatSync(path, { bigint: true }).ino);
      tree.addLink(entry, Number(stats.dev), Number(inode >> 32n), Number(inode & 0xffffffffn));
    }
  }
}

const NS = 1_000_000_000n;

/** dev_t as this platform's C library encodes it. */
export function splitDevice(device: bigint): { major: number; minor: number } {
  if (process.platform !== "linux")
    return { major: Number((device >> 24n) & 0xffn), minor: Number(device & 0xffffffn) };
  return {
    major: Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn)),
    minor: Number((device & 0xffn) | ((device >> 12n) & ~0xffn & 0xffffffffn)),
  };
}

/**
 * Calls `take` with the names in a directory, some at a time: an array of all names of a whole store, and the C
 * library's before that, would be the largest things in memory.
 */
function readNames(path: Buffer, take: (names: string[]) => void): void {
  // as buffers: with strings, Node fails where the filesystem does not tell what kind an entry is of
  const listing = opendirSync(path, { encoding: "buffer" as BufferEncoding, bufferSize: NAMES_AT_ONCE });
  try {
    let names: string[] = [];
    for (let found = listing.readSync(); found !== null; found = listing.readSync()) {
      names.push((found.name as unknown as Buffer).toString("latin1"));
      if (names.length < NAMES_AT_ONCE) continue;
      take(names);
      names = [];
    }
    take(names);
  } finally {
    listing.closeSync();
  }
}

/** {@link withShortPath}, but for a directory whose children are about to be named too. */
function withShortDirectory(path: Buffer, use: (path: Buffer) => void): void {
  if (path.length + 257 < 4096 || process.platform !== "linux") {
    use(systemPath(path));
    return;
  }
  withShortPath(path, (short) => {
    const descriptor = openSync(short, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    try {
      use(Buffer.from(`/proc/self/fd/${descriptor}/`));
    } finally {
      closeSync(descriptor);
    }
  });
}
