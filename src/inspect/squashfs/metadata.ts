/**
 * Metadata as it is read: a table's blocks are found by their headers, and decoded when they are asked for. Each but the
 * last holds 8 KiB, so what they hold is a space of bytes like an image: a reference is a place in it.
 */
import type { Codec } from "../../codec/codec.ts";
import { createCodec } from "../../codec/names.ts";
import type { ByteSource } from "../../core/byte-source.ts";
import { ImageError } from "../../core/error.ts";
import { compressorOf } from "../../squashfs/disk/compressors.ts";
import { META_BLOCK, META_HEADER, META_RAW } from "../../squashfs/disk/format.ts";
import { damaged, ImageBytes, unsupported } from "../image.ts";
import type { SquashfsImage, TableName, TablePlace } from "./image.ts";

/** A metadata block. */
export interface MetaBlock {
  /** Where its header is in the image, and the bytes behind that. */
  readonly at: number;
  readonly stored: number;
  readonly isRaw: boolean;
}

/** Decodes blocks; one for all tables of an image. */
export class MetaDecoder {
  readonly #image: SquashfsImage;
  #codec: Codec | undefined;

  constructor(image: SquashfsImage) {
    this.#image = image;
  }

  /** What a block holds; valid until the next call. */
  async decode({ at, stored, isRaw }: MetaBlock): Promise<Uint8Array> {
    const bytes = await this.#image.bytes.read(at + META_HEADER.byteSize, stored);
    if (isRaw) return bytes;
    this.#codec ??= await makeDecoder(this.#image.compression);
    const { compressed, plain } = this.#codec;
    compressed.set(bytes);
    try {
      return plain.subarray(0, this.#codec.decompress(0, stored, 0, META_BLOCK));
    } catch (cause) {
      if (cause instanceof ImageError) throw damaged(at, cause.message);
      throw cause;
    }
  }
}

async function makeDecoder(compression: number): Promise<Codec> {
  const codec = compressorOf(compression)?.codec;
  if (codec === undefined) throw unsupported(`the compressor ${compression}`);
  // a block that is stored compressed is shorter than what it holds
  return createCodec({ name: codec, plainLen: META_BLOCK, compressedLen: META_BLOCK });
}

/** A table: its blocks, and what they hold as one space of bytes. */
export class MetaTable {
  readonly name: string;
  readonly blocks: readonly MetaBlock[];
  /** What the blocks hold. */
  readonly bytes: ImageBytes;
  /** Numbers of blocks by their places relative to the first. */
  readonly #numbers: ReadonlyMap<number, number>;

  private constructor(name: string, blocks: readonly MetaBlock[], bytes: ImageBytes) {
    this.name = name;
    this.blocks = blocks;
    this.bytes = bytes;
    this.#numbers = new Map(blocks.map(({ at }, number) => [at - blocks[0]!.at, number]));
  }

  /**
   * Finds the blocks of a table.
   *
   * @throws ImageError `DAMAGED` where they do not end with it
   */
  static async open(image: SquashfsImage, decoder: MetaDecoder, place: TablePlace): Promise<MetaTable> {
    const blocks: MetaBlock[] = [];
    for (let at = place.at; at < place.end; ) {
      const header = (await image.bytes.view(at, META_HEADER.byteSize)).getU16(0, META_HEADER.size);
      const stored = header & (META_RAW - 1);
      if (stored === 0 || stored > META_BLOCK) throw damaged(at, `a metadata block of ${stored} bytes`);
      blocks.push({ at, stored, isRaw: (header & META_RAW) !== 0 });
      at += META_HEADER.byteSize + stored;
      if (at > place.end) throw damaged(at, `the table of ${place.name} goes on behind ${place.end}`);
    }
    const last = blocks.at(-1);
    const lastBytes = last === undefined ? 0 : (await decoder.decode(last)).length;
    const size = last === undefined ? 0 : (blocks.length - 1) * META_BLOCK + lastBytes;
    if (place.bytes !== undefined && size !== place.bytes) {
      throw damaged(place.at, `the table of ${place.name} holds ${size} bytes, not ${place.bytes}`);
    }
    const source = new MetaSource(blocks, decoder, size);
    return new MetaTable(place.name, blocks, new ImageBytes(source, `the table of ${place.name}`));
  }

  /** The place that a reference leads to. */
  place(block: number, offset: number): number {
    const number = this.#numbers.get(block);
    if (number === undefined || offset >= META_BLOCK) {
      throw this.bytes.damaged(0, `no block starts at ${block} from here, or none holds a byte ${offset}`);
    }
    return number * META_BLOCK + offset;
  }

  /** The same in one number. */
  placeOf(reference: number): number {
    return this.place(Math.floor(reference / 0x10000), reference % 0x10000);
  }
}

/** Opens the tables of an image, by name. */
export async function openTables(image: SquashfsImage): Promise<Map<TableName, MetaTable>> {
  const decoder = new MetaDecoder(image);
  const tables = new Map<TableName, MetaTable>();
  for (const place of image.tables) tables.set(place.name, await MetaTable.open(image, decoder, place));
  return tables;
}

class MetaSource implements ByteSource {
  readonly size: number;
  readonly #blocks: readonly MetaBlock[];
  readonly #decoder: MetaDecoder;

  constructor(blocks: readonly MetaBlock[], decoder: MetaDecoder, size: number) {
    this.#blocks = blocks;
    this.#decoder = decoder;
    this.size = size;
  }

  async readAt(into: Uint8Array, offset: number): Promise<number> {
    const number = Math.floor(offset / META_BLOCK);
    const block = this.#blocks[number]!;
    const bytes = await this.#decoder.decode(block);
    if (number < this.#blocks.length - 1 && bytes.length !== META_BLOCK) {
      throw damaged(block.at, `a metadata block holds ${bytes.length} bytes, and is not the last`);
    }
    const found = bytes.subarray(offset % META_BLOCK, (offset % META_BLOCK) + into.length);
    into.set(found);
    return found.length;
  }
}
