/** The contents of files, decompressed. Source: Linux fs/erofs/{data,zdata,decompressor}.c. */
import type { Codec } from "../../codec/codec.ts";
import { createCodec } from "../../codec/names.ts";
import type { ByteSource } from "../../core/byte-source.ts";
import { ImageError } from "../../core/error.ts";
import { algorithmOf } from "../../erofs/disk/algorithms.ts";
import { MAX_DECODED, MAX_PCLUSTER } from "../../erofs/disk/format.ts";
import { damaged, type ImageBytes, unsupported } from "../image.ts";
import type { ImagePiece } from "../reader.ts";
import { IndexRoom } from "./contents/array-window.ts";
import type { Extent, FileMap } from "./contents/extent.ts";
import { mapFile } from "./contents/file-map.ts";
import { deviceBytes, type ErofsImage } from "./image.ts";
import { type ErofsInode, readInode } from "./inode.ts";

/** Most bytes of what is not compressed that are read at once. */
const MOST_PIECE = 1 << 20;
/** Bytes that are read at once where parts are less. */
const READ_BYTES = 1 << 18;
/** The algorithms of an image that does not say which it has. */
const LZ4_ALONE = 1;
/** What is longer is not worth being kept in pages. */
const LARGE = 1 << 16;

/** What is said of fragments where there is nothing that they can lie in. */
export const NO_PACKED = "there are fragments, but there is no packed inode";
/** What is said of a packed inode that has fragments. */
export const PACKED_IN_ITSELF = "the packed inode is part of itself";

/** What is wrong with a part of the packed inode, which has `size` bytes, if anything. */
export function fragmentFault(offset: number, length: number, size: number): string | undefined {
  if (offset + length <= size) return undefined;
  return `a fragment lies at ${offset} of the packed inode, which has ${size} bytes`;
}

/** What is wrong with an extent that is not compressed, if anything. */
export function plainFault({ length, stored }: Extent): string | undefined {
  return length > stored ? "an extent is longer than what is stored of it" : undefined;
}

/** What a codec has decoded last. */
interface Decoded {
  readonly space: ImageBytes;
  readonly at: number;
  readonly stored: number;
  readonly algorithm: number | undefined;
  /** So many bytes, in the codec's window. */
  readonly length: number;
  /** That is all that is stored. */
  readonly isWhole: boolean;
  readonly bytes: Uint8Array;
}

/** Reads contents; keeps the codecs and what has been decoded last. */
export class ErofsData {
  readonly #image: ErofsImage;
  readonly #codecs = new Map<number, Codec>();
  #decoded: Decoded | undefined;
  /** Where the packed inode is. */
  #packed: { size: number; map: FileMap } | undefined;
  /** For indexes of all files but that one. */
  readonly #room = new IndexRoom();
  /** Large pieces of what is not compressed. */
  #buffer: Uint8Array | undefined;

  constructor(image: ErofsImage) {
    this.#image = image;
  }

