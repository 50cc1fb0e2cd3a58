/**
 * The build of a compressed image: its data gets its place while it is compressed, the metadata follows it.
 *
 *     plan files -> compress -> plan metadata -> compress the packed inode -> emit metadata
 *
 * With a metabox its inodes are emitted before, into a file, and compressed.
 */

import { loadXxHash } from "../core/hash/xxhash.ts";
import { SpillFile } from "../core/node/node-spill.ts";
import type { TemporaryFiles } from "../core/node/node-temporary.ts";
import { shareUint32 } from "../core/shared.ts";
import type { CompressWork } from "../erofs/compress/compress.ts";
import {
  allocateMetabox,
  allocatePackedInode,
  stageUnnamed,
  type UnnamedInodes,
  writePackedDirectories,
} from "../erofs/compress/packed-inode.ts";
import { CompressedPlanner } from "../erofs/compress/planner.ts";
import type { Compression } from "../erofs/compress-options.ts";
import type { Fingerprints } from "../erofs/disk/fingerprint.ts";
import { findRuns } from "../erofs/links/runs.ts";
import type { ErofsSettings } from "../erofs/options.ts";
import type { ErofsPlan, PlanInput } from "../erofs/plan/plan.ts";
import { countInodes } from "../stage/tree/counts.ts";
import { findCandidates } from "../stage/tree/dedupe.ts";
import { orderFiles, type SortRule } from "../stage/tree/file-order.ts";
import { orderInodes } from "../stage/tree/order.ts";
import { type DataRanges, findSparse } from "../stage/tree/sparse.ts";
import { NONE } from "../stage/tree/tree.ts";
import type { SharedContents } from "./contents.ts";
import type { MadeImage } from "./report.ts";
import type { BuildSession, Staged } from "./session.ts";
import type { CompressFiles } from "./spilled.ts";
import type { SharedTarget } from "./target/target.ts";

/** Builds compressed images in a session. */
export class CompressedBuild {
  readonly #session: BuildSession;
  readonly #settings: ErofsSettings;
  readonly #compression: Compression;
  readonly #sort: readonly SortRule[];
  #unnamed: UnnamedInodes = { packedEntry: NONE, boxEntry: NONE };

  constructor(session: BuildSession, settings: ErofsSettings, compression: Compression, sort: readonly SortRule[]) {
    this.#session = session;
    this.#settings = settings;
    this.#compression = compression;
    this.#sort = sort;
  }

