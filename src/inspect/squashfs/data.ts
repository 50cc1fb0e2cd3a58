/** The contents of files, decompressed: blocks, and ends in fragment blocks. Source: Linux fs/squashfs/{file,fragment}.c. */
import type { Codec } from "../../codec/codec.ts";
import { createCodec } from "../../codec/names.ts";
import type { ByteSource } from "../../core/byte-source.ts";
import { ImageError } from "../../core/error.ts";
import { compressorOf } from "../../squashfs/disk/compressors.ts";
import { BLOCK_WORD, FRAGMENT_ENTRY, WORD_RAW } from "../../squashfs/disk/format.ts";
import { damaged, type ImageBytes, unsupported } from "../image.ts";
import type { ImagePiece } from "../reader.ts";
import type { SquashfsImage } from "./image.ts";
import type { SquashfsFile, SquashfsInode } from "./inode.ts";

/** Words that are read at once. */
const WORDS_AT_ONCE = 4096;
/** Bytes of fragment blocks that are kept, and so many at least. */
const [KEPT_BYTES, LEAST_KEPT] = [4 << 20, 2] as const;

/** Data as it is stored: a block of a file, or a fragment block. */
export interface StoredBlock {
  readonly at: number;
  readonly stored: number;
  readonly isRaw: boolean;
}

/** What is said of a number that no fragment block has. */
export function noFragment(number: number): string {
  return `there is no fragment block ${number}`;
}

/** What is wrong with the bytes that a block holds, if anything: see {@link SquashfsData.decode}. */
export function blockFault(holds: number, most: number, least: number): string | undefined {
  if (holds >= least && holds <= most) return undefined;
  const wanted = least === most || holds > most ? `not ${most}` : `and files have some up to ${least}`;
  return `a block holds ${holds} bytes, ${wanted}`;
}

/** Reads contents; keeps the codec and the fragment blocks that were asked for last. */
export class SquashfsData {
  readonly #image: SquashfsImage;
  readonly #inodes: ImageBytes;
  readonly #fragmentTable: ImageBytes | undefined;
  readonly #kept = new Map<number, Uint8Array>();
  readonly #mostKept: number;
  #codec: Codec | undefined;
  /** For blocks that are stored as they are. */
  #raw: Uint8Array | undefined;

  /** @param inodes what the table of inodes holds, and of fragments the other */
  constructor(image: SquashfsImage, inodes: ImageBytes, fragments: ImageBytes | undefined) {
    this.#image = image;
    this.#inodes = inodes;
    this.#fragmentTable = fragments;
    this.#mostKept = Math.max(LEAST_KEPT, KEPT_BYTES / image.blockSize);
  }

  /** The contents of a file from front to back; what no block holds comes as zeros. */
  async *pieces(inode: SquashfsInode): AsyncGenerator<ImagePiece> {
    const file = this.#fileOf(inode);
    const { blockSize } = this.#image;
    let left = inode.size;
    for await (const block of this.blocks(inode)) {
      const length = Math.min(blockSize, left);
      left -= length;
      yield block.stored === 0 ? { zeros: length } : await this.decode(block, length);
    }
    if (left > 0) yield await this.#end(file, left);
  }

  /** The same at any place. */
  async open(inode: SquashfsInode): Promise<ByteSource> {
    const file = this.#fileOf(inode);
    const { size } = inode;
    const { blockSize } = this.#image;
    const places = await this.#placesOf(inode, file);
    let decoded: { number: number; bytes: Uint8Array } | undefined;
    const blockAt = async (number: number): Promise<Uint8Array | undefined> => {
      const length = Math.min(blockSize, size - number * blockSize);
      if (number >= file.words) return this.#end(file, length);
      const word = await this.#word(file, inode.bodyAt, number);
      if (word.stored === 0) return undefined;
      if (decoded?.number === number) return decoded.bytes;
      const bytes = await this.decode({ ...word, at: places[number]! }, length);
      decoded = { number, bytes: bytes.slice() };
      return decoded.bytes;
    };
    return {
      size,
      readAt: async (into, offset) => {
        const end = Math.min(size, offset + into.length);
        for (let at = offset; at < end; ) {
          const number = Math.floor(at / blockSize);
          const from = at - number * blockSize;
          const length = Math.min(blockSize - from, end - at);
          const part = into.subarray(at - offset, at - offset + length);
          const bytes = await blockAt(number);
          if (bytes === undefined) part.fill(0);
          else part.set(bytes.subarray(from, from + length));
          at += length;
        }
        return Math.max(end - offset, 0);
      },
    };
  }

  /** The blocks of a file, those of zeros too, which have no bytes. */
  async *blocks(inode: SquashfsInode): AsyncGenerator<StoredBlock> {
    const { startOff, words } = this.#fileOf(inode);
    const { bodyAt } = inode;
    let at = startOff;
    for (let first = 0; first < words; first += WORDS_AT_ONCE) {
      const count = Math.min(WORDS_AT_ONCE, words - first);
      const from = bodyAt + first * BLOCK_WORD.byteSize;
      const view = await this.#inodes.view(from, count * BLOCK_WORD.byteSize);
      for (let word = 0; word < count; word++) {
        const block = this.#stored(view.getU32(word * BLOCK_WORD.byteSize, BLOCK_WORD.size), this.#inodes, from);
        yield { at, ...block };
        at += block.stored;
      }
    }
  }

