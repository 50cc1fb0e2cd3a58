/**
 * Files of .xz as SquashFS holds them, one for each block: a stream of one block with LZMA2, in front of it a filter of code
 * where that pays, a CRC-32 of the contents, and an index of one.
 *
 *     | header | block header, LZMA2, 0 to 3 zeros, CRC-32 | index | footer |
 *     | 12     |                                           |       | 12     |
 */
import { equalBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import type { Codec, CodecWindows, FillNotes } from "../codec.ts";
import { type LzmaProperties, type LzmaSettings, prepareEncoder, resolveProperties } from "../lzma/lzma.ts";
import { type LzmaExports, lzmaFormat } from "../lzma/module.ts";
import { WasmCodec } from "../wasm-codec.ts";
import { type BlockHeader, type FilterFlags, makeBlockHeader, readBlockHeader } from "./block-header.ts";
import { type BranchKind, DECODE, ENCODE } from "./branch.ts";
import { BRANCHES } from "./branches.ts";
import { FILTERS, type FilterName } from "./filter-names.ts";
import { createFilter } from "./filters.ts";
import { END_MAGIC, FOOTER_SIZE, HEADER_SIZE, MAGIC } from "./marks.ts";
import { numberBytes } from "./number.ts";

/** Checksums that Linux reads: none, and CRC-32, which is written. */
const NO_CHECK = 0;
const CRC32 = 1;
const CRC_SIZE = 4;
/** Bytes that a filter may have to see behind those that it turns. */
const MOST_OF_INSTRUCTION = 16;

const align = (size: number) => (size + 3) & ~3;

/** What .xz is to be like, besides its level. */
export interface XzSettings extends LzmaSettings {
  /** Filters that are tried besides none, each with contexts that suit it; the smallest block is kept. */
  filters?: readonly string[] | undefined;
}

/** One way to write a block: a filter of code, or none. */
interface Way {
  readonly branch: BranchKind | undefined;
  readonly properties: LzmaProperties;
  /** Of the block, its checksum included. */
  readonly header: Uint8Array;
}

class Xz extends WasmCodec<LzmaExports> {
  readonly #ways: readonly Way[];

  constructor(level: number, windows: CodecWindows, settings: XzSettings) {
    let dictSize = 0;
    super(`xz,${level}`, lzmaFormat("block of xz"), windows, (exports) => {
      dictSize = prepareEncoder(exports, "xz", level, windows, settings.dictSize);
      return { compress: exports.compressLzma2, decompress: exports.decompressLzma2 };
    });
    const rows = (settings.filters ?? []).map((name) => {
      if (Object.hasOwn(BRANCHES, name)) return BRANCHES[name as FilterName];
      throw new ImageError("INPUT", `xz has filters ${FILTERS.join(", ")}, not ${name}`);
    });
    this.#ways = [undefined, ...rows].map((row) => ({
      branch: row?.kind,
      properties: resolveProperties("xz", { ...settings, ...row?.contexts }),
      header: makeBlockHeader(dictSize, row ? [row.id] : []),
    }));
    for (const { header } of this.#ways) this.#sign(header, 0, header.length - CRC_SIZE, header.length - CRC_SIZE);
  }

  /** Tries all ways, and leaves the block that holds most for its size. */
  protected override encode(from: number, to: number, at: number, limit: number, notes: FillNotes | undefined): number {
    const { compressed } = this;
    let best = 0;
    let consumed = 0;
    for (const way of this.#ways) {
      const kept = compressed.slice(at, at + best);
      const room = best === 0 || notes ? limit : best - 1;
      const size = this.#encodeBlock(way, { from, to, at, limit: room }, notes);
      if (size > 0 && (best === 0 || this.consumed * best > consumed * size)) {
        best = size;
        consumed = this.consumed;
      } else compressed.set(kept, at);
    }
    this.consumed = consumed;
    return best;
  }

  #encodeBlock({ branch, properties, header }: Way, range: Range, notes: FillNotes | undefined): number {
    const { from, to, at, limit } = range;
    const { compressed } = this;
    const data = at + HEADER_SIZE + header.length;
    const room = roomForData(limit - HEADER_SIZE - header.length, header.length, to - from);
    if (room <= 0) return 0;
    const contents = this.plain.subarray(from, to);
    this.exports.setProperties(properties.lc, properties.lp, properties.pb);
    // turned back at once: nobody is to see it
    branch?.(ENCODE)(contents, 0);
    const size = super.encode(from, to, data, room, notes);
    branch?.(DECODE)(contents, 0);
    // where contents are cut, an instruction may be turned of which the reader does not get the end
    if (size === 0 || (branch && this.consumed < to - from)) return 0;
    compressed.set(MAGIC, at);
    compressed.set([0, CRC32], at + MAGIC.length);
    this.#sign(compressed, at + MAGIC.length, at + MAGIC.length + 2, at + MAGIC.length + 2);
    compressed.set(header, at + HEADER_SIZE);
    const check = data + align(size);
    compressed.fill(0, data + size, check);
    this.#view().setUint32(check, this.#crc32(this.plain, from, from + this.consumed), true);
    const tail = this.#tail(header.length + size, this.consumed, CRC32);
    compressed.set(tail, check + CRC_SIZE);
    return check + CRC_SIZE + tail.length - at;
  }

  protected override decode(from: number, to: number, at: number, limit: number, partial: boolean): number {
    const { header, hasCheck } = this.#readHeaders(from, to);
    const data = from + HEADER_SIZE + header.size;
    if (header.filters.length === 0) {
      const size = super.decode(data, to, at, limit, partial);
      if (!partial || size < limit) this.#checkEnd(data, to, header, hasCheck, at, size);
      return size;
    }
    // what is turned at the end of a part depends on bytes behind it, which are the caller's
    const memory = new Uint8Array(this.plain.buffer);
    const start = this.plain.byteOffset + at;
    const behind = partial ? MOST_OF_INSTRUCTION : 0;
    const kept = memory.slice(start + limit, start + limit + behind);
    let size = 0;
    try {
      size = super.decode(data, to, at, limit + behind, partial);
      for (const filter of header.filters) undo(filter, memory.subarray(start, start + size));
    } finally {
      memory.set(kept, start + limit);
    }
    if (!partial || size < limit) this.#checkEnd(data, to, header, hasCheck, at, size);
    return Math.min(size, limit);
  }

  /** Reads what stands in front of the data. */
  #readHeaders(from: number, to: number): { header: BlockHeader; hasCheck: boolean } {
    const { compressed } = this;
    const block = from + HEADER_SIZE;
    const size = 4 * (compressed[block]! + 1);
    if (block + size > to) throw this.damaged("it ends too early");
    const isOne = equalBytes(compressed.subarray(from, from + MAGIC.length), Uint8Array.from(MAGIC));
    const check = compressed[from + MAGIC.length + 1]!;
    if (!isOne || compressed[from + MAGIC.length] !== 0 || check > CRC32)
      throw this.damaged("it does not begin as one");
    this.#checkSign(from + MAGIC.length, from + MAGIC.length + 2, block - CRC_SIZE);
    const end = block + size - CRC_SIZE;
    this.#checkSign(block, end, end);
    return { header: readBlockHeader(compressed.slice(block, end)), hasCheck: check !== NO_CHECK };
  }

  /** Checks what stands behind the data of a block that has been read whole. */
  #checkEnd(data: number, to: number, header: BlockHeader, hasCheck: boolean, at: number, size: number): void {
    const { compressed } = this;
    const end = this.exports.endOfChunks() - compressed.byteOffset;
    const check = data + align(end - data);
    const rest = check + (hasCheck ? CRC_SIZE : 0);
    const tail = this.#tail(header.size + end - data, size, hasCheck ? CRC32 : NO_CHECK);
    const isEqual =
      compressed.subarray(end, check).every((byte) => byte === 0) && equalBytes(compressed.subarray(rest, to), tail);
    if (!isEqual || size !== (header.plain ?? size) || end - data !== (header.compressed ?? end - data)) {
      throw this.damaged("its end is not what it should be");
    }
    if (hasCheck && this.#view().getUint32(check, true) !== this.#crc32(this.plain, at, at + size)) {
      throw this.damaged("its checksum is not that of the contents");
    }
  }

  /** The index and the footer. @param length of the block without padding and checksum @param size of its contents */
  #tail(length: number, size: number, check: number): Uint8Array {
    const index = [0, 1, ...numberBytes(length + (check === NO_CHECK ? 0 : CRC_SIZE)), ...numberBytes(size)];
    const indexSize = align(index.length) + CRC_SIZE;
    const tail = new Uint8Array(indexSize + FOOTER_SIZE);
    tail.set(index);
    this.#sign(tail, 0, indexSize - CRC_SIZE, indexSize - CRC_SIZE);
    const footer = tail.subarray(indexSize);
    new DataView(tail.buffer).setUint32(indexSize + 4, indexSize / 4 - 1, true);
    footer.set([0, check, ...END_MAGIC], 8);
    this.#sign(footer, 4, 10, 0);
    return tail;
  }

  /** Puts the CRC-32 of [from, to) at a place. */
  #sign(bytes: Uint8Array, from: number, to: number, at: number): void {
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, this.#crc32(bytes, from, to), true);
  }

  #checkSign(from: number, to: number, at: number): void {
    if (this.#view().getUint32(at, true) !== this.#crc32(this.compressed, from, to)) {
      throw this.damaged("its head is damaged");
    }
  }

  /** The CRC-32 of a range of a window, or of few bytes that stand elsewhere. */
  #crc32(bytes: Uint8Array, from: number, to: number): number {
    const { memory, CHECKED } = this.exports;
    if (bytes.buffer === memory.buffer) {
      return this.exports.crc32(bytes.byteOffset + from, bytes.byteOffset + to, 0) >>> 0;
    }
    new Uint8Array(memory.buffer).set(bytes.subarray(from, to), CHECKED.value);
    return this.exports.crc32(CHECKED.value, CHECKED.value + to - from, 0) >>> 0;
  }

  #view(): DataView {
    return new DataView(this.compressed.buffer, this.compressed.byteOffset, this.compressed.length);
  }
}

/** Where contents are, and where their block is to go. */
interface Range {
  readonly from: number;
  readonly to: number;
  readonly at: number;
  readonly limit: number;
}

/** Undoes a filter of contents that are all there. */
function undo({ id, properties }: FilterFlags, contents: Uint8Array): void {
  const filter = createFilter(id, properties);
  const done = filter.add(contents);
  contents.set(done);
  contents.set(filter.end(), done.length);
}

/** How many bytes of LZMA2 fit where so many are for all that follows the block's header. */
function roomForData(room: number, header: number, plain: number): number {
  const index = align(2 + numberBytes(header + Math.max(room, 0)).length + numberBytes(plain).length);
  return (room - 2 * CRC_SIZE - index - FOOTER_SIZE) & ~3;
}

/**
 * .xz as SquashFS holds it.
 *
 * @param level 0 to 9, or 100 to 109 for what `xz` calls extreme
 * @throws ImageError `INPUT` when there is no such level, no such setting, or no such window
 */
export function createXz(level = 6, windows: CodecWindows = {}, settings: XzSettings = {}): Codec {
  return new Xz(level, windows, settings);
}
