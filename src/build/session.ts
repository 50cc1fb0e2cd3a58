/**
 * What every build has in common, whatever the format: the threads, the stage, the comparing, progress, abort, times.
 *
 *     sources --walk--> Tree --order--> InodeOrder --compare, scan--> shared data, holes
 */

import { whenAborted } from "../core/abort.ts";
import { AbortedError, ImageError } from "../core/error.ts";
import { now } from "../core/node/node-clock.ts";
import { CallFolder } from "../core/node/node-folder.ts";
import type { FileIdentity } from "../core/node/node-identity.ts";
import { addressSpaceLeft, roomComplaint, wasmReservesAll } from "../core/node/node-limits.ts";
import { defaultThreads } from "../core/node/node-pool.ts";
import type { TemporaryFiles } from "../core/node/node-temporary.ts";
import { checkInteger } from "../core/options/ranges.ts";
import { limitRoom, planRoom } from "../core/threads/room.ts";
import type { JobContext, JobParams } from "../core/threads/threads.ts";
import { isRanged } from "../stage/source/archive/node-ranged-source.ts";
import { IS_WINDOWS } from "../stage/source/disk/node-windows.ts";
import type { FileSource, WalkStart } from "../stage/source/node-sources.ts";
import type { Source } from "../stage/source/source.ts";
import { applyChmod, type CompiledChmod, compileChmod } from "../stage/tree/chmod.ts";
import type { DedupeCandidates } from "../stage/tree/dedupe.ts";
import { findUnmatched } from "../stage/tree/exclude.ts";
import { newestTime, orderInodes } from "../stage/tree/order.ts";
import { resolvePolicy, type StagePolicy } from "../stage/tree/policy.ts";
import { type DataRanges, readSparse, type SparseScan } from "../stage/tree/sparse.ts";
import type { Tree } from "../stage/tree/tree.ts";
import { type FileBeside, prepareBeside, withFileBeside } from "./beside/files.ts";
import { isShared } from "./contents.ts";
import type { Digest } from "./jobs/node-digest.ts";
import { JOBS } from "./jobs.ts";
import type { BuildProgress, RunOptions } from "./options.ts";
import type { BuildSeconds, SessionReport } from "./report.ts";
import { asksByPath, configureByPath, labelByPath } from "./source/by-path/by-path.ts";
import { asksNix, checkStoreOptions } from "./source/nix-options.ts";
import { openPart, planNix } from "./source/open-part.ts";
import type { OpenSource } from "./source/open-source.ts";
import type { Holding, OpenPart, SourceHost, Staged, XattrNote } from "./source/part.ts";
import { type BuildThreads, startThreads } from "./start-threads.ts";
import { checkStream, checkTarget, type ImageTarget, identifyTarget, spoolOf } from "./target/target.ts";
import type { Verity } from "./verity/verity.ts";

export type { OpenSource } from "./source/open-source.ts";
export type { Staged } from "./source/part.ts";

/** One build from its start to its end. */
export class BuildSession {
  /** Bytes before the image. */
  readonly offset: number;
  readonly #source: Source;
  readonly #options: RunOptions;
  readonly #pool: BuildThreads;
  readonly #seconds: BuildSeconds = { walk: 0, compare: 0, plan: 0, compress: 0, write: 0, verify: 0, total: 0 };
  readonly #policy: StagePolicy;
  /** Notes how far the stage that runs has come: before another job of it, which counts anew. */
  #noteDone: () => void = () => undefined;
  /** How far each stage has come. */
  readonly #done = { walk: 0, compare: 0, plan: 0, compress: 0, write: 0, verify: 0 };
  /** What the caller's `onProgress` has thrown. */
  #thrown: { error: unknown } | undefined;
  /** Stages of which a total has been told. */
  readonly #counted = new Set<string>();
  readonly #folder = CallFolder.now();
  readonly #chmod: readonly CompiledChmod[];
  /** Files of this build, which are no part of what it packs. */
  readonly #own: FileIdentity[] = [];
  readonly #started = now();
  #unmatchedChmod: string[] = [];
  #temporary: TemporaryFiles | undefined;
  #digest: Digest | undefined;
  #verity: Verity | undefined;
  /** What is to be written beside the image. */
  #registration: (() => Uint8Array) | undefined;
  readonly #holding: Holding;
  /** How attributes of files were read. */
  readonly #xattrs: Required<XattrNote> = { xattrReader: "none", xattrsUnread: false, xattrsLeftOut: 0 };

