/**
 * The data of an image: every thread takes pieces of about 1 MiB, reads them, compresses block by block, and keeps the
 * result until all earlier pieces have their places. So places follow from the contents alone, not from the threads.
 */
import type { Codec } from "../codec/codec.ts";
import { isZero, roundUp } from "../core/bytes.ts";
import type { Sink } from "../core/sink.ts";
import { OrderedOutput, type PieceResult } from "../core/threads/ordered.ts";
import type { JobContext } from "../core/threads/threads.ts";
import type { Contents } from "../stage/tree/contents.ts";
import { FILE_COMPRESSED, FILE_NO_HOLES, FILE_RAW } from "../stage/tree/file-order.ts";
import type { Tree } from "../stage/tree/tree.ts";
import { type CompressorSpec, makeCodec } from "./disk/compressors.ts";
import { WORD_RAW } from "./disk/format.ts";
import { ItemReader } from "./item-reader.ts";
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

/** Empty files a thread looks at before it asks for more. */
const EMPTY_AT_ONCE = 256;
/** Results that a thread may hold while it waits for the places of others, in bytes. */
const WAITING_BYTES = 8 * PIECE_BYTES;

/** How many pieces {@link writeData} has, rows of empty files among them. */
export function countDataPieces({ pieces, empty }: DataPlan): number {
  return pieces.length / PIECE_FIELDS + Math.ceil(empty.length / EMPTY_AT_ONCE);
}

/** Writes pieces until none is left; run by every thread at once. */
export async function writeData(
  job: JobContext,
  plan: DataPlan,
  coding: DataCoding,
  tree: Tree,
  contents: Contents,
  sink: Sink,
): Promise<void> {
  const windows = { plainLen: PIECE_BYTES + 1, compressedLen: plan.blockSize };
  const isRaw = coding.rawData && coding.rawFragments && !plan.flags?.some((flags) => (flags & FILE_COMPRESSED) !== 0);
  const reader = new ItemReader(job, plan, tree, contents);
  let writer: DataWriter | undefined;
  const output = new OrderedOutput(job, WAITING_BYTES);
  for (const piece of job.pieces(plan.pieces.length / PIECE_FIELDS)) {
    // a codec takes some megabytes: it is made when there is a piece for it
    const codec = isRaw || writer ? undefined : await makeCodec(coding, windows);
    writer ??= new DataWriter({ job, plan, coding, codec, reader, sink });
    await output.add(piece, await writer.make(piece));
  }
  await output.finish();
  for (const piece of job.pieces(Math.ceil(plan.empty.length / EMPTY_AT_ONCE), 1)) {
    await reader.checkEmpty(plan.empty.subarray(piece * EMPTY_AT_ONCE, (piece + 1) * EMPTY_AT_ONCE));
    await job.breathe();
  }
  contents.close();
}

/** A piece, ready to be placed. */
class DataPiece implements PieceResult {
  readonly heldBytes = PIECE_BYTES;
  readonly bytes: Uint8Array;
  /** Bytes that are to be stored. */
  length = 0;
  /** Items that begin in this piece, and where: item, offset, item, offset … */
  readonly #starts: number[] = [];
  readonly #writer: DataWriter;
  #off = 0;

  constructor(writer: DataWriter, bytes: Uint8Array) {
    this.#writer = writer;
    this.bytes = bytes;
  }

  /** An item begins with the next byte. */
  start(item: number): void {
    this.#starts.push(item, this.length);
  }

  /** Adds `source[from, to)`, which may lie in the piece's own bytes behind what it has so far. */
  append(source: Uint8Array, from: number, to: number): void {
    const at = this.length;
    if (source !== this.bytes) this.bytes.set(source.subarray(from, to), at);
    else if (from !== at) this.bytes.copyWithin(at, from, to);
    this.length += to - from;
  }

  place(): void {
    const { position, itemOff } = this.#writer.plan;
    this.#off = position[0]!;
    position[0] = this.#off + this.length;
    for (let at = 0; at < this.#starts.length; at += 2) itemOff[this.#starts[at]!] = this.#off + this.#starts[at + 1]!;
  }

  write(): void | Promise<void> {
    return this.#writer.write(this, this.#off);
  }
}

/** What one thread writes with. */
interface DataWriterInput {
  job: JobContext;
  plan: DataPlan;
  coding: DataCoding;
  /** Undefined where nothing is to be compressed. */
  codec: Codec | undefined;
  reader: ItemReader;
  sink: Sink;
}

/** Reads, compresses and writes pieces, in one thread. */
class DataWriter {
  readonly plan: DataPlan;
  readonly #input: DataWriterInput;
  /** Buffers of pieces that have been written. */
  readonly #free: Uint8Array[] = [];

  constructor(input: DataWriterInput) {
    this.plan = input.plan;
    this.#input = input;
  }

