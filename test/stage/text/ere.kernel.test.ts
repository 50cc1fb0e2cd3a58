/** Extended regular expressions, judged by GNU grep. */
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compileEre } from "../../../src/stage/text/ere.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";

const withoutGrep = !oracle("grep", hasCommand("grep"));

/** The subjects (a character a byte) that match according to GNU grep; undefined where it stumbles over itself. */
function grep(pattern: string, subjects: readonly string[]): string[] | undefined {
  const { status, stdout, stderr } = spawnSync("grep", ["-E", "-a", "-z", "-e", pattern], {
    input: Buffer.from(subjects.map((subject) => `${subject}\0`).join(""), "latin1"),
    env: { ...process.env, LC_ALL: "C" },
    timeout: 2000,
  });
  // grep 3.8 fails at `^(\>a|a|)+?|` and takes forever for longer ones of that kind; regexec does not.
  if (status === null || stderr.includes("grep: program error")) return undefined;
  if (status > 1) throw new Error(`grep -E ${pattern}: ${stderr.toString()}`);
  return stdout.toString("latin1").split("\0").slice(0, -1);
}

const words = (text: string) => text.trim().split(/\s+/);

const SUBJECTS = [
  ...["", " ", "\t", "\x0b", "\x7f", "\x80", "\xa0", "\xff", "\xc3\xa9", "\xc3", "a b", " a", "a ", "x y_z-1"],
  ...words(String.raw`a b c - ] ^ \ [ ( ) { } | $ . * + ? _ / = : , 0 1 A Z z n w aa ab ba abc aab aaa aaaa abab abba
    aabb ab-c a) (a) a{1} a{,2} \] -] a] [z a-z foo foo.o src/foo.o src/foo.c nix/store/abc-foo abcabc aXbX`),
];

const PATTERNS = words(String.raw`
  a abc a|b a| |a a||b () (|a)b (a|)b ^$ ^(a|b)$ ^a|b$ (^a|b$) a^b a$b (^)*a . ^.$ ^.{3}$ é ^é$ ^[é]$ ^[é]+$ ^[^é]$
  a* ^a*$ ^a+$ ^a?$ ^a**$ ^a*+$ ^(a+?)b ^a+?$ ^a??$ ^a?+$ ^a{2}?$ ^a{2}{2}$ ^a{2}*$ ^((a|b)|c)+$ ((a*)b*)*c x.*z
  ^a{2}$ ^a{2,}$ ^a{1,3}$ ^a{,2}$ ^a{,}$ ^a{0}$ ^a{01}$ ^a{0,1}b ^(ab){2}$ ^a{1}$ ^a{1,}{2}$ ^a{1,2}{2}$ ^(a|ab){,2}$
  ^[abc]$ ^[^abc]$ ^[]a]$ ^[^]a]$ ^[a-]$ ^[-a]$ ^[^-a]$ ^[a-c]$ ^[]-a]$ ^[%--]$ ^[--/]$ ^[a-c-]$ ^[a^]$ ^[*.?]$ ^[[]$
  ^[\]$ ^[\]]$ ^[\n]$ ^[a\-z]$ ^[^\]$ ^[[a]$ ^[[.-.]]$ ^[[.a.]-c]$ ^[a-[.c.]]$ ^[[.].]]$ ^[[=a=]b]$ ^[[=]=]]$ ^[.a.]$
  ^[[:alnum:]]$ ^[[:alpha:]]$ ^[[:blank:]]$ ^[[:cntrl:]]$ ^[[:digit:]]$ ^[[:graph:]]$ ^[[:lower:]]$ ^[[:print:]]$
  ^[[:punct:]]$ ^[[:space:]]$ ^[[:upper:]]$ ^[[:xdigit:]]$ ^[^[:alpha:]]$ ^[[:upper:][:digit:]_]$ ^[[:alpha:]-]$
  ^\w$ ^\W$ ^\s$ ^\S$ ^\w+$ \bb b\b \Bb b\B ^\B \<a a\> \>a \<foo\> \`a a\' a\` ^\\$ ^\/$ ^\.$ ^\*$ ^\{$ ^\}$ ^}$ ^\($
  ^\)$ ^\[$ ^]$ ^\]$ ^\|$ ^\+$ ^\?$ ^\^$ ^\$$ \.o$ ^src/.*\.(o|a)$ ^nix/store/[^/]*-foo ^[^a]
  ^(a)\1$ ^(a*)\1$ ^(.)(.)\2\1$ ^(a|b)*\1$ (a)?\1b ^((a)|b)\2$ ^(.*)\1$ ^(a)\1*$ ^(a)(b)?\2$ ^(ab)(c)\1\2$ (a)\1\>
`);

test.skipIf(withoutGrep)("matches what GNU grep matches", () => {
  for (const pattern of ["", ...PATTERNS]) {
    const matches = SUBJECTS.filter(compileEre(pattern));
    expect({ pattern, matches }).toEqual({ pattern, matches: grep(pattern, SUBJECTS) });
  }
});

test.skipIf(withoutGrep)("matches what GNU grep matches (generated)", { timeout: 60_000 }, () => {
  const subjects = ["", ...words("a b c _ ab ba aab abb bab ab_ b-a cab acb aaaa a-b- abcabc"), " ", "a b", " ab "];
  const joinedBy = (separator: string) => (parts: string[]) => parts.join(separator);
  const { pattern } = fc.letrec<{ pattern: string; branch: string; piece: string }>((tie) => ({
    pattern: fc.array(tie("branch"), { minLength: 1, maxLength: 2 }).map(joinedBy("|")),
    branch: fc
      .array(fc.oneof(tie("piece"), tie("piece"), fc.constantFrom("^", "$", "\\b", "\\B", "\\<", "\\>")), {
        maxLength: 3,
      })
      .map(joinedBy("")),
    piece: fc
      .tuple(
        fc.oneof(
          { maxDepth: 2, depthIdentifier: "group" },
          fc.constantFrom(...words("a b c . [ab] [^a] \\w \\W [[:space:]-]")),
          tie("pattern").map((inner) => `(${inner})`),
        ),
        fc.constantFrom("", "", "", ...words("* + ? {2} {,2} {1,} {0} +? *{2}")),
      )
      .map(joinedBy("")),
  }));
  const agrees = (source: string) => {
    const expected = grep(source, subjects);
    fc.pre(expected !== undefined);
    expect(subjects.filter(compileEre(source))).toEqual(expected);
  };
  const short = pattern.filter((source) => source.length <= 40);
  fc.assert(fc.property(short, agrees), { numRuns: 300 });
});
