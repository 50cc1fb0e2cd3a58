/**
 * POSIX extended regular expressions, as `--exclude-regex` takes them, on top of JavaScript's.
 *
 * Meaning: glibc's `regcomp(REG_EXTENDED | REG_NOSUB)` in the C locale, so a character is a byte, and both sides are
 * strings of one character (0..255) a byte. Whether there is a match does not depend on "leftmost longest", so a
 * translation for a backtracking engine keeps the answer (but not the time: `(a*)*b` is as slow as elsewhere).
 */
import { encodeUtf8, latin1FromBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { OptionError } from "../../core/options/option-error.ts";
import { byteLiteral, byteSet, EreSyntaxError, translateBracket } from "./ere-set.ts";

/** RE_DUP_MAX of glibc. */
const MAX_REPEAT = 32767;

/**
 * JavaScript lets a back-reference to a group that took no part match the empty string; POSIX lets it fail. Where an
 * expression has back-references, these characters, which no byte has, stand behind the path: each group also captures
 * `SET` from there, and each reference checks that this capture fits between `OPEN` and `CLOSE`.
 */
const [OPEN, SET, CLOSE] = ["\u0100", "\u0101", "\u0102"];

/** {@link compileEre} for the expression of an option, whose key the error names: `exclude.regexes[0]`. */
export function compileEreOption(option: string, pattern: string): (path: string) => boolean {
  try {
    return compileEre(pattern);
  } catch (error) {
    throw new OptionError(option, (error as Error).message);
  }
}

/**
 * Compiles a POSIX extended regular expression.
 *
 * @param pattern the expression's bytes; a string stands for its UTF-8.
 * @returns whether a path matches anywhere; the path is a string of one character a byte.
 * @throws ImageError `INPUT` when the expression is malformed, or too large for the engine.
 */
export function compileEre(pattern: Uint8Array | string): (path: string) => boolean {
  const bytes = typeof pattern === "string" ? encodeUtf8(pattern) : pattern;
  try {
    const translator = new Translator(latin1FromBytes(bytes));
    const regex = new RegExp(translator.alternatives(0));
    const tail = translator.referenced.size === 0 ? "" : OPEN + SET + CLOSE;
    // V8 compiles at the first use to bytecode and at the second to machine code; either may find it too large.
    for (let use = 0; use < 2; use++) regex.test(tail);
    return tail === "" ? (path) => regex.test(path) : (path) => regex.test(path + tail);
  } catch (error) {
    const why = error instanceof EreSyntaxError ? error.message : "too large";
    throw new ImageError("INPUT", `regular expression ${quote(bytes)}: ${why}`, { cause: error });
  }
}

/** The beginning of an expression as a JSON string, so that it stays on one line. */
function quote(bytes: Uint8Array): string {
  const shown = new TextDecoder().decode(bytes.slice(0, 80));
  return JSON.stringify(bytes.length > 80 ? `${shown}…` : shown);
}

/** Reads an expression from left to right; each method consumes what it is named for and returns its translation. */
class Translator {
  readonly #text: string;
  /** Groups that are referred to, or a few more (`[\1]`, `\\1`), which does no harm: only these are captured. */
  readonly referenced: ReadonlySet<number>;
  readonly #end: string;
  #at = 0;
  #groups = 0;
  /** Bit n: `\n` may stand here, as group n is complete and not in another alternative. */
  #complete = 0;

  constructor(text: string) {
    this.#text = text;
    this.referenced = new Set(Array.from(text.matchAll(/\\([1-9])/g), (match) => Number(match[1])));
    this.#end = this.referenced.size === 0 ? "$" : `(?=${OPEN})`;
  }

  alternatives(depth: number): string {
    const before = this.#complete;
    const sources = [this.#branch(depth)];
    let after = this.#complete;
    while (this.#text[this.#at] === "|") {
      this.#at++;
      this.#complete = before;
      sources.push(this.#branch(depth));
      after |= this.#complete;
    }
    this.#complete = after;
    return sources.join("|");
  }

  #branch(depth: number): string {
    let source = "";
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || char === "|" || (char === ")" && depth > 0)) return source;
      // An anchor takes no quantifier: `^*` is an error just as `*` alone is.
      source += this.#anchor() ?? this.#quantified(this.#atom(depth));
    }
  }

  #anchor(): string | undefined {
    const token = this.#text[this.#at] === "\\" ? this.#text.slice(this.#at, this.#at + 2) : this.#text[this.#at]!;
    const source = this.#anchorSource(token);
    if (source !== undefined) this.#at += token.length;
    return source;
  }

  #anchorSource(token: string): string | undefined {
    switch (token) {
      case "^":
      case "\\`":
        return "^";
      case "$":
      case "\\'":
        return this.#end;
      case "\\b":
      case "\\B":
        return token;
      case "\\<":
        return "\\b(?=\\w)";
      case "\\>":
        return "\\b(?<=\\w)";
      default:
        return undefined;
    }
  }

  #atom(depth: number): string {
    const char = this.#text[this.#at++]!;
    switch (char) {
      case "(":
        return this.#group(depth + 1);
      case "[": {
        const { source, end } = translateBracket(this.#text, this.#at);
        this.#at = end;
        return source;
      }
      case "\\":
        return this.#escape();
      case ".":
        return byteSet("", true);
      case "*":
      case "+":
      case "?":
      case "{":
        throw new EreSyntaxError(`nothing before "${char}" to repeat`);
      default:
        return byteLiteral(char.charCodeAt(0)); // a ")" too, where it closes nothing
    }
  }

  #group(depth: number): string {
    const number = ++this.#groups;
    const inner = this.alternatives(depth);
    if (this.#text[this.#at++] !== ")") throw new EreSyntaxError('unmatched "("');
    if (number <= 9) this.#complete |= 1 << number;
    if (!this.referenced.has(number)) return `(?:${inner})`;
    return `(?:(?<group${number}>${inner})(?=[^]*(?<set${number}>${SET})))`;
  }

  #escape(): string {
    const char = this.#text[this.#at++];
    if (char === undefined) throw new EreSyntaxError("trailing backslash");
    if (char === "w" || char === "W") return byteSet("09AZaz__", char === "W");
    if (char === "s" || char === "S") return byteSet("\t\r  ", char === "S");
    if (char < "1" || char > "9") return byteLiteral(char.charCodeAt(0));
    if ((this.#complete & (1 << Number(char))) === 0)
      throw new EreSyntaxError(`"\\${char}" refers to no group before it`);
    return `(?:(?=[^]*${OPEN}\\k<set${char}>${CLOSE})\\k<group${char}>)`;
  }

  #quantified(atom: string): string {
    let source = atom;
    let [min, max] = [1, 1];
    for (let next = this.#quantifier(); next !== undefined; next = this.#quantifier()) {
      if (min === 1 && max === 1) {
        ({ min, max } = next);
      } else if (isSimple(min, max) && isSimple(next.min, next.max)) {
        // `a*+` is `a*`. Nested loops over the same bytes are what a backtracking engine is slow at.
        [min, max] = [min * next.min, Math.max(max, next.max)];
      } else {
        // The second quantifier repeats all before it, where JavaScript would take the `?` of `a{2}?` for "lazy".
        source = `(?:${repeat(source, min, max)})`;
        ({ min, max } = next);
      }
    }
    return repeat(source, min, max);
  }

  #quantifier(): { min: number; max: number } | undefined {
    const char = this.#text[this.#at];
    if (char !== "*" && char !== "+" && char !== "?" && char !== "{") return undefined;
    const brace = /\{(?:(\d+)|(\d*),(\d*))\}/y;
    brace.lastIndex = this.#at;
    const [token = char, count, low = "", high = ""] = brace.exec(this.#text) ?? [];
    this.#at += token.length;
    if (char !== "{") return { min: Number(char === "+"), max: char === "?" ? 1 : Infinity };
    const min = Number(count ?? low);
    const max = Number(count ?? (high || Infinity));
    const largest = Math.max(min, max === Infinity ? 0 : max);
    if (token === "{" || min > max || largest > MAX_REPEAT) throw new EreSyntaxError("invalid interval");
    return { min, max };
  }
}

/** Whether a quantifier is `*`, `+`, `?` or none. */
function isSimple(min: number, max: number): boolean {
  return min <= 1 && (max === 1 || max === Infinity);
}

function repeat(source: string, min: number, max: number): string {
  if (min === 0 && max > 0 && source.includes("(?<group")) {
    // JavaScript drops an optional turn that matched nothing, with its captures; POSIX counts it.
    return `(?:${repeat(source, 1, max)}|)`;
  }
  if (max === Infinity) return source + (min === 0 ? "*" : min === 1 ? "+" : `{${min},}`);
  if (max === 1) return source + (min === 0 ? "?" : "");
  return `${source}{${min},${max}}`;
}
