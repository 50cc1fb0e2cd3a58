/**
 * The segments of a closure, made straight from its paths: nothing is listed or asked for before the thread that packs it
 * comes to it. Each thread takes the next group of paths.
 */
import { type JobContext, threadsFor } from "../core/threads.ts";
import { SegmentCuts } from "../erofs/segments/cuts.ts";
import { OwnColumns } from "../erofs/segments/inode-columns.ts";
import type { ImageFile } from "../erofs/segments/large-files.ts";
import { type SegmentCommons, SegmentMaker } from "../erofs/segments/maker.ts";
import { ClosureReader } from "../stage/source/disk/node-closure-reader.ts";
import type { SharedPaths } from "../stage/source/disk/node-paths.ts";
import type { StagePolicy } from "../stage/tree/policy.ts";
import { S_IFDIR, type Tree } from "../stage/tree/tree.ts";
import { countReads } from "./contents.ts";

/** What is to be made; plain data, most of it in shared memory. */
export interface ClosureWork extends SegmentCommons {
  policy: StagePolicy;
  paths: SharedPaths;
  /** Tops at which groups start, and the end. */
  groups: Uint32Array;
  /** By entry of the root's tree, for the root and the tops. */
  nids: Float64Array;
}

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
): Promise<void> {
  const packer = await ClosurePacker.create(job, root, work, image);
  for (const group of job.pieces(work.groups.length - 1)) await packer.pack(group);
  await packer.finish();
}

class ClosurePacker {
  readonly #job: JobContext;
  readonly #root: Tree;
  readonly #work: ClosureWork;
  readonly #reader: ClosureReader;
  readonly #columns = new OwnColumns();
  /** Tops that have been packed, but may not have been placed. */
  #pending: { group: number; top: number; entry: number }[] = [];
  #maker!: SegmentMaker;
  /** Entries that this thread has packed. */
  #entries = 0;

  private constructor(job: JobContext, root: Tree, work: ClosureWork) {
    this.#job = job;
    this.#root = root;
    this.#work = work;
    this.#reader = job.keep(new ClosureReader(work.policy));
    countReads(job, this.#reader.contents);
  }

  static async create(job: JobContext, root: Tree, work: ClosureWork, image: ImageFile): Promise<ClosurePacker> {
    const packer = new ClosurePacker(job, root, work);
    const { tree, contents } = packer.#reader;
    const columns = packer.#columns;
    const cuts = new SegmentCuts(work.settings.blockSize);
    const matter = { tree, columns, contents, image, cuts, makes: "all" as const };
    packer.#maker = await SegmentMaker.create(job, work, matter, (group, isLast) => {
      if (isLast) packer.#settle(group, image);
    });
    packer.#cover();
    return packer;
  }

  async pack(group: number): Promise<void> {
    const { groups, paths } = this.#work;
    const { builder } = this.#maker;
    const reader = this.#reader;
    builder.startPiece(group);
    for (let top = groups[group]!; top < groups[group + 1]!; top++) {
      builder.startTop();
      const path = this.#root.names.view.subarray(paths.from[top]!, paths.to[top]!);
      this.#pending.push({ group, top, entry: reader.openTop(path) });
      for (let entry = reader.next(); entry >= 0; entry = reader.next()) {
        this.#cover();
        this.#columns.nlink[entry] = reader.tree.kind(entry) === S_IFDIR ? 2 + reader.subdirectories : 1;
        const adding = builder.add(entry);
        if (adding !== undefined) await adding;
        if ((++this.#entries & 63) === 0) await this.#breathe();
      }
      await this.#breathe();
    }
    await builder.endPiece();
    const { length } = reader.tree;
    if (length > MOST_ENTRIES || (length > MANY_ENTRIES && this.#maker.isIdle)) await this.#clear();
  }

  /** How much there is to do shows only while it is done. */
  #breathe(): Promise<void> | undefined {
    const threads = threadsFor({ bytes: this.#job.control.done, entries: this.#entries });
    this.#job.recruit(Math.min(threads, this.#work.groups.length - 1));
    return this.#job.breathe();
  }

  async finish(): Promise<void> {
    await this.#maker.finish();
    this.#reader.contents.close();
    this.#root.addLeftOut(this.#reader.tree);
  }

  /** Starts with an empty tree, when all that was in it is in the image. */
  async #clear(): Promise<void> {
    await this.#maker.finish();
    this.#root.addLeftOut(this.#reader.tree);
    this.#columns.clear(this.#reader.tree.length);
    this.#maker.sizes.clear();
    this.#reader.clear();
    this.#cover();
  }

  #cover(): void {
    const columns = this.#columns;
    columns.ensure(this.#reader.tree.length);
    columns.nids[0] = this.#work.nids[0]!;
    this.#maker.sizes.formats = columns.formats;
  }

  /** All of a group is in the image: its directories get their parents, and the root its tops. */
  #settle(group: number, image: ImageFile): void {
    this.#maker.parents.settle(image);
    const isSettled = (each: { group: number }) => each.group === group;
    for (const { top, entry } of this.#pending.filter(isSettled)) {
      this.#work.nids[top + 1] = this.#columns.nids[entry]!;
      this.#root.mode.view[top + 1] = this.#reader.tree.mode.view[entry]!;
    }
    this.#pending = this.#pending.filter((each) => !isSettled(each));
  }
}
