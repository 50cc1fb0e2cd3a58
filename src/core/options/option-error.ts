/** An option that cannot be as it is given: the library calls it by its key, a command by the word that was typed. */
import { ImageError } from "../error.ts";

/** What an option is called, by its key: `compress`, or `compress[1].level` for what is in it. */
export type NameOf = (option: string) => string;

/** Why an option cannot be, where that names other options. */
export type Why = (name: NameOf) => string;

/** An `INPUT` about an option. */
export class OptionError extends ImageError {
  /** Key of the option, with the way to what is wrong in its value: `compress[1].level`. */
  readonly option: string;
  readonly #why: string | Why;

  /** @param name how the message calls options; default: by their keys */
  constructor(option: string, why: string | Why, name: NameOf = (key) => key) {
    super("INPUT", `${name(option)}: ${typeof why === "string" ? why : why(name)}`);
    this.option = option;
    this.#why = why;
  }

  /** The same error in the words of someone who calls options otherwise. */
  reworded(name: NameOf): OptionError {
    return new OptionError(this.option, this.#why, name);
  }
}
