import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { layPage, pairText, wrapText } from "../../../../src/cli/shared/manual/wrap.ts";

describe("text in lines", () => {
  test.each([
    ["one two three", 13, ["one two three"]],
    ["one two three", 12, ["one two", "three"]],
    ["one  two", 3, ["one", "two"]],
    ["abcdefgh ij", 3, ["abc", "def", "gh", "ij"]],
    ["ab cdefgh", 4, ["ab", "cdef", "gh"]],
    ["", 10, []],
    ["one two", Number.POSITIVE_INFINITY, ["one two"]],
  ])("%j in %d columns", (text, width, expected) => {
    expect(wrapText(text, width)).toEqual(expected);
  });

  test("no line is longer, and nothing is lost", () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,30}$/)), fc.integer({ min: 1, max: 40 }), (words, width) => {
        const lines = wrapText(words.join(" "), width);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
        expect(lines.join("").replaceAll(" ", "")).toBe(words.join(""));
      }),
    );
  });
});

describe("what is explained, and its explanation", () => {
  const lay = (columns: number) =>
    pairText("--name=X", "what it does, told at length", 2, layPage(columns, ["--name=X"], 2));

  test("stand beside each other", () => {
    expect(lay(60)).toEqual(["  --name=X  what it does, told at length"]);
  });

  test("stand below each other on a narrow page", () => {
    expect(lay(24)).toEqual(["  --name=X", "      what it does, told", "      at length"]);
  });

  test("a label that is too long has a line of its own", () => {
    const page = layPage(60, ["--name=X", "--a-much-longer-name=PLACEHOLDER"], 2);
    expect(page.column).toBe(12);
    expect(pairText("--a-much-longer-name=PLACEHOLDER", "text", 2, page)).toEqual([
      "  --a-much-longer-name=PLACEHOLDER",
      "            text",
    ]);
  });
});
