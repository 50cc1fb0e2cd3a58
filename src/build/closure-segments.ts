/**
 * The segments of a closure, made straight from its paths: nothing is listed or asked for before the thread that packs it
 * comes to it. Each thread takes the next group of paths.
 */
import { type JobContext, threadsFor } from "../core/threads/threads.ts";
import { InodeSizes } from "../erofs/plan/measure.ts";
import { SegmentBuilder } from "../erofs/segments/builder.ts";
import type { ImageFile, LineFiles } from "../erofs/segments/copies.ts";
import { SegmentCuts } from "../erofs/segments/cuts.ts";
import { LineColumns, type SharedLineColumns, shareLineColumns } from "../erofs/segments/inode-columns.ts";
import { type PieceMaker, type SegmentCommons, SegmentPacking, type SharedPacking } from "../erofs/segments/packing.ts";
import type { PlacedLine } from "../erofs/segments/place/placed-line.ts";
import { SegmentRow } from "../erofs/segments/place/row.ts";
import { ClosureReader } from "../stage/source/disk/node-closure-reader.ts";
import { FileContents } from "../stage/source/disk/node-files.ts";
import { noPaths, type SharedPaths } from "../stage/source/disk/node-paths.ts";
import type { HashWork } from "../stage/source/nix/nar/node-hash-paths.ts";
import type { Contents } from "../stage/tree/contents.ts";
import type { StagePolicy } from "../stage/tree/policy.ts";
import { FLAG_LATE, NONE, S_IFDIR, type SharedTree, Tree } from "../stage/tree/tree.ts";
import { countReads } from "./contents.ts";
import type { SegmentHasher } from "./jobs/node-segment-hasher.ts";

/** What a thread lists, and what is decided of it. */
export interface StagedLine {
  tree: SharedTree;
  columns: SharedLineColumns;
  /** How often the tree has been emptied. */
  clears: Int32Array;
}

/** For each thread. */
export function stageLines(threads: number): StagedLine[] {
  return Array.from({ length: threads }, () => ({
    tree: Tree.create().share(),
    columns: shareLineColumns(),
    clears: new Int32Array(new SharedArrayBuffer(4)),
  }));
}

/** What is to be made; plain data, most of it in shared memory. */
export interface ClosureWork extends SegmentCommons {
  packing: SharedPacking;
  /** By thread. */
  staged: StagedLine[];
  policy: StagePolicy;
  paths: SharedPaths;
  /** Tops at which groups start, and the end. */
  groups: Uint32Array;
  /** By top: its entry in the tree of the thread that has packed it. */
  entries: Uint32Array;
  /** By entry of the root's tree, for the root and the tops. */
  nids: Float64Array;
  /** The paths that are to be hashed; undefined: none. */
  hash: ClosureHash | undefined;
}

/** What is to be hashed. */
export interface ClosureHash {
  work: HashWork;
  /** By top: its place in the work, or NONE. */
  places: Uint32Array;
}

type HasherOf = (tree: Tree, contents: Contents) => SegmentHasher | undefined;

/** With so many entries a thread's tree is emptied when none of them waits for its place. */
const MANY_ENTRIES = 8192;
/** With so many it waits for that. */
const MOST_ENTRIES = 4 * MANY_ENTRIES;

/**
 * Makes segments until no group is left; run by every thread at once.
 *
 * @param root the root's tree, whose tops are told what they are
 */
export async function makeClosureSegments(
  job: JobContext,
  root: Tree,
  work: ClosureWork,
  image: ImageFile,
  hasherOf: HasherOf,
): Promise<void> {
  const lines = new StagedLines(job, work.staged);
  const row = new SegmentRow(work.row);
  const { settings } = work;
  const packing = await SegmentPacking.create(job, work.packing, work, {
    image,
    dedupes: settings.dedupe,
    pieces: work.groups.length - 1,
    isSlow: work.hash !== undefined,
    matterOf: (line) => ({
      files: () => lines.of(line),
      columns: new LineColumns(work.staged[line]!.columns),
      inodeOf: undefined,
    }),
    filesOf: (line) => lines.of(line),
    placed: (group, line) => {
      settle(root, work, group, line, image);
      const { files, directories, symlinks } = row.counts;
      recruit(job, work, files + directories + symlinks);
    },
  });
  if (!packing) return;
  await packing.run(new ClosurePacker(job, root, work, packing, hasherOf));
  lines.close();
}

/** Has more threads join: how much there is to do shows only while it is done. */
function recruit(job: JobContext, { staged }: ClosureWork, entries: number): void {
  job.recruit(Math.min(threadsFor({ bytes: job.control.done, entries }), staged.length));
}

/** All of a group is in the image: its directories get their parents, and the root its tops. */
function settle(root: Tree, work: ClosureWork, group: number, line: PlacedLine, image: ImageFile): void {
  const { entries, groups, nids } = work;
  line.parents.settle(image);
  for (let top = groups[group]!; top < groups[group + 1]!; top++) {
    const entry = entries[top]!;
    nids[top + 1] = line.columns.nids[entry]!;
    root.mode.view[top + 1] = line.tree.mode.view[entry]!;
  }
}

/** The files of all threads, as one thread sees them. */
class StagedLines {
  readonly #job: JobContext;
  readonly #staged: ClosureWork["staged"];
  readonly #lines: ((LineFiles & { contents: FileContents; clears: number }) | undefined)[] = [];

  constructor(job: JobContext, staged: ClosureWork["staged"]) {
    this.#job = job;
    this.#staged = staged;
  }