  /**
   * Plans, compresses and writes to `image`.
   *
   * @param device what gets the data of files, if the image does not
   */
  async run(staged: Staged, image: SharedTarget, temporary: TemporaryFiles, device?: SharedTarget): Promise<MadeImage> {
    const { tree } = staged;
    this.#unnamed = {
      packedEntry: allocatePackedInode(tree, this.#compression),
      boxEntry: allocateMetabox(tree, this.#compression),
    };
    const input = await this.#prepare(staged);
    const files: CompressFiles = {
      image,
      records: temporary.createHidden(),
      fragments: temporary.createHidden(),
      box: this.#compression.metabox && temporary.createHidden(),
    };
    const plan = await this.#write(staged, input, files, device);
    return {
      superblock: plan.superblock,
      metaBlocks: plan.metaBlocks,
      counts: countInodes(input.inodes, tree),
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
    const sort = this.#sort;
    const xxhash = await loadXxHash();
    const inodes = orderInodes(tree);
    const candidates = settings.dedupe ? findCandidates(tree, inodes, this.#leastShared()) : undefined;
    if (candidates) await session.compare(staged, candidates);
    const sharesWith = candidates?.sharesWith;
    const scan = settings.findHoles ? findSparse(tree, inodes, sharesWith, settings.blockSize) : undefined;
    const holes: Map<number, DataRanges> = scan ? await session.scan(staged, scan) : new Map();
    const files = orderFiles(tree, inodes, sort);
    return { tree, inodes, files, sort, settings, timestamp: session.timestamp, sharesWith, holes, xattrs, xxhash };
  }

  /** Bytes that a file has at least whose equals can save something: fragments are shared whatever their length. */
  #leastShared(): number {
    return this.#compression.fragments !== "none" ? 1 : this.#settings.blockSize;
  }

  async #write(
    staged: Staged,
    input: PlanInput,
    files: CompressFiles,
    device: SharedTarget | undefined,
  ): Promise<ErofsPlan> {
    const session = this.#session;
    const compression = this.#compression;
    const tree = staged.tree.share();
    const { contents } = staged;
    const planner = await this.#plan(() => new CompressedPlanner(input, compression, this.#unnamed));
    const work = await this.#plan(() => planner.planFiles());
    if (compression.dedupeExtents) await this.#findLinks(staged, planner, work);
    const { fingerprints } = planner;
    await session.watch("compress", planner.contentBytes, () =>
      session.run("compress", {
        tree,
        contents,
        work,
        files: { ...files, image: device ?? files.image },
        fingerprints,
      }),
    );
    if (fingerprints) await this.#fingerprintRest(staged, work.files, fingerprints);
    const packedBytes = await this.#plan(() => planner.gather());
    const { packedEntry } = this.#unnamed;
    if (packedBytes > 0) stageUnnamed(staged.tree, input.inodes, packedEntry, packedBytes, planner.time);
    await this.#plan(() => planner.placeMetadata());
    await this.#plan(() => fillPacked(planner, input, files));
    const packed = await this.#plan(() => planner.planPacked());
    if (packed) {
      const { work, arrangement } = packed;
      const gathered: SharedContents = { kind: "gathered", file: files.fragments, arrangement };
      await session.watch("compress", undefined, () =>
        session.run("compress", { tree, contents: gathered, work, files }),
      );
    }
    await this.#writeBox(staged, planner, files);
    const plan = await this.#plan(() => planner.finish());
    await session.watch("write", undefined, () => session.run("metadata", { tree, plan, compression, files }));
    return plan;
  }

  /** Takes the digests of files that were not read from the start to the end by one thread. */
  async #fingerprintRest({ tree, contents }: Staged, files: Uint32Array, fingerprints: Fingerprints): Promise<void> {
    const entries = shareUint32(files.filter((entry) => fingerprints.known[entry] === 0 && tree.size.view[entry]! > 0));
    if (entries.length === 0) return;
    const bytes = entries.reduce((sum, entry) => sum + tree.size.view[entry]!, 0);
    await this.#session.watch("compress", bytes, () =>
      this.#session.run("fingerprint", { tree: tree.share(), contents, entries, bytes, fingerprints }),
    );
  }

  /** Writes the inodes of the metabox, if there is one, and compresses them. */
  async #writeBox(staged: Staged, planner: CompressedPlanner, files: CompressFiles): Promise<void> {
    const box = await this.#plan(() => planner.planBox());
    if (box === undefined) return;
    const session = this.#session;
    const compression = this.#compression;
    const tree = staged.tree.share();
    const { inodes: plan, work } = box;
    await session.watch("write", undefined, () => session.run("metadata", { tree, plan, compression, files }));
    const contents: SharedContents = { kind: "gathered", file: files.box!, arrangement: undefined };
    await session.watch("compress", undefined, () => session.run("compress", { tree, contents, work, files }));
  }

  /** Looks for what files have in common, and has them share it. */
  async #findLinks({ tree, contents }: Staged, planner: CompressedPlanner, work: CompressWork): Promise<void> {
    const session = this.#session;
    const input = { tree: tree.share(), contents };
    const grains = await this.#plan(() => planner.planGrains(work));
    await session.watch("compare", planner.contentBytes, () => session.run("grains", { ...input, work: grains }));
    const runs = await this.#plan(() => findRuns(grains, (index) => tree.size.view[work.files[index]!]!));
    const verify = { files: work.files, runs };
    await session.watch("compare", undefined, () => session.run("verify", { ...input, work: verify }));
    await this.#plan(() => planner.link(work, runs));
  }

  #plan<T>(work: () => T): Promise<T> {
    return this.#session.watch("plan", undefined, async () => work());
  }
}

/** Adds to what the packed inode holds what is known once all inodes have their numbers. */
function fillPacked(planner: CompressedPlanner, { tree, inodes, settings }: PlanInput, files: CompressFiles): void {
  const { compression, omitsDot } = settings;
  const { packedTable } = planner;
  if (!compression?.directories && packedTable === undefined) return;
  const fragments = new SpillFile(files.fragments.path, files.fragments.shownPath);
  try {
    const options = { hasDot: !omitsDot, inBox: compression?.metabox !== undefined };
    if (compression?.directories) {
      writePackedDirectories(tree, inodes.order, planner.nids, planner.stored, options, (bytes, offset) =>
        fragments.writeAt(bytes, offset),
      );
    }
    if (packedTable) fragments.writeAt(packedTable.bytes, packedTable.at);
  } finally {
    fragments.release();
  }
}
