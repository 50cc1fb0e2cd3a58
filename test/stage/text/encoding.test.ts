/** Texts as editors and shells of Windows leave them: marks, UTF-16, ends of lines. */
import { describe, expect, test } from "vitest";
import { parsePackFile } from "../../../src/stage/source/list/pack-file.ts";
import { parsePriorities, parseSortFile } from "../../../src/stage/source/list/sort-file.ts";
import { parseXattrFile } from "../../../src/stage/source/list/xattr-file.ts";
import { latin1Text } from "../../../src/stage/text/encoding.ts";
import { readLines } from "../../../src/stage/text/line-words.ts";

test.each([
  ["", ""],
  ["a", "a"],
  ["\uFEFF", ""],
  ["\uFEFFa\uFEFF", "aï»¿"],
  ["ü", "Ã¼"],
])("the text of %j", (text, expected) => {
  expect(latin1Text(Buffer.from(text), "list")).toBe(expected);
});

test("UTF-16 is refused in either order", () => {
  for (const bytes of [Buffer.from("\uFEFFa", "utf16le"), Buffer.from([0xfe, 0xff, 0, 0x61])]) {
    const message = "list: is in UTF-16; what this package reads is UTF-8";
    expect(() => latin1Text(bytes, "list")).toThrow(expect.objectContaining({ code: "INPUT", message }));
  }
});

describe("a mark and the ends of lines of Windows say nothing in", () => {
  test.each<[what: string, text: string, parse: (text: Uint8Array) => unknown]>([
    ["a pack file", "file /a 0644 0 0 dir/a\nslink /l 0777 0 0 a\n", (text) => parsePackFile(text, "list")],
    ["gensquashfs's sort file", "-1 [glob] a/*\n2 b\n", (text) => parseSortFile(text, "list")],
    ["mksquashfs's sort file", "a 1\nb -2\n", (text) => parsePriorities(text, "list", (path) => path)],
    ["a list of attributes", '# file: a\nuser.b="c"\n', (text) => parseXattrFile(text, "list")],
    ["lines that go on", "a b \\\n  c\nd\n", (text) => [...readLines(text, "list", true)]],
  ])("%s", (_what, text, parse) => {
    const asWindows = Buffer.from(`\uFEFF${text.replaceAll("\n", "\r\n")}`);
    expect(parse(asWindows)).toEqual(parse(Buffer.from(text)));
  });
});
