/** From a command line in getopt's grammar and a table of options to what the options set. */
import { type Argument, UsageError } from "./getopt.ts";
import type { Given, Option } from "./option.ts";

/** Options with their arguments, and operands, in order. */
export type Words<S> = Iterable<Argument<Option<S>>>;

/** What a command line says, up to an option that asks for something to be printed. */
export interface Said<S> {
  readonly settings: S;
  readonly given: readonly Given<S>[];
  readonly operands: readonly string[];
  /** What is asked for; nothing behind it was looked at. */
  readonly asks: string | undefined;
}

/**
 * Lets options set what they set, one after the other.
 *
 * @param start what is so without options
 * @param advice stands behind the message for a word that is not UTF-8
 * @throws UsageError for an argument that cannot be, and for an option that is refused
 */
export function applyWords<S extends object>(words: Words<S>, start: S, advice = ""): Said<S> {
  const settings = { ...start };
  const given: Given<S>[] = [];
  const operands: string[] = [];
  for (const { option, name, value } of words) {
    // Node has already replaced the bytes: what is left names another file
    if (value?.includes("\uFFFD")) throw new UsageError(`${name ?? "operand"} "${value}": not UTF-8${advice}`);
    if (option === undefined) operands.push(value);
    else if (option.asks !== undefined) return { settings, given, operands, asks: option.asks };
    else {
      const read = option.read({ name, argument: value, soFar: settings });
      for (const { sets } of read) Object.assign(settings, sets);
      given.push(...read);
    }
  }
  return { settings, given, operands, asks: undefined };
}
