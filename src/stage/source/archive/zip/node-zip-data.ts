/**
 * The data of members of a zip archive: found behind their local headers, decompressed, and checked.
 *
 *     | local header: 30 bytes | name | extra fields | data | ...        lengths at 26 and 28 of the header; APPNOTE 4.3.7
 */
import { pipeline, Readable } from "node:stream";
import zlib from "node:zlib";
import { ImageError } from "../../../../core/error.ts";
import type { ArchiveFile } from "../node-archive-file.ts";
import { crc32 } from "./crc32.ts";

/** What the directory of an archive says of a member's data. */
export interface ZipData {
  isDeflated: boolean;
  headerOff: number;
  packedLen: number;
  size: number;
  crc32: number;
}

const LOCAL_HEADER = 0x04034b50;
const LOCAL_HEADER_LEN = 30;
const CHUNK = 1 << 18;
const BEHIND_END = "goes on behind the end of the archive";
/** From Node 20.15 on, twenty times as fast. */
const checksum = (zlib as { crc32?: typeof crc32 }).crc32 ?? crc32;

/** Where a member's data starts. Throws `INPUT` where none is. @param refuse makes an error about the member */
export function findData(
  file: ArchiveFile,
  { headerOff, packedLen }: ZipData,
  refuse: (why: string) => ImageError,
): number {
  const header = Buffer.alloc(LOCAL_HEADER_LEN);
  const isThere = file.readAt(header, headerOff) === header.length && header.readUInt32LE(0) === LOCAL_HEADER;
  if (!isThere) throw refuse("is not where the archive says");
  const start = headerOff + LOCAL_HEADER_LEN + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (start + packedLen <= file.size) return start;
  throw refuse(BEHIND_END);
}

/** Decompresses a member whose size is of no concern to memory. */
export function readData(file: ArchiveFile, data: ZipData, refuse: (why: string) => ImageError): Uint8Array {
  const packed = new Uint8Array(data.packedLen);
  if (file.readAt(packed, findData(file, data, refuse)) < packed.length) throw refuse(BEHIND_END);
  const bytes = data.isDeflated ? inflate(packed, data.size, refuse) : packed;
  check(bytes.length, checksum(bytes), data, refuse);
  return bytes;
}

function inflate(packed: Uint8Array, size: number, refuse: (why: string) => ImageError): Uint8Array {
  try {
    // one byte more, so that a member which is too long is told from one that is not
    return zlib.inflateRawSync(packed, { maxOutputLength: size + 1, chunkSize: Math.max(64, size + 1) });
  } catch (cause) {
    throw explain(cause, size, refuse);
  }
}

/**
 * Decompresses a member in parts, however large it is.
 *
 * @param take gets each part, and the offset of it in the member
 */
export async function streamData(
  file: ArchiveFile,
  data: ZipData,
  refuse: (why: string) => ImageError,
  take: (bytes: Uint8Array, offset: number) => Promise<void> | undefined,
): Promise<void> {
  const chunks = readChunks(file, findData(file, data, refuse), data.packedLen, refuse);
  let size = 0;
  let sum = 0;
  try {
    for await (const bytes of data.isDeflated ? inflated(chunks) : chunks) {
      if (size + bytes.length > data.size) throw refuse(tooLong(data.size));
      sum = checksum(bytes, sum);
      await take(bytes, size);
      size += bytes.length;
    }
  } catch (cause) {
    throw explain(cause, data.size, refuse);
  }
  check(size, sum, data, refuse);
}

function* readChunks(
  file: ArchiveFile,
  start: number,
  length: number,
  refuse: (why: string) => ImageError,
): Generator<Uint8Array> {
  for (let at = 0; at < length; at += CHUNK) {
    // each in memory of its own: who decompresses is at it while the next is read
    const chunk = new Uint8Array(Math.min(CHUNK, length - at));
    if (file.readAt(chunk, start + at) < chunk.length) throw refuse(BEHIND_END);
    yield chunk;
  }
}

async function* inflated(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const inflater = zlib.createInflateRaw({ chunkSize: CHUNK });
  // its errors come out of the transform
  pipeline(Readable.from(chunks, { highWaterMark: 1 }), inflater, () => undefined);
  yield* inflater;
}

function explain(cause: unknown, size: number, refuse: (why: string) => ImageError): unknown {
  if (cause instanceof ImageError) return cause;
  if ((cause as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") return refuse(tooLong(size));
  return refuse(`cannot be decompressed: ${cause instanceof Error ? cause.message : String(cause)}`);
}

function tooLong(size: number): string {
  return `is longer than the ${size} bytes that it is to have`;
}

function check(size: number, sum: number, data: ZipData, refuse: (why: string) => ImageError): void {
  if (size > data.size) throw refuse(tooLong(data.size));
  if (size < data.size) throw refuse(`has ${size} bytes and not ${data.size}`);
  if (sum !== data.crc32) throw refuse("is damaged: it has another checksum");
}