  /**
   * The contents of a file: see {@link ImageReader.pieces}.
   *
   * @throws ImageError `DAMAGED` where they do not hold together, `INPUT` where there is no codec for them
   */
  async *pieces(inode: ErofsInode): AsyncGenerator<ImagePiece> {
    const { size } = inode;
    if (size === 0) return;
    const map = await mapFile(this.#image, inode, this.#room);
    for (let at = 0; at < size; ) {
      // what is known at once is not waited for
      const found = map.extentAt(at);
      const extent = found instanceof Promise ? await found : found;
      for (const end = extent.start + extent.length; at < end; ) {
        const got = this.#piece(extent, at - extent.start, end - at);
        const piece = got instanceof Promise ? await got : got;
        yield piece;
        at += pieceLength(piece);
      }
    }
  }

  /** All bytes of a small file, in memory of their own: at once where they lie in one piece. */
  readWhole(inode: ErofsInode): Uint8Array | Promise<Uint8Array> {
    const map = mapFile(this.#image, inode, this.#room);
    const extent = map instanceof Promise ? map : map.extentAt(0);
    if (extent instanceof Promise) return extent.then(() => this.#collect(inode));
    if (extent.length < inode.size) return this.#collect(inode);
    const piece = this.#piece(extent, 0, inode.size);
    if (piece instanceof Promise) return piece.then(() => this.#collect(inode));
    return piece instanceof Uint8Array && piece.length === inode.size ? piece.slice() : this.#collect(inode);
  }

  async #collect(inode: ErofsInode): Promise<Uint8Array> {
    const bytes = new Uint8Array(inode.size);
    let done = 0;
    for await (const piece of this.pieces(inode)) done = fillPiece(bytes, done, piece);
    return bytes;
  }

  /**
   * The same `partLen` bytes at a time, at the end what is left, in memory that is filled again. Whatever else is read before
   * the next part is asked for, they stay as they are.
   */
  async *read(inode: ErofsInode, partLen: number): AsyncGenerator<Uint8Array> {
    const { size, readAt } = await this.open(inode);
    // what is read of other files in between takes away what has been decoded: so many parts at once
    const buffer = new Uint8Array(Math.min(size, partLen * Math.max(1, Math.floor(READ_BYTES / partLen))));
    for (let from = 0; from < size; from += buffer.length) {
      const end = await readAt(buffer, from);
      for (let at = 0; at < end; at += partLen) yield buffer.subarray(at, Math.min(at + partLen, end));
    }
  }

  /** The contents of a file, at any place; what reading throws is as of {@link pieces}. */
  async open(inode: ErofsInode): Promise<ByteSource> {
    const { size } = inode;
    const map = size === 0 ? undefined : await mapFile(this.#image, inode, this.#room);
    return {
      size,
      readAt: async (into, offset) => {
        const length = Math.max(0, Math.min(into.length, size - offset));
        for (let filled = 0; filled < length; ) {
          const piece = await this.#pieceAt(map!, offset + filled, length - filled);
          filled = fillPiece(into, filled, piece);
        }
        return length;
      },
    };
  }

  /** A piece of a file at any place: at least one byte, `most` at most. */
  async #pieceAt(map: FileMap, offset: number, most: number): Promise<ImagePiece> {
    const extent = await map.extentAt(offset);
    const from = offset - extent.start;
    return this.#piece(extent, from, Math.min(most, extent.length - from));
  }

  /** Bytes of an extent from its byte `offset` on: at least one, `most` at most; no others are in it. */
  #piece(extent: Extent, offset: number, most: number): ImagePiece | Promise<ImagePiece> {
    const { source, algorithm, at } = extent;
    if (source === "hole") return { zeros: most };
    if (source === "packed") return this.#packedPiece(at + offset, most);
    const space = extent.space ?? deviceBytes(this.#image, extent.device);
    if (algorithm !== undefined) return this.#decodedPiece(extent, space, algorithm, offset, most);
    const wrong = plainFault(extent);
    if (wrong !== undefined) throw damaged(at, wrong);
    const [from, length] = extent.isTurned ? this.#turn(extent, offset, most) : [at + offset, most];
    if (length <= LARGE) return space.borrowSome(from, length);
    this.#buffer ??= new Uint8Array(MOST_PIECE);
    const bytes = this.#buffer.subarray(0, Math.min(length, MOST_PIECE));
    return space.fill(bytes, from)?.then(() => bytes) ?? bytes;
  }

  /**
   * Where bytes of an extent stand that is turned: those in front of the first border of blocks in the file stand at its end.
   * Gives where that is, and how many go on there.
   */
  #turn({ at, start, stored }: Extent, offset: number, most: number): [at: number, length: number] {
    const { blockSize } = this.#image;
    const first = Math.min(blockSize - (start % blockSize), stored);
    if (offset >= first) return [at + offset - first, most];
    return [at + stored - first + offset, Math.min(most, first - offset)];
  }

  async #packedPiece(offset: number, most: number): Promise<ImagePiece> {
    this.#packed ??= await this.#openPacked();
    const { size, map } = this.#packed;
    const wrong = fragmentFault(offset, most, size);
    if (wrong !== undefined) throw damaged(0, wrong);
    const extent = await map.extentAt(offset);
    if (extent.source === "packed") throw damaged(0, PACKED_IN_ITSELF);
    const from = offset - extent.start;
    return this.#piece(extent, from, Math.min(most, extent.length - from));
  }

  async #openPacked(): Promise<{ size: number; map: FileMap }> {
    const { packedNid } = this.#image;
    if (packedNid === 0) throw damaged(0, NO_PACKED);
    const inode = await readInode(this.#image, packedNid);
    return { size: inode.size, map: await mapFile(this.#image, inode, new IndexRoom()) };
  }

  #decodedPiece(
    extent: Extent,
    space: ImageBytes,
    algorithm: number,
    offset: number,
    most: number,
  ): Uint8Array | Promise<Uint8Array> {
    const { at, length } = extent;
    const last = this.#decoded;
    if (
      last?.space === space &&
      last.at === at &&
      last.stored === extent.stored &&
      last.algorithm === algorithm &&
      (this.#isWhole(extent) ? last.isWhole && last.length === length : last.length >= length)
    )
      return last.bytes.subarray(offset, offset + most);
    if (extent.stored > MAX_PCLUSTER) throw damaged(at, `a pcluster of ${extent.stored} bytes`);
    if (length > MAX_DECODED) throw damaged(at, `an extent of ${length} bytes`);
    this.#decoded = undefined;
    const codec = this.#codecs.get(algorithm);
    if (codec === undefined || codec.plain.length < length) {
      const creating = this.#createCodec(algorithm, length);
      return creating.then(() => this.#decodedPiece(extent, space, algorithm, offset, most));
    }
    const loading = space.fill(codec.compressed.subarray(0, extent.stored), at);
    const finish = () => this.#decode(extent, space, codec).subarray(offset, offset + most);
    return loading?.then(finish) ?? finish();
  }

  /** Reads an extent, to know that it can be: at once where that can be done. */
  check(extent: Extent): undefined | Promise<unknown> {
    const piece = this.#piece(extent, 0, extent.length);
    return piece instanceof Promise ? piece : undefined;
  }

  /** Decodes what stands in a codec's window. */
  #decode(extent: Extent, space: ImageBytes, codec: Codec): Uint8Array {
    const { at, stored, length, source, algorithm } = extent;
    const isWhole = this.#isWhole(extent);
    const from = this.#streamStart(codec.compressed, stored, source === "inode");
    try {
      const got = isWhole ? codec.decompress(from, stored, 0, length) : codec.decompressStart(from, stored, 0, length);
      if (got !== length) throw damaged(at, `a pcluster holds ${got} bytes, not ${length}`);
    } catch (cause) {
      if (cause instanceof ImageError && cause.offset === undefined) throw damaged(at, cause.message);
      throw cause;
    }
    this.#decoded = { space, at, stored, algorithm, length, isWhole, bytes: codec.plain };
    return codec.plain.subarray(0, length);
  }

  /** Whether a pcluster must hold as much as an extent says. Where data stands at the start of its blocks, anything may follow. */
  #isWhole({ isPartial }: Extent): boolean {
    return this.#image.isPadded && !isPartial;
  }

  /** Compressed data stands at the end of its blocks; zeros in front of it are within the first. */
  #streamStart(bytes: Uint8Array, stored: number, isInline: boolean): number {
    let at = 0;
    const most = Math.min(stored - 1, isInline ? stored : this.#image.blockSize);
    if (this.#image.isPadded) while (at < most && bytes[at] === 0) at++;
    return at;
  }

  /** Makes a codec for extents of `length` bytes: few have more than a window that is a sixth of the largest. */
  async #createCodec(id: number, length: number): Promise<void> {
    const row = algorithmOf(id);
    if (!row) throw unsupported(`data of the algorithm ${id}`);
    if (((this.#image.algorithms || LZ4_ALONE) & (1 << id)) === 0)
      throw damaged(0, `there is data of ${row.codec}, of which the superblock does not know`);
    const plainLen = length <= MAX_DECODED / 6 ? MAX_DECODED / 6 : MAX_DECODED;
    this.#codecs.set(id, await createCodec({ name: row.codec, plainLen }));
  }
}

/** How many bytes a piece stands for. */
function pieceLength(piece: ImagePiece): number {
  return piece instanceof Uint8Array ? piece.length : piece.zeros;
}

/** Puts all bytes of a piece to `at`; gives where they end. */
function fillPiece(into: Uint8Array, at: number, piece: ImagePiece): number {
  const end = at + pieceLength(piece);
  if (piece instanceof Uint8Array) into.set(piece, at);
  else into.fill(0, at, end);
  return end;
}
