/**
 * A row of a command's table of options: everything that is known of an option stands there and nowhere else. The parser,
 * `--help`, what is said of a wrong command line, manual pages and completions are made from these rows.
 */

import { didYouMean } from "../../core/options/suggest.ts";
import { type OptionSpec, UsageError } from "./getopt.ts";
import { type Format, formatName, type Value } from "./value.ts";

/** An option, or a word of one that takes a list of words (`-E dedupe`). `S` is what options set. */
export interface Option<S> extends OptionSpec {
  /** What it takes; undefined for one without an argument. */
  readonly value: Value<unknown> | undefined;
  /** The words that its list may consist of. */
  readonly words: readonly Option<S>[];
  /** What it does, for people; of a refused one, why it is refused. */
  readonly help: string;
  /** What is so without it, in words; {@link IS_DEFAULT}: the same as with it. */
  readonly default: string | undefined;
  /** The image formats that it means something for; undefined: all that the command writes. */
  readonly formats: readonly Format[] | undefined;
  /** A name of the option without which this one has no effect. */
  readonly needs: string | undefined;
  /** An option of the C tool that is not there: it is understood, and refused with its `help`. */
  readonly isRefused: boolean;
  /** Asks for something to be printed in place of a build. */
  readonly asks: string | undefined;
  /** A word of a list that can be switched off again, with `^` before it. */
  readonly isSwitch: boolean;
  /**
   * Finds out what it sets; for a list of words, what each of them does.
   *
   * @throws UsageError for an argument that cannot be, and for an option that is refused
   */
  read(typed: Typed<S>): Given<S>[];
}

/** An option as it was typed. */
export interface Typed<S> {
  /** As messages call it. */
  readonly name: string;
  readonly argument: string | undefined;
  /** A word with `^` before it. */
  readonly isOff?: boolean;
  /** What options before it have set. */
  readonly soFar: Readonly<S>;
}

/** An option or word of a command line, and what it sets. */
export interface Given<S> {
  readonly option: Option<S>;
  /** As messages call it: `-E dedupe`. */
  readonly name: string;
  readonly sets: Partial<S>;
  /** Of a word: the option in whose list it stands. */
  readonly list?: Option<S>;
}

/** What is said of an option that is so without it. */
export const IS_DEFAULT = "this";

/** What every row says. */
interface Facts {
  /** All its names, with spaces between them. */
  names: string;
  help: string;
  default?: string;
  formats?: readonly Format[];
  needs?: string;
  asks?: string;
}

/** An option without an argument. */
export interface FlagRow<S> extends Facts {
  sets?: Partial<S> | ((soFar: Readonly<S>) => Partial<S>);
  /** Of a word: what it sets with `^` before it. */
  unset?: Partial<S>;
}

/** Fields that can hold a `T`. */
type FieldFor<S, T> = { [K in keyof S]-?: T extends S[K] ? K : never }[keyof S];

/** An option with an argument. */
export interface ValueRow<S, T> extends Facts {
  value: Value<T>;
  /** The field that holds the value, or what follows from it. */
  sets?: FieldFor<S, T> | ((value: T, soFar: Readonly<S>, name: string) => Partial<S>);
  /** Words that the argument is made of, in a grammar of its own. */
  words?: readonly Option<S>[];
}

/** An option whose argument may be left out; the value is then undefined. */
export interface OptionalRow<S, T> extends Facts {
  value: Value<T>;
  sets: (value: T | undefined) => Partial<S>;
  /** Of a word: what it sets with `^` before it. */
  unset?: Partial<S>;
}

/** An option whose argument is a list of words, with commas between them. */
export interface WordsRow<S> extends Facts {
  placeholder: string;
  words: readonly Option<S>[];
  /** What is said behind a word that is none of them. */
  otherwise: string;
  /** No words at all are refused: the C tools take them. */
  needsWord?: boolean;
}

/** Options of the C tool that are not there. */
export interface RefusedRow {
  names: string;
  /** What they take, if they take anything. */
  placeholder?: string;
  /** The argument may be left out. */
  isOptional?: boolean;
  why: string;
}

/** The makers of rows for a command whose options set `S`. */
export interface RowMakers<S> {
  flag(row: FlagRow<S>): Option<S>;
  valued<T>(row: ValueRow<S, T>): Option<S>;
  optional<T>(row: OptionalRow<S, T>): Option<S>;
  words(row: WordsRow<S>): Option<S>;
  refused(row: RefusedRow): Option<S>;
}

/** Makes rows. */
export function rowsFor<S extends object>(): RowMakers<S> {
  return { flag, valued, optional, words, refused };
}

function flag<S>({ sets = {}, unset, ...facts }: FlagRow<S>): Option<S> {
  const option: Option<S> = {
    ...complete(facts, "none"),
    isSwitch: unset !== undefined,
    read: ({ name, isOff, soFar }) => {
      const result = isOff ? (unset ?? {}) : typeof sets === "function" ? sets(soFar) : sets;
      return [{ option, name, sets: result }];
    },
  };
  return option;
}

