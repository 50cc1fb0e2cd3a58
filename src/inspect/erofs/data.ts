/** The contents of files, decompressed. Source: Linux fs/erofs/{data,zdata,decompressor}.c. */
import type { Codec } from "../../codec/codec.ts";
import { createCodec } from "../../codec/names.ts";
import { ImageError } from "../../core/error.ts";
import type { ByteSource } from "../../core/sink.ts";
import { algorithmOf } from "../../erofs/disk/algorithms.ts";
import { MAX_DECODED, MAX_PCLUSTER } from "../../erofs/disk/format.ts";
import { damaged, type ImageBytes, unsupported } from "../image.ts";
import type { ImagePiece } from "../reader.ts";
import type { Extent } from "./extent.ts";
import { readExtents } from "./extents.ts";
import type { ErofsImage } from "./image.ts";
import { type ErofsInode, readInode } from "./inode.ts";

/** Most bytes of what is not compressed that are read at once. */
const MOST_PIECE = 1 << 20;

/** Reads contents; keeps the codecs and what it has decoded last. */
export class ErofsData {
  readonly #image: ErofsImage;
  readonly #codecs = new Map<number, Codec>();
  /** The extent that was decoded last, and its bytes. */
  #decoded: { space: ImageBytes; at: number; length: number; bytes: Uint8Array } | undefined;
  /** Extents of the packed inode. */
  #packed: Extent[] | undefined;

  constructor(image: ErofsImage) {
    this.#image = image;
  }

  /**
   * The contents of a file: see {@link ImageReader.pieces}.
   *
   * @throws ImageError `DAMAGED` where they do not hold together, `INPUT` where there is no codec for them
   */
  async *pieces(inode: ErofsInode): AsyncGenerator<ImagePiece> {
    for await (const extent of readExtents(this.#image, inode)) {
      for (let done = 0; done < extent.length; ) {
        const piece = await this.#piece(extent, done, extent.length - done);
        yield piece;
        done += pieceLength(piece);
      }
    }
  }

  /** The same `bufferLen` bytes at a time, at the end what is left, in a buffer that is filled again. */
  async *read(inode: ErofsInode, bufferLen: number): AsyncGenerator<Uint8Array> {
    const buffer = new Uint8Array(bufferLen);
    let filled = 0;
    for await (const piece of this.pieces(inode)) {
      const pieceLen = pieceLength(piece);
      for (let done = 0; done < pieceLen; ) {
        const length = Math.min(bufferLen - filled, pieceLen - done);
        fill(buffer.subarray(filled, filled + length), piece, done);
        done += length;
        filled += length;
        if (filled < bufferLen) continue;
        yield buffer;
        filled = 0;
      }
    }
    if (filled > 0) yield buffer.subarray(0, filled);
  }

  /** The contents of a file, at any place; what reading throws is as of {@link pieces}. */
  async open(inode: ErofsInode): Promise<ByteSource> {
    const extents: Extent[] = [];
    for await (const extent of readExtents(this.#image, inode)) extents.push(extent);
    return {
      size: inode.size,
      readAt: async (into, offset) => {
        const length = Math.max(0, Math.min(into.length, inode.size - offset));
        for (let filled = 0; filled < length; ) {
          const piece = await this.#pieceAt(extents, offset + filled, length - filled);
          fill(into.subarray(filled, filled + pieceLength(piece)), piece, 0);
          filled += pieceLength(piece);
        }
        return length;
      },
    };
  }

  /** Bytes of an extent from its byte `offset` on: at least one, `most` at most. */
  async #piece(extent: Extent, offset: number, most: number): Promise<ImagePiece> {
    if (extent.source === "hole") return { zeros: most };
    if (extent.source === "packed") return this.#packedPiece(extent.at + offset, most);
    if (extent.algorithm !== undefined) {
      return (await this.#decode(extent, extent.algorithm)).subarray(offset, offset + most);
    }
    if (extent.isTurned) return this.#turned(extent, offset, most);
    if (offset + most > extent.stored) throw damaged(extent.at, "an extent is longer than its blocks");
    return this.#spaceOf(extent).read(extent.at + offset, Math.min(most, MOST_PIECE));
  }

  async #turned({ at, start, length }: Extent, offset: number, most: number): Promise<Uint8Array> {
    const { blockSize } = this.#image;
    if (length > blockSize) throw unsupported("turned blocks of more than one at once");
    const block = await this.#image.bytes.read(at, blockSize);
    const from = (start + offset) % blockSize;
    return block.subarray(from, Math.min(blockSize, from + most));
  }

  async #packedPiece(offset: number, most: number): Promise<ImagePiece> {
    const { packedNid } = this.#image;
    if (packedNid === 0) throw damaged(0, "there are fragments, but there is no packed inode");
    this.#packed ??= await this.#packedExtents(packedNid);
    return this.#pieceAt(this.#packed, offset, most);
  }

  /** In what the bytes of an extent lie. */
  #spaceOf({ space, device }: Extent): ImageBytes {
    if (device === undefined) return space ?? this.#image.bytes;
    const { bytes } = this.#image.devices[device - 1]!;
    if (bytes === undefined) throw unsupported(`data in device ${device}, which is not there`);
    return bytes;
  }

