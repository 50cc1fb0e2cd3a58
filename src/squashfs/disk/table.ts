/**
 * Lookup tables: fragments, exports, ids, attribute sets. Records of one size in metadata blocks, then the position of
 * each block; the superblock points to the positions.
 *
 *     | metadata block | metadata block | … | u64 position of each |
 *     ^ base                                ^ what the superblock holds
 */
import type { Codec } from "../../codec/codec.ts";
import { StructView } from "../../core/struct.ts";
import { TABLE_BLOCK } from "./format.ts";
import { MetadataStream } from "./metadata.ts";
import type { OutputTail } from "./output.ts";

/** Records between two pauses. */
const RECORDS_BREATH = 2048;

/** What a table holds. */
export interface TableRecords {
  /** Number of records. */
  count: number;
  /** Bytes of one. */
  recordBytes: number;
  /** Writes record `index` at `at`. */
  emit(view: StructView, at: number, index: number): void;
  /** What goes between the blocks and their list. */
  head?: Uint8Array;
}

/**
 * Writes a table; returns the position of its list of blocks, or of its head.
 *
 * @param codec undefined: it is stored uncompressed
 * @param breathe is awaited now and then
 */
export async function writeTable(
  out: OutputTail,
  codec: Codec | undefined,
  { count, recordBytes, emit, head }: TableRecords,
  breathe: () => Promise<void> | undefined,
): Promise<number> {
  const base = out.offset;
  const stream = new MetadataStream(codec, (bytes) => out.append(bytes));
  for (let index = 0; index < count; index++) {
    emit(stream.view, stream.at, index);
    stream.commit(stream.at + recordBytes);
    if (index % RECORDS_BREATH === 0) await breathe();
  }
  stream.finish();
  const listOff = out.offset;
  if (head) out.append(head);
  const list = new Uint8Array(TABLE_BLOCK.byteSize * stream.blockStarts.length);
  const view = new StructView(list.buffer);
  stream.blockStarts.forEach((start, block) => {
    view.setU64(TABLE_BLOCK.byteSize * block, TABLE_BLOCK.start, base + start);
  });
  out.append(list);
  return listOff;
}
