/**
 * The build of a compressed image: its data gets its place while it is compressed, the metadata follows it.
 *
 *     plan files -> compress -> plan metadata -> compress the packed inode -> emit metadata
 *
 * All of it goes into a file. A target that is none, or a device, gets the finished image front to back.
 */

import { checkDeviceRoom, HeadLastSink } from "../core/node/node-file-sink.ts";
import { SpillFile, type SpillFolder, withSpills } from "../core/node/node-spill.ts";
import type { JobContext } from "../core/threads.ts";
import type { CompressWork } from "../erofs/compress/compress.ts";
import { CompressedPlanner } from "../erofs/compress/planner.ts";
import type { Compression } from "../erofs/compress-options.ts";
import { cutGrains } from "../erofs/links/grains.ts";
import { findRuns } from "../erofs/links/runs.ts";
import { verifyRuns } from "../erofs/links/verify-runs.ts";
import type { ErofsPlan, PlanInput } from "../erofs/plan/plan.ts";
import type { BuildSession, Staged } from "./session.ts";
import { type CompressFiles, compressFiles } from "./spilled.ts";
import { copyImage, type FileTarget, type ImageTarget, sendImage, withFileSink, writeFileTarget } from "./target.ts";

/** Bytes at the head of a device that are written last: the superblock's block, however large blocks are. */
const HEAD_BYTES = 65536;

/** Builds compressed images in a session. */
export class CompressedBuild {
  readonly #session: BuildSession;
  readonly #compression: Compression;
  readonly #packedEntry: number;

  constructor(session: BuildSession, compression: Compression, packedEntry: number) {
    this.#session = session;
    this.#compression = compression;
    this.#packedEntry = packedEntry;
  }

  /** Plans, compresses and writes. */
  async run(staged: Staged, input: PlanInput, out: ImageTarget): Promise<ErofsPlan> {
    const { offset } = this.#session;
    if (typeof out !== "string") {
      return this.#spool(staged, input, (context, path, length) => sendImage(context, path, length, out, offset));
    }
    let result: ErofsPlan | undefined;
    await writeFileTarget(out, async (file) => {
      result = file.inPlace
        ? await this.#spool(staged, input, (context, path, length) => this.#copyToDevice(context, path, length, file))
        : await withSpills(file.path, (folder) => this.#write(staged, input, file, folder, offset));
    });
    return result!;
  }

  /** Makes the image in a temporary file, which `send` passes on. */
  async #spool(
    staged: Staged,
    input: PlanInput,
    send: (context: JobContext, path: string, length: number) => Promise<void>,
  ): Promise<ErofsPlan> {
    return withSpills(undefined, async (folder) => {
      const path = folder.create("image");
      const plan = await this.#write(staged, input, { path, shownPath: path }, folder, 0);
      const length = plan.blocks * plan.blockSize;
      await this.#session.watch("write", length, () =>
        this.#session.pool.runHere((context) => send(context, path, length)),
      );
      return plan;
    });
  }

  async #copyToDevice(context: JobContext, path: string, length: number, device: FileTarget): Promise<void> {
    const { offset } = this.#session;
    checkDeviceRoom(device.path, offset + length);
    await withFileSink(device, offset, (sink) => copyImage(context, path, length, new HeadLastSink(sink, HEAD_BYTES)));
  }

  async #write(
    { tree, paths, contents }: Staged,
    input: PlanInput,
    { path, shownPath }: Pick<FileTarget, "path" | "shownPath">,
    folder: SpillFolder,
    offset: number,
  ): Promise<ErofsPlan> {
    const files = { path, shownPath, offset, records: folder.create("records"), fragments: folder.create("fragments") };
    const { pool } = this.#session;
    const compression = this.#compression;
    const planner = await this.#plan(() => new CompressedPlanner(input, compression, this.#packedEntry));
    const work = await this.#plan(() => planner.planFiles());
    if (compression.dedupeExtents) await this.#findLinks({ tree, paths, contents }, planner, work);
    await this.#session.watch("compress", planner.contentBytes, () =>
      paths
        ? pool.run("compress", { tree: tree.share(), paths, work, files })
        : pool.runHere((context) => compressFiles(context, tree, work, contents, files)),
    );
    await this.#plan(() => planner.placeMetadata());
    await this.#plan(() => this.#writeDirectories(planner, files));
    const packed = await this.#plan(() => planner.planPacked());
    if (packed) {
      await this.#session.watch("compress", undefined, () =>
        pool.run("compress", { tree: tree.share(), paths: undefined, work: packed, files }),
      );
    }
    const plan = await this.#plan(() => planner.finish());
    await this.#session.watch("write", undefined, () =>
      withFileSink(files, files.offset, async (sink) => {
        sink.truncate(plan.blocks * plan.blockSize);
        await pool.run("metadata", { tree: tree.share(), plan, compression, files });
        pool.control.check();
        sink.sync();
      }),
    );
    return plan;
  }

  /** Looks for what files have in common, and has them share it. */
  async #findLinks(
    { tree, paths, contents }: Pick<Staged, "tree" | "paths" | "contents">,
    planner: CompressedPlanner,
    work: CompressWork,
  ): Promise<void> {
    const { pool } = this.#session;
    const grains = await this.#plan(() => planner.planGrains(work));
    await this.#session.watch("compare", planner.contentBytes, () =>
      paths
        ? pool.run("grains", { tree: tree.share(), paths, work: grains })
        : pool.runHere((context) => cutGrains(context, tree, grains, contents)),
    );
    const runs = await this.#plan(() => findRuns(grains, (index) => tree.size.view[work.files[index]!]!));
    const verify = { files: work.files, runs };
    await this.#session.watch("compare", undefined, () =>
      paths
        ? pool.run("verify", { tree: tree.share(), paths, work: verify })
        : pool.runHere((context) => verifyRuns(context, verify, contents, contents)),
    );
    await this.#plan(() => planner.link(work, runs));
  }

  #writeDirectories(planner: CompressedPlanner, files: CompressFiles): void {
    const fragments = new SpillFile(files.fragments);
    try {
      planner.writeDirectories((bytes, offset) => fragments.writeAt(bytes, offset));
    } finally {
      fragments.close();
    }
  }

  #plan<T>(work: () => T): Promise<T> {
    return this.#session.watch("plan", undefined, async () => work());
  }
}
