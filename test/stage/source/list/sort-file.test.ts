/** Sort files of both kinds, line by line. */
import { describe, expect, test } from "vitest";
import { parsePriorities, parseSortFile } from "../../../../src/stage/source/list/sort-file.ts";

const bytes = (text: string) => Buffer.from(text);

describe("sort files", () => {
  test("of gensquashfs", () => {
    const list = `# order
      -8000  [glob]  bin/*
      -100 [dont_compress, dont_fragment,nosparse,dont_deduplicate] boot/vmlinuz
      1337 "usr/my \\"file  "
      0 [glob_no_path] share/*`;
    expect(parseSortFile(bytes(list), "list")).toEqual([
      { order: -8000, flags: 0, path: "bin/*", match: "glob" },
      { order: -100, flags: 15, path: "boot/vmlinuz", match: "exact" },
      { order: 1337, flags: 0, path: 'usr/my "file  ', match: "exact" },
      { order: 0, flags: 0, path: "share/*", match: "glob_no_path" },
    ]);
    expect(() => parseSortFile(bytes("1 [align] x"), "list")).toThrow("list:1: align: not supported");
    // Was a bug: without a name messages began with "undefined"
    expect(() => parseSortFile(bytes("x"))).toThrow("sort file:1: the priority is a number");
    expect(() => parseSortFile(bytes("1 [odd] x"), "list")).toThrow("list:1: odd: unknown flag");
    // was a bug: the line was not said
    expect(() => parseSortFile(bytes("1 a/../b"), "list")).toThrow(
      "list:1: a/../b: a path may hold neither .. nor NUL",
    );
    expect(() => parseSortFile(bytes("x y"), "list")).toThrow("list:1: the priority is a number");
  });

  test("of mksquashfs", () => {
    expect(
      parsePriorities(bytes('./a 5\nb -32768\nwith\\ "a blank" 1'), "list", (path) => path.replace("./", "top/")),
    ).toEqual([
      { order: -5, flags: 0, path: "top/a", match: "below" },
      { order: 32768, flags: 0, path: "b", match: "below" },
      { order: -1, flags: 0, path: "with a blank", match: "below" },
    ]);
    expect(() => parsePriorities(bytes("a 40000"), "list", (path) => path)).toThrow("list:1: the priority is a number");
  });
});
