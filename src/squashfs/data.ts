/**
 * The data of an image: every thread takes pieces of about 1 MiB, reads them, compresses block by block, and keeps the
 * result until all earlier pieces have their places. So places follow from the contents alone, not from the threads.
 */
import type { Codec } from "../codec/codec.ts";
import { isZero, roundUp } from "../core/bytes.ts";
import { OrderedOutput, type PieceResult } from "../core/ordered.ts";
import type { Sink } from "../core/sink.ts";
import type { JobContext } from "../core/threads.ts";
import type { Contents } from "../stage/tree/contents.ts";
import { FILE_NO_HOLES, FILE_RAW } from "../stage/tree/file-order.ts";
import type { Tree } from "../stage/tree/tree.ts";
import { type CompressorSpec, makeCodec } from "./compressor.ts";
import { WORD_RAW } from "./disk/format.ts";
import { BLOCK_ALIGN, FRAGMENT_ITEM, PIECE_BYTES, PIECE_FIELDS } from "./items.ts";
import type { DataPlan } from "./plan.ts";

/** How blocks are stored; plain data. */
export interface DataCoding extends CompressorSpec {
  /** Data blocks are not compressed. */
  rawData: boolean;
  /** Fragment blocks are not compressed. */
  rawFragments: boolean;
  /** Blocks of zeros are not stored. */
  sparse: boolean;
}

/** Results that a thread may hold while it waits for the places of others, in bytes. */
const WAITING_BYTES = 8 * PIECE_BYTES;

/** Packs pieces until none is left; run by every thread at once. */
export async function packData(
  job: JobContext,
  plan: DataPlan,
  coding: DataCoding,
  tree: Tree,
  contents: Contents,
  sink: Sink,
): Promise<void> {
  const windows = { plainLen: PIECE_BYTES + 1, packedLen: plan.blockSize };
  const isRaw = coding.rawData && coding.rawFragments;
  const packer = new Packer(
    job,
    plan,
    coding,
    tree,
    contents,
    sink,
    isRaw ? undefined : await makeCodec(coding, windows),
  );
  const pieces = plan.pieces.length / PIECE_FIELDS;
  const output = new OrderedOutput(job, WAITING_BYTES);
  for (const piece of job.pieces(pieces)) await output.add(piece, await packer.pack(piece));
  await output.finish();
  await checkEmpty(job, plan, contents);
  contents.close();
}

/** Empty files a thread looks at before it asks for more. */
const EMPTY_AT_ONCE = 256;

async function checkEmpty(job: JobContext, { empty }: DataPlan, contents: Contents): Promise<void> {
  const scratch = new Uint8Array(1);
  for (const piece of job.pieces(Math.ceil(empty.length / EMPTY_AT_ONCE), 1)) {
    for (const entry of empty.subarray(piece * EMPTY_AT_ONCE, (piece + 1) * EMPTY_AT_ONCE)) {
      const reading = contents.read(entry, 0, 0, scratch, 0, true);
      if (reading !== undefined) await reading;
    }
    await job.breathe();
  }
}

/** A piece, ready to be placed. */
class PackedPiece implements PieceResult {
  readonly heldBytes = PIECE_BYTES;
  readonly bytes: Uint8Array;
  /** Bytes that are to be stored. */
  length = 0;
  /** Items that begin in this piece, and where: item, offset, item, offset … */
  readonly starts: number[] = [];
  readonly #packer: Packer;
  #off = 0;

  constructor(packer: Packer, bytes: Uint8Array) {
    this.#packer = packer;
    this.bytes = bytes;
  }

  place(): void {
    const { position, itemOff } = this.#packer.plan;
    this.#off = position[0]!;
    position[0] = this.#off + this.length;
    for (let at = 0; at < this.starts.length; at += 2) itemOff[this.starts[at]!] = this.#off + this.starts[at + 1]!;
  }

  write(): void | Promise<void> {
    return this.#packer.write(this, this.#off);
  }
}

/** What one thread packs with. */
class Packer {
  readonly plan: DataPlan;
  readonly #job: JobContext;
  readonly #coding: DataCoding;
  readonly #tree: Tree;
  readonly #contents: Contents;
  readonly #sink: Sink;
  readonly #codec: Codec | undefined;
  /** What is read: the codec's own window, or where there is none the very bytes of the piece. */
  #plain: Uint8Array;

  /** Buffers of pieces that have been written. */
  readonly #free: Uint8Array[] = [];

  constructor(
    job: JobContext,
    plan: DataPlan,
    coding: DataCoding,
    tree: Tree,
    contents: Contents,
    sink: Sink,
    codec: Codec | undefined,
  ) {
    this.plan = plan;
    this.#job = job;
    this.#coding = coding;
    this.#tree = tree;
    this.#contents = contents;
    this.#sink = sink;
    this.#codec = codec;
    this.#plain = codec?.plain ?? new Uint8Array(0);
  }

