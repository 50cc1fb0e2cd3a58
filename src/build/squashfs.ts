/**
 * The build of a SquashFS image: stage -> compare -> plan -> write -> finish.
 *
 *     sources --walk--> Tree --order--> InodeOrder --compare--> shared data
 *                         \_______________ plan ______________/
 *                                           |
 *                 data: all threads --> tables, superblock: one thread
 */

import type { FileSink } from "../core/node/node-file-sink.ts";
import type { TemporaryFiles } from "../core/node/node-temporary.ts";
import { checkInteger } from "../core/options/ranges.ts";
import type { Sink } from "../core/sink.ts";
import type { DataCoding } from "../squashfs/data.ts";
import { dataStart, type FinishedImage, finishImage } from "../squashfs/emit.ts";
import { checkLimits } from "../squashfs/limits.ts";
import { resolveSquashfsOptions, type SquashfsSettings } from "../squashfs/options.ts";
import { type DataPlan, planData, tailBytes } from "../squashfs/plan.ts";
import { describeSquashfs } from "../squashfs/report.ts";
import type { Source } from "../stage/source/source.ts";
import { groupByLength } from "../stage/tree/dedupe.ts";
import { FILE_NO_DEDUPE, type FileOrder, orderFiles } from "../stage/tree/file-order.ts";
import { type InodeOrder, newestTime, orderInodes } from "../stage/tree/order.ts";
import type { Ignored } from "./compare/metadata.ts";
import { checkSquashfsOptions, type SquashfsOptions } from "./options.ts";
import type { SquashfsReport, VerityReport } from "./report.ts";
import { BuildSession, type Staged } from "./session.ts";
import { toSource } from "./source/to-source.ts";
import { makeImageFile } from "./target/image-file.ts";
import { withPipe } from "./target/node-pipe.ts";
import {
  digestImage,
  type FileTarget,
  type ImageTarget,
  type SharedTarget,
  sendImage,
  withFileSink,
  writeFileTarget,
} from "./target/target.ts";

/**
 * Builds a SquashFS image of `source` in `out`.
 *
 * @param source an array of paths, each a top-level entry under its base name (a closure), or a Source:
 *   `directory()`, `closure()`, `entries()`
 * @param out a path (written beside it and renamed; a block device is written in place), a Sink, or a WritableStream.
 *   The latter two get the image front to back, once it is whole: until then it lies in a temporary file
 * @throws ImageError; the target is then as it was. What a caller's own Sink, stream or callback throws is passed on
 */
export async function buildSquashfs(
  source: readonly (string | Uint8Array)[] | Source,
  out: string | Sink | WritableStream<Uint8Array>,
  options: SquashfsOptions = {},
): Promise<SquashfsReport> {
  checkSquashfsOptions(options);
  return new SquashfsBuild(toSource(source), options).run(out);
}

/** Bytes at the head of a device that are wiped before, and written after everything else. */
const HEAD_BYTES = 4096;

/** An image, and its hash tree if it has one. */
type SealedImage = FinishedImage & { verity?: VerityReport };

class SquashfsBuild {
  readonly #options: SquashfsOptions;
  readonly #settings: SquashfsSettings;
  readonly #session: BuildSession;

