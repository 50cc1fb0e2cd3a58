/**
 * The build of an uncompressed image: a row of segments, each made from one pass over its files.
 *
 *     a closure        its paths -> segments                            nothing is listed before it is packed
 *     any other tree   walk -> Tree -> order, cuts -> segments
 *     with a sort file walk -> Tree -> compare -> data in its order -> segments of inodes
 */

import { loadXxHash } from "../core/hash/xxhash.ts";
import { SpillFile } from "../core/node/node-spill.ts";
import { sharedUint32, shareUint32 } from "../core/shared.ts";
import { measureInode } from "../erofs/disk/inode.ts";
import type { Superblock } from "../erofs/disk/superblock.ts";
import type { XattrBodies, XattrPlan } from "../erofs/disk/xattr.ts";
import type { ErofsSettings } from "../erofs/options.ts";
import { planTreeXattrs } from "../erofs/plan/attributes.ts";
import { chooseSharedPlain } from "../erofs/plan/layouts.ts";
import { InodeSizes } from "../erofs/plan/measure.ts";
import { listOwners } from "../erofs/plan/plan.ts";
import { chooseTime, type ImageTime } from "../erofs/plan/time.ts";
import { groupTops, weighTop } from "../erofs/segments/cuts.ts";
import { type ImageHead, placeHead, writeEnd } from "../erofs/segments/image-end.ts";
import { type InodeColumns, shareColumns } from "../erofs/segments/inode-columns.ts";
import type { SegmentWork } from "../erofs/segments/make-segments.ts";
import { cutFiles, orderSegments } from "../erofs/segments/order.ts";
import { type SegmentCommons, type SharedPacking, sharePacking } from "../erofs/segments/packing.ts";
import { choosePieces, type PathPieces } from "../erofs/segments/path-pieces.ts";
import { type LateFile, writeLate } from "../erofs/segments/place/late-files.ts";
import { ParentLinks, shareParentLinks } from "../erofs/segments/place/parent-links.ts";
import { placedOf } from "../erofs/segments/place/placed.ts";
import { SegmentRow, type SharedRow, shareRow } from "../erofs/segments/place/row.ts";
import type { SharedPaths } from "../stage/source/disk/node-paths.ts";
import { askTops } from "../stage/source/disk/node-tops.ts";
import { stageTops } from "../stage/source/disk/tops.ts";
import { findCandidates } from "../stage/tree/dedupe.ts";
import type { SortRule } from "../stage/tree/file-order.ts";
import { orderFiles } from "../stage/tree/file-order.ts";
import { type InodeOrder, orderInodes } from "../stage/tree/order.ts";
import { S_IFDIR, S_IFREG, type Tree } from "../stage/tree/tree.ts";
import { stageLines } from "./closure-segments.ts";
import type { MadeImage } from "./report.ts";
import type { BuildSession, OpenSource, Staged } from "./session.ts";
import type { LateFiles } from "./source/part.ts";
import type { SharedTarget } from "./target/target.ts";

/** Everything that is decided before the first segment. */
interface Prepared {
  tree: Tree;
  time: ImageTime;
  xattrs: XattrPlan;
  head: ImageHead;
  columns: InodeColumns;
  row: SharedRow;
  sort: readonly SortRule[];
}

/** Which files have the data of others, as far as that is decided before they are packed: see BuilderInput. */
type SharedData = Pick<SegmentWork, "sharesWith" | "plainEnds">;

const NOT_HASHED: Partial<PathPieces> = {};

const NOTHING_SHARED: SharedData = { sharesWith: undefined, plainEnds: undefined };

/** Makes the segments of some entries. */
type MakeSegments = (
  makes: SegmentWork["makes"],
  entries: Pick<SegmentWork, "order" | "starts">,
  shared: SharedData,
) => Promise<void>;

/** Builds uncompressed images in a session. */
export class PlainBuild {
  readonly #session: BuildSession;
  readonly #settings: ErofsSettings;
  readonly #sort: readonly SortRule[];

  constructor(session: BuildSession, settings: ErofsSettings, sort: readonly SortRule[]) {
    this.#session = session;
    this.#settings = settings;
    this.#sort = sort;
  }

  /** Whether a source can be packed without being listed first. */
  static isStraight(source: OpenSource, sort: readonly SortRule[] = []): boolean {
    return source.tops !== undefined && sort.length === 0;
  }

