/** Lines of files that describe what goes into an image: words between blanks, in quotes where they hold some. */
import { showBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { latin1Text } from "./encoding.ts";

/** One line of such a file. */
export interface Line {
  /** Without blanks at either end; a latin1 string. */
  text: string;
  /** For messages: `list:12`. */
  where: string;
}

/** The lines of a file that are neither empty nor comments. With `continued`, one that ends with `\` goes on in the next. */
export function* readLines(text: Uint8Array, name: string, continued = false): Generator<Line> {
  let number = 0;
  let begun = "";
  for (const part of latin1Text(text, name).split("\n")) {
    number++;
    if (continued && /(?<!\\)\\\r?$/.test(part)) {
      begun += part.slice(0, part.lastIndexOf("\\"));
      continue;
    }
    const line = begun + part;
    begun = "";
    const trimmed = line.replace(/^[ \t\r]+|[ \t\r]+$/g, "");
    if (trimmed !== "" && !trimmed.startsWith("#")) yield { text: trimmed, where: `${name}:${number}` };
  }
  if (begun.trim() !== "") throw new ImageError("INPUT", `${name}:${number}: the last line does not end`);
}

/** Takes a line apart, word by word. */
export class LineReader {
  readonly #line: Line;
  #at = 0;

  constructor(line: Line) {
    this.#line = line;
  }

  /** What has not been read yet. */
  get rest(): string {
    return this.#line.text.slice(this.#at);
  }

  /** The next word; undefined at the end. A quoted one may hold blanks, and `\` before a quote or another `\`. */
  next(): string | undefined {
    const { rest } = this;
    if (rest === "") return undefined;
    if (rest[0] === '"') {
      const quoted = /^"((?:[^"\\]|\\.)*)"(?=[ \t]|$)[ \t]*/s.exec(rest);
      if (!quoted) throw this.fail("a quote has no end");
      this.#at += quoted[0].length;
      return quoted[1]!.replace(/\\(.)/gs, "$1");
    }
    const word = /^([^ \t]+)[ \t]*/.exec(rest)!;
    this.#at += word[0].length;
    return word[1]!;
  }

  /** The next word, in which quotes may stand anywhere and `\` before any character; undefined at the end. */
  nextEscaped(): string | undefined {
    const { rest } = this;
    if (rest === "") return undefined;
    const word = /^((?:[^ \t"\\]|\\.|"(?:[^"\\]|\\.)*")+)(?:[ \t]+|$)/s.exec(rest);
    if (!word) throw this.fail("a quote has no end");
    this.#at += word[0].length;
    return word[1]!.replace(/\\(.)|"/gs, (_, char = "") => char);
  }

  /** Passes over characters that have been read otherwise. */
  skip(length: number): void {
    this.#at += length;
  }

  /** The next word, which must be there; `what` says what it is. */
  need(what: string): string {
    const word = this.next();
    if (word === undefined) throw this.fail(`${what} is missing`);
    return word;
  }

  /** The next word as a number of digits of `base`, at most `max`. */
  needNumber(what: string, base: 8 | 10, max: number): number {
    return this.toNumber(this.need(what), what, base, max);
  }

  /** A word as a number. */
  toNumber(word: string, what: string, base: 8 | 10, max: number): number {
    const isNumber = (base === 8 ? /^[0-7]+$/ : /^[0-9]+$/).test(word);
    const value = isNumber ? Number.parseInt(word, base) : Number.NaN;
    if (!(value <= max)) throw this.fail(`${what} "${show(word)}" is not a number of at most ${max.toString(base)}`);
    return value;
  }

  /** All that is left, quotes taken off if it has some; undefined where there is nothing. */
  nextAll(): string | undefined {
    if (this.rest === "") return undefined;
    if (this.rest[0] !== '"') return this.nextRaw();
    const word = this.next();
    this.end();
    return word;
  }

  /** All that is left as it stands. */
  nextRaw(): string {
    const { rest } = this;
    this.#at = this.#line.text.length;
    return rest;
  }

  /** Throws if something is left. */
  end(): void {
    if (this.rest !== "") throw this.fail(`"${show(this.rest)}" is too much`);
  }

  /** An error about this line. */
  fail(why: string): ImageError {
    return new ImageError("INPUT", `${this.#line.where}: ${why}`);
  }
}

/** A latin1 string for a message. */
export function show(text: string): string {
  return showBytes(Uint8Array.from(text, (char) => char.charCodeAt(0)));
}
