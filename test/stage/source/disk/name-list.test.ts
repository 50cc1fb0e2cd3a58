/** The names of a directory that is read piece by piece. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NameList } from "../../../../src/stage/source/disk/name-list.ts";
import { Tree } from "../../../../src/stage/tree/tree.ts";

const HACK = "~nix~case~hack~";

describe("a list of names", () => {
  const latin1 = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((bytes) => {
    return Buffer.from(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x2e : byte))).toString("latin1");
  });
  const sorted = (names: readonly string[]) => {
    const tree = Tree.create();
    const list = new NameList(tree, true);
    // of a directory before
    list.add(["zz", "a"]);
    list.clear();
    for (let at = 0; at < names.length; at += 3) list.add(names.slice(at, at + 3));
    const twin = list.sort();
    tree.allocate(list.length);
    const result = Array.from({ length: list.length }, (_, index) => {
      const onDisk = Buffer.alloc(64);
      list.store(index, index);
      return [
        Buffer.from(tree.name(index)).toString("latin1"),
        onDisk.subarray(0, list.copy(index, onDisk, 0)).toString("latin1"),
      ];
    });
    return { twin, result };
  };

  test("is in byte order, whatever the order in which they come", () => {
    fc.assert(
      fc.property(fc.uniqueArray(latin1, { maxLength: 40 }), (names) => {
        const expected = [...names].sort((a, b) => Buffer.compare(Buffer.from(a, "latin1"), Buffer.from(b, "latin1")));
        const { twin, result } = sorted(names);
        expect(result).toEqual(expected.map((name) => [name, name]));
        expect(twin).toBe(-1);
      }),
    );
  });

  test("knows names that the case hack keeps apart", () => {
    const { twin, result } = sorted([`b${HACK}2`, "c", `a${HACK}1`, "a", "aa"]);
    expect(result).toEqual([
      ["a", "a"],
      ["a", `a${HACK}1`],
      ["aa", "aa"],
      ["b", `b${HACK}2`],
      ["c", "c"],
    ]);
    expect(twin).toBe(1);
  });
});