  /** How many fragment blocks there are. */
  get fragments(): number {
    return this.#fragmentTable === undefined ? 0 : this.#fragmentTable.size / FRAGMENT_ENTRY.byteSize;
  }

  /** A fragment block as it is stored. */
  async fragment(number: number): Promise<StoredBlock> {
    const table = this.#fragmentTable;
    const place = number * FRAGMENT_ENTRY.byteSize;
    if (table === undefined || number >= this.fragments) throw damaged(0, noFragment(number));
    const view = await table.view(place, FRAGMENT_ENTRY.byteSize);
    const at = table.toNumber(view.getU64(0, FRAGMENT_ENTRY.start_block), place);
    return { at, ...this.#stored(view.getU32(0, FRAGMENT_ENTRY.size), table, place) };
  }

  /**
   * What a block holds, which is valid until the next call.
   *
   * @param least that it has to hold; of a fragment block what files have of it, of any other all
   * @throws ImageError `DAMAGED` where it holds another number of bytes
   */
  async decode({ at, stored, isRaw }: StoredBlock, most: number, least = most): Promise<Uint8Array> {
    const plain = isRaw ? await this.#readRaw(at, stored) : await this.#decompress(at, stored);
    const wrong = blockFault(plain.length, most, least);
    if (wrong !== undefined) throw damaged(at, wrong);
    return plain;
  }

  async #readRaw(at: number, stored: number): Promise<Uint8Array> {
    this.#raw ??= new Uint8Array(this.#image.blockSize);
    const bytes = this.#raw.subarray(0, stored);
    await this.#image.bytes.fill(bytes, at);
    return bytes;
  }

  async #decompress(at: number, stored: number): Promise<Uint8Array> {
    this.#codec ??= await makeDecoder(this.#image);
    const { compressed, plain } = this.#codec;
    await this.#image.bytes.fill(compressed.subarray(0, stored), at);
    try {
      return plain.subarray(0, this.#codec.decompress(0, stored, 0, this.#image.blockSize));
    } catch (cause) {
      if (cause instanceof ImageError) throw damaged(at, cause.message);
      throw cause;
    }
  }

  /** The end of a file, in its fragment block. */
  async #end({ fragment, fragmentOff }: SquashfsFile, length: number): Promise<Uint8Array> {
    const bytes = await this.#fragmentBytes(fragment!);
    const wrong = blockFault(bytes.length, this.#image.blockSize, fragmentOff + length);
    if (wrong !== undefined) throw damaged(0, `fragment block ${fragment}: ${wrong}`);
    return bytes.subarray(fragmentOff, fragmentOff + length);
  }

  async #fragmentBytes(number: number): Promise<Uint8Array> {
    const known = this.#kept.get(number);
    if (known !== undefined) return known;
    const block = await this.fragment(number);
    const decoded = await this.decode(block, this.#image.blockSize, 0);
    const bytes = this.#roomForOne().subarray(0, decoded.length);
    bytes.set(decoded);
    this.#kept.set(number, bytes);
    return bytes;
  }

  /** Memory for a block: that of the one that was read longest ago, which is no longer kept. */
  #roomForOne(): Uint8Array {
    if (this.#kept.size < this.#mostKept) return new Uint8Array(this.#image.blockSize);
    const [oldest, bytes] = this.#kept.entries().next().value!;
    this.#kept.delete(oldest);
    return new Uint8Array(bytes.buffer);
  }

  /** Where each block of a file starts. */
  async #placesOf(inode: SquashfsInode, { words }: SquashfsFile): Promise<Float64Array> {
    const places = new Float64Array(words);
    let number = 0;
    for await (const { at } of this.blocks(inode)) places[number++] = at;
    return places;
  }

  async #word({ words }: SquashfsFile, bodyAt: number, number: number): Promise<Omit<StoredBlock, "at">> {
    if (number >= words) throw this.#inodes.damaged(bodyAt, `there is no block ${number}`);
    const at = bodyAt + number * BLOCK_WORD.byteSize;
    return this.#stored(
      (await this.#inodes.view(at, BLOCK_WORD.byteSize)).getU32(0, BLOCK_WORD.size),
      this.#inodes,
      at,
    );
  }

  /** What a word says of a block; `at` is where it stands. */
  #stored(word: number, table: ImageBytes, at: number): Omit<StoredBlock, "at"> {
    const stored = word & (WORD_RAW - 1);
    if (word >= 2 * WORD_RAW || stored > this.#image.blockSize)
      throw table.damaged(at, `no block has the word ${word}`);
    return { stored, isRaw: word >= WORD_RAW };
  }

  #fileOf({ file, at }: SquashfsInode): SquashfsFile {
    if (file === undefined) throw this.#inodes.damaged(at, "this is no file");
    return file;
  }
}

async function makeDecoder({ compression, blockSize }: SquashfsImage): Promise<Codec> {
  const codec = compressorOf(compression)?.codec;
  if (codec === undefined) throw unsupported(`the compressor ${compression}`);
  return createCodec({ name: codec, plainLen: blockSize, compressedLen: blockSize });
}
