/** Modes in words, as chmod takes them. */
import { describe, expect, test } from "vitest";
import { parseMode } from "../../../src/stage/tree/symbolic-mode.ts";
import { S_IFDIR, S_IFREG } from "../../../src/stage/tree/tree.ts";

describe("modes", () => {
  test.each([
    ["755", S_IFREG | 0o4644, 0o755],
    ["u+x", S_IFREG | 0o644, 0o744],
    ["a=rX", S_IFREG | 0o640, 0o444],
    ["a=rX", S_IFREG | 0o740, 0o555],
    ["a+X", S_IFDIR | 0o600, 0o711],
    ["go=u,u+s", S_IFREG | 0o7500, 0o4555],
    ["-w+x", S_IFREG | 0o644, 0o555],
    ["o+t,ug-r", S_IFREG | 0o444, 0o1004],
    ["=", S_IFREG | 0o4755, 0o4000],
  ])("%s of %i", (text, mode, expected) => {
    expect((parseMode(text)!(mode) & 0o7777).toString(8)).toBe(expected.toString(8));
    expect(parseMode(text)!(mode) & ~0o7777).toBe(mode & ~0o7777);
  });

  test.each(["", "8", "77777", "u", "u+y", "z+r", "u+r,,q"])("%j is none", (text) => {
    expect(parseMode(text)).toBeUndefined();
  });
});