  /** @param codecs how many instances of WebAssembly each thread needs */
  constructor(source: Source, options: RunOptions, codecs = 0, holding: Holding = {}) {
    this.#source = source;
    this.#options = options;
    this.#holding = holding;
    this.#policy = this.#resolvePolicy(source);
    checkStoreOptions(options, source);
    this.#chmod = compileChmod(options.chmod ?? []);
    this.offset = checkInteger("offset", options.offset, 0, Number.MAX_SAFE_INTEGER) ?? 0;
    const workers = checkInteger("workers", options.workers, 0, 1024) || defaultThreads();
    const wasm = { instances: codecs, reservesAll: wasmReservesAll() };
    // where each codec takes all that it could ever reach, the first one says that there is no room
    const complaint = roomComplaint(codecs > 0 && !wasm.reservesAll);
    if (complaint !== undefined) throw new ImageError("LIMIT", complaint);
    const { threads, room } = planRoom(addressSpaceLeft(), workers, wasm);
    limitRoom(room);
    this.#pool = startThreads(threads);
    this.#pool.control.restShare = checkInteger("throttle", options.throttle, 0, 99) ?? 0;
  }

  /** What becomes of entries. */
  get policy(): StagePolicy {
    const names = this.#own.map(({ name }) => name);
    const areKnown = names.every((name) => name !== undefined);
    return { ...this.#policy, own: { ids: this.#own.map(({ id }) => id), names: areKnown ? names : undefined } };
  }

  /** What is to get all bytes of the image in order, where its digest is asked for. */
  get digest(): Digest | undefined {
    return this.#digest;
  }

  /** What makes the hash tree of the image, where that is asked for. */
  get verity(): Verity | undefined {
    return this.#verity;
  }

  /** The temporary files that hold what has to be read again, beside those of the image. */
  get temporary(): TemporaryFiles {
    return this.#temporary!;
  }

  /** All that is packed has been read, and what was kept of it is of no use any more. */
  endReading(): void {
    this.temporary.letGo();
  }

  /** How many threads there may be. */
  get threads(): number {
    return this.#pool.threads;
  }

  /** Leaves files of the build itself out of what is listed from now on. */
  leaveOut(files: readonly FileIdentity[]): void {
    this.#own.push(...files);
  }

  /** Wall time of each stage so far. */
  get seconds(): BuildSeconds {
    this.#seconds.total = (now() - this.#started) / 1000;
    return this.#seconds;
  }

  /** The time that the image is to say it was made at, where one is given. */
  get timestamp(): number | undefined {
    return this.#policy.times === "fixed" ? this.#policy.timestamp : this.#options.timestamp;
  }

  /** A target as it is now, wherever the process goes. */
  place<T extends ImageTarget>(out: T): T | string {
    return typeof out === "string" && out !== "" ? this.#folder.resolveText(out) : out;
  }

  /**
   * Opens the source and does `work` on it; whatever happens, nothing stays open and no thread goes on.
   *
   * @param beside what `work` writes besides the image
   */
  async build<R>(
    out: ImageTarget,
    work: (source: OpenSource) => Promise<R>,
    beside: readonly FileBeside[] = [],
  ): Promise<R> {
    const { signal } = this.#options;
    const forget = signal && whenAborted(signal, () => this.#pool.abort());
    try {
      checkTarget(out);
      await checkStream(out);
      const source = this.#source;
      this.#temporary = spoolOf(out, !isRanged(source) || source.readsDisk === true);
      // what is left there may lie in what is to be packed
      this.#temporary.removeLitter();
      const target = identifyTarget(out);
      if (target) this.leaveOut([target]);
      const { verity } = this.#options;
      if (verity) this.#verity = new (await import("./verity/verity.ts")).Verity(this, out, verity);
      if (this.#options.digest) this.#digest = new (await import("./jobs/node-digest.ts")).Digest();
      const registrationOut = this.#options.registrationOut && this.place(this.#options.registrationOut);
      const registration = { path: registrationOut ?? "", what: "its registration", isOwn: false };
      const files = [
        ...(registrationOut === undefined ? [] : [registration]),
        ...beside,
        ...(this.#verity?.files ?? []),
      ];
      this.leaveOut(prepareBeside(files, out, target));
      if (registrationOut === undefined) return await work(await this.#open());
      const build = async () => work(await this.#open());
      return await withFileBeside(this, registrationOut, build, () => this.#registration!());
    } catch (thrown) {
      const isAborted = signal?.aborted && thrown instanceof ImageError && thrown.code === "ABORTED";
      const own = this.#thrown;
      const error = own ? own.error : isAborted ? new AbortedError(signal.reason) : this.#restore(thrown);
      // whoever reads the stream must not wait for what will not come
      if (typeof out === "object" && out !== null && "getWriter" in out && !out.locked) {
        out.abort(error).catch(() => undefined);
      }
      throw error;
    } finally {
      this.#pool.close();
      this.#temporary?.remove();
      forget?.();
    }
  }

  async #open(): Promise<OpenSource> {
    // a part of the walk, whose progress is told when entries come
    const started = now();
    const part = await openPart(this.#source, this.host);
    this.#seconds.walk += (now() - started) / 1000;
    const { tree, excluded } = part;
    const isStraight = part.start !== undefined && this.#isStraight(part.start);
    const nix = isStraight ? await planNix(part, this.#policy, this.#options) : undefined;
    this.#registration = () => nix!.registration;
    const source: OpenSource = {
      tree,
      tops: isStraight && (nix || !asksNix(this.#options)) ? part.start!.paths : undefined,
      nix,
      excluded,
      stage: async (canWait = false) => {
        const staged = await this.#byPath(labelByPath, await this.#stage(part, canWait));
        source.tree = staged.tree;
        return staged;
      },
      explain: (error) => part.start?.explain(error) ?? error,
    };
    return source;
  }

  get host(): SourceHost {
    return {
      policyOf: (source) => this.#policyOf(source),
      temporary: this.temporary,
      threads: this.threads,
      here: (work) => this.here(work),
      run: (name, params) => this.run(name, params),
      noteXattrs: ({ xattrsLeftOut: more = 0, ...note }) => {
        Object.assign(this.#xattrs, note, { xattrsLeftOut: this.#xattrs.xattrsLeftOut + more });
      },
    };
  }

  #resolvePolicy({ isClosure, isBare }: Source): StagePolicy {
    const policy = resolvePolicy(this.#options, isClosure);
    const { isNone = false, holdsAcls = true, holdsNanoseconds = true, holdsContents = true } = this.#holding;
    const isUnasked = isBare && this.#options.xattrReader === undefined;
    const xattrReader = isNone || isUnasked ? "none" : policy.xattrReader;
    return { ...policy, holdsAcls, holdsNanoseconds, holdsContents, xattrReader };
  }

  /** What becomes of the entries of a part of the source. */
  #policyOf(source: Source): StagePolicy {
    const own = this.#resolvePolicy(source);
    const { exclude, own: files } = this.policy;
    // which rules have matched is noted in one place
    return { ...own, exclude, own: files, below: source.isStore ? own.below : [] };
  }

  /** Whether nothing has to be known of the whole tree, as times and links have to, and nothing is done to it. */
  #isStraight({ finish, paths }: WalkStart): boolean {
    const { below, copyLinks, oneFileSystem, overlay, times, xattrReader } = this.#policy;
    const isPlain = !finish && !paths.isDirectory && !paths.names && oneFileSystem !== "without";
    // what is to be compared in the end has to be known
    if (this.#options.verify) return false;
    if (below.length > 0 || overlay === "mark" || xattrReader !== "none" || asksByPath(this.#options)) return false;
    return times === "fixed" && copyLinks && isPlain && this.#chmod.length === 0 && !IS_WINDOWS;
  }

  /** Has an error say paths as they were given. */
  #restore(error: unknown): unknown {
    const restored = this.#folder.restore(error);
    return "restore" in this.#source ? (this.#source as FileSource).restore(restored) : restored;
  }

  async #stage(part: OpenPart, canWait: boolean): Promise<Staged> {
    const staged = await this.watch("walk", undefined, async () => {
      const listed = await this.#byPath(configureByPath, await part.stage());
      if (this.#chmod.length > 0) {
        this.#unmatchedChmod = await this.here((job) => applyChmod(job, listed.tree, this.#chmod));
      }
      return listed;
    });
    if (!asksNix(this.#options)) return staged;
    const { addNixFiles } = await import("./source/nix-files.ts");
    const made = await this.watch("compare", undefined, () =>
      addNixFiles(this.host, staged, part.stores, this.#options, { time: this.#buildTime(staged.tree), canWait }),
    );
    this.#registration = made.registration;
    return made.staged;
  }

  #byPath(change: typeof configureByPath, staged: Staged): Promise<Staged> {
    return this.here(() => change(staged, this.#options, this.#folder, this.#policy));
  }

  /** The time that the image says it was made at. */
  #buildTime(tree: Tree): number {
    const { mkfsTime } = this.#options as { mkfsTime?: number | undefined };
    return mkfsTime ?? this.timestamp ?? newestTime(tree, orderInodes(tree));
  }

  /** Exclude rules that are for no entry. */
  get unmatchedExcludes(): string[] {
    return findUnmatched(this.#policy.exclude);
  }

  /** What every report says of how the tree came about, and of the whole build; to be called once, in the end. */
  describe({ tree }: Pick<Staged, "tree">): SessionReport {
    return {
      bytesRead: this.#pool.control.bytesRead,
      digest: this.#digest?.finish(),
      ownFiles: tree.ownFiles,
      unmatchedChmod: this.#unmatchedChmod,
      modesByRule: tree.hasRuledModes,
      ...this.#xattrs,
    };
  }

  /**
   * Runs a job: in all threads that are of use, if they can open the contents that it reads, else in the main thread
   * alone.
   */
  async run<K extends keyof typeof JOBS>(name: K, params: JobParams<typeof JOBS, K>): Promise<void> {
    this.#noteDone();
    if (!("contents" in params) || isShared(params.contents)) return this.#pool.run(name, params);
    const { run } = await JOBS[name]();
    return this.here((job) => run(job, params as never));
  }

  /** Does `work` in the main thread alone, which may wait for the caller: for a stream, or a Sink. */
  here<R>(work: (job: JobContext) => Promise<R>): Promise<R> {
    this.#noteDone();
    return this.#pool.here(work);
  }

  /** Compares files; the outcome is in `candidates`. */
  async compare({ tree, contents }: Staged, candidates: DedupeCandidates): Promise<void> {
    if (candidates.entries.length === 0) return;
    await this.watch("compare", candidates.bytes, () =>
      this.run("compare", { tree: tree.share(), contents, candidates }),
    );
  }

  /** Looks for holes; gives what holds data, by entry. */
  async scan({ tree, contents }: Staged, scan: SparseScan): Promise<Map<number, DataRanges>> {
    if (scan.entries.length > 0) {
      await this.watch("compare", scan.bytes, () => this.run("scan", { tree: tree.share(), contents, scan }));
    }
    return readSparse(scan);
  }

  /** Runs one stage: its time goes into the report, its progress to the caller. */
  async watch<T>(
    stage: BuildProgress["stage"] | "plan",
    total: number | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    const started = now();
    const { onProgress } = this.#options;
    // a stage may be done in several jobs, each of which counts from 0
    const before = this.#done[stage];
    // what nobody can tell before is no reason for one that has had a total to have none any more
    const all = total === undefined && !this.#counted.has(stage) ? undefined : before + (total ?? 0);
    if (all !== undefined) this.#counted.add(stage);
    this.#pool.control.reset(); // of what the last stage has counted
    const fail = (error: unknown) => {
      // the caller's own mistake ends the build, and is the caller's to see; of a promise it may come in the next stage
      this.#thrown ??= { error };
      this.#pool.abort();
    };
    this.#noteDone = () => {
      this.#done[stage] = Math.max(this.#done[stage], before + this.#pool.control.done);
    };
    const tell = () => {
      try {
        this.#noteDone();
        const done = this.#done[stage];
        const told: unknown =
          stage !== "plan" && onProgress?.({ stage, done, total: all === undefined ? all : Math.max(all, done) });
        if (told instanceof Promise) told.catch(fail);
      } catch (error) {
        fail(error);
      }
    };
    const timer = onProgress && setInterval(tell, 100);
    try {
      const result = await work();
      this.#done[stage] = Math.max(this.#done[stage], all ?? 0);
      tell();
      if (this.#thrown === undefined) return result;
    } catch (error) {
      if (this.#thrown === undefined) throw error;
    } finally {
      this.#noteDone = () => undefined;
      clearInterval(timer);
      this.#seconds[stage] += (now() - started) / 1000;
    }
    throw this.#thrown.error;
  }
}