  of(line: number): LineFiles {
    const clears = Atomics.load(this.#staged[line]!.clears, 0);
    this.#lines[line] ??= { ...this.#open(line), clears };
    const files = this.#lines[line];
    if (files.clears !== clears) files.contents.forget();
    files.clears = clears;
    files.tree.ensureAll();
    return files;
  }

  #open(line: number): { tree: Tree; contents: FileContents } {
    const tree = Tree.attach(this.#staged[line]!.tree);
    const contents = this.#job.keep(new FileContents(tree, noPaths()));
    return { tree, contents: countReads(this.#job, contents) };
  }

  close(): void {
    for (const line of this.#lines) line?.contents.close();
  }
}

/** Lists and reads groups, and makes segments of them. */
class ClosurePacker implements PieceMaker {
  readonly #job: JobContext;
  readonly #root: Tree;
  readonly #work: ClosureWork;
  readonly #packing: SegmentPacking;
  readonly #reader: ClosureReader;
  readonly #columns: LineColumns;
  readonly #sizes: InodeSizes;
  readonly #builder: SegmentBuilder;
  readonly #hasher: SegmentHasher | undefined;
  /** Entries that this thread has packed. */
  #entries = 0;

  constructor(job: JobContext, root: Tree, work: ClosureWork, packing: SegmentPacking, hasherOf: HasherOf) {
    const { settings, xattrs, policy } = work;
    const staged = work.staged[job.thread]!;
    this.#job = job;
    this.#root = root;
    this.#work = work;
    this.#packing = packing;
    this.#columns = new LineColumns(staged.columns);
    this.#reader = job.keep(new ClosureReader(this.#emptyTree(staged), policy));
    countReads(job, this.#reader.contents);
    const { tree, contents } = this.#reader;
    this.#hasher = hasherOf(tree, contents);
    this.#sizes = new InodeSizes(tree, settings, xattrs, this.#columns.formats);
    this.#builder = new SegmentBuilder(job, {
      ...{ tree, contents, settings, time: work.time, columns: this.#columns, sizes: this.#sizes },
      ...{ hasKeys: settings.dedupe, makes: "all", sharesWith: undefined, plainEnds: undefined },
      ...{
        follower: this.#hasher,
        cuts: new SegmentCuts(settings.blockSize),
        line: packing.line,
        afterPut: packing.afterPut,
      },
    });
    this.#cover();
  }

  /** A tree without entries: those of an earlier job are all in the image. */
  #emptyTree(staged: StagedLine): Tree {
    const tree = Tree.attach(staged.tree);
    tree.ensureAll();
    this.#columns.cover(tree.length);
    this.#columns.clear(tree.length);
    tree.clear();
    return tree;
  }

  async make(group: number): Promise<void> {
    const { groups } = this.#work;
    const builder = this.#builder;
    const reader = this.#reader;
    builder.startPiece(group);
    for (let top = groups[group]!; top < groups[group + 1]!; top++) {
      this.#open(top);
      for (let entry = reader.next(); entry >= 0; entry = reader.next()) {
        const adding = this.#add(entry);
        if (adding !== undefined) await adding;
        const following = this.#hasher?.follow(entry);
        if (following !== undefined) await following;
        if ((++this.#entries & 63) === 0) await this.#breathe();
      }
      await this.#breathe();
    }
    await builder.endPiece();
    if (this.#hasMany()) await this.#clear();
  }

  // what follows is not in the loop above: V8 compiles all of that again where it meets something new in it

  #open(top: number): void {
    const { entries, hash, paths } = this.#work;
    this.#builder.startTop();
    const path = this.#root.names.view.subarray(paths.from[top]!, paths.to[top]!);
    const isLate = (this.#root.flags.view[top + 1]! & FLAG_LATE) !== 0;
    const opened = isLate ? this.#reader.openLate(path) : this.#reader.openTop(path);
    entries[top] = opened;
    const place = hash?.places[top] ?? NONE;
    if (place !== NONE) this.#hasher?.expect(opened, place);
  }

  #add(entry: number): Promise<void> | undefined {
    const { tree, subdirectories } = this.#reader;
    this.#cover();
    this.#columns.nlink[entry] = tree.kind(entry) === S_IFDIR ? 2 + subdirectories : 1;
    return this.#builder.add(entry);
  }

  #hasMany(): boolean {
    const { length } = this.#reader.tree;
    return length > MOST_ENTRIES || (length > MANY_ENTRIES && this.#packing.line.isDone);
  }

  #breathe(): Promise<void> | undefined {
    recruit(this.#job, this.#work, this.#entries);
    return this.#job.breathe();
  }

  finish(): void {
    this.#reader.contents.close();
    this.#root.addLeftOut(this.#reader.tree);
  }

  /** Starts with an empty tree, when all that was in it is in the image. */
  async #clear(): Promise<void> {
    const { line } = this.#packing;
    await this.#packing.until(() => line.isDone);
    this.#root.addLeftOut(this.#reader.tree);
    this.#columns.clear(this.#reader.tree.length);
    this.#sizes.clear();
    this.#reader.clear();
    this.#hasher?.clear();
    Atomics.add(this.#work.staged[this.#job.thread]!.clears, 0, 1);
    this.#cover();
  }

  #cover(): void {
    const columns = this.#columns;
    columns.ensure(this.#reader.tree.length);
    columns.nids[0] = this.#work.nids[0]!;
    this.#sizes.formats = columns.formats;
  }
}
