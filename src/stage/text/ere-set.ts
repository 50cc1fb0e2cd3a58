/**
 * Sets of bytes in POSIX regular expressions: bracket expressions and the classes of the C locale.
 *
 * Grammar: POSIX.1-2017, 9.3.5, as glibc reads it (posix/regcomp.c, parse_bracket_exp): a backslash is an ordinary
 * byte, and so is a "-" that stands first or last or ends a range; any other "-" must make a range.
 */

/** What makes an expression unusable, in a few words. */
export class EreSyntaxError extends Error {}

/** Each pair of characters is the first and the last byte of a range. */
const CLASSES: ReadonlyMap<string, string> = new Map([
  ["alnum", "09AZaz"],
  ["alpha", "AZaz"],
  ["blank", "\t\t  "],
  ["cntrl", "\0\x1f\x7f\x7f"],
  ["digit", "09"],
  ["graph", "!~"],
  ["lower", "az"],
  ["print", " ~"],
  ["punct", "!/:@[`{~"],
  ["space", "\t\r  "],
  ["upper", "AZ"],
  ["xdigit", "09AFaf"],
]);

/** A JavaScript set of the bytes in `ranges` (pairs of a first and a last one), or of all other bytes. */
export function byteSet(ranges: string, negated: boolean): string {
  const taken = new Uint8Array(256).fill(Number(negated));
  for (let i = 0; i < ranges.length; i += 2) {
    taken.fill(Number(!negated), ranges.charCodeAt(i), ranges.charCodeAt(i + 1) + 1);
  }
  let source = "";
  for (let first = taken.indexOf(1); first !== -1; ) {
    const end = taken.indexOf(0, first);
    const last = (end === -1 ? 256 : end) - 1;
    source += first === last ? byteLiteral(first) : `${byteLiteral(first)}-${byteLiteral(last)}`;
    first = taken.indexOf(1, last + 1);
  }
  return `[${source}]`;
}

/** One byte in JavaScript's grammar, the same inside and outside of a set. */
export function byteLiteral(byte: number): string {
  const char = String.fromCharCode(byte);
  return /[\w/]/.test(char) ? char : `\\x${byte.toString(16).padStart(2, "0")}`;
}

/** Translates a bracket expression; `at` is the place behind its "[", the returned `end` the one behind its "]". */
export function translateBracket(text: string, at: number): { source: string; end: number } {
  const negated = text[at] === "^";
  const start = negated ? at + 1 : at;
  let ranges = "";
  let next = start;
  while (next === start || text[next] !== "]") {
    if (text[next] === "-" && next !== start && text[next + 1] !== "]")
      throw new EreSyntaxError('misplaced "-" in [ ]');
    const low = parseElement(text, next);
    next = low.end;
    if (low.byte === undefined || text[next] !== "-" || text[next + 1] === "]") {
      ranges += low.ranges;
      continue;
    }
    const high = parseElement(text, next + 1);
    if (high.byte === undefined || high.byte < low.byte) throw new EreSyntaxError("invalid range in [ ]");
    ranges += low.byte + high.byte;
    next = high.end;
  }
  return { source: byteSet(ranges, negated), end: next + 1 };
}

/** One member of a bracket expression; `byte` only where it may be the end of a range. */
interface Element {
  ranges: string;
  byte?: string;
  end: number;
}

function parseElement(text: string, at: number): Element {
  const char = text[at];
  if (char === undefined) throw new EreSyntaxError('unmatched "["');
  const kind = text[at + 1];
  if (char !== "[" || (kind !== "." && kind !== "=" && kind !== ":"))
    return { ranges: char + char, byte: char, end: at + 1 };

  const close = text.indexOf(`${kind}]`, at + 2);
  if (close === -1) throw new EreSyntaxError(`unmatched "[${kind}"`);
  const name = text.slice(at + 2, close);
  const end = close + 2;
  // In the C locale every collating element and every equivalence class is one byte.
  const ranges = kind === ":" ? CLASSES.get(name) : name.length === 1 ? name + name : undefined;
  if (ranges === undefined) throw new EreSyntaxError(`unknown "[${kind}${name}${kind}]"`);
  return kind === "." ? { ranges, byte: name, end } : { ranges, end };
}
