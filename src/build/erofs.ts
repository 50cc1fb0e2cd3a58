/**
 * The build of an EROFS image: stage -> compare -> plan -> emit.
 *
 *     sources --walk--> Tree --order--> InodeOrder --compare, scan--> shared data, holes
 *                         \_______________________ plan _____________________/
 *                                                    |
 *                                                  emit --> Sink
 */

import { checkDeviceRoom, HeadLastSink } from "../core/node/node-file-sink.ts";
import { SequentialSink, type Sink } from "../core/sink.ts";
import { loadXxHash } from "../core/xxhash.ts";
import { allocatePackedInode } from "../erofs/compress/packed-inode.ts";
import { emitParallel, emitSequential } from "../erofs/emit/emit.ts";
import { type ErofsLayout, resolveLayout } from "../erofs/options.ts";
import { type ErofsPlan, type PlanInput, planImage } from "../erofs/plan/plan.ts";
import { describeImage } from "../erofs/report.ts";
import type { Source } from "../stage/source/source.ts";
import { findCandidates } from "../stage/tree/dedupe.ts";
import { checkSortFlags, FILE_RAW, orderFiles } from "../stage/tree/file-order.ts";
import { orderInodes } from "../stage/tree/order.ts";
import { type DataRanges, findSparse } from "../stage/tree/sparse.ts";
import { openContents } from "./contents.ts";
import { CompressedBuild } from "./erofs-compressed.ts";
import type { BuildOptions } from "./options.ts";
import type { BuildReport } from "./report.ts";
import { BuildSession, type Staged, toSource } from "./session.ts";
import { type FileTarget, type ImageTarget, moveSink, withFileSink, writeFileTarget } from "./target.ts";

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
  readonly #layout: ErofsLayout;
  readonly #session: BuildSession;

  constructor(source: Source, options: BuildOptions) {
    this.#options = options;
    this.#layout = resolveLayout(options);
    checkSortFlags(options.sort ?? [], this.#layout.compression ? FILE_RAW : 0);
    this.#session = new BuildSession(source, options);
  }

  run(out: ImageTarget): Promise<BuildReport> {
    const session = this.#session;
    return session.build(out, async (staged) => {
      const { compression } = this.#layout;
      const packedEntry = allocatePackedInode(staged.tree, compression);
      const input = await this.#prepare(staged);
      if (compression) {
        const build = new CompressedBuild(session, compression, packedEntry);
        return this.#report(staged, input, await build.run(staged, input, out));
      }
      const plan = await session.watch("plan", undefined, async () => planImage(input));
      await session.watch("write", plan.contentBytes, () => this.#write(staged, plan, out));
      return this.#report(staged, input, plan);
    });
  }

  /** Compares files and looks for holes: all that planning needs. */
  async #prepare(staged: Staged): Promise<PlanInput> {
    const { tree, xattrs } = staged;
    const session = this.#session;
    const layout = this.#layout;
    const xxhash = await loadXxHash();
    const inodes = orderInodes(tree);
    const candidates = layout.dedupe ? findCandidates(tree, inodes, leastShared(layout)) : undefined;
    if (candidates) await session.compare(staged, candidates);
    const sharesWith = candidates?.sharesWith;
    const scan = layout.findHoles ? findSparse(tree, inodes, sharesWith, layout.blockSize) : undefined;
    const holes: Map<number, DataRanges> = scan ? await session.scan(staged, scan) : new Map();
    const sort = this.#options.sort ?? [];
    const files = orderFiles(tree, inodes, sort);
    return { tree, inodes, files, sort, layout, timestamp: session.timestamp, sharesWith, holes, xattrs, xxhash };
  }

  async #write(staged: Staged, plan: ErofsPlan, out: ImageTarget): Promise<void> {
    const { offset } = this.#session;
    if (typeof out === "string") return writeFileTarget(out, offset, (file) => this.#writeFile(staged, plan, file));
    if (!("getWriter" in out)) return this.#writeSink(staged, plan, moveSink(out, offset), emitParallel);
    const stream = new SequentialSink(out);
    try {
      await this.#writeSink(staged, plan, moveSink(stream, offset), emitSequential);
    } catch (error) {
      void stream.abort(error);
      throw error;
    }
  }

  /** Writes a device in this thread, any other file in all threads, each with a descriptor of its own. */
  async #writeFile(staged: Staged, plan: ErofsPlan, file: FileTarget): Promise<void> {
    const { tree, contents } = staged;
    if (file.inPlace) checkDeviceRoom(file.path, file.offset + plan.blocks * plan.blockSize);
    await withFileSink(file, async (sink) => {
      if (file.inPlace) {
        const headLast = new HeadLastSink(sink, Math.max(plan.blockSize, 4096));
        return this.#writeSink(staged, plan, headLast, emitParallel);
      }
      sink.truncate(plan.blocks * plan.blockSize);
      await this.#session.run("emit", { tree: tree.share(), contents, plan, target: file });
      sink.sync();
    });
  }

  /** Writes, in this thread, to a sink that only it can reach. */
  async #writeSink({ tree, contents }: Staged, plan: ErofsPlan, out: Sink, emit: typeof emitParallel): Promise<void> {
    await this.#session.here(async (job) => {
      await out.truncate(plan.blocks * plan.blockSize);
      await emit(job, plan, tree, openContents(job, tree, contents), out);
      job.control.check();
      await out.close();
    });
  }

  #report(staged: Staged, { files }: PlanInput, plan: ErofsPlan): BuildReport {
    return {
      ...describeImage(plan, staged.tree),
      mountPoint: this.#options.mountPoint,
      excluded: staged.excluded + staged.tree.excluded,
      unmatchedRules: files.unmatched,
      ...this.#session.describeModes(staged),
      seconds: this.#session.seconds,
    };
  }
}

/** Bytes that a file has at least whose equals can save something: fragments are shared whatever their length. */
function leastShared({ blockSize, compression }: ErofsLayout): number {
  return compression && compression.fragments !== "none" ? 1 : blockSize;
}
