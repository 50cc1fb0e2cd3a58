/**
 * The build: stage -> compare -> plan -> emit.
 *
 *     sources --walk--> Tree --order--> InodeOrder --compare, scan--> shared data, holes
 *                         \_______________________ plan _____________________/
 *                                                    |
 *                                                  emit --> Sink
 */
import type { BuildOptions, BuildProgress } from "./build-options.ts";
import type { BuildReport } from "./build-report.ts";
import { checkInteger } from "./core/check.ts";
import { ImageError } from "./core/error.ts";
import { checkDeviceRoom, FileSink, HeadLastSink, openTarget } from "./core/node-file-sink.ts";
import { defaultThreads, ThreadPool } from "./core/node-pool.ts";
import { SequentialSink, type Sink } from "./core/sink.ts";
import { loadXxHash } from "./core/xxhash.ts";
import { emitParallel, emitSequential } from "./erofs/emit.ts";
import { resolveLayout } from "./erofs/options.ts";
import { type ErofsPlan, planImage } from "./erofs/plan.ts";
import { describeImage } from "./erofs/report.ts";
import { JOBS } from "./jobs.ts";
import type { Contents } from "./stage/contents.ts";
import { compareCandidates, findCandidates } from "./stage/dedupe.ts";
import { FileContents } from "./stage/node-files.ts";
import type { SharedPaths } from "./stage/node-paths.ts";
import { isFileSource, paths } from "./stage/node-sources.ts";
import { prepareWalk } from "./stage/node-walk.ts";
import { orderInodes } from "./stage/order.ts";
import { resolvePolicy, type StagePolicy } from "./stage/policy.ts";
import { isStaged, type Source, type Xattr } from "./stage/source.ts";
import { findSparse, readSparse, scanSparse } from "./stage/sparse.ts";
import { Tree } from "./stage/tree.ts";

/** What a tree was staged into. */
interface Staged {
  tree: Tree;
  contents: Contents;
  xattrs: Xattr[][];
  /** Where the files lie, if they do on this machine: then all threads can read them. */
  paths: SharedPaths | undefined;
  /** Left out before the walk. */
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
  return new ErofsBuild(isSource(source) ? source : paths(source), options).run(out);
}

function isSource(source: readonly (string | Uint8Array)[] | Source): source is Source {
  if (typeof source !== "object" || source === null) {
    throw new ImageError(
      "INPUT",
      "the source is neither an array of paths nor one that directory(), closure() or entries() made",
    );
  }
  return !Array.isArray(source);
}

/** Throws `INPUT` for what no image can be written to, before any work is done. */
function checkTarget(out: string | Sink | WritableStream<Uint8Array>): void {
  if (out === "") throw new ImageError("INPUT", 'the path to write to is ""');
  if (typeof out === "string") return;
  if (typeof out === "object" && out !== null) {
    if ("getWriter" in out) {
      if (!out.locked) return;
      throw new ImageError("INPUT", "the stream to write to is locked by another writer");
    }
    if ([out.writeAt, out.truncate, out.close].every((method) => typeof method === "function")) return;
  }
  throw new ImageError(
    "INPUT",
    "the target is neither a path, nor a WritableStream, nor a Sink {writeAt, truncate, close}",
  );
}

class ErofsBuild {
  readonly #source: Source;
  readonly #options: BuildOptions;
  readonly #policy: StagePolicy;
  readonly #layout: ReturnType<typeof resolveLayout>;
  readonly #offset: number;
  readonly #pool: ThreadPool<typeof JOBS>;
  readonly #seconds = { walk: 0, compare: 0, plan: 0, write: 0, total: 0 };
  readonly #started = performance.now();

  constructor(source: Source, options: BuildOptions) {
    this.#source = source;
    this.#options = options;
    this.#policy = resolvePolicy(options, source.isClosure);
    this.#layout = resolveLayout(options);
    this.#offset = checkInteger("offset", options.offset, 0, Number.MAX_SAFE_INTEGER) ?? 0;
    const workers = checkInteger("workers", options.workers, 0, 1024) || defaultThreads();
    // entries in memory cannot be shared: they are read by the main thread alone
    this.#pool = new ThreadPool(isFileSource(source) ? workers : 1, JOBS, new URL("./worker.js", import.meta.url));
  }

  async run(out: string | Sink | WritableStream<Uint8Array>): Promise<BuildReport> {
    const { signal } = this.#options;
    const onAbort = () => this.#pool.abort();
    let staged: Staged | undefined;
    try {
      signal?.addEventListener("abort", onAbort);
      if (signal?.aborted) onAbort();
      checkTarget(out);
      const tree = await this.#stage();
      staged = tree;
      const plan = await this.#plan(tree);
      await this.#watch("write", plan.contentBytes, () => this.#write(tree, plan, out));
      return this.#report(tree, plan);
    } catch (error) {
      // whoever reads the stream must not wait for what will not come
      if (typeof out === "object" && out !== null && "getWriter" in out && !out.locked) {
        out.abort(error).catch(() => undefined);
      }
      throw error;
    } finally {
      this.#pool.close();
      staged?.contents.release();
      signal?.removeEventListener?.("abort", onAbort);
    }
  }