  /** Reads and compresses a piece. */
  async make(piece: number): Promise<PieceResult> {
    const { plan } = this;
    const { codec, reader } = this.#input;
    const [first, firstBlock, word, blocks] = plan.pieces.subarray(
      piece * PIECE_FIELDS,
      (piece + 1) * PIECE_FIELDS,
    ) as unknown as [number, number, number, number];
    // one byte more, on which a read to the end of a file may scribble
    const result = new DataPiece(this, this.#free.pop() ?? new Uint8Array(PIECE_BYTES + 1));
    const plain = this.#plainOf(result);
    let item = first;
    let block = firstBlock;
    let at = 0;
    for (let done = 0; done < blocks; item++, block = 0) {
      if (block === 0) result.start(item);
      const count = Math.min(blocksOf(plan, item) - block, blocks - done);
      const length = await reader.read(item, block, count, plain, at);
      await this.#addBlocks(result, item, word + done, at, length);
      // what is stored as it is stays where it was read; holes are not stored
      at = codec ? at + roundUp(length, BLOCK_ALIGN) : result.length;
      done += count;
    }
    return result;
  }

  /** Writes a piece that has its place; its buffer serves another one. */
  write(piece: DataPiece, off: number): void | Promise<void> {
    if (piece.length === 0) {
      this.#free.push(piece.bytes);
      return undefined;
    }
    const waiting = this.#input.job.takeTurn();
    return waiting === undefined ? this.#writeNow(piece, off) : waiting.then(() => this.#writeNow(piece, off));
  }

  #writeNow(piece: DataPiece, off: number): void | Promise<void> {
    const { job, sink } = this.#input;
    let writing: void | Promise<void>;
    try {
      writing = sink.writeAt(piece.bytes.subarray(0, piece.length), off);
    } finally {
      job.control.giveTurn();
    }
    if (writing !== undefined) return writing.then(() => void this.#free.push(piece.bytes));
    this.#free.push(piece.bytes);
    return undefined;
  }

  /** Where contents are read to: the codec's own window, or where there is no codec the very bytes of the piece. */
  #plainOf(piece: DataPiece): Uint8Array {
    return this.#input.codec?.plain ?? piece.bytes;
  }

  /** Compresses what was read of an item, block by block. */
  async #addBlocks(piece: DataPiece, item: number, word: number, start: number, length: number): Promise<void> {
    const { blockSize, words } = this.plan;
    const { isRaw, isSparse } = this.#rulesOf(item);
    const plain = this.#plainOf(piece);
    for (let done = 0, index = word; done < length; done += blockSize, index++) {
      const from = start + done;
      const to = start + Math.min(done + blockSize, length);
      if (isSparse && isZero(plain.subarray(from, to))) words[index] = 0;
      else words[index] = this.#addBlock(piece, from, to, isRaw);
      const breathing = this.#input.job.breathe(to - from);
      if (breathing !== undefined) await breathing;
    }
  }

  /** Whether the blocks of an item are not to be compressed, and whether those of zeros are not to be stored. */
  #rulesOf(item: number): { isRaw: boolean; isSparse: boolean } {
    const { rawData, rawFragments, sparse } = this.#input.coding;
    const isFragment = this.plan.items[item]! >= FRAGMENT_ITEM;
    const flags = flagsOf(this.plan, item);
    return {
      isRaw: (flags & FILE_RAW) !== 0 || ((isFragment ? rawFragments : rawData) && (flags & FILE_COMPRESSED) === 0),
      isSparse: sparse && !isFragment && (flags & FILE_NO_HOLES) === 0,
    };
  }

  /** Adds one block to the piece; returns its word. */
  #addBlock(piece: DataPiece, from: number, to: number, isRaw: boolean): number {
    const { codec } = this.#input;
    const length = isRaw || codec === undefined ? 0 : codec.compress(from, to, 0, to - from - 1);
    if (length === 0) {
      piece.append(this.#plainOf(piece), from, to);
      return WORD_RAW | (to - from);
    }
    piece.append(codec!.compressed, 0, length);
    return length;
  }
}

function blocksOf({ itemWord, words }: DataPlan, item: number): number {
  return (itemWord[item + 1] ?? words.length) - itemWord[item]!;
}

/** FILE_ bits of an item: a fragment block has those of all whose ends it holds. */
function flagsOf({ flags, items, tails, fragmentTails }: DataPlan, item: number): number {
  const what = items[item]!;
  if (flags === undefined) return 0;
  if (what < FRAGMENT_ITEM) return flags[what]!;
  const fragment = what - FRAGMENT_ITEM;
  let all = 0;
  for (let index = fragmentTails[fragment]!; index < fragmentTails[fragment + 1]!; index++)
    all |= flags[tails[index]!]!;
  return all;
}
