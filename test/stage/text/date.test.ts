/** Dates in fixed formats. */
import { describe, expect, test } from "vitest";
import { parseDate } from "../../../src/stage/text/date.ts";
import { DATES } from "./dates.ts";

describe("a date", () => {
  test.each(DATES)("%s is %d", (text, seconds) => {
    expect(parseDate(text)).toBe(seconds);
  });

  test("that is a number is seconds, decimal ones", () => {
    expect(["010", "0", "4294967295", " 5", "+5"].map(parseDate)).toEqual([10, 0, 2 ** 32 - 1, 5, 5]);
  });

  test.each(["now", "today", "last week", "2 days ago", "tomorrow", "2023-02-15 + 1 day"])(
    "that needs the clock, %s, is none",
    (text) => {
      expect(parseDate(text)).toEqual({ why: expect.stringMatching(/the clock|is no date/) });
    },
  );

  test.each(["", "x", "0x10", "-5", "12:00", "15 feb", "2023-13-01", "2023-02-30", "1969-12-31", "2023-02-15 24:00"])(
    'that is not, "%s", is none',
    (text) => {
      expect(typeof parseDate(text)).toBe("object");
    },
  );

  test.each(["2106-02-07 06:28:16", "4294967296", "1970-01-01 00:00 +01:00"])("beyond 32 bits, %s, is none", (text) => {
    expect(parseDate(text)).toEqual({ why: "is not from 1970 to 2106" });
  });
});
