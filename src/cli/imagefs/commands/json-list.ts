/** JSON that is printed as it comes: an object whose last field is a list, an item a line. */
import type { TextOutput } from "../../shared/streams.ts";

/**
 * Prints `{"version": …, …head, "name": [`, an item a line, `]}`; an error in the middle becomes a field behind the list. Nothing
 * is printed before the first item is there.
 */
export class JsonList {
  readonly #out: TextOutput;
  readonly #start: string;
  #count = 0;

  constructor(out: TextOutput, head: Readonly<Record<string, unknown>>, name: string) {
    this.#out = out;
    const start = JSON.stringify(head).slice(0, -1);
    this.#start = `${start}${start === "{" ? "" : ","}"${name}":[`;
  }

  /** Prints an item. */
  add(item: unknown): Promise<void> | undefined {
    const before = this.#count++ === 0 ? this.#start : ",";
    this.#out.ending = "\n]";
    return this.#out.write(`${before}\n${JSON.stringify(item)}`);
  }

  /** Prints the end, with what is known by now. */
  end(tail: Readonly<Record<string, unknown>> = {}): Promise<void> | undefined {
    const rest = JSON.stringify(tail).slice(1);
    this.#out.ending = undefined;
    return this.#out.write(`${this.#count === 0 ? this.#start : ""}\n]${rest === "}" ? "" : ","}${rest}\n`);
  }
}
