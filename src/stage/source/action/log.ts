/** How what came of an expression is told. */

/** Gathers what `-log-action` prints: `/a=exclude@(name(a)=True&&size(5)=False)`. */
export class Log {
  #text = "";

  /** Adds to it. */
  write(text: string): void {
    this.#text += text;
  }

  /** Adds what came of a test. */
  result(matches: boolean): void {
    this.write(matches ? "=True" : "=False");
  }

  /** All so far. */
  get text(): string {
    return this.#text;
  }
}
