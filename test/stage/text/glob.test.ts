/** Shell patterns. */
import { describe, expect, test } from "vitest";
import { compileGlob } from "../../../src/stage/text/glob.ts";

describe("shell patterns", () => {
  test.each([
    ["*", "anything/at all", {}, true],
    ["*", "a/b", { pathname: true }, false],
    ["a?c", "abc", {}, true],
    ["a?c", "a/c", { pathname: true }, false],
    ["*.so.*", "libc.so.6", {}, true],
    ["[a-c]x", "bx", {}, true],
    ["[!a-c]x", "bx", {}, false],
    ["[]x]", "]", {}, true],
    ["[[:digit:]]*", "7up", {}, true],
    ["a[/]b", "a/b", { pathname: true }, false],
    ["a[", "a[", {}, true],
    ["\\*", "*", {}, true],
    ["\\*", "x", {}, false],
    ["*", ".hidden", { period: true }, false],
    [".*", ".hidden", { period: true }, true],
    ["a/*", "a/.b", { pathname: true, period: true }, false],
    ["+(ab|c)d", "abcabd", { extended: true }, true],
    ["?(ab)d", "d", { extended: true }, true],
    ["@(a|b)", "ab", { extended: true }, false],
    ["!(a|b)", "ab", { extended: true }, true],
    ["!(a|b)", "b", { extended: true }, false],
    ["!(*.gz)", "a.gz", { extended: true }, false],
    ["!(*.gz)", "a.gz.x", { extended: true }, true],
    ["x!(a)y", "xay", { extended: true }, false],
    ["x!(a)y", "xy", { extended: true }, true],
    ["!(a)*", "a", { extended: true }, true],
    ["!(!(a))", "a", { extended: true }, true],
    ["!(!(a))", "b", { extended: true }, false],
    ["!(x!(a)y)", "xay", { extended: true }, true],
    ["!(x!(a)y)", "xby", { extended: true }, false],
    ["!(!(!(a)))", "a", { extended: true }, false],
    ["!(!(!(a)))", "b", { extended: true }, true],
    ["*.!(c|h)", "a.b.c", { extended: true }, true],
    ["*.!(c|h)", "a.c", { extended: true }, false],
    ["a.b", "axb", {}, false],
    ["", "", {}, true],
  ])("%s and %s with %o: %s", (pattern, text, options, matches) => {
    expect(compileGlob(pattern, options)(text)).toBe(matches);
  });
});
