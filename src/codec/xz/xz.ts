/**
 * Files as `xz` writes them: streams of blocks, each with filters, LZMA2 and a checksum, and an index of their lengths. After
 * The .xz File Format 1.1.0. All that they tell is checked; memory is that of the largest dictionary.
 */
import { equalBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { ByteInput } from "../lzma/byte-input.ts";
import { LzmaDecoder } from "../lzma/decoder.ts";
import { decodeLzma2 } from "../lzma/lzma2.ts";
import { type BlockHeader, readBlockHeader } from "./block-header.ts";
import { type Check, type CheckKind, checkKind, type Sha256 } from "./check.ts";
import { createFilter, type Filter } from "./filters.ts";
import { END_MAGIC, FOOTER_SIZE, HEADER_SIZE, MAGIC } from "./marks.ts";
import { readNumber } from "./number.ts";

const damaged = (what: string) => new ImageError("DAMAGED", what);

/** The lengths of blocks, as a hash, so that any number of them takes no memory. */
class Lengths {
  readonly #hash: Sha256;
  count = 0;

  constructor(sha256: () => Sha256) {
    this.#hash = sha256();
  }

  add(unpadded: number, plain: number): void {
    this.count++;
    this.#hash.update(new TextEncoder().encode(`${unpadded} ${plain};`));
  }

  digest(): Uint8Array {
    return this.#hash.digest();
  }
}

/**
 * Decompresses a stream. Parts are good until the next is asked for.
 *
 * @param sha256 makes a SHA-256
 * @throws ImageError `DAMAGED` for what is not well-formed, `LIMIT` for a dictionary that is too large
 */
export async function* unpackXz(stream: AsyncIterable<Uint8Array>, sha256: () => Sha256): AsyncGenerator<Uint8Array> {
  const input = new ByteInput(stream);
  try {
    yield* new XzReader(input, sha256).streams();
  } finally {
    await input.end();
  }
}

class XzReader {
  readonly #input: ByteInput;
  readonly #sha256: () => Sha256;
  readonly #decoder = new LzmaDecoder();

  constructor(input: ByteInput, sha256: () => Sha256) {
    this.#input = input;
    this.#sha256 = sha256;
  }

  async *streams(): AsyncGenerator<Uint8Array> {
    let head = await this.#input.read(HEADER_SIZE);
    for (;;) {
      yield* this.#stream(head);
      const next = await this.#nextHead();
      if (!next) return;
      head = next;
    }
  }

  /** Passes over padding; the next stream's header, or undefined at the end. */
  async #nextHead(): Promise<Uint8Array | undefined> {
    const word = new Uint8Array(4);
    for (;;) {
      const got = await this.#input.readSome(word);
      if (got === 0) return undefined;
      if (got < word.length) throw damaged("something follows its end");
      if (word.every((byte) => byte === 0)) continue;
      const head = new Uint8Array(HEADER_SIZE);
      head.set(word);
      await this.#input.fill(head.subarray(word.length));
      return head;
    }
  }

  async *#stream(head: Uint8Array): AsyncGenerator<Uint8Array> {
    if (!equalBytes(head.subarray(0, MAGIC.length), Uint8Array.from(MAGIC))) throw damaged("it does not begin as one");
    this.#checkCrc(head.subarray(6, 8), head.subarray(8), "the header of a stream");
    const flags = head.subarray(6, 8);
    if (flags[0] !== 0 || flags[1]! > 15) throw damaged("a stream has flags that are not known");
    const kind = checkKind(flags[1]!);
    const lengths = new Lengths(this.#sha256);
    for (;;) {
      const size = await this.#input.byte();
      if (size === 0) break;
      yield* this.#block(4 * (size + 1), kind, lengths);
    }
    await this.#footer(await this.#index(lengths), flags);
  }

  async *#block(headerSize: number, kind: CheckKind, lengths: Lengths): AsyncGenerator<Uint8Array> {
    const header = this.#readHeader(await this.#input.read(headerSize - 1), headerSize);
    const start = this.#input.at;
    this.#decoder.setDictionary(Math.min(header.dictionary, header.plain ?? header.dictionary));
    const check = kind.create(this.#decoder, this.#sha256);
    const most = header.plain ?? Number.POSITIVE_INFINITY;
    let plain = 0;
    const filters = header.filters.map(({ id, properties }) => createFilter(id, properties));
    for await (const bytes of filtered(decodeLzma2(this.#input, this.#decoder), filters)) {
      check.add(bytes);
      plain += bytes.length;
      if (plain > most) throw damaged("a block is longer than its header says");
      yield bytes;
    }
    const compressed = this.#input.at - start;
    if (plain < (header.plain ?? 0) || compressed !== (header.compressed ?? compressed)) {
      throw damaged("a block is not as long as its header says");
    }
    await this.#padding(compressed);
    await this.#compare(check, kind);
    lengths.add(headerSize + compressed + kind.size, plain);
  }

  async #compare(check: Check, kind: CheckKind): Promise<void> {
    if (!equalBytes(await this.#input.read(kind.size), check.result())) throw damaged("a block's checksum is wrong");
  }

  /** @param rest of the header, behind the byte that tells its size */
  #readHeader(rest: Uint8Array, size: number): BlockHeader {
    const end = rest.length - 4;
    const all = new Uint8Array(end + 1);
    all[0] = size / 4 - 1;
    all.set(rest.subarray(0, end), 1);
    this.#checkCrc(all, rest.subarray(end), "the header of a block");
    return readBlockHeader(all);
  }

  /** Reads the index, which is to tell of these blocks; gives its bytes. */
  async #index(lengths: Lengths): Promise<number> {
    const start = this.#input.at - 1;
    const seen = new IndexInput(this.#input, this.#decoder);
    const told = new Lengths(this.#sha256);
    for (let left = await seen.number(); left > 0; left--) {
      const unpadded = await seen.number();
      told.add(unpadded, await seen.number());
      if (told.count > lengths.count) break;
    }
    if (!equalBytes(told.digest(), lengths.digest())) throw damaged("its index tells of other blocks");
    const padding = -(this.#input.at - start) & 3;
    await seen.padding(padding);
    const crc = await this.#input.read(4);
    if (new DataView(crc.buffer).getUint32(0, true) !== seen.crc) throw damaged("the checksum of its index is wrong");
    return this.#input.at - start;
  }

  async #footer(indexSize: number, flags: Uint8Array): Promise<void> {
    const footer = await this.#input.read(FOOTER_SIZE);
    const view = new DataView(footer.buffer);
    this.#checkCrc(footer.subarray(4, 10), footer.subarray(0, 4), "the end of a stream");
    if (4 * (view.getUint32(4, true) + 1) !== indexSize) throw damaged("its index is not as long as its end says");
    const isSame =
      equalBytes(footer.subarray(8, 10), flags) && equalBytes(footer.subarray(10), Uint8Array.from(END_MAGIC));
    if (!isSame) throw damaged("a stream ends as another one");
  }

  async #padding(length: number): Promise<void> {
    const bytes = await this.#input.read(-length & 3);
    if (bytes.some((byte) => byte !== 0)) throw damaged("there is something between its parts");
  }

  #checkCrc(bytes: Uint8Array, crc: Uint8Array, what: string): void {
    const told = new DataView(crc.buffer, crc.byteOffset).getUint32(0, true);
    if (this.#decoder.crc32(bytes) !== told) throw damaged(`${what} is damaged`);
  }
}

/** Reads the index, byte by byte, and takes its checksum on the way: that of the byte that told that it is one, too. */
class IndexInput {
  readonly #input: ByteInput;
  readonly #decoder: LzmaDecoder;
  crc: number;

  constructor(input: ByteInput, decoder: LzmaDecoder) {
    this.#input = input;
    this.#decoder = decoder;
    this.crc = decoder.crc32(new Uint8Array(1));
  }

  async number(): Promise<number> {
    const bytes = new Uint8Array(9);
    let length = 0;
    do {
      bytes[length++] = await this.#input.byte();
    } while (bytes[length - 1]! >= 0x80 && length < bytes.length);
    this.#see(bytes.subarray(0, length));
    return readNumber(bytes.subarray(0, length), { at: 0 });
  }

  async padding(length: number): Promise<void> {
    const bytes = await this.#input.read(length);
    this.#see(bytes);
    if (bytes.some((byte) => byte !== 0)) throw damaged("its index has bytes that mean nothing");
  }

  #see(bytes: Uint8Array): void {
    this.crc = this.#decoder.crc32(bytes, this.crc);
  }
}

/** Contents once all filters are undone. */
async function* filtered(parts: AsyncIterable<Uint8Array>, filters: readonly Filter[]): AsyncGenerator<Uint8Array> {
  for await (const part of parts) yield filters.reduce((bytes, filter) => filter.add(bytes), part);
  for (const [at, filter] of filters.entries()) {
    const rest = filter.end();
    yield filters.slice(at + 1).reduce((bytes, next) => next.add(bytes), rest);
  }
}