  /** Makes the image of a closure in a file, straight from its paths. */
  async packClosure(source: OpenSource, image: SharedTarget): Promise<MadeImage> {
    const session = this.#session;
    const { tree, nix } = source;
    const { policy } = session;
    const paths = nix ? nix.addFile(tree, source.tops!) : source.tops!;
    const tops = paths.from.length;
    stageTops(tree, paths, policy);
    nix?.markFile(tree);
    const xattrs = { ibodies: [], shared: new Uint8Array(0), hasFilter: false, digestAt: new Int32Array(0) };
    const time = { epoch: policy.timestamp, fixedNsec: 0, buildTime: 0 };
    const prepared = this.#prepare(tree, time, xattrs, sharedUint32(tree.length), []);
    await this.#makeClosure(prepared, source, paths, image);
    const { nlink } = prepared.columns;
    nlink[0] = 2;
    for (let top = 1; top <= tops; top++) if (tree.kind(top) === S_IFDIR) nlink[0]++;
    const left = { unmatched: [], excluded: source.excluded + tree.excluded };
    return this.#end(prepared, image, left, nix && (() => nix.registration));
  }

  /** Makes segments of all of a closure's paths. */
  async #makeClosure(prepared: Prepared, source: OpenSource, paths: SharedPaths, image: SharedTarget): Promise<void> {
    const session = this.#session;
    const { tree, nix } = source;
    const tops = paths.from.length;
    if (tops === 0) return;
    try {
      askTops(tree, paths);
      const groups = groupTops(
        tops,
        (top) => weighTop(tree.mode.view[top + 1]!, tree.size.view[top + 1]!),
        (top) => tree.name(top + 1),
      );
      const packing = this.#sharePacking(groups.length - 1);
      const { nids } = prepared.columns;
      const { policy } = session;
      const entries = sharedUint32(tops);
      const staged = stageLines(packing.lines.length);
      const common = { ...this.#commons(prepared), policy, paths, entries, nids };
      const work = { ...common, hash: nix?.hash, packing, staged, groups: shareUint32(groups) };
      await session.watch("write", undefined, () =>
        session.run("closure", { tree: tree.share(), work, target: image }),
      );
    } catch (error) {
      throw source.explain(error);
    }
  }