  async #stage(): Promise<Staged> {
    return this.#watch("walk", undefined, async () => {
      const tree = Tree.create();
      const source = this.#source;
      if (isStaged(source))
        return {
          tree,
          ...(await this.#pool.here((context) => source.stage(tree, this.#policy, context))),
          paths: undefined,
          excluded: 0,
        };
      if (!isFileSource(source)) throw new ImageError("INPUT", "the source is none that this package made");
      const start = await this.#pool.here(() => source.open(this.#policy, tree));
      try {
        await this.#pool.run("walk", prepareWalk(tree, start.paths, this.#policy));
      } catch (error) {
        throw start.explain(error);
      }
      tree.ensureAll();
      const contents = new FileContents(tree, start.paths);
      return { tree, contents, xattrs: [[]], paths: start.paths, excluded: start.excluded };
    });
  }

  async #plan(staged: Staged): Promise<ErofsPlan> {
    const { tree } = staged;
    const xxhash = await loadXxHash();
    const inodes = orderInodes(tree);
    const { blockSize } = this.#layout;
    const candidates = this.#layout.dedupe ? findCandidates(tree, inodes, blockSize) : undefined;
    const files = staged.paths && { tree: tree.share(), paths: staged.paths };
    if (candidates && candidates.entries.length > 0) {
      await this.#watch("compare", candidates.bytes, () =>
        files
          ? this.#pool.run("compare", { ...files, candidates })
          : this.#pool.runHere((context) => compareCandidates(context, tree, candidates, staged.contents, xxhash)),
      );
    }
    const sharesWith = candidates?.sharesWith;
    const scan = findSparse(tree, inodes, sharesWith, blockSize);
    if (scan.entries.length > 0) {
      await this.#watch("compare", scan.bytes, () =>
        files
          ? this.#pool.run("scan", { ...files, scan })
          : this.#pool.runHere((context) => scanSparse(context, tree, scan, staged.contents)),
      );
    }
    const timestamp = this.#policy.times === "fixed" ? this.#policy.timestamp : this.#options.timestamp;
    return this.#watch("plan", undefined, async () =>
      planImage({
        tree,
        inodes,
        layout: this.#layout,
        timestamp,
        sharesWith,
        holes: readSparse(scan),
        xattrs: staged.xattrs,
        xxhash,
      }),
    );
  }

  async #write(staged: Staged, plan: ErofsPlan, out: string | Sink | WritableStream<Uint8Array>): Promise<void> {
    if (typeof out === "string") return this.#writeFile(staged, plan, out);
    if (!("getWriter" in out)) return this.#writeSink(staged, plan, out, emitParallel, this.#offset);
    const stream = new SequentialSink(out);
    try {
      await this.#writeSink(staged, plan, stream, emitSequential, this.#offset);
    } catch (error) {
      void stream.abort(error);
      throw error;
    }
  }

  async #writeFile(staged: Staged, plan: ErofsPlan, out: string): Promise<void> {
    const target = openTarget(out);
    try {
      if (target.inPlace) {
        checkDeviceRoom(out, this.#offset + plan.blocks * plan.blockSize);
        const device = new FileSink(out, out, this.#offset);
        try {
          const sink = new HeadLastSink(device, Math.max(plan.blockSize, 4096));
          await this.#writeSink(staged, plan, sink, emitParallel, 0);
        } finally {
          device.release();
        }
      } else await this.#writeBeside(staged, plan, target.path, out);
      target.commit();
    } catch (error) {
      target.abandon();
      throw error;
    }
  }

  /** Writes the temporary file `path` in all threads, each with a descriptor of its own. */
  async #writeBeside(staged: Staged, plan: ErofsPlan, path: string, shownPath: string): Promise<void> {
    const { tree, contents, paths } = staged;
    const offset = this.#offset;
    const sink = new FileSink(path, shownPath, offset);
    try {
      sink.truncate(plan.blocks * plan.blockSize);
      if (paths) {
        await this.#pool.run("emit", { tree: tree.share(), paths, plan, target: { path, shownPath, offset } });
      } else await this.#pool.runHere((context) => emitParallel(context, plan, tree, contents, sink));
      this.#pool.control.check();
      sink.sync();
    } finally {
      sink.release();
    }
  }

  /** Writes, in this thread, to a sink that only it can reach. */
  async #writeSink(
    staged: Staged,
    plan: ErofsPlan,
    out: Sink,
    emit: typeof emitParallel,
    offset: number,
  ): Promise<void> {
    const moved: Sink = {
      writeAt: (bytes, at) => out.writeAt(bytes, at + offset),
      truncate: (length) => out.truncate(length + offset),
      close: () => out.close(),
    };
    await this.#pool.runHere(async (context) => {
      await moved.truncate(plan.blocks * plan.blockSize);
      await emit(context, plan, staged.tree, staged.contents, moved);
      context.control.check();
      await moved.close();
    });
  }

  /** Runs one stage: its time goes into the report, its progress to the caller. */
  async #watch<T>(
    stage: (keyof BuildReport["seconds"] & BuildProgress["stage"]) | "plan",
    total: number | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    const started = performance.now();
    const { onProgress } = this.#options;
    let thrown: { error: unknown } | undefined;
    const fail = (error: unknown) => {
      // the caller's own mistake ends the build, and is the caller's to see
      thrown ??= { error };
      this.#pool.abort();
    };
    const tell = () => {
      try {
        const told: unknown = stage !== "plan" && onProgress?.({ stage, done: this.#pool.control.done, total });
        if (told instanceof Promise) told.catch(fail);
      } catch (error) {
        fail(error);
      }
    };
    const timer = onProgress && setInterval(tell, 100);
    try {
      const result = await work();
      tell();
      if (thrown === undefined) return result;
    } catch (error) {
      if (thrown === undefined) throw error;
    } finally {
      clearInterval(timer);
      this.#seconds[stage] += (performance.now() - started) / 1000;
    }
    throw (thrown as { error: unknown }).error;
  }

  #report(staged: Staged, plan: ErofsPlan): BuildReport {
    this.#seconds.total = (performance.now() - this.#started) / 1000;
    return {
      ...describeImage(plan, staged.tree),
      mountPoint: this.#options.mountPoint,
      excluded: staged.excluded + staged.tree.excluded,
      seconds: this.#seconds,
    };
  }
}
