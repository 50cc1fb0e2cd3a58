/** A NAR as a source: from a file, or from a stream by way of a temporary file. */
import { createReadStream, statSync } from "node:fs";
import { showBytes } from "../../../../core/bytes.ts";
import { ImageError } from "../../../../core/error.ts";
import { attempt, systemMessage } from "../../../../core/node/node-errors.ts";
import { CallFolder, givenPath, settle } from "../../../../core/node/node-folder.ts";
import { SpillFile } from "../../../../core/node/node-spill.ts";
import type { TemporaryFile, TemporaryFiles } from "../../../../core/node/node-temporary.ts";
import { showValue } from "../../../../core/options/checks.ts";
import type { JobContext } from "../../../../core/threads/threads.ts";
import { ArchiveFile } from "../../archive/node-archive-file.ts";
import { checkCompression, decompressArchive, tellCompression } from "../../archive/node-decompress.ts";
import type { ArchiveSource, NarArchive } from "./node-archive-source.ts";

/**
 * The directory that a NAR holds (`nix-store --dump`), whose contents become the root of the image, with modes and owners as
 * in a store. One that is compressed with gzip, zstd, xz or lzma is decompressed first, into a temporary file.
 *
 * @param input is read instead of the file (standard input), which is then only what messages call it
 */
export function narFile(path: string, input?: AsyncIterable<Uint8Array>): ArchiveSource {
  const folder = CallFolder.now();
  const file = settle(() => {
    givenPath("narFile()", path);
    const isStream = typeof input === "object" && input !== null && Symbol.asyncIterator in input;
    if (input === undefined || isStream)
      return input ? path : folder.resolveText(showBytes(givenPath("narFile()", path)));
    throw new ImageError("INPUT", `${path}: ${showValue(input)} is no stream of bytes`);
  });
  let isRead = false;
  return {
    isClosure: true,
    restore: (error) => folder.restore(error),
    async openArchives(_policy, job, temporary) {
      const at = file();
      if (input && isRead) throw new ImageError("INPUT", `${at}: has been read already, and can be read only once`);
      isRead = true;
      const stored = { path: at, shownPath: at, isOwn: false };
      const isFile = input === undefined && attempt(at, () => statSync(at)).isFile();
      const whole = isFile ? stored : { ...(await spool(at, input, temporary)), shownPath: at, isOwn: true };
      return { archives: [await unpacked(whole, job, temporary)], names: undefined };
    },
  };
}

/** Copies a stream to a temporary file. */
async function spool(
  name: string,
  input: AsyncIterable<Uint8Array> | undefined,
  temporary: TemporaryFiles,
): Promise<TemporaryFile> {
  const file = temporary.createHidden();
  const spill = new SpillFile(file.path, file.shownPath);
  let size = 0;
  try {
    for await (const chunk of input ?? createReadStream(name)) {
      if (!(chunk instanceof Uint8Array))
        throw new ImageError("INPUT", `${name}: ${showValue(chunk)} is no part of a NAR`);
      spill.writeAt(chunk, size);
      size += chunk.length;
    }
  } catch (cause) {
    if (cause instanceof ImageError) throw cause;
    throw new ImageError("IO", `${name}: ${systemMessage(cause)}`, { path: name, cause });
  } finally {
    spill.release();
  }
  return file;
}

type Stored = Pick<NarArchive, "path" | "shownPath" | "isOwn">;

/** The archive as it is once it is decompressed. */
async function unpacked(stored: Stored, job: JobContext, temporary: TemporaryFiles): Promise<NarArchive> {
  const { path, shownPath } = stored;
  const head = new Uint8Array(8);
  const file = new ArchiveFile(ArchiveFile.placeOf(path, shownPath));
  file.readAt(head, 0);
  file.release();
  const compression = checkCompression(tellCompression(head), shownPath);
  const plain = { compression: "none", narSize: undefined, narHash: undefined } as const;
  if (compression === "none") return { ...stored, ...plain };
  const to = temporary.createHidden();
  const spill = new SpillFile(to.path, to.shownPath);
  try {
    await decompressArchive({ path, shownPath, compression, size: undefined }, spill, 0, () => job.breathe());
  } finally {
    spill.release();
  }
  return { path: to.path, shownPath, isOwn: true, ...plain };
}
