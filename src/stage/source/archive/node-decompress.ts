/** Archives that are compressed, decompressed front to back into a file: nobody has to hold them in memory. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline, type Transform } from "node:stream";
import zlib from "node:zlib";
import { isLzmaAlone } from "../../../codec/lzma/header.ts";
import { ImageError } from "../../../core/error.ts";
import { systemCode, systemMessage } from "../../../core/node/node-errors.ts";
import type { SpillFile } from "../../../core/node/node-spill.ts";

/** Ways of compression that are read. */
const READ = ["gzip", "zstd", "xz", "lzma"] as const;

/** How an archive is compressed. */
export type ArchiveCompression = "none" | (typeof READ)[number];

/** An archive that is to be decompressed. */
export interface CompressedArchive {
  /** The file that holds it. */
  path: string;
  /** What messages call it. */
  shownPath: string;
  compression: ArchiveCompression;
  /** Its bytes, once they are decompressed, where that is known. */
  size: number | undefined;
}

const CHUNK = 1 << 18;
/** Bytes of a window: no more than zstd itself takes unless it is told to. */
const MOST_WINDOW = 2 ** 27;

/** What stands at the beginning of a compressed file. */
const MAGIC: readonly (readonly [bytes: readonly number[], format: string])[] = [
  [[0x1f, 0x8b], "gzip"],
  [[0x28, 0xb5, 0x2f, 0xfd], "zstd"],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], "xz"],
  [[0x42, 0x5a, 0x68], "bzip2"],
  [[0x4c, 0x5a, 0x49, 0x50], "lzip"],
  [[0x04, 0x22, 0x4d, 0x18], "lz4"],
];

/** How a file is compressed that begins with these bytes: a format that may be one that is not read; `none`. */
export function tellCompression(head: Uint8Array): string {
  const named = MAGIC.find(([bytes]) => bytes.every((byte, at) => head[at] === byte));
  return named?.[1] ?? (isLzmaAlone(head) ? "lzma" : "none");
}

/** Returns a format that is read. Throws `INPUT` for another one, naming it. */
export function checkCompression(format: string, shownPath: string): ArchiveCompression {
  const known = (["none", ...READ] as const).find((each) => each === format);
  if (known !== undefined) return known;
  const why = `is compressed with ${format}, which is not supported: ${READ.join(", ")} are`;
  throw new ImageError("INPUT", `${shownPath}: ${why}`, { path: shownPath });
}

/**
 * Decompresses an archive into a file from `start` on; returns its bytes. Throws `INPUT` for what cannot be decompressed, and
 * where it is not as long as it was said to be.
 */
export async function decompressArchive(
  { path, shownPath, compression, size: expected }: CompressedArchive,
  into: Pick<SpillFile, "writeAt">,
  start: number,
  breathe: () => Promise<void> | undefined,
): Promise<number> {
  let size = 0;
  const refuse = (why: string, cause?: unknown) =>
    new ImageError("INPUT", `${shownPath}: ${why}`, { path: shownPath, cause });
  try {
    const input = createReadStream(path, { highWaterMark: CHUNK });
    for await (const chunk of decompress(input, compression)) {
      if (expected !== undefined && size + chunk.length > expected) {
        throw refuse(`is longer than the ${expected} bytes that it is to have`);
      }
      into.writeAt(chunk, start + size);
      size += chunk.length;
      await breathe();
    }
  } catch (cause) {
    throw explainDecompress(cause, compression, shownPath);
  }
  if (expected !== undefined && size !== expected) throw refuse(`has ${size} bytes and not ${expected}`);
  return size;
}

/** What is meant by an error that {@link decompress} has thrown. */
export function explainDecompress(cause: unknown, compression: ArchiveCompression, shownPath: string): unknown {
  if (cause instanceof ImageError && cause.code !== "DAMAGED" && cause.code !== "LIMIT") return cause;
  const isRead = systemCode(cause) !== undefined || compression === "none";
  const why = isRead
    ? systemMessage(cause)
    : `cannot be decompressed with ${compression}: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new ImageError(isRead ? "IO" : "INPUT", `${shownPath}: ${why}`, { path: shownPath, cause });
}

/** The bytes of a stream, decompressed. */
export async function* decompress(
  input: AsyncIterable<Uint8Array>,
  compression: ArchiveCompression,
): AsyncGenerator<Uint8Array> {
  const { createZstdDecompress } = zlib as { createZstdDecompress?: (options: object) => Transform };
  if (compression === "none") yield* input;
  else if (compression === "gzip") yield* through(input, zlib.createGunzip({ chunkSize: CHUNK }));
  else if (compression === "lzma") yield* (await import("../../../codec/lzma/alone.ts")).unpackLzmaAlone(input);
  else if (compression === "xz") yield* unpackXz(input);
  else if (createZstdDecompress) yield* through(input, createZstdDecompress({ chunkSize: CHUNK }));
  else yield* unpackZstd(input);
}

async function* through(input: AsyncIterable<Uint8Array>, transform: Transform): AsyncGenerator<Uint8Array> {
  // its errors come out of the transform
  pipeline(input, transform, () => undefined);
  yield* transform;
}

async function* unpackXz(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { unpackXz } = await import("../../../codec/xz/xz.ts");
  yield* unpackXz(input, () => createHash("sha256"));
}

/** For versions of Node that have no zstd. */
async function* unpackZstd(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import("fzstd");
  let done: Uint8Array[] = [];
  const decoder = new Decompress((chunk) => done.push(chunk));
  let isFirst = true;
  for await (const chunk of input) {
    if (isFirst) checkWindow(chunk);
    isFirst = false;
    decoder.push(chunk);
    yield* done;
    done = [];
  }
  if (isFirst) throw new Error("it is empty");
  decoder.push(new Uint8Array(0), true);
  yield* done;
}

/** Throws for a frame that would have a decoder take more memory than zstd takes. See RFC 8878, 3.1.1.1. */
function checkWindow(head: Uint8Array): void {
  if (tellCompression(head) !== "zstd") throw new Error("it is none");
  const descriptor = head[4] ?? 0;
  const byte = head[5] ?? 0;
  const base = 2 ** (10 + (byte >> 3));
  // a frame of one segment has a window as large as its contents
  const window = (descriptor & 0x20) === 0 ? base + (base / 8) * (byte & 7) : contentSize(head, descriptor);
  if (window > MOST_WINDOW) throw new Error("its window is too large");
}

function contentSize(head: Uint8Array, descriptor: number): number {
  const fields = [1, 2, 4, 8][descriptor >> 6]!;
  const dictionary = [0, 1, 2, 4][descriptor & 3]!;
  let size = 0;
  for (let byte = fields - 1; byte >= 0; byte--) size = size * 256 + (head[5 + dictionary + byte] ?? 0);
  return size;
}
