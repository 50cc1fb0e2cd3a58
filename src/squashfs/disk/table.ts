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

/**
 * Writes a table of `count` records; returns the position of its list of blocks.
 *
 * @param emitRecord writes record `index` at `at`
 * @param breathe is awaited now and then
 * @param head goes between the blocks and their list
 */
export async function writeTable(
  out: OutputTail,
  codec: Codec | undefined,
  count: number,
  recordBytes: number,
  emitRecord: (view: StructView, at: number, index: number) => void,
  breathe: () => Promise<void> | undefined,
  head: Uint8Array = new Uint8Array(0),
): Promise<number> {
  const base = out.offset;
  const stream = new MetadataStream(codec, (bytes) => out.append(bytes));
  for (let index = 0; index < count; index++) {
    emitRecord(stream.view, stream.at, index);
    stream.commit(stream.at + recordBytes);
    if (index % RECORDS_BREATH === 0) await breathe();
  }
  stream.finish();
  const listOff = out.offset;
  out.append(head);
  const list = new Uint8Array(TABLE_BLOCK.byteSize * stream.blockStarts.length);
  const view = new StructView(list.buffer);
  stream.blockStarts.forEach((start, block) => {
    view.setU64(TABLE_BLOCK.byteSize * block, TABLE_BLOCK.start, base + start);
  });
  out.append(list);
  return listOff;
}
