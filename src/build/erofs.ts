/** The build of an EROFS image: of segments (PlainBuild), or compressed (CompressedBuild). */

import type { TemporaryFiles } from "../core/node/node-temporary.ts";
import type { Sink } from "../core/sink.ts";
import { loadXxHash } from "../core/xxhash.ts";
import { allocatePackedInode } from "../erofs/compress/packed-inode.ts";
import type { Compression } from "../erofs/compress-options.ts";
import { type ErofsSettings, resolveErofsOptions } from "../erofs/options.ts";
import type { PlanInput } from "../erofs/plan/plan.ts";
import { describeImage, type WrittenImage } from "../erofs/report.ts";
import type { Source } from "../stage/source/source.ts";
import { countInodes } from "../stage/tree/counts.ts";
import { findCandidates } from "../stage/tree/dedupe.ts";
import { checkSortFlags, FILE_RAW, orderFiles } from "../stage/tree/file-order.ts";
import { orderInodes } from "../stage/tree/order.ts";
import { type DataRanges, findSparse } from "../stage/tree/sparse.ts";
import { CompressedBuild } from "./erofs-compressed.ts";
import { PlainBuild } from "./erofs-plain.ts";
import { makeImageFile } from "./image-file.ts";
import type { BuildOptions } from "./options.ts";
import type { BuildReport } from "./report.ts";
import { BuildSession, type OpenSource, type Staged, toSource } from "./session.ts";
import type { CompressFiles } from "./spilled.ts";
import type { ImageTarget, SharedTarget } from "./target.ts";

/** What both ways to build say of what they have made. */
interface MadeImage extends WrittenImage {
  bytes: number;
  /** Paths of the sort rules that are for no file. */
  unmatched: string[];
  /** Entries that rules left out. */
  excluded: number;
}

/**
 * Builds an EROFS image of `source` in `out`.
 *
 * @param source an array of paths, each a top-level entry under its base name (a closure), or a Source:
 *   `directory()`, `closure()`, `entries()`
 * @param out a path (written beside it and renamed; a block device is written in place), a Sink, or a WritableStream,
 *   which gets the image front to back
 * @throws ImageError; the target is then as it was. What a caller's own Sink, stream or callback throws is passed on
 */
export async function buildErofs(
  source: readonly (string | Uint8Array)[] | Source,
  out: string | Sink | WritableStream<Uint8Array>,
  options: BuildOptions = {},
): Promise<BuildReport> {
  return new ErofsBuild(toSource(source), options).run(out);
}

class ErofsBuild {
  readonly #options: BuildOptions;
  readonly #settings: ErofsSettings;
  readonly #session: BuildSession;

  constructor(source: Source, options: BuildOptions) {
    this.#options = options;
    this.#settings = resolveErofsOptions(options);
    checkSortFlags(options.sort ?? [], this.#settings.compression ? FILE_RAW : 0);
    this.#session = new BuildSession(source, options);
  }

  run(out: ImageTarget): Promise<BuildReport> {
    const session = this.#session;
    const { compression } = this.#settings;
    return session.build(out, async (source) => {
      // what is listed first does not find the new file in it
      const staged =
        compression || !PlainBuild.isStraight(source, this.#options.sort) ? await source.stage() : undefined;
      const made = await makeImageFile(session, out, (image, temporary) =>
        compression ? this.#compress(staged!, image, temporary, compression) : this.#pack(source, staged, image),
      );
      const { unmatched, excluded, ...written } = made;
      return {
        ...describeImage(written),
        mountPoint: this.#options.mountPoint,
        excluded,
        unmatchedRules: unmatched,
        ...session.describeStage(source),
        seconds: session.seconds,
      };
    });
  }

  #pack(source: OpenSource, staged: Staged | undefined, image: SharedTarget): Promise<MadeImage> {
    const build = new PlainBuild(this.#session, this.#settings, this.#options.sort ?? []);
    return staged ? build.packTree(staged, image) : build.packClosure(source, image);
  }

  async #compress(
    staged: Staged,
    image: SharedTarget,
    temporary: TemporaryFiles,
    compression: Compression,
  ): Promise<MadeImage> {
    const { tree } = staged;
    const packedEntry = allocatePackedInode(tree, compression);
    const input = await this.#prepare(staged);
    const build = new CompressedBuild(this.#session, compression, packedEntry);
    const files: CompressFiles = { image, records: temporary.createHidden(), fragments: temporary.createHidden() };
    const plan = await build.run(staged, input, files);
    return {
      superblock: plan.superblock,
      metaBlocks: plan.metaBlocks,
      counts: countInodes(plan, tree, packedEntry),
      savedByDedupe: plan.savedByDedupe,
      savedByHoles: plan.savedByHoles,
      bytes: plan.blocks * plan.blockSize,
      unmatched: input.files.unmatched,
      excluded: staged.excluded + tree.excluded,
    };
  }

  /** Compares files and looks for holes: all that planning needs. */
  async #prepare(staged: Staged): Promise<PlanInput> {
    const { tree, xattrs } = staged;
    const session = this.#session;
    const settings = this.#settings;
    const xxhash = await loadXxHash();
    const inodes = orderInodes(tree);
    const candidates = settings.dedupe ? findCandidates(tree, inodes, leastShared(settings)) : undefined;
    if (candidates) await session.compare(staged, candidates);
    const sharesWith = candidates?.sharesWith;
    const scan = settings.findHoles ? findSparse(tree, inodes, sharesWith, settings.blockSize) : undefined;
    const holes: Map<number, DataRanges> = scan ? await session.scan(staged, scan) : new Map();
    const sort = this.#options.sort ?? [];
    const files = orderFiles(tree, inodes, sort);
    return { tree, inodes, files, sort, settings, timestamp: session.timestamp, sharesWith, holes, xattrs, xxhash };
  }
}

/** Bytes that a file has at least whose equals can save something: fragments are shared whatever their length. */
function leastShared({ blockSize, compression }: ErofsSettings): number {
  return compression && compression.fragments !== "none" ? 1 : blockSize;
}
