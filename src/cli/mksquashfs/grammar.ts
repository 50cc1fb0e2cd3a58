/**
 * The grammar of mksquashfs: sources and the image come first, then options, each a word with one dash whose argument is
 * the next word; `-e` takes all that follows.
 */

import { didYouMean } from "../../core/options/suggest.ts";
import type { Argument } from "../shared/getopt.ts";
import { UsageError } from "../shared/getopt.ts";
import type { Option } from "../shared/option.ts";

/** A word that may be an option, with its argument if it is one that takes any. */
interface Word<S> {
  readonly option: Option<S> | undefined;
  readonly name: string;
  /** Undefined also where it is missing. */
  readonly value: string | undefined;
}

/** A command line, taken apart; nothing is checked yet. */
export interface Line<S> {
  readonly operands: readonly string[];
  readonly words: readonly Word<S>[];
}

/** Takes a command line apart. */
export function splitLine<S>(argv: readonly string[], table: readonly Option<S>[]): Line<S> {
  const first = argv.findIndex((word) => word.startsWith("-") && word.length > 1);
  const operands = first < 0 ? argv : argv.slice(0, first);
  const words: Word<S>[] = [];
  for (let at = operands.length; at < argv.length; at++) {
    const name = argv[at]!;
    const option = table.find(({ names }) => names.includes(name));
    const isLast = name === "-e";
    const values = option?.argument !== "required" ? [undefined] : argv.slice(at + 1, isLast ? undefined : at + 2);
    if (values.length === 0) words.push({ option, name, value: undefined });
    for (const value of values) words.push({ option, name, value });
    if (isLast) break;
    if (option?.argument === "required") at++;
  }
  return { operands, words };
}

/**
 * The operands and options of a line, one after the other.
 *
 * @throws UsageError for a word that is neither, and for an argument that is missing
 */
export function* readLine<S>(
  { operands, words }: Line<S>,
  table: readonly Option<S>[],
): Generator<Argument<Option<S>>> {
  for (const value of operands) yield { option: undefined, name: undefined, value };
  for (const { option, name, value } of words) {
    if (option === undefined) throw unknown(name, table);
    if (option.argument === "required" && value === undefined) throw new UsageError(`${name}: needs an argument`);
    yield { option, name, value };
  }
}

function unknown<S>(word: string, table: readonly Option<S>[]): UsageError {
  if (!word.startsWith("-")) return new UsageError(`"${word}": sources and the image stand in front of options`);
  const [name = word] = word.split("=");
  const known = table.flatMap(({ names, isRefused }) => (isRefused ? [] : names));
  return new UsageError(`${word}: unknown option`, didYouMean(name, known));
}
