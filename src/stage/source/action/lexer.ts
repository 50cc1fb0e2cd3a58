/**
 * The words of an action of mksquashfs:
 *
 *     prune@name(*.[ch]) && !eval(.., "name(*linux*)")
 *
 * A string ends at a blank or at one of `( ) && || ! , @`, unless these stand in quotes or behind a `\`.
 */

/** A mark, by itself, or a string. */
export type Token = { mark: string } | { text: string };

const MARKS = ["(", ")", "&&", "||", "!", ",", "@", " ", "\t"];

/** Takes a line apart, token by token. */
export class Lexer {
  readonly #line: string;
  #at = 0;

  constructor(line: string) {
    this.#line = line;
  }

  /** The next token; undefined at the end. Throws what `fail` makes of a quote, or a `\`, that has no end. */
  next(fail: (why: string) => Error): Token | undefined {
    let mark = this.#mark();
    for (; mark === " " || mark === "\t"; mark = this.#mark()) this.#at++;
    if (this.#at >= this.#line.length) return undefined;
    if (mark === undefined) return { text: this.#string(fail) };
    this.#at += mark.length;
    return { mark };
  }

  /** The same without going on. */
  peek(fail: (why: string) => Error): Token | undefined {
    const before = this.#at;
    const token = this.next(fail);
    this.#at = before;
    return token;
  }

  #mark(): string | undefined {
    return MARKS.find((mark) => this.#line.startsWith(mark, this.#at));
  }

  #string(fail: (why: string) => Error): string {
    const line = this.#line;
    let text = "";
    let isQuoted = false;
    for (; this.#at < line.length; this.#at++) {
      if (line[this.#at] === '"') {
        isQuoted = !isQuoted;
        continue;
      }
      if (!isQuoted && this.#mark() !== undefined) return text;
      if (line[this.#at] === "\\" && ++this.#at >= line.length) throw fail("a backslash stands at the end");
      text += line[this.#at];
    }
    if (isQuoted) throw fail("a quote has no end");
    return text;
  }
}