  /** A piece of a file of which all extents are known. */
  #pieceAt(extents: readonly Extent[], offset: number, most: number): Promise<ImagePiece> {
    const extent = extentOf(extents, offset);
    const from = offset - extent.start;
    return this.#piece(extent, from, Math.min(most, extent.length - from));
  }

  async #packedExtents(nid: number): Promise<Extent[]> {
    const extents: Extent[] = [];
    for await (const extent of readExtents(this.#image, await readInode(this.#image, nid))) {
      if (extent.source === "packed") throw damaged(0, "the packed inode is part of itself");
      extents.push(extent);
    }
    return extents;
  }

  /** All bytes of a compressed extent. */
  async #decode(extent: Extent, algorithm: number): Promise<Uint8Array> {
    const { at, stored, length, source } = extent;
    const space = this.#spaceOf(extent);
    const last = this.#decoded;
    if (last?.space === space && last.at === at && last.length >= length) return last.bytes;
    const codec = await this.#codec(algorithm);
    if (stored > MAX_PCLUSTER) throw damaged(at, `a pcluster of ${stored} bytes`);
    if (length > codec.plain.length) throw unsupported(`extents of ${length} bytes`);
    const bytes = await space.read(at, stored);
    codec.compressed.set(bytes);
    const from = this.#streamStart(bytes, source === "inode");
    try {
      const got = codec.decompressStart(from, stored, 0, length);
      if (got !== length) throw damaged(at, `a pcluster holds ${got} bytes, not ${length}`);
    } catch (cause) {
      if (cause instanceof ImageError && cause.offset === undefined) throw damaged(at, cause.message);
      throw cause;
    }
    this.#decoded = { space, at, length, bytes: codec.plain.slice(0, length) };
    return this.#decoded.bytes;
  }

  /** Compressed data stands at the end of its blocks; zeros in front of it are within the first. */
  #streamStart(bytes: Uint8Array, isInline: boolean): number {
    let at = 0;
    const most = Math.min(bytes.length - 1, isInline ? bytes.length : this.#image.blockSize);
    if (this.#image.isPadded) while (at < most && bytes[at] === 0) at++;
    return at;
  }

  async #codec(id: number): Promise<Codec> {
    const known = this.#codecs.get(id);
    if (known) return known;
    const row = algorithmOf(id);
    if (!row) throw unsupported(`data of the algorithm ${id}`);
    const codec = await createCodec({ name: row.codec, plainLen: MAX_DECODED });
    this.#codecs.set(id, codec);
    return codec;
  }
}

/** How many bytes a piece stands for. */
function pieceLength(piece: ImagePiece): number {
  return piece instanceof Uint8Array ? piece.length : piece.zeros;
}

/** Fills in bytes of a piece, from its byte `from` on. */
function fill(into: Uint8Array, piece: ImagePiece, from: number): void {
  if (piece instanceof Uint8Array) into.set(piece.subarray(from, from + into.length));
  else into.fill(0);
}

/** The extent of a file that others lie in, the packed inode or the metabox, which holds a byte of it. */
function extentOf(extents: readonly Extent[], offset: number): Extent {
  let [from, to] = [0, extents.length];
  while (to - from > 1) {
    const middle = (from + to) >>> 1;
    if (extents[middle]!.start <= offset) from = middle;
    else to = middle;
  }
  const extent = extents[from];
  if (extent && offset >= extent.start && offset < extent.start + extent.length) return extent;
  throw damaged(0, `what lies at ${offset} of another inode is not in it`);
}
