/**
 * What `getfattr -d -e hex` prints: for each file that has attributes its path, then a line for each of them, then an empty
 * one. Line ends, backslashes and, in names, equals signs are written as `\` and three octal digits; all else is as it is.
 *
 *     # file: /some/path\012with a line end
 *     user.comment=0x68690a
 */
import { ImageError } from "../../../core/error.ts";

const FILE = "# file: ";

/** What is made of it. All strings are latin1. */
export interface GetfattrHandler {
  file(path: string): void;
  attribute(name: string, value: Uint8Array): void;
  end(): void;
}

/** Reads such lines as they come. */
export class GetfattrOutput {
  readonly #handler: GetfattrHandler;
  #rest = "";
  #isOpen = false;

  constructor(handler: GetfattrHandler) {
    this.#handler = handler;
  }

  /** Takes further output. Throws `INTERNAL` for what is none of getfattr's. */
  take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines) this.#line(line);
  }

  /** To be called at the end. */
  finish(): void {
    this.take("\n\n");
  }

  #line(line: string): void {
    if (line === "") {
      if (this.#isOpen) this.#handler.end();
      this.#isOpen = false;
      return;
    }
    if (line.startsWith(FILE)) {
      this.#isOpen = true;
      this.#handler.file(decodeName(line.slice(FILE.length)));
      return;
    }
    const [, name, digits] = /^([^=]+)=0x((?:[0-9a-f]{2})*)$/s.exec(line) ?? [];
    if (!this.#isOpen || name === undefined) {
      throw new ImageError("INTERNAL", `getfattr: its output cannot be understood: ${line.slice(0, 200)}`);
    }
    this.#handler.attribute(decodeName(name), decodeHex(digits!));
  }
}

function decodeName(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

function decodeHex(digits: string): Uint8Array {
  const bytes = new Uint8Array(digits.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}
