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
  openSync,
  readdirSync,
  readlinkSync,
  statSync,
} from "node:fs";
import { latin1FromBytes, showBytes, writeLatin1 } from "../core/bytes.ts";
import { Column } from "../core/column.ts";
import type { JobContext } from "../core/control.ts";
import { ImageError } from "../core/error.ts";
import { sourceError, systemMessage } from "../core/node-errors.ts";
import { hasCaseHack, stripCaseHack } from "./closure.ts";
import { compileExcludes, type Excluder } from "./exclude.ts";
import { sourceStamp } from "./node-files.ts";
import { PathBuilder, type SharedPaths, withShortPath } from "./node-paths.ts";
import { type StagePolicy, stageMetadata } from "./policy.ts";
import {
  encodeDevice,
  FLAG_DISK_NAME,
  FLAG_SPARSE,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  type SharedTree,
  Tree,
} from "./tree.ts";

/** Tops are claimed this many at a time. */
const TOPS_PER_PIECE = 64;
const IDLE_MS = 1;

const WORD_RESERVED = 0;
const WORD_HEAD = 1;
const WORD_PENDING = 2;

/** Parameters of {@link walkJob}: plain data and shared memory. */
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
  const topCount = paths.offsets.length - 1;
  tree.allocate(1);
  if (!paths.isDirectory) {
    tree.mode.view[0] = S_IFDIR | 0o755;
    stageMetadata(tree, policy, 0, 0, 0, 0, 0);
    tree.ref.view[0] = tree.allocate(topCount);
    tree.count.view[0] = topCount;
  }
  words[WORD_PENDING] = Math.ceil(topCount / TOPS_PER_PIECE);
  return { tree: tree.share(), paths, policy, queue: queue.buffer, words: words.buffer as SharedArrayBuffer };
}

/** Walks until no directory is left; run by every thread at once. */
export async function walkJob(context: JobContext, params: WalkParams): Promise<void> {
  const walker = new Walker(context, params);
  while (walker.step()) {
    const paused = context.pause();
    if (paused !== undefined) await paused;
  }
}

class Walker {
  readonly #context: JobContext;
  readonly #tree: Tree;
  readonly #paths: PathBuilder;
  readonly #shared: SharedPaths;
  readonly #policy: StagePolicy;
  readonly #excluded: Excluder | undefined;
  readonly #queue: Column<Uint32Array>;
  readonly #words: Int32Array;
  #nextTopPiece = 0;
  #path = Buffer.allocUnsafeSlow(8192);

  constructor(context: JobContext, params: WalkParams) {
    this.#context = context;
    this.#tree = Tree.attach(params.tree);
    this.#shared = params.paths;
    this.#paths = new PathBuilder(this.#tree, params.paths);
    this.#policy = params.policy;
    this.#excluded = compileExcludes(params.policy.exclude);
    this.#queue = new Column(Uint32Array, params.queue);
    this.#words = new Int32Array(params.words);
  }