  constructor(source: Source, options: SquashfsOptions) {
    this.#options = options;
    this.#settings = resolveSquashfsOptions(options);
    checkInteger("mkfsTime", options.mkfsTime, 0, 0xffffffff);
    const holding = { isNone: !this.#settings.xattrs, holdsAcls: false, holdsNanoseconds: false };
    this.#session = new BuildSession(source, options, 1, holding);
  }

  run(target: ImageTarget): Promise<SquashfsReport> {
    const session = this.#session;
    const out = session.place(target);
    return session.build(out, async (source) => {
      const staged = await source.stage();
      const inodes = orderInodes(staged.tree);
      checkLimits(staged.tree, inodes, this.#settings.xattrs ? staged.xattrs : undefined);
      const order = orderFiles(staged.tree, inodes, this.#options.sort ?? []);
      const data = await this.#plan(staged, inodes, order);
      const write = this.#options.verify || session.verity ? this.#writeChecked : this.#write;
      const image = await write.call(this, staged, inodes, data, out);
      return {
        ...describeSquashfs(staged.tree, inodes, this.#settings, data, image),
        verity: image.verity,
        mountPoint: this.#options.mountPoint,
        excluded: staged.excluded + staged.tree.excluded,
        unmatchedRules: [...order.unmatched, ...session.unmatchedExcludes],
        ...session.describe(staged),
        seconds: session.seconds,
      };
    });
  }

  async #plan(staged: Staged, inodes: InodeOrder, order: FileOrder): Promise<DataPlan> {
    const { tree } = staged;
    const settings = this.#settings;
    const size = tree.size.view;
    const { flags } = order;
    const tailOf = (entry: number) => tailBytes(settings, size[entry]!, flags?.[entry]);
    const isAlone = (entry: number) => ((flags?.[entry] ?? 0) & FILE_NO_DEDUPE) !== 0;
    const tails = settings.dedupe
      ? groupByLength(tree, inodes, (entry) => (isAlone(entry) ? 0 : tailOf(entry)), true)
      : undefined;
    if (tails) await this.#session.compare(staged, tails);
    const bodyOf = (entry: number) => (isAlone(entry) ? 0 : size[entry]! - tailOf(entry));
    const blocks = settings.dedupe ? groupByLength(tree, inodes, bodyOf, false) : undefined;
    if (blocks) await this.#session.compare(staged, blocks);
    const shared = { tails: tails?.sharesWith, blocks: blocks?.sharesWith };
    return this.#session.watch("plan", undefined, async () =>
      planData(tree, order, settings, shared, dataStart(settings)),
    );
  }

  /** Writes an image that nothing more is done with: a device gets it at once. */
  #write(staged: Staged, inodes: InodeOrder, data: DataPlan, out: ImageTarget): Promise<SealedImage> {
    const session = this.#session;
    const { offset, digest } = session;
    // sizes are known at the end only, and the superblock comes first
    const spool = async (temporary: TemporaryFiles, to: Exclude<ImageTarget, string>) => {
      const file = temporary.createHidden();
      const image = await this.#writeFile(staged, inodes, data, { ...file, offset: 0, inPlace: false, isPipe: false });
      const send = () => session.here((job) => sendImage(job, file, image.bytes, to, session));
      await session.watch("write", image.bytes, send);
      return image;
    };
    if (typeof out !== "string") return spool(session.temporary, out);
    return writeFileTarget(out, offset, async (file, temporary) => {
      if (file.isPipe) return withPipe(file.path, (stream) => spool(temporary, stream));
      const image = await this.#writeFile(staged, inodes, data, file);
      session.endReading();
      if (digest) await session.here((job) => digestImage(job, file, image.bytes, digest));
      return image;
    });
  }

  /** Writes an image that is read back or hashed before it takes its place: a device gets it when that is over. */
  #writeChecked(staged: Staged, inodes: InodeOrder, plan: DataPlan, out: ImageTarget): Promise<SealedImage> {
    const make = (image: SharedTarget) =>
      this.#writeFile(staged, inodes, plan, { ...image, inPlace: false, isPipe: false });
    const ignored = new Set<Ignored>(this.#settings.xattrs ? [] : ["xattr"]);
    const expectation = { staged, rules: { ignored, isSquashfs: true }, devices: [] };
    return makeImageFile(this.#session, out, make, this.#options.verify ? expectation : undefined);
  }

  /** Writes the data in all threads, each with a descriptor of its own, and the rest in this one. */
  #writeFile(staged: Staged, inodes: InodeOrder, plan: DataPlan, file: FileTarget): Promise<FinishedImage> {
    const { tree, contents, xattrs } = staged;
    const settings = this.#settings;
    const coding: DataCoding = {
      ...settings.compression,
      rawData: settings.uncompressed.data,
      rawFragments: settings.uncompressed.fragments,
      sparse: settings.sparse,
    };
    const write = async (sink: FileSink) => {
      if (file.inPlace) wipeHead(sink);
      await this.#session.run("data", { tree: tree.share(), contents, plan, coding, target: file });
      const mkfsTime = this.#options.mkfsTime ?? this.#session.timestamp ?? newestTime(tree, inodes);
      const input = { tree, inodes, settings, data: plan, xattrs, mkfsTime: Math.min(mkfsTime, 0xffffffff) };
      const image = await this.#session.here((job) => finishImage(job, input, sink, () => sink.sync()));
      sink.sync();
      return image;
    };
    return this.#session.watch("write", plan.contentBytes, () => withFileSink(file, write));
  }
}

/** A device is no image before it is whole, nor the one that it was. */
function wipeHead(sink: FileSink): void {
  sink.writeAt(new Uint8Array(HEAD_BYTES), 0);
  sink.sync();
}