  /** Reads and compresses a piece. */
  async pack(piece: number): Promise<PieceResult> {
    const { plan } = this;
    const [first, firstBlock, word, blocks] = plan.pieces.subarray(
      piece * PIECE_FIELDS,
      (piece + 1) * PIECE_FIELDS,
    ) as unknown as [number, number, number, number];
    // one byte more, on which a read to the end of a file may scribble
    const result = new PackedPiece(this, this.#free.pop() ?? new Uint8Array(PIECE_BYTES + 1));
    if (this.#codec === undefined) this.#plain = result.bytes;
    let item = first;
    let block = firstBlock;
    let at = 0;
    for (let done = 0; done < blocks; item++, block = 0) {
      if (block === 0) result.starts.push(item, result.length);
      const count = Math.min(this.#blocksOf(item) - block, blocks - done);
      const length = await this.#readItem(item, block, count, at);
      await this.#packBlocks(result, item, word + done, at, length);
      // what is stored as it is stays where it was read; holes are not stored
      at = this.#codec ? at + roundUp(length, BLOCK_ALIGN) : result.length;
      done += count;
    }
    return result;
  }

  /** Writes a piece that has its place; its buffer serves another one. */
  write(piece: PackedPiece, off: number): void | Promise<void> {
    if (piece.length === 0) {
      this.#free.push(piece.bytes);
      return undefined;
    }
    const { control } = this.#job;
    control.takeTurn();
    let writing: void | Promise<void>;
    try {
      writing = this.#sink.writeAt(piece.bytes.subarray(0, piece.length), off);
    } finally {
      control.giveTurn();
    }
    if (writing !== undefined) return writing.then(() => void this.#free.push(piece.bytes));
    this.#free.push(piece.bytes);
    return undefined;
  }

  #blocksOf(item: number): number {
    const { itemWord, words } = this.plan;
    return (itemWord[item + 1] ?? words.length) - itemWord[item]!;
  }

  /** Reads blocks of an item to `at` of the window; returns their bytes. */
  async #readItem(item: number, block: number, count: number, at: number): Promise<number> {
    const { items, blockSize, tailLen } = this.plan;
    const what = items[item]!;
    if (what >= FRAGMENT_ITEM) return this.#readTails(what - FRAGMENT_ITEM, at);
    const size = this.#tree.size.view[what]!;
    const from = block * blockSize;
    const length = Math.min(count * blockSize, size - tailLen[what]! - from);
    const reading = this.#contents.read(what, from, length, this.#plain, at, from + length === size);
    if (reading !== undefined) await reading;
    return length;
  }

  async #readTails(fragment: number, start: number): Promise<number> {
    const { tails, fragmentTails, tailLen } = this.plan;
    const end = fragmentTails[fragment + 1]!;
    let at = start;
    for (let index = fragmentTails[fragment]!; index < end; index++) {
      const entry = tails[index]!;
      const length = tailLen[entry]!;
      const reading = this.#contents.read(entry, this.#tree.size.view[entry]! - length, length, this.#plain, at, true);
      if (reading !== undefined) await reading;
      at += length;
      if ((index & 63) === 63) await this.#job.breathe();
    }
    return at - start;
  }

  /** Compresses what was read of an item, block by block. */
  async #packBlocks(result: PackedPiece, item: number, word: number, start: number, length: number): Promise<void> {
    const { blockSize, items, words } = this.plan;
    const isFragment = items[item]! >= FRAGMENT_ITEM;
    const flags = this.#flagsOf(item);
    const isRaw = (isFragment ? this.#coding.rawFragments : this.#coding.rawData) || (flags & FILE_RAW) !== 0;
    const isSparse = this.#coding.sparse && !isFragment && (flags & FILE_NO_HOLES) === 0;
    for (let done = 0, index = word; done < length; done += blockSize, index++) {
      const from = start + done;
      const to = start + Math.min(done + blockSize, length);
      if (isSparse && isZero(this.#plain.subarray(from, to))) words[index] = 0;
      else words[index] = this.#packBlock(result, from, to, isRaw);
      const breathing = this.#job.breathe(to - from);
      if (breathing !== undefined) await breathing;
    }
  }

  /** FILE_ bits of an item: a fragment block has those of all whose ends it holds. */
  #flagsOf(item: number): number {
    const { flags, items, tails, fragmentTails } = this.plan;
    const what = items[item]!;
    if (flags === undefined) return 0;
    if (what < FRAGMENT_ITEM) return flags[what]!;
    const fragment = what - FRAGMENT_ITEM;
    let all = 0;
    for (let index = fragmentTails[fragment]!; index < fragmentTails[fragment + 1]!; index++)
      all |= flags[tails[index]!]!;
    return all;
  }

  /** Adds one block to the piece; returns its word. */
  #packBlock(result: PackedPiece, from: number, to: number, isRaw: boolean): number {
    const codec = isRaw ? undefined : this.#codec;
    const packed = codec?.compress(from, to, 0, to - from - 1) ?? 0;
    const at = result.length;
    if (packed === 0) {
      if (this.#plain !== result.bytes) result.bytes.set(this.#plain.subarray(from, to), at);
      else if (from !== at) result.bytes.copyWithin(at, from, to);
      result.length += to - from;
      return WORD_RAW | (to - from);
    }
    result.bytes.set(codec!.packed.subarray(0, packed), at);
    result.length += packed;
    return packed;
  }
}
