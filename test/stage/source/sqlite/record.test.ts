/** Varints and payloads against examples of SQLite's documentation. */
import { expect, test } from "vitest";
import { localLength, type SqliteValue } from "../../../../src/stage/source/sqlite/format.ts";
import { measurePayload, varintLength, writePayload, writeVarint } from "../../../../src/stage/source/sqlite/record.ts";

test.each([
  [0, "00"],
  [127, "7f"],
  [128, "8100"],
  [16383, "ff7f"],
  [16384, "818000"],
  [2 ** 32, "9080808000"],
  [2 ** 53 - 1, "8fffffffffffff7f"],
])("a varint of %d is %s", (value, hex) => {
  const bytes = new Uint8Array(9);
  const end = writeVarint(bytes, 0, value);
  expect(Buffer.from(bytes.subarray(0, end)).toString("hex")).toBe(hex);
  expect(varintLength(value)).toBe(end);
});

test.each<[SqliteValue[], string]>([
  [[null], "0200"],
  [[0, 1], "030809"],
  [[-1, 127, -128], "04010101ff7f80"],
  [[128, -32768], "03020200808000"],
  [[32768, -32769], "030303008000ff7fff"],
  [[2 ** 23, -(2 ** 31)], "0304040080000080000000"],
  [[2 ** 31, -(2 ** 47)], "030505000080000000800000000000"],
  [[2 ** 47, -(2 ** 53) + 1], "0306060000800000000000ffe0000000000001"],
  [["", "ab\xff"], "030d136162ff"],
  [["x".repeat(58)], `038101${"78".repeat(58)}`],
])("the payload of %j is %s", (values, hex) => {
  const bytes = new Uint8Array(measurePayload(values) + 1);
  const end = writePayload(bytes, 1, values);
  expect(end).toBe(bytes.length);
  expect(Buffer.from(bytes.subarray(1)).toString("hex")).toBe(hex);
});

test("a payload lies in its cell as far as the documentation says", () => {
  // U = 4096: X is 4061 for tables and 1002 for indices, M is 489
  expect([4061, 4062, 4092 + 489, 8000].map((length) => localLength(length, 4096, false))).toEqual([
    4061,
    489,
    489,
    489 + ((8000 - 489) % 4092),
  ]);
  expect([1002, 1003, 5094, 5095].map((length) => localLength(length, 4096, true))).toEqual([1002, 489, 1002, 489]);
});
