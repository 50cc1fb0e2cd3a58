/** Shell patterns, as fnmatch(3) takes them, over latin1 strings. */
import { ImageError } from "../../core/error.ts";

/** How a pattern is read. */
export interface GlobOptions {
  /** Wildcards match no slash (FNM_PATHNAME). */
  pathname?: boolean | undefined;
  /** Wildcards match no dot at the beginning (FNM_PERIOD). */
  period?: boolean | undefined;
  /** `?(a|b)`, `*(…)`, `+(…)`, `@(…)`, `!(…)` are patterns too (FNM_EXTMATCH). */
  extended?: boolean | undefined;
}

/** Compiles a pattern that has to match the whole text. Throws `INPUT` for one that cannot be understood. */
export function compileGlob(pattern: string, options: GlobOptions = {}): (text: string) => boolean {
  const expression = new RegExp(`^(?:${new Translator(pattern, options).translate()})$`, "s");
  return (text) => expression.test(text);
}

const CLASSES: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  blank: " \\t",
  cntrl: "\\x00-\\x1f\\x7f",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@\\[-`{-~",
  space: " \\t-\\r",
  upper: "A-Z",
  xdigit: "0-9A-Fa-f",
};

/** From a pattern to a regular expression. */
class Translator {
  readonly #pattern: string;
  readonly #any: string;
  readonly #options: GlobOptions;
  #at = 0;
  #others = 0;
  #isBackward = false;

  constructor(pattern: string, options: GlobOptions) {
    this.#pattern = pattern;
    this.#options = options;
    this.#any = options.pathname ? "[^/]" : ".";
  }

  translate(): string {
    return this.#sequence(false);
  }

  /** Up to the end, or inside a group to its `|` or `)`. */
  #sequence(isGroup: boolean): string {
    const pattern = this.#pattern;
    let out = "";
    while (this.#at < pattern.length) {
      const char = pattern[this.#at]!;
      if (isGroup && (char === "|" || char === ")")) return out;
      const isFirst = this.#at === 0 || (this.#options.pathname === true && pattern[this.#at - 1] === "/");
      const guard = this.#options.period && isFirst ? "(?!\\.)" : "";
      if (this.#options.extended && pattern[this.#at + 1] === "(" && "?*+@!".includes(char)) {
        out += this.#group(char);
      } else if (char === "*") {
        while (pattern[this.#at] === "*" && !(this.#options.extended && pattern[this.#at + 1] === "(")) this.#at++;
        out += `${guard}${this.#any}*`;
      } else if (char === "?") {
        this.#at++;
        out += guard + this.#any;
      } else if (char === "[") {
        out += guard + this.#bracket();
      } else {
        if (char === "\\" && this.#at + 1 < pattern.length) this.#at++;
        out += quote(pattern[this.#at++]!);
      }
    }
    return out;
  }

  #group(kind: string): string {
    this.#at += 2;
    const isBackward = this.#isBackward;
    if (kind === "!") this.#isBackward = !isBackward;
    const parts = [this.#sequence(true)];
    while (this.#pattern[this.#at] === "|") {
      this.#at++;
      parts.push(this.#sequence(true));
    }
    if (this.#pattern[this.#at] !== ")") throw new ImageError("INPUT", `pattern "${this.#pattern}": ( is not closed`);
    this.#at++;
    this.#isBackward = isBackward;
    if (kind === "!") return this.#other(parts.join("|"));
    return `(?:${parts.join("|")})${kind === "@" ? "" : kind}`;
  }

  /**
   * Any text but what `parts` match as a whole: looking back from its end, none of them may reach its start, which is
   * where as much text is left as there was. Inside of that, expressions are read backwards, so there it is turned round.
   */
  #other(parts: string): string {
    const rest = `rest${this.#others++}`;
    const remember = `(?=(?<${rest}>.*))`;
    if (this.#isBackward) return `(?!(?:${parts})(?=\\k<${rest}>$))${this.#any}*${remember}`;
    return `${remember}${this.#any}*(?<!(?=\\k<${rest}>$)(?:${parts}))`;
  }

  /** A bracket expression; without its end it is a `[`. */
  #bracket(): string {
    const pattern = this.#pattern;
    let at = this.#at + 1;
    const isNegated = pattern[at] === "!" || pattern[at] === "^";
    if (isNegated) at++;
    let inside = "";
    for (let first = true; ; first = false) {
      const char = pattern[at];
      if (char === undefined) {
        this.#at++;
        return "\\[";
      }
      if (char === "]" && !first) break;
      const named = char === "[" && pattern[at + 1] === ":" ? /^\[:(\w+):\]/.exec(pattern.slice(at)) : null;
      if (named) {
        const found = CLASSES[named[1]!];
        if (found === undefined) throw new ImageError("INPUT", `pattern "${pattern}": no class [:${named[1]}:]`);
        inside += found;
        at += named[0].length;
        continue;
      }
      if (char === "\\" && at + 1 < pattern.length) at++;
      const low = pattern[at++]!;
      if (pattern[at] === "-" && pattern[at + 1] !== undefined && pattern[at + 1] !== "]") {
        if (pattern[at + 1] === "\\") at++;
        const high = pattern[at + 1]!;
        at += 2;
        // a range that runs backwards is empty
        if (low <= high) inside += `${quoteInside(low)}-${quoteInside(high)}`;
      } else inside += quoteInside(low);
    }
    this.#at = at + 1;
    const guard = this.#options.pathname ? "(?!/)" : "";
    return inside === "" ? (isNegated ? this.#any : "(?!)") : `${guard}[${isNegated ? "^" : ""}${inside}]`;
  }
}

function quote(char: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
}

function quoteInside(char: string): string {
  return /[\\\]^[-]/.test(char) ? `\\${char}` : char;
}
