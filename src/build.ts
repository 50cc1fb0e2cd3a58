/**
 * The build: stage -> compare -> plan -> emit.
 *
 *     sources --walk--> Tree --order--> InodeOrder --compare, scan--> shared data, holes
 *                         \_______________________ plan _____________________/
 *                                                    |
 *                                                  emit --> Sink
 */
import { availableParallelism } from "node:os";
import type { JobContext } from "./core/control.ts";
import { ImageError } from "./core/error.ts";
import { FileSink, HeadLastSink, openTarget } from "./core/node-file-sink.ts";
import { ThreadPool } from "./core/node-pool.ts";
import { SequentialSink, type Sink } from "./core/sink.ts";
import { loadXxHash } from "./core/xxhash.ts";
import { emitParallel, emitSequential } from "./erofs/emit.ts";
import { type ErofsLayoutOptions, resolveLayout } from "./erofs/options.ts";
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
import { checkInteger, resolvePolicy, type StageOptions, type StagePolicy } from "./stage/policy.ts";
import { isStaged, type Source, type Xattr } from "./stage/source.ts";
import { findSparse, readSparse, scanSparse } from "./stage/sparse.ts";
import { Tree } from "./stage/tree.ts";

/** Everything that `buildErofs` can be told. */
export interface BuildOptions extends StageOptions, ErofsLayoutOptions {
  /** Threads that walk, compare and write; never shows in the bytes (`--workers`). Default: the processors available. */
  workers?: number | undefined;
  /** Bytes left untouched before the image (`--offset`). Default: 0. */
  offset?: number | undefined;
  /** Prefix under which the image will be mounted (`--mount-point`): recorded in the report, changes no byte. */
  mountPoint?: string | undefined;
  /** Stops the build; the promise rejects with `ABORTED` and the target is as it was. */
  signal?: AbortSignal | undefined;
  /** Called at most about ten times a second. */
  onProgress?: ((progress: BuildProgress) => void) | undefined;
}

/** Where a build stands. */
export interface BuildProgress {
  stage: "walk" | "compare" | "write";
  /** Entries found so far (`walk`), else bytes of content done. */
  done: number;
  /** Bytes of content in all; undefined during `walk`. */
  total: number | undefined;
}

/** What a build did. Sizes in bytes, times in seconds. */
export interface BuildReport {
  /** Bytes of the image, without `offset`. */
  bytes: number;
  blockSize: number;
  blocks: number;
  /** Blocks of the metadata zone: superblock, inodes, directories, inline tails, attributes. */
  metaBlocks: number;
  uuid: string;
  label: string;
  mountPoint: string | undefined;
  counts: EntryCounts;
  /** Bytes of blocks that equal files share and that are stored once. */
  savedByDedupe: number;
  /** Bytes of zero blocks that are stored as holes. */
  savedByHoles: number;
  /** Entries left out by rules, and by `oneFileSystem`. */
  excluded: number;
  /** Names of the on-disk features in use, as the kernel spells them. */
  features: string[];
  /** Lowest Linux version that mounts and reads the image, such as `5.4`. */
  minimumKernel: string;
  seconds: { walk: number; compare: number; plan: number; write: number; total: number };
}

/** Inodes by kind; `hardLinks` counts the further names of files already counted. */
export interface EntryCounts {
  files: number;
  directories: number;
  symlinks: number;
  devices: number;
  fifos: number;
  sockets: number;
  hardLinks: number;
}

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
 * @throws ImageError; the target is then as it was
 */
export async function buildErofs(
  source: readonly (string | Uint8Array)[] | Source,
  out: string | Sink | WritableStream<Uint8Array>,
  options: BuildOptions = {},
): Promise<BuildReport> {
  return new ErofsBuild(isSource(source) ? source : paths(source), options).run(out);
}

