/** Expressions of actions: tests, `&&`, `||`, `!` and brackets. Operators have no precedence: what stands left comes first. */
import { Lexer, type Token } from "./lexer.ts";

/** A tree of tests. `T` is what a test was made into. */
export type Expression<T> =
  | { op: "test"; test: T; name: string; words: readonly string[] }
  | { op: "!"; of: Expression<T> }
  | { op: "&&" | "||"; left: Expression<T>; right: Expression<T> };

/** A name with its arguments. */
export interface Call {
  readonly name: string;
  readonly words: readonly string[];
}

/** Reads calls and expressions from a line. Throws what `fail` makes of the reason. */
export class ExpressionReader<T> {
  readonly #lexer: Lexer;
  readonly #makeTest: (call: Call) => T;
  readonly fail: (why: string) => Error;

  constructor(line: string, makeTest: (call: Call) => T, fail: (why: string) => Error) {
    this.#lexer = new Lexer(line);
    this.#makeTest = makeTest;
    this.fail = fail;
  }

  /** `NAME`, or `NAME(WORD,...)`. */
  call(what: string): Call {
    const name = this.#next();
    if (name === undefined || "mark" in name) throw this.#unexpected(name, what);
    return { name: name.text, words: this.#words() };
  }

  /** The mark that has to stand here. */
  need(mark: string): void {
    const token = this.#next();
    if (token === undefined || !("mark" in token) || token.mark !== mark) throw this.#unexpected(token, `"${mark}"`);
  }

  /** All up to the end of the line. */
  expression(): Expression<T> {
    return this.#expression(false);
  }

  #next(): Token | undefined {
    return this.#lexer.next(this.fail);
  }

  #expression(isInside: boolean): Expression<T> {
    let left = this.#atom();
    for (;;) {
      const token = this.#next();
      if (token === undefined) {
        if (isInside) throw this.#unexpected(token, '"&&", "||" or ")"');
        return left;
      }
      const mark = "mark" in token ? token.mark : undefined;
      if (isInside && mark === ")") return left;
      if (mark !== "&&" && mark !== "||") throw this.#unexpected(token, '"&&" or "||"');
      left = { op: mark, left, right: this.#atom() };
    }
  }

  #atom(): Expression<T> {
    const token = this.#next();
    if (token !== undefined && "text" in token) {
      const call = { name: token.text, words: this.#words() };
      return { op: "test", ...call, test: this.#makeTest(call) };
    }
    if (token?.mark === "!") return { op: "!", of: this.#atom() };
    if (token?.mark === "(") return this.#expression(true);
    throw this.#unexpected(token, 'a test, "!" or "("');
  }

  #words(): string[] {
    const next = this.#lexer.peek(this.fail);
    if (next === undefined || !("mark" in next) || next.mark !== "(") return [];
    this.#next();
    const words: string[] = [];
    for (let token = this.#next(); ; token = this.#next()) {
      if (words.length === 0 && isMark(token, ")")) return words;
      if (token === undefined || "mark" in token) throw this.#unexpected(token, "an argument");
      words.push(token.text);
      const end = this.#next();
      if (isMark(end, ")")) return words;
      if (!isMark(end, ",")) throw this.#unexpected(end, '"," or ")"');
    }
  }

  #unexpected(token: Token | undefined, wanted: string): Error {
    const found = token === undefined ? "the end" : `"${"mark" in token ? token.mark : token.text}"`;
    return this.fail(`${found} stands where ${wanted} should`);
  }
}

function isMark(token: Token | undefined, mark: string): boolean {
  return token !== undefined && "mark" in token && token.mark === mark;
}
