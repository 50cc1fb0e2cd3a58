/** Zip archives as a source. What reads them is loaded where one is to be read. */
import { showBytes } from "../../../../core/bytes.ts";
import { ImageError } from "../../../../core/error.ts";
import { CallFolder, givenPath, settle } from "../../../../core/node/node-folder.ts";
import { type Checks, checkOptions, showValue, TEXT } from "../../../../core/options/checks.ts";
import type { RangedSource } from "../node-ranged-source.ts";
import type { GivenZip } from "./node-zip-stage.ts";

/** A zip archive: the path of a file, or its bytes. */
export type ZipInput = string | Uint8Array | Blob | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** How zip archives are read. */
export interface ZipOptions {
  /** What messages call one that is no file. Default: `zip`. */
  name?: string | undefined;
}

const ZIP_OPTIONS: Checks<ZipOptions> = { name: TEXT };

/**
 * What zip archives hold, as it would lie in a directory into which they are extracted in order: with modes, owners, times
 * and symbolic links as Info-ZIP has them. A member that comes later takes the place of one before. Without a mode
 * directories are 0755 and files 0644, without an owner they are root's. Directories that no archive describes are 0755 and
 * root's, of the time of the build.
 *
 * What is stored is read out of the archive by all threads; they decompress the rest into one temporary file. A stream goes
 * through one, too, and can be read by one build only.
 */
export function zipArchive(archives: ZipInput | readonly ZipInput[], options: ZipOptions = {}): RangedSource {
  const folder = CallFolder.now();
  const inputs = settle(() => {
    checkOptions(options, ZIP_OPTIONS);
    const list = Array.isArray(archives) ? (archives as readonly ZipInput[]) : [archives as ZipInput];
    if (list.length === 0) throw new ImageError("INPUT", "zipArchive(): there is no archive");
    return list.map((archive) => toInput(archive, folder, options.name ?? "zip"));
  });
  let isRead = false;
  return {
    isClosure: false,
    restore: (error) => folder.restore(error),
    async stageRanges(tree, policy, job, temporary) {
      const given = inputs();
      if (isRead && given.some(({ isOnce }) => isOnce))
        throw new ImageError("INPUT", "zipArchive(): the stream has been read already, and can be read only once");
      isRead = true;
      const { stageZips } = await import("./node-zip-stage.ts");
      return stageZips(given, tree, policy, { job, temporary });
    },
  };
}

function toInput(archive: ZipInput, folder: CallFolder, shownPath: string): GivenZip {
  if (typeof archive === "string") {
    const path = folder.resolveText(showBytes(givenPath("zipArchive()", archive)));
    return { bytes: path, shownPath: path, isOnce: false };
  }
  if (archive instanceof Uint8Array) return { bytes: () => once(archive), shownPath, isOnce: false };
  const isObject = typeof archive === "object" && archive !== null;
  if (isObject && "stream" in archive) {
    return { bytes: () => archive.stream() as unknown as AsyncIterable<Uint8Array>, shownPath, isOnce: false };
  }
  if (isObject && Symbol.asyncIterator in archive) {
    return { bytes: () => archive as AsyncIterable<Uint8Array>, shownPath, isOnce: true };
  }
  throw new ImageError("INPUT", `zipArchive(): ${showValue(archive)} is neither a path nor bytes`);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