function isSource(source: readonly (string | Uint8Array)[] | Source): source is Source {
  return !Array.isArray(source);
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
    const workers = checkInteger("workers", options.workers, 0, 1024) || availableParallelism();
    // entries in memory cannot be shared: they are read by the main thread alone
    this.#pool = new ThreadPool(isFileSource(source) ? workers : 1, JOBS, new URL("./worker.js", import.meta.url));
  }

  async run(out: string | Sink | WritableStream<Uint8Array>): Promise<BuildReport> {
    const { signal } = this.#options;
    const onAbort = () => this.#pool.control.stop();
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted) onAbort();
    try {
      const staged = await this.#stage();
      const plan = await this.#plan(staged);
      await this.#watch("write", plan.contentBytes, () => this.#write(staged, plan, out));
      return this.#report(staged, plan);
    } finally {
      signal?.removeEventListener("abort", onAbort);
      await this.#pool.close();
    }
  }

  async #stage(): Promise<Staged> {
    return this.#watch("walk", undefined, async () => {
      const tree = Tree.create();
      const source = this.#source;
      if (isStaged(source)) return { tree, ...(await source.stage(tree, this.#policy)), paths: undefined, excluded: 0 };
      if (!isFileSource(source)) throw new ImageError("INPUT", "the source is none that this package made");
      const start = await source.open(this.#policy.exclude);
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
    if (candidates && candidates.entries.length > 0) {
      await this.#watch("compare", candidates.bytes, () =>
        this.#run(staged, "compare", { candidates }, (context) =>
          compareCandidates(context, tree, candidates, staged.contents, xxhash),
        ),
      );
    }
    const sharesWith = candidates?.sharesWith;
    const scan = findSparse(tree, inodes, sharesWith, blockSize);
    if (scan.entries.length > 0) {
      await this.#watch("compare", scan.bytes, () =>
        this.#run(staged, "scan", { scan }, (context) => scanSparse(context, tree, scan, staged.contents)),
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

  /** Runs a job in all threads, or, over contents that only this thread can read, here. */
  async #run<K extends keyof typeof JOBS>(
    staged: Staged,
    name: K,
    params: object,
    here: (context: JobContext) => Promise<void>,
  ): Promise<void> {
    if (staged.paths === undefined) return this.#pool.runHere(here);
    // biome-ignore lint/suspicious/noExplicitAny: the three jobs over files take a tree, its paths and their own
    await this.#pool.run(name, { tree: staged.tree.share(), paths: staged.paths, ...params } as any);
  }

  async #write(staged: Staged, plan: ErofsPlan, out: string | Sink | WritableStream<Uint8Array>): Promise<void> {
    const { tree, contents } = staged;
    if (typeof out === "string") return this.#writeFile(staged, plan, out);
    if (!("getWriter" in out)) {
      await this.#pool.runHere((context) =>
        this.#emitTo(out, plan, (sink) => emitParallel(context, plan, tree, contents, sink)),
      );
      return;
    }
    const stream = new SequentialSink(out);
    try {
      await this.#pool.runHere((context) =>
        this.#emitTo(stream, plan, (sink) => emitSequential(context, plan, tree, contents, sink)),
      );
    } catch (error) {
      await stream.abort(error);
      throw error;
    }
  }

  async #writeFile(staged: Staged, plan: ErofsPlan, out: string): Promise<void> {
    const target = openTarget(out);
    try {
      const sink = new FileSink(target.path, out, this.#offset);
      if (target.inPlace) {
        const headLast = new HeadLastSink(sink, Math.max(plan.blockSize, 4096));
        await this.#pool.runHere((context) =>
          this.#emitTo(headLast, plan, (into) => emitParallel(context, plan, staged.tree, staged.contents, into), 0),
        );
        return;
      }
      try {
        sink.truncate(plan.blocks * plan.blockSize);
        const shared = { plan, target: { path: target.path, shownPath: out, offset: this.#offset } };
        await this.#run(staged, "emit", shared, (context) =>
          emitParallel(context, plan, staged.tree, staged.contents, sink),
        );
        this.#pool.control.check();
      } catch (error) {
        sink.release();
        throw error;
      }
      sink.close();
      target.commit();
    } catch (error) {
      target.abandon();
      throw error;
    }
  }

  /** Emits into a sink of the caller's, at the offset asked for. */
  async #emitTo(out: Sink, plan: ErofsPlan, emit: (sink: Sink) => Promise<void>, offset = this.#offset): Promise<void> {
    const sink: Sink = {
      writeAt: (bytes, at) => out.writeAt(bytes, at + offset),
      truncate: (length) => out.truncate(length + offset),
      close: () => out.close(),
    };
    await sink.truncate(plan.blocks * plan.blockSize);
    await emit(sink);
    this.#pool.control.check();
    await sink.close();
  }

  /** Runs one stage: its time goes into the report, its progress to the caller. */
  async #watch<T>(
    stage: (keyof BuildReport["seconds"] & BuildProgress["stage"]) | "plan",
    total: number | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    const started = performance.now();
    const { onProgress } = this.#options;
    const tell = () => stage !== "plan" && onProgress?.({ stage, done: this.#pool.control.done, total });
    const timer = onProgress && setInterval(tell, 100);
    try {
      const result = await work();
      tell();
      return result;
    } finally {
      clearInterval(timer);
      this.#seconds[stage] += (performance.now() - started) / 1000;
    }
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