  /** Makes the image of a tree in a file. */
  async packTree(staged: Staged, image: SharedTarget): Promise<MadeImage> {
    const { tree, contents, xattrs: sets, excluded } = staged;
    const session = this.#session;
    const settings = this.#settings;
    const xxhash = await loadXxHash();
    const inodes = orderInodes(tree);
    const time = chooseTime(tree, inodes, session.timestamp, settings.ignoreMtime);
    const files = orderFiles(tree, inodes, this.#sort);
    const { order, starts, nlink, inodeOf } = orderSegments(tree, settings.blockSize);
    const xattrs = planTreeXattrs(tree, inodes.order, sets, settings, xxhash);
    const prepared = this.#prepare(tree, time, xattrs, nlink, this.#sort);
    const parents = shareParentLinks();
    const commons = { ...this.#commons(prepared), columns: prepared.columns, inodeOf, parents };
    const hash = staged.late?.work;
    const { pieces, cut } = hash ? choosePieces(tree, new Set(hash.entries), { order, starts }) : NOT_HASHED;
    const make: MakeSegments = (makes, entries, shared) => {
      const bytes = sumSizes(tree, entries.order);
      const packing = this.#sharePacking((pieces ?? entries.starts).length - 1);
      const work = { ...commons, ...entries, ...shared, pieces, packing, makes, bytes };
      const total = makes === "inodes" ? undefined : bytes;
      return session.watch("write", total, () =>
        session.run("segments", {
          tree: tree.share(),
          contents,
          work,
          hash: hash && { work: hash, cut },
          target: image,
        }),
      );
    };
    if (this.#sort.length === 0) await make("all", { order, starts }, NOTHING_SHARED);
    else {
      // segments know an inode of several names by the first that is packed, which need not be the first in the tree's order
      const own = (entries: Uint32Array) => (inodeOf ? entries.map((entry) => inodeOf[entry]!) : entries);
      const listed = { ...inodes, order: own(inodes.order) };
      const shared = await this.#compare(staged, listed, prepared);
      const owners = listOwners({ files: { ...files, files: own(files.files) }, sharesWith: shared.sharesWith });
      await make("data", cutFiles(tree, owners, settings.blockSize), { ...shared, sharesWith: undefined });
      await make("inodes", { order, starts }, shared);
    }
    // the root's own names are written behind all segments
    inodeOf?.forEach((inode, entry) => {
      prepared.columns.nids[entry] = prepared.columns.nids[inode]!;
    });
    const links = new ParentLinks(tree, prepared.columns);
    links.takeOver(parents);
    const file = new SpillFile(image.path, image.shownPath, image.offset);
    try {
      links.settle(file);
    } finally {
      file.release();
    }
    const left = { unmatched: files.unmatched, excluded: excluded + tree.excluded };
    return this.#end(prepared, image, left, staged.late && lateBytes(staged.late));
  }

  /** Finds equal files before the first one is packed. */
  async #compare(staged: Staged, inodes: InodeOrder, { xattrs, columns }: Prepared): Promise<SharedData> {
    const settings = this.#settings;
    if (!settings.dedupe) return NOTHING_SHARED;
    const { tree } = staged;
    const candidates = findCandidates(tree, inodes, settings.blockSize);
    await this.#session.compare(staged, candidates);
    const { sharesWith } = candidates;
    const sizes = new InodeSizes(tree, settings, xattrs, columns.formats);
    const plainEnds = new Uint8Array(new SharedArrayBuffer(tree.length));
    for (const entry of chooseSharedPlain({ tree, inodes, settings }, sizes, sharesWith)) plainEnds[entry] = 1;
    return { sharesWith, plainEnds };
  }

  #prepare(tree: Tree, time: ImageTime, xattrs: XattrPlan, nlink: Uint32Array, sort: readonly SortRule[]): Prepared {
    const settings = this.#settings;
    const attributes = xattrs.ibodies[tree.xattrs.view[0]!]?.length ?? 0;
    const head = placeHead(settings.blockSize, measureInode(true) + attributes, xattrs);
    const columns = shareColumns(tree.length, nlink);
    columns.nids[0] = head.rootNid;
    return { tree, time, xattrs, head, columns, row: shareRow(head.firstBlk), sort };
  }

  #commons({ time, xattrs, row }: Prepared): SegmentCommons {
    return { settings: this.#settings, time, xattrs: pickBodies(xattrs), row };
  }

  #sharePacking(pieces: number): SharedPacking {
    return sharePacking(this.#session.threads, pieces, this.#settings.blockSize);
  }

  /** Writes what is no segment. @param bytesOf what files hold whose contents were to come */
  async #end(
    prepared: Prepared,
    image: SharedTarget,
    left: Pick<MadeImage, "unmatched" | "excluded">,
    bytesOf?: (file: LateFile) => Uint8Array,
  ): Promise<MadeImage> {
    const xxhash = await loadXxHash();
    const row = new SegmentRow(prepared.row);
    const file = new SpillFile(image.path, image.shownPath, image.offset);
    try {
      if (bytesOf)
        writeLate({ row, image: file, xxhash, settings: this.#settings }, placedOf(prepared.row).late, bytesOf);
      const { superblock, metaBlocks } = await writeEnd({
        ...prepared,
        settings: this.#settings,
        row,
        image: file,
        xxhash,
      });
      return { ...summarise(row, superblock, metaBlocks), ...left };
    } finally {
      file.release();
    }
  }
}

function pickBodies({ ibodies, fingerprints }: XattrPlan): XattrBodies {
  return { ibodies, fingerprints };
}

function lateBytes(late: LateFiles): (file: LateFile) => Uint8Array {
  const bytes = late.finish();
  return ({ entry }) => bytes.get(entry)!;
}

/** Bytes in files. */
function sumSizes(tree: Tree, entries: Uint32Array): number {
  return entries.reduce((sum, entry) => sum + (tree.kind(entry) === S_IFREG ? tree.size.view[entry]! : 0), 0);
}

function summarise(row: SegmentRow, superblock: Superblock, metaBlocks: number) {
  const { counts, savedByDedupe, savedByHoles } = row;
  counts.directories++;
  return {
    superblock,
    metaBlocks,
    counts,
    savedByDedupe,
    savedByHoles,
    bytes: superblock.blocks * superblock.blockSize,
  };
}
