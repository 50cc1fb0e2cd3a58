/** Store paths in contents, however these come in pieces. */
import { expect, test } from "vitest";
import { ReferenceScanner } from "../../../../../src/stage/source/nix/nar/reference-scanner.ts";

const DIGITS = ["h7mqyzspl0hg12h0lj0xwv405zyhz5q3", "8j6wjf89yaih482580rzwsh21hyqmlj2", undefined];
const OTHER = "gb6qn7fn4cb78glfpz7f0nh5clrm9ggm";

function scan(text: string, size = text.length) {
  const scanner = new ReferenceScanner(DIGITS, "/nix/store");
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0; at < bytes.length; at += size) scanner.push(bytes.subarray(at, at + size));
  return { found: [...scanner.found].sort(), missing: scanner.missing };
}

const END = "\0".repeat(16);
const TEXT = `${"x".repeat(40)}${DIGITS[1]}-and/nix/store/${DIGITS[0]}-name/bin ${OTHER} /nix/store/${OTHER}-other-1.0+b.drv!x${END}`;

test.each([1, 2, 7, 31, 32, 33, 64, 100, 1000])("in pieces of %d bytes", (size) => {
  expect(scan(TEXT, size)).toEqual({ found: [0, 1], missing: `/nix/store/${OTHER}-other-1.0+b.drv` });
});

test.each<[string, string]>([
  ["digits alone", `${OTHER}${END}`],
  ["in another folder", `/gnu/store/${OTHER}-name${END}`],
  ["without a name", `/nix/store/${OTHER}/${END}`],
  ["digits that Nix never has, as those that are put in their place", `/nix/store/${"e".repeat(32)}-name${END}`],
  ["one digit too few", `/nix/store/${OTHER.slice(1)}-name${END}`],
])("what is no path of another closure: %s", (_what, text) => {
  expect(scan(text)).toEqual({ found: [], missing: undefined });
});

test("digits among more of them are found, as Nix finds them", () => {
  expect(scan(`abc${DIGITS[0]}123${END}`).found).toEqual([0]);
});

test("what was found is forgotten with the next path", () => {
  const scanner = new ReferenceScanner(DIGITS, "/nix/store");
  scanner.push(Buffer.from(TEXT));
  scanner.clear();
  scanner.push(Buffer.from("nothing"));
  expect([scanner.found.size, scanner.missing]).toEqual([0, undefined]);
});
