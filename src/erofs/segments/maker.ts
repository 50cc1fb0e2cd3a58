/** One thread's part in making an image of segments: what builds them, what places them, and what it all lies in. */
import { OrderedOutput } from "../../core/ordered.ts";
import type { JobContext } from "../../core/threads.ts";
import { loadXxHash } from "../../core/xxhash.ts";
import type { Contents } from "../../stage/tree/contents.ts";
import type { Tree } from "../../stage/tree/tree.ts";
import type { ErofsSettings } from "../options.ts";
import { InodeSizes } from "../plan/measure.ts";
import type { ImageTime } from "../plan/time.ts";
import { SegmentBuilder } from "./builder.ts";
import type { SegmentCuts } from "./cuts.ts";
import { FileSharing } from "./file-sharing.ts";
import type { InodeColumns } from "./inode-columns.ts";
import { KnownFiles, type SharedKnownFiles } from "./known-files.ts";
import type { ImageFile } from "./large-files.ts";
import { ParentLinks } from "./parent-links.ts";
import { SegmentPlacer } from "./placer.ts";
import { SegmentRow, type SharedRow } from "./row.ts";
import { HELD_BYTES } from "./segment.ts";

/** What all segments of an image have in common; plain data, most of it in shared memory. */
export interface SegmentCommons {
  settings: ErofsSettings;
  time: ImageTime;
  /** See XattrPlan. */
  xattrIbodies: (Uint8Array | undefined)[];
  row: SharedRow;
  /** Where equal files are found; undefined where they are not looked for. */
  known: SharedKnownFiles | undefined;
}

/** What they are made of. */
export interface SegmentMatter {
  tree: Tree;
  columns: InodeColumns;
  contents: Contents;
  image: ImageFile;
  cuts: SegmentCuts | undefined;
  makes: "all" | "inodes" | "data";
  /** See SegmentOrder. */
  inodeOf?: Uint32Array | undefined;
  /** By entry: the file whose data it shares, or NONE, where that has been decided before. */
  sharesWith?: Uint32Array | undefined;
  /** See BuilderInput. */
  plainEnds?: Uint8Array | undefined;
}

/** Builds and places segments. */
export class SegmentMaker {
  readonly builder: SegmentBuilder;
  readonly sizes: InodeSizes;
  readonly parents: ParentLinks;
  readonly #output: OrderedOutput;

  private constructor(builder: SegmentBuilder, sizes: InodeSizes, parents: ParentLinks, output: OrderedOutput) {
    this.builder = builder;
    this.sizes = sizes;
    this.parents = parents;
    this.#output = output;
  }

  static async create(
    job: JobContext,
    commons: SegmentCommons,
    matter: SegmentMatter,
    written: (piece: number, isLast: boolean) => void = () => undefined,
  ): Promise<SegmentMaker> {
    const { settings, time, xattrIbodies } = commons;
    const { tree, columns, contents, image, cuts, makes, inodeOf, sharesWith, plainEnds } = matter;
    const xxhash = await loadXxHash();
    const row = new SegmentRow(commons.row);
    const sizes = new InodeSizes(tree, settings, { ibodies: xattrIbodies }, columns.formats);
    const parents = new ParentLinks(tree, columns);
    const known = commons.known && new KnownFiles(commons.known);
    const seen = {
      readAt: (into: Uint8Array, offset: number) => image.readAt(into, offset),
      isWritten: (segment: number) => row.isWritten(segment),
      waitWritten: (segment: number) => placer.writeAll(segment) ?? row.waitWritten(segment),
    };
    const sharing = known && {
      known,
      files: new FileSharing(job, known, seen, contents, xxhash, settings.blockSize),
    };
    const common = { tree, columns, sizes, settings, contents, sharing };
    const placer = new SegmentPlacer(job, { ...common, xattrIbodies, row, image, inodeOf, parents, xxhash });
    const output = new OrderedOutput(job, HELD_BYTES);
    const builder: SegmentBuilder = new SegmentBuilder(job, {
      ...common,
      time,
      cuts,
      makes,
      sharesWith,
      plainEnds,
      take: (segment, piece, isLast) => {
        const result = placer.result(segment, isLast, (done) => {
          builder.release(done);
          written(piece, isLast);
        });
        return output.add(piece, result, isLast);
      },
    });
    return new SegmentMaker(builder, sizes, parents, output);
  }

  /** Whether all segments have been written. */
  get isIdle(): boolean {
    return this.#output.isEmpty;
  }

  /** Waits until all segments have been written. */
  async finish(): Promise<void> {
    await this.#output.finish();
  }
}
