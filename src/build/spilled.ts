/** Compression between files: each thread opens those that it writes and the spill files, and closes them again. */

import { ImageError } from "../core/error.ts";
import { SpillFile } from "../core/node/node-spill.ts";
import type { JobContext } from "../core/threads.ts";
import { type Arrangement, findStart } from "../erofs/compress/arrange.ts";
import { type CompressWork, compressPieces } from "../erofs/compress/compress.ts";
import type { Compression } from "../erofs/compress-options.ts";
import { emitMetadata } from "../erofs/emit/compressed.ts";
import type { ErofsPlan } from "../erofs/plan/plan.ts";
import type { Contents } from "../stage/tree/contents.ts";
import type { Tree } from "../stage/tree/tree.ts";

/** The files of a compressed build, by path. */
export interface CompressFiles {
  /** The image. */
  path: string;
  /** What messages call it. */
  shownPath: string;
  /** Bytes in front of the image. */
  offset: number;
  /** Extents and inline bytes: see StoredFiles. */
  records: string;
  /** Contents of the packed inode. */
  fragments: string;
}

/** All lies where it was gathered. */
const NOT_ARRANGED: Arrangement = { starts: new Float64Array(0), sources: new Float64Array(0), end: 0 };

/** Opens all files for `use`; they are closed however it ends. */
async function withFiles(
  { path, shownPath, offset, records, fragments }: CompressFiles,
  use: (image: SpillFile, records: SpillFile, fragments: SpillFile) => Promise<void>,
): Promise<void> {
  const open: SpillFile[] = [];
  try {
    open.push(new SpillFile(path, shownPath, offset));
    for (const spill of [records, fragments]) open.push(new SpillFile(spill));
    await use(open[0]!, open[1]!, open[2]!);
  } finally {
    for (const file of open) file.close();
  }
}

/** Compresses the files of a tree. */
export async function compressFiles(
  context: JobContext,
  tree: Tree,
  work: CompressWork,
  contents: Contents,
  files: CompressFiles,
): Promise<void> {
  await withFiles(files, (image, records, fragments) =>
    compressPieces(context, tree, work, contents, { image, records, fragments }),
  );
}

/** Compresses the packed inode. */
export async function compressFragments(
  context: JobContext,
  tree: Tree,
  work: CompressWork,
  files: CompressFiles,
): Promise<void> {
  await withFiles(files, (image, records, fragments) =>
    compressPieces(context, tree, work, new SpilledContents(fragments, work.arrangement), {
      image,
      records,
      fragments,
    }),
  );
}

/** Writes all that is not contents. */
export async function writeMetadata(
  context: JobContext,
  plan: ErofsPlan,
  compression: Compression,
  tree: Tree,
  files: CompressFiles,
): Promise<void> {
  await withFiles(files, (image, records) =>
    emitMetadata(context, plan, compression, tree, (into, offset) => records.readAt(into, offset), image),
  );
}

/** The contents of the packed inode, out of the spill file where they were gathered. */
class SpilledContents implements Contents {
  readonly #file: SpillFile;
  readonly #arrangement: Arrangement | undefined;

  constructor(file: SpillFile, arrangement: Arrangement | undefined) {
    this.#file = file;
    this.#arrangement = arrangement;
  }

  read(_entry: number, offset: number, length: number, into: Uint8Array, at: number): void {
    const { starts, sources, end } = this.#arrangement ?? NOT_ARRANGED;
    const readEnd = offset + length;
    let done = offset;
    for (let part = findStart(starts, offset); done < Math.min(end, readEnd); part++) {
      const partEnd = Math.min(starts[part + 1] ?? end, readEnd);
      this.#read(sources[part]! + done - starts[part]!, into.subarray(at + done - offset, at + partEnd - offset));
      done = partEnd;
    }
    if (done < readEnd) this.#read(done, into.subarray(at + done - offset, at + length));
  }

  #read(offset: number, into: Uint8Array): void {
    const got = this.#file.readAt(into, offset);
    if (got !== into.length)
      throw new ImageError("INTERNAL", `${got} bytes in the packed inode at ${offset}, not ${into.length}`);
  }

  close(): void {
    // whoever opened the file closes it
  }

  release(): void {
    // as above
  }
}
