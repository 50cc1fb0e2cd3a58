/** The grammar of command lines: what glibc's `getopt_long` accepts, for a declarative table of options. */
import { ImageError } from "../../core/error.ts";
import { type NameOf, OptionError } from "../../core/options/option-error.ts";
import { didYouMean } from "../../core/options/suggest.ts";

/** A command line that cannot be understood; the program prints its one line and exits with 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** Further lines that may help: what was meant, or how the command is called. */
  readonly hint: string | undefined;

  /** @param hint see there */
  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** Runs a check of options: what the library has against them is wrong usage, said in the words of the command line. */
export function asUsage(check: () => unknown, nameOf: NameOf = (option) => option): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new UsageError((error instanceof OptionError ? error.reworded(nameOf) : error).message);
  }
}

/** One option of a table, under one or more names. */
export interface OptionSpec {
  /** With their dashes: `-b`, `--workers`. */
  readonly names: readonly string[];
  /** An `optional` argument must be attached (`--clean=data`), a `required` one may be the next word. */
  readonly argument: "none" | "required" | "optional";
  /** Not to be suggested for what was misspelt. */
  readonly isRefused?: boolean;
}

/** What a command line consists of: options of the table (`name` is one of its names, in full), and operands. */
export type Argument<T extends OptionSpec> =
  | { readonly option: T; readonly name: string; readonly value: string | undefined }
  | { readonly option: undefined; readonly name: undefined; readonly value: string };

/**
 * Reads a command line, word by word, so that a caller may stop at `--help`. Options may stand behind operands; `--`
 * ends them; long ones may be abbreviated to whatever only one has as its beginning.
 *
 * @param argv as an iterator: it stands behind what was read, also after an error
 * @throws UsageError for an unknown or ambiguous option, and for an argument missing or out of place.
 */
export function* getopt<T extends OptionSpec>(
  argv: readonly string[] | ArrayIterator<string>,
  specs: readonly T[],
): Generator<Argument<T>> {
  const words = argv[Symbol.iterator]();
  const argumentOf = (option: T, name: string, attached: string | undefined): string | undefined => {
    if (option.argument !== "required") return attached;
    const value = attached ?? words.next().value;
    if (value === undefined) throw new UsageError(`${name}: needs an argument`);
    return value;
  };

  for (const word of words) {
    if (word === "--") {
      for (const value of words) yield { option: undefined, name: undefined, value };
    } else if (word.startsWith("--")) {
      const [, typed = word, attached] = /^(.*?)=(.*)$/s.exec(word) ?? [];
      const { option, name } = findLong(typed, specs);
      if (attached !== undefined && option.argument === "none") throw new UsageError(`${name}: takes no argument`);
      yield { option, name, value: argumentOf(option, name, attached) };
    } else if (word.startsWith("-") && word !== "-") {
      let letters = word.slice(1);
      while (letters !== "") {
        const name = `-${String.fromCodePoint(letters.codePointAt(0)!)}`;
        const option = specs.find(({ names }) => names.includes(name));
        if (option === undefined) throw new UsageError(`${name}: unknown option`, suggest(word, name, specs));
        letters = letters.slice(name.length - 1);
        const attached = letters === "" || option.argument === "none" ? undefined : letters;
        if (attached !== undefined) letters = "";
        yield { option, name, value: argumentOf(option, name, attached) };
      }
    } else {
      yield { option: undefined, name: undefined, value: word };
    }
  }
}

/** The long option that is named in full, or else the only one that begins like this. */
function findLong<T extends OptionSpec>(typed: string, specs: readonly T[]): { option: T; name: string } {
  const candidates = specs.flatMap((option) =>
    option.names.filter((name) => name.startsWith("--") && name.startsWith(typed)).map((name) => ({ option, name })),
  );
  const found = candidates.find(({ name }) => name === typed) ?? candidates[0];
  if (found === undefined) throw new UsageError(`${typed}: unknown option`, didYouMean(typed, namesOf(specs, "--")));
  if (found.name !== typed && candidates.length > 1) {
    throw new UsageError(`${typed}: ambiguous, may be ${candidates.map(({ name }) => name).join(", ")}`);
  }
  return found;
}

/** For a letter that is unknown: the other case of it, or the long option that the word would be with one more dash. */
function suggest(word: string, letter: string, specs: readonly OptionSpec[]): string | undefined {
  const [whole = word] = word.split("=");
  if (whole.length > 2) return didYouMean(whole, namesOf(specs, "--"));
  return didYouMean(letter, namesOf(specs, "-"));
}

/** Names with so many dashes. */
function namesOf(specs: readonly OptionSpec[], dashes: "-" | "--"): string[] {
  const names = specs.flatMap((spec) => (spec.isRefused ? [] : spec.names));
  return names.filter((name) => name.startsWith("--") === (dashes === "--"));
}