function valued<S, T>({ sets, value, words = [], ...facts }: ValueRow<S, T>): Option<S> {
  const option: Option<S> = {
    ...complete(facts, "required", value),
    words,
    read({ name, argument = "", soFar }) {
      const parsed = value.parse(name, argument);
      if (typeof sets === "function") return [{ option, name, sets: sets(parsed, soFar, name) }];
      return [{ option, name, sets: sets === undefined ? {} : ({ [sets]: parsed } as Partial<S>) }];
    },
  };
  return option;
}

function optional<S, T>({ sets, unset, value, ...facts }: OptionalRow<S, T>): Option<S> {
  const option: Option<S> = {
    ...complete(facts, "optional", value),
    isSwitch: unset !== undefined,
    read({ name, argument, isOff }) {
      if (isOff) return [{ option, name, sets: unset ?? {} }];
      return [{ option, name, sets: sets(argument === undefined ? undefined : value.parse(name, argument)) }];
    },
  };
  return option;
}

function words<S>({ placeholder, words: list, otherwise, needsWord, ...facts }: WordsRow<S>): Option<S> {
  const value: Value<string> = { kind: "words", placeholder, parse: (_, argument) => argument };
  const option: Option<S> = {
    ...complete(facts, "required", value),
    words: list,
    read: ({ name, argument = "", soFar }) => {
      const given: Given<S>[] = [];
      for (const word of argument.split(",").filter(Boolean)) {
        const now = Object.assign({}, soFar, ...given.map(({ sets }) => sets));
        const read = readWord(list, word, { name, otherwise, soFar: now });
        given.push(...read.map((each) => ({ ...each, list: option })));
      }
      if (needsWord && given.length === 0) throw new UsageError(`${name}: "${argument}" ${otherwise}`);
      return given;
    },
  };
  return option;
}

/** `WORD`, `WORD=VALUE`, or `^WORD`. */
function readWord<S>(
  list: readonly Option<S>[],
  typed: string,
  { name, otherwise, soFar }: { name: string; otherwise: string; soFar: Readonly<S> },
): Given<S>[] {
  const [, caret, word = "", argument] = /^(\^?)([^=]*)(?:=(.*))?$/s.exec(typed) ?? [];
  const option = list.find(({ names }) => names.includes(word));
  const isOff = caret === "^";
  if (option === undefined) {
    const known = list.filter(({ isRefused }) => !isRefused).flatMap(({ names }) => names);
    throw new UsageError(`${name}: "${typed}" ${otherwise}`, didYouMean(word, known));
  }
  if (option.isRefused) return option.read({ name: `${name} ${typed}`, argument, soFar });
  const takes = argument === undefined ? option.argument !== "required" : option.argument !== "none" && !isOff;
  if (!takes || (isOff && !option.isSwitch)) throw new UsageError(`${name}: "${typed}" ${otherwise}`);
  return option.read({ name: `${name} ${caret}${word}`, argument, isOff, soFar });
}

function refused<S>({ names, placeholder, isOptional, why }: RefusedRow): Option<S> {
  const value = placeholder === undefined ? undefined : { kind: "text" as const, placeholder, parse: () => undefined };
  return {
    ...complete({ names, help: why }, value === undefined ? "none" : isOptional ? "optional" : "required", value),
    isRefused: true,
    read({ name }) {
      throw new UsageError(`${name}: ${why}`);
    },
  };
}

function complete<S>(
  { names, ...facts }: Facts,
  argument: OptionSpec["argument"],
  value?: Value<unknown>,
): Omit<Option<S>, "read"> {
  const absent = { default: undefined, formats: undefined, needs: undefined, asks: undefined };
  const rest = { words: [], isRefused: false, isSwitch: false };
  return { ...absent, ...rest, ...facts, names: names.split(" "), argument, value };
}

/** Throws UsageError for an option that means nothing for the format of the image. */
export function checkFormats<S>(given: readonly Given<S>[], format: Format): void {
  const isFor = ({ option, list }: Given<S>) => (option.formats ?? list?.formats ?? [format]).includes(format);
  const wrong = given.find((each) => !isFor(each));
  if (wrong) throw new UsageError(`${wrong.name}: not for ${formatName(format)}`);
}

/**
 * The options, as messages call them, that have no effect as the one that they need is not there: without those whose
 * settings were overruled behind them, and those that only switch something off.
 */
export function listIdle<S>(given: readonly Given<S>[], settings: Readonly<S>): string[] {
  const isGiven = (name: string) => given.some(({ option }) => option.names.includes(name));
  const isInForce = ({ sets }: Given<S>) =>
    (Object.keys(sets) as (keyof S)[]).some((key) => settings[key] === sets[key] && !OFF.includes(sets[key]));
  const idle = given.filter((each) => each.option.needs && !isGiven(each.option.needs) && isInForce(each));
  return idle.map(({ name, option }) => `${name} has no effect without ${option.needs}`);
}

/** Values that switch something off. */
const OFF: readonly unknown[] = [undefined, false, "none"];
