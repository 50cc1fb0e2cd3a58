/** What options take: how it is called, what may stand there, and how it is read. */

import { didYouMean } from "../../core/options/suggest.ts";
import { UsageError } from "./getopt.ts";
import { type NumberRange, parseNumber } from "./numbers.ts";

/** Formats of images. */
export type Format = "erofs" | "squashfs";

const FORMAT_NAMES: Readonly<Record<Format, string>> = { erofs: "EROFS", squashfs: "SquashFS" };

/** `EROFS`. */
export function formatName(format: Format): string {
  return FORMAT_NAMES[format];
}

/** The kind of a value: completions offer files, directories, accounts or words; manuals say what it is. */
export type ValueKind = "number" | "choice" | "text" | "file" | "directory" | "user" | "group" | "mode" | "words";

/** What an option takes. */
export interface Value<T> {
  readonly kind: ValueKind;
  /** As `--help` calls it: `FILE`, or `#`. */
  readonly placeholder: string;
  /** Of a number. */
  readonly range?: NumberRange;
  /** Of a number whose range depends on the image's format. */
  readonly ranges?: Readonly<Record<Format, NumberRange>>;
  /** All that a choice may be. */
  readonly choices?: readonly string[];
  /**
   * Reads it.
   *
   * @param name the option, as messages call it
   * @throws UsageError when it cannot be that
   */
  parse(name: string, text: string): T;
}

/** A number. */
export function number(placeholder: string, range: NumberRange): Value<number> {
  return { kind: "number", placeholder, range, parse: (name, text) => parseNumber(name, text, range) };
}

/** A number whose range is known once the format is. */
export function numberByFormat(
  placeholder: string,
  ranges: Readonly<Record<Format, NumberRange>>,
): Value<(format: Format) => number> {
  const anything = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };
  const parse = (name: string, text: string) => {
    // what is no number is so whatever the format; it may be the next word of a line that has forgotten one
    for (const { suffix = false } of Object.values(ranges)) parseNumber(name, text, { ...anything, suffix });
    return (format: Format) => parseNumber(name, text, ranges[format]);
  };
  return { kind: "number", placeholder, ranges, parse };
}

/** One of a few words. */
export function choice<const T extends readonly string[]>(placeholder: string, choices: T): Value<T[number]> {
  return {
    kind: "choice",
    placeholder,
    choices,
    parse(name, text) {
      const word = choices.find((candidate) => candidate === text);
      if (word !== undefined) return word;
      throw new UsageError(`${name}: "${text}" is none of ${choices.join(", ")}`, didYouMean(text, choices));
    },
  };
}

/** Anything that `parse` takes; by default, any text. */
export function text(placeholder: string): Value<string>;
export function text<T>(placeholder: string, parse: Value<T>["parse"], kind?: ValueKind): Value<T>;
export function text(placeholder: string, parse = (_: string, given: string): unknown => given, kind = "text") {
  return { kind, placeholder, parse };
}

/** The path of a file. */
export function file(placeholder = "FILE"): Value<string> {
  return text(placeholder, (name, path) => checkPath(name, path, "file"), "file");
}

/** The path of a directory. */
export function directory(placeholder = "DIRECTORY"): Value<string> {
  return text(placeholder, (name, path) => checkPath(name, path, "directory"), "directory");
}

/** Returns a path; throws UsageError for an empty one, as of a variable of a script that is not set. */
export function checkPath(name: string, path: string, what: string): string {
  if (path !== "") return path;
  throw new UsageError(`${name}: "" is no ${what}`);
}

/** What may stand there beyond its kind, in words: `512 to 64K`, `a power of two`. */
export function describeValue({ range, ranges, placeholder }: Value<unknown>): string[] {
  if (ranges !== undefined) {
    const { erofs, squashfs } = ranges;
    return [`EROFS: ${showRange(erofs)}`, `SquashFS: ${showRange(squashfs)}`, ...showForm(erofs)];
  }
  // `<0-9>` says it
  if (range === undefined || placeholder.startsWith("<")) return [];
  return [showRange(range), ...showForm(range)].filter(Boolean);
}

/** Numbers beyond this are no limit that anyone would meet. */
const UNLIMITED = 2 ** 32 - 2;

function showRange({ min, max, suffix }: NumberRange): string {
  const show = (value: number) => (suffix ? showSize(value) : String(value));
  if (max >= UNLIMITED) return "";
  return min === 0 ? `at most ${show(max)}` : `${show(min)} to ${show(max)}`;
}

function showForm({ powerOfTwo }: NumberRange): string[] {
  return powerOfTwo ? ["a power of two"] : [];
}

function showSize(value: number): string {
  for (const [unit, bytes] of [
    ["G", 2 ** 30],
    ["M", 2 ** 20],
    ["K", 2 ** 10],
  ] as const) {
    if (value >= bytes && value % bytes === 0) return `${value / bytes}${unit}`;
  }
  return String(value);
}
