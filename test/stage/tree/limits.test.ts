/** How much a tree holds. */
import { expect, test } from "vitest";
import { readKnownPaths } from "../../../src/stage/source/nix/list/read-list.ts";
import { Tree } from "../../../src/stage/tree/tree.ts";

const limit = (message: RegExp) => expect.objectContaining({ code: "LIMIT", message: expect.stringMatching(message) });

test("a tree has at most 2^26 entries", () => {
  expect(Tree.create().allocate(5)).toBe(0);
  expect(() => Tree.create().allocate(2 ** 26 + 1)).toThrow(limit(/^the tree has more than 67108864 entries$/));
});

test("names of a tree take at most 4 GiB", () => {
  expect(Tree.create().allocateName(255)).toBe(0);
  expect(() => Tree.create().allocateName(2 ** 32)).toThrow(limit(/names of the tree take more than 4 GiB/));
});

test("a list of store paths with what Nix knows of them has at most 256 MiB", () => {
  const text = new Uint8Array(2 ** 28 + 1);
  expect(() => readKnownPaths(text, "registration", "list")).toThrow(limit(/^list: is longer than 268435456 bytes$/));
  // it is looked at where it is not too long
  expect(() => readKnownPaths(text.subarray(0, 9), "registration", "list")).toThrow(
    expect.objectContaining({ code: "INPUT" }),
  );
});