  /** Does one piece of work, or waits a moment for some; false when the walk is over. */
  step(): boolean {
    this.#context.control.check();
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
    const topCount = this.#shared.offsets.length - 1;
    if (this.#nextTopPiece * TOPS_PER_PIECE >= topCount) return false;
    this.#nextTopPiece = this.#context.control.claim();
    const from = this.#nextTopPiece * TOPS_PER_PIECE;
    if (from >= topCount) return false;
    for (let top = from; top < Math.min(from + TOPS_PER_PIECE, topCount); top++) {
      this.#walkTop(this.#shared.isDirectory ? 0 : top + 1);
    }
    return true;
  }

  #walkTop(entry: number): void {
    const path = Buffer.from(this.#paths.path(entry));
    let stats: BigIntStats;
    try {
      // the directory whose contents are packed may itself be named through a symbolic link
      stats = (this.#shared.isDirectory ? statSync : lstatSync)(path, { bigint: true });
    } catch (cause) {
      const shown = showBytes(path);
      throw new ImageError("INPUT", `${shown}: ${systemMessage(cause)}`, { path: shown, cause });
    }
    if (entry !== 0) {
      this.#tree.parent.view[entry] = 0;
      this.#storeName(entry, latin1FromBytes(path, path.lastIndexOf(0x2f) + 1));
    }
    const isDirectory = (Number(stats.mode) & S_IFMT) === S_IFDIR;
    if (entry === 0 && !isDirectory) {
      const shown = showBytes(path);
      throw new ImageError("INPUT", `${shown}: not a directory`, { path: shown });
    }
    this.#store(entry, stats, path);
    if (isDirectory) this.#push([entry]);
    this.#context.control.advance(this.#context.thread, 1);
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
      let names: string[];
      try {
        names = readdirSync(short, "latin1");
      } catch (cause) {
        throw sourceError(path, cause);
      }
      this.#scanNames(directory, short, names);
      // listing follows a symbolic link that has taken the directory's place: what was found lies elsewhere
      if (directory !== 0 || !this.#shared.isDirectory) this.#checkDirectory(directory);
    });
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

  /** Stages the children of a directory, given the path by which it can be reached. */
  #scanNames(directory: number, directoryPath: Buffer, listed: string[]): void {
    const tree = this.#tree;
    const names = listed.sort();
    if (this.#policy.caseHack && names.some(hasCaseHack)) this.#refuseTwins(directory, names.sort(byImageName));
    const prefix = this.#excluded && directory !== 0 ? `${latin1FromBytes(tree.path(directory))}/` : "";
    const excluded = this.#excluded;
    const kept = excluded ? names.filter((name) => !excluded(prefix + this.#imageName(name))) : names;
    if (kept.length < names.length) tree.addExcluded(names.length - kept.length);
    const first = tree.allocate(kept.length);
    const device = this.#policy.oneFileSystem ? statSync(directoryPath, { bigint: true }).dev : undefined;
    if (directoryPath.length + 257 > this.#path.length)
      this.#path = Buffer.allocUnsafeSlow(2 * directoryPath.length + 512);
    let at = directoryPath.copy(this.#path);
    if (this.#path[at - 1] !== 0x2f) this.#path[at++] = 0x2f;
    const directories: number[] = [];
    let entry = first;
    for (const name of kept) {
      const path = this.#path.subarray(0, at + this.#path.write(name, at, "latin1"));
      try {
        const stats = lstatSync(path, { bigint: true });
        const isDirectory = (Number(stats.mode) & S_IFMT) === S_IFDIR;
        tree.parent.view[entry] = directory;
        this.#storeName(entry, name);
        this.#store(entry, stats, path);
        if (isDirectory && (device === undefined || stats.dev === device)) directories.push(entry);
      } catch (cause) {
        throw sourceError(
          Buffer.concat([this.#paths.path(directory), Buffer.from("/"), Buffer.from(name, "latin1")]),
          cause,
        );
      }
      entry++;
    }
    tree.ref.view[directory] = first;
    tree.count.view[directory] = kept.length;
    this.#context.control.advance(this.#context.thread, kept.length);
    if (directories.length > 0) this.#push(directories);
  }

  /** Two names that are one in the image: the store is not what Nix made. */
  #refuseTwins(directory: number, names: readonly string[]): void {
    for (let i = 1; i < names.length; i++) {
      if (stripCaseHack(names[i]!) !== stripCaseHack(names[i - 1]!)) continue;
      const path = showBytes(Buffer.concat([this.#paths.path(directory), Buffer.from(`/${names[i]}`, "latin1")]));
      const other = showBytes(Buffer.from(names[i - 1]!, "latin1"));
      throw new ImageError("INPUT", `${path}: has the same name in the image as ${other}`, { path });
    }
  }

  #imageName(name: string): string {
    return this.#policy.caseHack ? stripCaseHack(name) : name;
  }

  #storeName(entry: number, name: string): void {
    const inImage = this.#imageName(name);
    const hidden = inImage.length < name.length;
    const at = this.#tree.allocateName(name.length + (hidden ? 1 : 0));
    writeLatin1(name, this.#tree.names.view, at);
    this.#tree.nameOff.view[entry] = at;
    this.#tree.nameLen.view[entry] = inImage.length;
    if (hidden) this.#tree.flags.view[entry]! |= FLAG_DISK_NAME;
  }

  #store(entry: number, stats: BigIntStats, path: Buffer): void {
    const tree = this.#tree;
    const mode = Number(stats.mode);
    tree.mode.view[entry] = mode;
    tree.stamp.view[entry] = sourceStamp(stats);
    const keepsTime = this.#policy.times !== "fixed";
    const nanoseconds = keepsTime ? Number(((stats.mtimeNs % NS) + NS) % NS) : 0;
    const seconds = keepsTime ? Number((stats.mtimeNs - BigInt(nanoseconds)) / NS) : 0;
    stageMetadata(tree, this.#policy, entry, Number(stats.uid), Number(stats.gid), seconds, nanoseconds);
    const kind = mode & S_IFMT;
    if (kind === S_IFREG) {
      const size = Number(stats.size);
      tree.size.view[entry] = size;
      if (Number(stats.blocks) * 512 < size) tree.flags.view[entry]! |= FLAG_SPARSE;
    } else if (kind === S_IFLNK) {
      const target = readlinkSync(path, "buffer");
      const at = tree.allocateName(target.length);
      tree.names.view.set(target, at);
      tree.ref.view[entry] = at;
      // st_size of links in /proc and some others is not the target's length
      tree.size.view[entry] = target.length;
    } else if (kind === S_IFCHR || kind === S_IFBLK) {
      const { major, minor } = splitDevice(stats.rdev);
      tree.ref.view[entry] = encodeDevice(major, minor, showBytes(path));
    }
    if (kind !== S_IFDIR && stats.nlink > 1n && !this.#policy.copyLinks) {
      tree.addLink(entry, Number(stats.dev), Number(stats.ino >> 32n), Number(stats.ino & 0xffffffffn));
    }
  }
}

const NS = 1_000_000_000n;

/** dev_t as this platform's C library packs it. */
export function splitDevice(device: bigint): { major: number; minor: number } {
  if (process.platform !== "linux")
    return { major: Number((device >> 24n) & 0xffn), minor: Number(device & 0xffffffn) };
  return {
    major: Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn)),
    minor: Number((device & 0xffn) | ((device >> 12n) & ~0xffn & 0xffffffffn)),
  };
}

/** Sorts by the names in the image, which are not always those on disk. */
function byImageName(a: string, b: string): number {
  const [left, right] = [stripCaseHack(a), stripCaseHack(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** {@link withShortPath}, but for a directory whose children are about to be named too. */
function withShortDirectory(path: Buffer, use: (path: Buffer) => void): void {
  if (path.length + 257 < 4096 || process.platform !== "linux") {
    use(path);
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
