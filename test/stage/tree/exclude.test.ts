/** What is left out of a tree, by the rules of each command. */
import { describe, expect, test } from "vitest";
import { compileExcludes } from "../../../src/stage/tree/exclude.ts";

describe("rules of what to exclude", () => {
  test.each([
    ["*.gz", "a.gz", true],
    ["*.gz", ".gz", false],
    ["*", ".x", false],
    ["?x", ".x", false],
    [".*", ".x", true],
    ["a.b", "axb", false],
    ["[!a]b", "xb", true],
    ["[[:alpha:]]*", "abc", true],
    ["@(a|b)*.c", "b1.c", true],
    ["a(b", "a(b", true],
    ["a\\*", "a*", true],
  ])("as mksquashfs: %s and %s: %s", (pattern, name, matches) => {
    const rules = { components: [{ parts: [pattern], kind: "glob", isAnchored: true } as const] };
    expect(compileExcludes(rules)?.(name)).toBe(matches);
  });

  test("rules by component are anchored at the root, or in any directory", () => {
    const anchored = compileExcludes({ components: [{ parts: ["^a$", "b"], kind: "regex", isAnchored: true }] })!;
    expect([anchored("a/xbx"), anchored("x/a/b"), anchored("a"), anchored("a/b/c")]).toEqual([
      true,
      false,
      false,
      false,
    ]);
    const sticky = compileExcludes({ components: [{ parts: ["^a$", "b"], kind: "regex", isAnchored: false }] })!;
    expect([sticky("x/a/b"), sticky("a/b"), sticky("b")]).toEqual([true, true, false]);
  });

  test("only: nothing but the paths, what lies below, and the directories above", () => {
    const excluded = compileExcludes({ only: ["a/b", "/c/"] })!;
    expect(["a", "a/b", "a/b/x/y", "c", "c/d"].map(excluded)).toEqual([false, false, false, false, false]);
    expect(["b", "a/x", "a/bb", "cc"].map(excluded)).toEqual([true, true, true, true]);
  });
});
