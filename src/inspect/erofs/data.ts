/** The contents of files, decompressed. Source: Linux fs/erofs/{data,zdata,decompressor}.c. */
import type { Codec } from "../../codec/codec.ts";
import { createCodec } from "../../codec/names.ts";
import { ImageError } from "../../core/error.ts";
import type { ByteSource } from "../../core/sink.ts";
import { algorithmOf } from "../../erofs/disk/algorithms.ts";
import { MAX_DECODED, MAX_PCLUSTER } from "../../erofs/disk/format.ts";
import { damaged, type ImageBytes, unsupported } from "../image.ts";
import type { Extent } from "./extent.ts";
import { readExtents } from "./extents.ts";
import type { ErofsImage } from "./image.ts";
import { type ErofsInode, readInode } from "./inode.ts";

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
   * The contents of a file `bufferLen` bytes at a time, at the end what is left, in a buffer that is filled again.
   *
   * @throws ImageError `DAMAGED` where they do not hold together, `INPUT` where there is no codec for them
   */
  async *read(inode: ErofsInode, bufferLen: number): AsyncGenerator<Uint8Array> {
    const buffer = new Uint8Array(bufferLen);
    let filled = 0;
    for await (const extent of readExtents(this.#image, inode)) {
      for (let done = 0; done < extent.length; ) {
        const length = Math.min(bufferLen - filled, extent.length - done);
        await this.#fill(buffer.subarray(filled, filled + length), extent, done);
        done += length;
        filled += length;
        if (filled < bufferLen) continue;
        yield buffer;
        filled = 0;
      }
    }
    if (filled > 0) yield buffer.subarray(0, filled);
  }

  /** The contents of a file, at any place; what reading throws is as of {@link read}. */
  async open(inode: ErofsInode): Promise<ByteSource> {
    const extents: Extent[] = [];
    for await (const extent of readExtents(this.#image, inode)) extents.push(extent);
    return {
      size: inode.size,
      readAt: async (into, offset) => {
        const length = Math.min(into.length, inode.size - offset);
        await this.#fillFrom(extents, into.subarray(0, length), offset);
        return length;
      },
    };
  }

  /** Fills in the bytes of an extent from its byte `offset` on. */
  async #fill(into: Uint8Array, extent: Extent, offset: number): Promise<void> {
    if (extent.source === "hole") into.fill(0);
    else if (extent.source === "device") into.set(await this.#readDevice(extent, offset, into.length));
    else if (extent.source === "packed") await this.#fillPacked(into, extent.at + offset);
    else if (extent.algorithm !== undefined) {
      const bytes = await this.#decode(extent, extent.algorithm);
      into.set(bytes.subarray(offset, offset + into.length));
    } else if (extent.isTurned) await this.#fillTurned(into, extent, offset);
    else {
      if (offset + into.length > extent.stored) throw damaged(extent.at, "an extent is longer than its blocks");
      into.set(await this.#spaceOf(extent).read(extent.at + offset, into.length));
    }
  }

  #readDevice({ device, at }: Extent, offset: number, length: number): Promise<Uint8Array> {
    const { bytes } = this.#image.devices[device! - 1]!;
    if (bytes === undefined) throw unsupported(`data in device ${device}, which is not there`);
    return bytes.read(at + offset, length);
  }

  async #fillTurned(into: Uint8Array, { at, start, length }: Extent, offset: number): Promise<void> {
    const { blockSize } = this.#image;
    if (length > blockSize) throw unsupported("turned blocks of more than one at once");
    const block = await this.#image.bytes.read(at, blockSize);
    for (let index = 0; index < into.length; index++) into[index] = block[(start + offset + index) % blockSize]!;
  }

  async #fillPacked(into: Uint8Array, offset: number): Promise<void> {
    const { packedNid } = this.#image;
    if (packedNid === 0) throw damaged(0, "there are fragments, but there is no packed inode");
    this.#packed ??= await this.#packedExtents(packedNid);
    await this.#fillFrom(this.#packed, into, offset);
  }

  /** In what the bytes of an extent lie. */
  #spaceOf({ space }: Extent): ImageBytes {
    return space ?? this.#image.bytes;
  }

  /** Fills in bytes of a file of which all extents are known. */
  async #fillFrom(extents: readonly Extent[], into: Uint8Array, offset: number): Promise<void> {
    for (let filled = 0; filled < into.length; ) {
      const extent = extentOf(extents, offset + filled);
      const from = offset + filled - extent.start;
      const length = Math.min(into.length - filled, extent.length - from);
      await this.#fill(into.subarray(filled, filled + length), extent, from);
      filled += length;
    }
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
