import { describe, expect, test } from "vitest";
import { crc32 } from "../../../../../src/stage/source/archive/zip/crc32.ts";
import { ownerOf, timeOf } from "../../../../../src/stage/source/archive/zip/zip-extra.ts";

const extra = (id: number, ...data: number[]) => new Map([[id, { data: Uint8Array.from(data) }]]);
const i32 = (value: number) => [...new Uint8Array(Int32Array.of(value).buffer)];
/** 2024-02-29 12:34:56. */
const DOS = ((44 << 9) | (2 << 5) | 29) * 65536 + ((12 << 11) | (34 << 5) | 28);

describe("the time", () => {
  test("is that of DOS in UTC where there is no better", () => {
    expect(timeOf(new Map(), DOS)).toEqual({ sec: Date.UTC(2024, 1, 29, 12, 34, 56) / 1000, nsec: 0 });
    // no day, no month
    expect(timeOf(new Map(), 0)).toEqual({ sec: Date.UTC(1980, 0, 1) / 1000, nsec: 0 });
    expect(timeOf(extra(0x5455, 2, ...i32(9)), 0)).toEqual({ sec: 315532800, nsec: 0 });
    expect(timeOf(extra(0x5455, 1, 9), 0)).toEqual({ sec: 315532800, nsec: 0 });
  });

  test("is that of Info-ZIP, with its sign, or without where DOS says that it is later than that reaches", () => {
    expect(timeOf(extra(0x5455, 1, ...i32(1_700_000_001)), DOS)).toEqual({ sec: 1_700_000_001, nsec: 0 });
    expect(timeOf(extra(0x5455, 3, ...i32(-5), ...i32(7)), 0x210000)).toEqual({ sec: -5, nsec: 0 });
    const late = ((60 << 9) | (1 << 5) | 1) * 65536;
    const sec = Date.UTC(2040, 0, 1) / 1000;
    expect(timeOf(extra(0x5455, 1, ...i32(sec | 0)), late)).toEqual({ sec, nsec: 0 });
  });

  test("is that of NTFS in 100 nanoseconds", () => {
    const ticks = new Uint8Array(
      BigUint64Array.of((11_644_473_600n + 1_700_000_001n) * 10_000_000n + 1_234_567n).buffer,
    );
    const dates = [...ticks, ...ticks, ...ticks];
    expect(timeOf(extra(10, 0, 0, 0, 0, 2, 0, 1, 0, 0, 1, 0, 24, 0, ...dates), DOS)).toEqual({
      ...{ sec: 1_700_000_001, nsec: 123_456_700 },
    });
    expect(timeOf(extra(10, 0, 0, 0, 0, 1, 0, 24, 0, 5), 0)).toEqual({ sec: 315532800, nsec: 0 });
    expect(timeOf(extra(10, 0, 0), 0)).toEqual({ sec: 315532800, nsec: 0 });
  });
});

test("owners are those of Info-ZIP, in as many bytes as there are", () => {
  expect(ownerOf(extra(0x7875, 1, 4, 1, 0, 1, 0, 4, 2, 0, 0, 0))).toEqual({ uid: 65537, gid: 2 });
  expect(ownerOf(extra(0x7875, 1, 1, 5, 2, 1, 1))).toEqual({ uid: 5, gid: 257 });
  for (const bad of [[], [2, 1, 5, 1, 6], [1, 1, 5, 2, 1], [1, 0, 1, 5], [1, 9, 1]]) {
    expect(ownerOf(extra(0x7875, ...bad))).toBeUndefined();
  }
  expect(ownerOf(new Map())).toBeUndefined();
});

test("the checksum is that of everybody", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  expect(crc32(new TextEncoder().encode("6789"), crc32(new TextEncoder().encode("12345")))).toBe(0xcbf43926);
  expect(crc32(new Uint8Array(0))).toBe(0);
});
