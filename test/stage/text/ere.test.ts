/** Extended regular expressions: what is refused, bytes as they are, and large ones. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { ImageError } from "../../../src/core/error.ts";
import { compileEre } from "../../../src/stage/text/ere.ts";

const words = (text: string) => text.trim().split(/\s+/);

// regcomp of glibc 2.36 refuses all of these; grep forgives some, so it cannot be asked.
test.each([
  ['unmatched "("', "( a(b ((a) (a|"],
  ['unmatched "["', "[ [a [] [^] [a- [[:alpha:]"],
  ['unmatched "[."', "[[. [[.a]"],
  ['unmatched "[:"', "[[:alpha]"],
  ['nothing before "*" to repeat', "*a a|*b (*b) ^* (^*a) |*"],
  ['nothing before "+" to repeat', "+ \\<+ $+"],
  ['nothing before "?" to repeat', "(?:a) (?=a)"],
  ['nothing before "{" to repeat', "{ {1} ^{1}"],
  ["invalid interval", "a{ a{1 a{x} a{} a{2,1} a{1,2,3} a{1a} a{-1} a{32768} a{1,32768}"],
  ["trailing backslash", "a\\"],
  ['unknown "[:foo:]"', "[[:foo:]]"],
  ['unknown "[:constructor:]"', "[[:constructor:]]"],
  ['unknown "[.space.]"', "[[.space.]]"],
  ['unknown "[==]"', "[[==]]"],
  ["invalid range in [ ]", "[c-a] [a-[:alpha:]] [a-[=c=]]"],
  ['misplaced "-" in [ ]', "[a-b-c] [[:alpha:]-z] [[=a=]-c]"],
  ['"\\1" refers to no group before it', "\\1 (a\\1) \\1(a) (a)|b\\1 ((a)|b\\1)"],
])("refuses: %s", (why, patterns) => {
  for (const pattern of words(patterns)) {
    const message = `regular expression ${JSON.stringify(pattern)}: ${why}`;
    expect(() => compileEre(pattern)).toThrow(new ImageError("INPUT", message));
  }
});

// grep splits patterns at newlines and takes some of these for literals; as regexec of glibc 2.36 answers.
test.each([
  [".", ["\n"], []],
  ["[^a]", ["\n"], []],
  ["^a", ["a\nb"], ["b\na"]],
  ["a$", ["b\na"], ["a\n"]],
  ["a\nb", ["a\nb"], ["a", "b"]],
  ["a)", ["a)"], ["a"]],
  ["^)*$", ["", "))"], ["a"]],
  ["(a))", ["a)"], ["a"]],
  ["\\n", ["n"], ["\n"]],
  ["\\0", ["0"], ["\0"]],
  ["()?\\1+$", ["", "ab"], []],
  ["^(a){0}\\1", [], ["", "a"]],
])("%j matches %j, not %j", (pattern, matching, others) => {
  const matches = compileEre(pattern);
  expect([matching.filter(matches), others.filter(matches)]).toEqual([matching, []]);
});

test("takes the pattern's bytes as they are", () => {
  const matches = compileEre(Buffer.from("^[\x80-\xff]$", "latin1"));
  expect(["\xff", "\x80", "\x7f", "\xc3\xa9"].filter(matches)).toEqual(["\xff", "\x80"]);
});

test("an error is one short line", () => {
  expect(() => compileEre("a\n(")).toThrow('regular expression "a\\n(": unmatched "("');
  const tooDeep = "(".repeat(100_000);
  expect(() => compileEre(tooDeep)).toThrow(`regular expression "${tooDeep.slice(0, 80)}…": too large`);
});

/** What nixpkgs' includes-to-excludes.py makes of a list of store paths: all that begins with none of `prefixes`. */
function allBut(prefixes: readonly string[]): string {
  const rests = new Map<string, string[]>();
  for (const prefix of prefixes) rests.set(prefix.charAt(0), [...(rests.get(prefix.charAt(0)) ?? []), prefix.slice(1)]);
  if (rests.has("")) return "(//X)";
  const deeper = [...rests].map(([char, rest]) => `|(${char}${allBut(rest)})`);
  return `([^${[...rests.keys()].join("")}]${deeper.join("")})`;
}

test("an expression of 200 KB is compiled and matched", () => {
  const digits = "0123456789abcdfghijklmnpqrsvwxyz"; // those of Nix: no "e"
  const prefixes = Array.from({ length: 2500 }, (_, path) => {
    const hash = createHash("sha256").update(String(path)).digest().subarray(0, 10);
    return Array.from(hash, (byte) => digits[byte & 31]).join("");
  });
  const pattern = `^${allBut(prefixes)}`;
  expect(pattern.length).toBeGreaterThan(150_000);
  const matches = compileEre(pattern);
  expect(prefixes.filter((prefix) => matches(`${prefix}-foo-1.2/lib/libfoo.so`))).toEqual([]);
  const others = prefixes.map((prefix) => `${prefix.slice(0, 9)}e-foo-1.2/lib/libfoo.so`);
  expect(others.filter((path) => !matches(path))).toEqual([]);
});
