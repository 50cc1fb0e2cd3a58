/** What is left out of a tree, by the rules of each command. */
import { describe, expect, test } from "vitest";
import { compileExcludes, type ExcludeRules, findUnmatched, shareExcludes } from "../../../src/stage/tree/exclude.ts";

const compile = (rules: ExcludeRules | readonly string[]) => compileExcludes(shareExcludes(rules));

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
    expect(compile(rules)?.(name)).toBe(matches);
  });

  test("rules by component are anchored at the root, or in any directory", () => {
    const anchored = compile({ components: [{ parts: ["^a$", "b"], kind: "regex", isAnchored: true }] })!;
    expect([anchored("a/xbx"), anchored("x/a/b"), anchored("a"), anchored("a/b/c")]).toEqual([
      true,
      false,
      false,
      false,
    ]);
    const sticky = compile({ components: [{ parts: ["^a$", "b"], kind: "regex", isAnchored: false }] })!;
    expect([sticky("x/a/b"), sticky("a/b"), sticky("b")]).toEqual([true, true, false]);
  });

  test("only: nothing but the paths, what lies below, and the directories above", () => {
    const excluded = compile({ only: ["a/b", "/c/"] })!;
    expect(["a", "a/b", "a/b/x/y", "c", "c/d"].map(excluded)).toEqual([false, false, false, false, false]);
    expect(["b", "a/x", "a/bb", "cc"].map(excluded)).toEqual([true, true, true, true]);
  });

  // Was a bug: a path that there is not left out everything, and nothing was said.
  test("only: paths that there are not are unmatched", () => {
    const excludes = shareExcludes({ only: ["a/b", "none", "/c/", "c"], paths: ["x"] });
    for (const path of ["a", "a/b", "c"]) compileExcludes(excludes)!(path);
    expect(findUnmatched(excludes)).toEqual(["x", "none"]);
  });
});

describe("an array of paths", () => {
  test.each([
    [".env", ".env", true],
    [".env", "app/.env", false],
    ["/app/.env", "app/.env", true],
    ["./app/.env", "app/.env", true],
    ["app//cache/", "app/cache", true],
    ["*.pem", "key.pem", true],
    ["*.pem", "etc/ssl/key.pem", true],
    ["*.pem", "key.pem.old", false],
    ["**/node_modules", "node_modules", true],
    ["**/node_modules", "a/b/node_modules", true],
    ["a/**/x/**/y", "a/x/y", true],
    ["a/**/x/**/y", "a/b/x/c/d/y", true],
    ["a/**/x", "ax", false],
    ["pages/[id].ts", "pages/[id].ts", true],
    ["pages/[id].ts", "pages/i.ts", true],
    ["pages/[id].ts", "pages/x.ts", false],
    ["Zürich*", Buffer.from("Zürich.txt").toString("latin1"), true],
  ])("%s and %s: %s", (pattern, path, matches) => {
    expect(compile([pattern])?.(path)).toBe(matches);
  });
});

describe("rules that match nothing", () => {
  const unmatched = (rules: ExcludeRules | readonly string[], paths: readonly string[]) => {
    const excludes = shareExcludes(rules);
    const excluded = compileExcludes(excludes);
    for (const path of paths) excluded?.(path);
    return findUnmatched(excludes);
  };

  test("of every kind are found, as they were given", () => {
    const components = [
      { parts: ["a"], kind: "glob", isAnchored: true },
      { parts: ["d", "e*"], kind: "glob", isAnchored: false },
      { parts: ["^z"], kind: "regex", isAnchored: true, text: "-regex -e ^z" },
    ] as const;
    const rules = { paths: ["/b", "a"], patterns: ["x*", "a*", "no"], regexes: ["^q", "a$"], components };
    expect(unmatched(rules, ["a", "c"])).toEqual(["/b", "x*", "no", "^q", "... d/e*", "-regex -e ^z"]);
  });

  test("are no rules beside another that matches the same", () => {
    expect(unmatched({ paths: ["a", "/a"], regexes: ["a", "^a"] }, ["a"])).toEqual([]);
  });

  test("are not paths below what is left out", () => {
    expect(unmatched({ paths: ["a/b/c", "x/b", "y"], regexes: ["^a$"] }, ["a", "x"])).toEqual(["x/b", "y"]);
  });

  test("are told from others by all threads", () => {
    const excludes = shareExcludes(["a", "b"]);
    compileExcludes(structuredClone(excludes))?.("b");
    expect(findUnmatched(excludes)).toEqual(["a"]);
  });
});
