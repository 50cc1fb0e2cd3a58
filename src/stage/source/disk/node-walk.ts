/**
 * The walk: every thread takes directories from a queue in shared memory, lists one, and writes its children straight
 * into the tree's columns, in byte order, with one lstat an entry. Which thread takes which directory decides only
 * the entries' numbers, which never reach the bytes.
 */
import { type BigIntStats, lstatSync, type Stats, statSync } from "node:fs";
import { showBytes } from "../../../core/bytes.ts";
import { Column } from "../../../core/column.ts";
import { ImageError } from "../../../core/error.ts";
import { sourceError, systemMessage } from "../../../core/node/node-errors.ts";
import { type JobContext, threadsFor } from "../../../core/threads/threads.ts";
import type { StagePolicy } from "../../tree/policy.ts";
import { NONE, S_IFDIR, S_IFMT, type SharedTree, Tree } from "../../tree/tree.ts";
import type { SetReader, XattrParams } from "../xattr/node-read-sets.ts";
import { DirectoryLister, MAX_DISK_NAME } from "./node-lister.ts";
import { PathBuilder, type SharedPaths, withShortDirectory, withShortPath } from "./node-paths.ts";
import { EntryStager } from "./node-stager.ts";
import { type LinkPlace, SEPARATOR, systemPath } from "./node-windows.ts";
import { stageTops } from "./tops.ts";

/** Tops are claimed this many at a time. */
const TOPS_PER_PIECE = 64;
const IDLE_MS = 1;
/** Behind the path of a directory: what it is, by whatever name. */
const HERE = Buffer.from("/.");

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
  /** Undefined: attributes are not read. */
  xattrs: XattrParams | undefined;
}

/** Makes the root, and numbers for the tops, before the threads start. */
export function prepareWalk(tree: Tree, paths: SharedPaths, policy: StagePolicy, xattrs?: XattrParams): WalkParams {
  const words = new Int32Array(new SharedArrayBuffer(12));
  const queue = Column.create(Uint32Array, 2 ** 26);
  if (paths.isDirectory) tree.allocate(1);
  else stageTops(tree, paths, policy);
  words[WORD_PENDING] = countTopPieces(paths);
  return { tree: tree.share(), paths, policy, queue: queue.buffer, words: words.buffer as SharedArrayBuffer, xattrs };
}

function countTopPieces({ from }: SharedPaths): number {
  return Math.ceil(from.length / TOPS_PER_PIECE);
}

