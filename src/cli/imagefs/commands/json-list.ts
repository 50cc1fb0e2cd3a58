/** JSON that is printed as it comes: an object whose last field is a list, an item a line. */
import type { TextOutput } from "../../shared/streams.ts";

/** Prints `{"version": …, …head, "name": [`, an item a line, `]}`. */
export class JsonList {
  readonly #out: TextOutput;
  #count = 0;

  constructor(out: TextOutput, head: Readonly<Record<string, unknown>>, name: string) {
    this.#out = out;
    const start = JSON.stringify(head).slice(0, -1);
    void out.write(`${start}${start === "{" ? "" : ","}"${name}":[`);
  }

  /** Prints an item. */
  add(item: unknown): Promise<void> | undefined {
    return this.#out.write(`${this.#count++ === 0 ? "\n" : ",\n"}${JSON.stringify(item)}`);
  }

  /** Prints the end, with what is known by now. */
  end(tail: Readonly<Record<string, unknown>> = {}): Promise<void> | undefined {
    const rest = JSON.stringify(tail).slice(1);
    return this.#out.write(`\n]${rest === "}" ? "" : ","}${rest}\n`);
  }
}
