/** A line of segments as the thread sees it that places them: what they are made of, and what writes their inodes. */
import type { Contents } from "../../../stage/tree/contents.ts";
import type { Tree } from "../../../stage/tree/tree.ts";
import type { XattrBodies } from "../../disk/xattr.ts";
import { type InodePlaces, MetaBuffer } from "../../emit/meta-buffer.ts";
import type { ErofsSettings } from "../../options.ts";
import { InodeSizes } from "../../plan/measure.ts";
import type { LineFiles } from "../copies.ts";
import type { InodeColumns } from "../inode-columns.ts";
import type { Segment } from "../segment.ts";
import { ParentLinks } from "./parent-links.ts";

/** What the segments of a line are of. */
export interface LineMatter {
  /** Its files, as they are now: asked for with every segment. */
  files(): LineFiles;
  columns: InodeColumns;
  /** See SegmentOrder. */
  inodeOf: Uint32Array | undefined;
}

/** What lines have in common. */
interface ImageCommons {
  settings: ErofsSettings;
  /** See XattrPlan. */
  xattrs: XattrBodies;
}

/** A line's matter, as inodes are written from it. */
class LinePlaces implements InodePlaces {
  readonly blockSize: number;
  readonly nidBlk = 0;
  readonly chunkMaps: InodeSizes["chunkMaps"];
  readonly chunkBits: number;
  readonly chunkIndexes: boolean;
  readonly omitsDot: boolean;
  readonly xattrs: InodePlaces["xattrs"];
  readonly stored = undefined;
  readonly parents: ParentLinks;
  readonly #columns: InodeColumns;

  constructor(columns: InodeColumns, sizes: InodeSizes, parents: ParentLinks, { settings, xattrs }: ImageCommons) {
    this.blockSize = settings.blockSize;
    this.chunkMaps = sizes.chunkMaps;
    this.chunkBits = settings.chunkBits ?? 0;
    this.chunkIndexes = settings.chunkIndexes;
    this.omitsDot = settings.omitsDot;
    this.xattrs = xattrs;
    this.parents = parents;
    this.#columns = columns;
  }

  // columns that grow are replaced
  get nids(): Float64Array {
    return this.#columns.nids;
  }

  get startBlk(): Uint32Array {
    return this.#columns.startBlk;
  }

  get nlink(): Uint32Array {
    return this.#columns.nlink;
  }

  get formats(): Uint8Array {
    return this.#columns.formats;
  }
}

/** What a line's segments are made of, and what writes their inodes. */
export class PlacedLine {
  readonly index: number;
  readonly tree: Tree;
  readonly contents: Contents;
  readonly columns: InodeColumns;
  readonly inodeOf: Uint32Array | undefined;
  readonly sizes: InodeSizes;
  readonly parents: ParentLinks;
  readonly meta: MetaBuffer;
  readonly #filesOf: () => LineFiles;

  constructor(index: number, { files, columns, inodeOf }: LineMatter, commons: ImageCommons) {
    const { settings, xattrs } = commons;
    const { tree, contents } = files();
    this.index = index;
    this.#filesOf = files;
    this.tree = tree;
    this.contents = contents;
    this.columns = columns;
    this.inodeOf = inodeOf;
    this.sizes = new InodeSizes(tree, settings, xattrs, columns.formats);
    this.parents = new ParentLinks(tree, columns);
    this.meta = new MetaBuffer(new LinePlaces(columns, this.sizes, this.parents, commons), tree);
  }

  /** Makes all views cover what a segment is of. */
  cover({ maps }: Segment): void {
    const { columns, sizes, tree } = this;
    this.#filesOf();
    columns.cover?.(tree.length);
    sizes.clear();
    sizes.formats = columns.formats;
    for (const [entry, map] of maps) sizes.chunkMaps.set(entry, map);
  }
}