/** Walks until no directory is left; run by every thread at once. */
export async function walkAll(job: JobContext, params: WalkParams): Promise<void> {
  const { policy, xattrs } = params;
  const tree = Tree.attach(params.tree);
  const reader = xattrs && new (await import("../xattr/node-read-sets.ts")).SetReader(tree, policy, xattrs);
  const walker = new Walker(job, params, tree, reader);
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
  readonly #lister: DirectoryLister;
  readonly #stager: EntryStager;
  readonly #xattrs: SetReader | undefined;
  readonly #queue: Column<Uint32Array>;
  readonly #words: Int32Array;
  readonly #topPieces: Iterator<number, void>;
  #path = Buffer.allocUnsafeSlow(8192);

  constructor(job: JobContext, params: WalkParams, tree: Tree, xattrs: SetReader | undefined) {
    this.#job = job;
    this.#topPieces = job.pieces(countTopPieces(params.paths));
    this.#tree = tree;
    this.#xattrs = xattrs;
    this.#shared = params.paths;
    this.#exactStats = { bigint: params.paths.exactStats };
    this.#paths = new PathBuilder(this.#tree, params.paths);
    this.#policy = params.policy;
    this.#lister = new DirectoryLister(this.#tree, params.policy);
    this.#stager = new EntryStager(this.#tree, params.policy, params.paths.exactStats, (entry) => this.#placeOf(entry));
    this.#queue = new Column(Uint32Array, params.queue);
    this.#words = new Int32Array(params.words);
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
    const isDirectory = (Number(stats.mode) & S_IFMT) === S_IFDIR;
    if (entry === 0 && !isDirectory) {
      const shown = showBytes(path);
      throw new ImageError("INPUT", `${shown}: not a directory`, { path: shown });
    }
    try {
      this.#stager.store(entry, stats, onDisk);
      this.#readTopXattrs(entry, path);
    } catch (cause) {
      throw sourceError(path, cause);
    }
    if (isDirectory) {
      this.#hint(entry, Number(stats.size));
      this.#push([entry]);
    }
    this.#job.advance(1);
  }

  #readTopXattrs(entry: number, path: Buffer): void {
    const reader = this.#xattrs;
    if (reader === undefined) return;
    const itself = this.#shared.isDirectory ? Buffer.concat([path, HERE]) : path;
    withShortPath(itself, (short) => reader.read(entry, short));
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
        // a directory that has not been listed has its bytes where its children will be counted
        this.#lister.list(directory, short, this.#tree.count.view[directory]!);
      } catch (cause) {
        throw sourceError(path, cause);
      }
      this.#scanNames(directory, short);
      // listing follows a symbolic link that has taken the directory's place: what was found lies elsewhere
      if (directory !== 0 || !this.#shared.isDirectory) this.#checkDirectory(directory);
    });
  }

  /** Notes how large the system says that a directory is, where its children will be counted. */
  #hint(directory: number, size: number): void {
    this.#tree.count.view[directory] = Math.min(size, NONE);
  }

  /** Where an entry lies, and what of the disk is the root: of tops in a made-up one, the directory that each lies in. */
  #placeOf(entry: number): LinkPlace {
    const link = Buffer.from(this.#paths.path(entry));
    let top = entry;
    while (!this.#paths.isNumbered(top)) top = this.#tree.parent.view[top]!;
    const root = this.#paths.path(top);
    return { link, root: this.#shared.isDirectory ? root : root.subarray(0, root.lastIndexOf(0x2f) + 1) };
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
    const { names } = this.#lister;
    const first = tree.allocate(names.length);
    const { oneFileSystem } = this.#policy;
    const device = oneFileSystem ? Number(statSync(directoryPath).dev) : undefined;
    // entries that are left out leave a gap behind those that stay
    let count = 0;
    if (directoryPath.length + 1 + MAX_DISK_NAME > this.#path.length)
      this.#path = Buffer.allocUnsafeSlow(2 * directoryPath.length + 2 * MAX_DISK_NAME);
    let at = directoryPath.copy(this.#path);
    if (this.#path[at - 1] !== SEPARATOR) this.#path[at++] = SEPARATOR;
    const directories: number[] = [];
    for (let index = 0; index < names.length; index++) {
      const entry = first + count;
      tree.parent.view[entry] = directory;
      names.store(index, entry);
      const path = this.#path.subarray(0, names.copy(index, this.#path, at));
      try {
        const stats = lstatSync(path, this.#exactStats);
        if (oneFileSystem === "without" && Number(stats.dev) !== device) {
          tree.flags.view[entry] = 0;
          tree.addExcluded(1);
          continue;
        }
        count++;
        this.#stager.store(entry, stats, path);
        this.#xattrs?.read(entry, path);
        if ((Number(stats.mode) & S_IFMT) === S_IFDIR && (device === undefined || Number(stats.dev) === device)) {
          this.#hint(entry, Number(stats.size));
          directories.push(entry);
        }
      } catch (cause) {
        throw sourceError(this.#paths.path(entry), cause);
      }
    }
    tree.ref.view[directory] = first;
    tree.count.view[directory] = count;
    this.#job.advance(count);
    // of the root's directories no more is known than of a closure's paths
    const tops = directory === 0 ? directories.length : 0;
    this.#job.recruit(threadsFor({ entries: tree.length, tops }));
    if (directories.length > 0) this.#push(directories);
  }
}
