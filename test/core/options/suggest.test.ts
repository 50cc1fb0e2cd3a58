import { describe, expect, test } from "vitest";
import { didYouMean, nearest } from "../../../src/core/options/suggest.ts";

const NAMES = ["-b", "-V", "-noI", "-noD", "-comp", "-processors", "-no-duplicates", "-no-hardlinks"];

describe("the nearest of some words", () => {
  test.each([
    ["-compp", "-comp"],
    ["-cmop", "-comp"],
    ["-cmp", "-comp"],
    ["-cimp", "-comp"],
    ["--comp", "-comp"],
    ["-COMP", "-comp"],
    ["-noi", "-noI"],
    ["-B", "-b"],
    ["-v", "-V"],
    ["-processor", "-processors"],
    ["-porcesors", "-processors"],
    ["-no-dup", "-no-duplicates"],
    ["-compressor", "-comp"],
  ])("%s is %s", (typed, expected) => {
    expect(nearest(typed, NAMES)).toBe(expected);
  });

  test.each(["-x", "-odd", "", "-", "--", "-exclude", "-procezorz", `-${"x".repeat(1e6)}`])(
    "nothing is near %s",
    (typed) => {
      expect(nearest(typed, NAMES)).toBeUndefined();
    },
  );

  test("of equally near ones is the first", () => {
    expect(nearest("cat", ["bat", "rat"])).toBe("bat");
    expect(nearest("cat", ["rat", "bat"])).toBe("rat");
    expect(nearest("cat", ["rat", "act", "cat"])).toBe("cat");
  });

  test("is told in one line", () => {
    expect(didYouMean("-bogus", NAMES)).toBeUndefined();
    expect(didYouMean("-cmop", NAMES)).toBe("Did you mean -comp?");
  });
});
