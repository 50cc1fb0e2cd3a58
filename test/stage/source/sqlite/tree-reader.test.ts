/** Trees of a database that is made to take all memory. */
import { expect, test } from "vitest";
import { bytesFromLatin1 } from "../../../../src/core/bytes.ts";
import { SqliteDatabase } from "../../../../src/stage/source/sqlite/database.ts";
import { HEADER, LEAF_HEADER, LEAF_TABLE, MAGIC, PAGE, UTF8 } from "../../../../src/stage/source/sqlite/format.ts";
import { writeVarint } from "../../../../src/stage/source/sqlite/record.ts";
import { allRows } from "../../../../src/stage/source/sqlite/tree-reader.ts";

const PAGE_SIZE = 512;
const PAGES = 21;
/** Bytes of a payload that lie in its cell: the least that may. */
const LOCAL = 39;

/** A database of one table, whose rows all go on in the same pages. */
function overlappingRows(rows: number): SqliteDatabase {
  const payload = LOCAL + (PAGES - 1) * (PAGE_SIZE - 4);
  const bytes = new Uint8Array(PAGES * PAGE_SIZE);
  const view = new DataView(bytes.buffer);
  bytes.set(bytesFromLatin1(MAGIC));
  view.setUint16(HEADER.page_size, PAGE_SIZE);
  view.setUint32(HEADER.text_encoding, UTF8);
  bytes[HEADER.byteSize + PAGE.type] = LEAF_TABLE;
  view.setUint16(HEADER.byteSize + PAGE.cell_count, rows);
  for (let row = 1, at = 200; row <= rows; row++) {
    view.setUint16(HEADER.byteSize + LEAF_HEADER + 2 * (row - 1), at);
    const start = writeVarint(bytes, writeVarint(bytes, at, payload), row);
    bytes[start] = 4;
    writeVarint(bytes, start + 1, 13 + 2 * (payload - 4));
    at = start + LOCAL;
    view.setUint32(at, 2);
    at += 4;
  }
  for (let nr = 2; nr < PAGES; nr++) view.setUint32((nr - 1) * PAGE_SIZE, nr + 1);
  const readAt = (into: Uint8Array, offset: number) => {
    const part = bytes.subarray(offset, offset + into.length);
    into.set(part);
    return part.length;
  };
  return new SqliteDatabase("db", { size: bytes.length, readAt }, undefined);
}

test("rows are no longer together than the file", () => {
  expect([...allRows(overlappingRows(1), 1)].map(([text]) => String(text).length)).toEqual([10195]);
  expect(() => [...allRows(overlappingRows(2), 1)]).toThrow(
    expect.objectContaining({ code: "INPUT", message: expect.stringContaining("rows are longer than what there is") }),
  );
});
