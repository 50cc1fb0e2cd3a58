/** Every option that `ts-mkerofs` knows, in the order of `--help`, with what it does. */
import { randomUUID } from "node:crypto";
import type { BuildOptions } from "../build.ts";
import { type OptionSpec, UsageError } from "./getopt.ts";
import { type NumberRange, parseNumber } from "./numbers.ts";

/** What the options read so far have said. */
export interface Draft {
  action: "build" | "help" | "version";
  build: BuildOptions;
  owner: { uid?: number; gid?: number };
  exclude: { paths: string[]; regexes: string[] };
  closure: string | undefined;
  json: boolean;
  progress: "auto" | "always" | "never";
  verbosity: number;
  quiet: boolean;
}

/** An option and its effect; without one it is an option of mkfs.erofs that is not supported yet. */
export interface CliOption extends OptionSpec {
  readonly apply?: (draft: Draft, value: string, name: string) => void;
}

const U32: NumberRange = { min: 0, max: 2 ** 32 - 1 };
/** (uid_t)-1 means "no one" to the kernel, and "not given" to mkfs.erofs. */
const ID: NumberRange = { min: 0, max: 2 ** 32 - 2 };
const SAFE: NumberRange = { min: 0, max: Number.MAX_SAFE_INTEGER };

/** An option without an argument. */
function flag(names: string, apply: (draft: Draft) => void): CliOption {
  return { names: names.split(" "), argument: "none", apply };
}

/** An option with an argument. */
function text(name: string, apply: (draft: Draft, value: string, name: string) => void): CliOption {
  return { names: [name], argument: "required", apply };
}

/** An option with a number. */
function number(name: string, range: NumberRange, apply: (draft: Draft, value: number) => void): CliOption {
  return text(name, (draft, value) => apply(draft, parseNumber(name, value, range)));
}

/** An option with one of a few words. */
function choice<T extends string>(
  name: string,
  words: readonly T[],
  apply: (draft: Draft, value: T) => void,
): CliOption {
  return text(name, (draft, value) => {
    const word = words.find((candidate) => candidate === value);
    if (word === undefined) throw new UsageError(`${name}: "${value}" is none of ${words.join(", ")}`);
    apply(draft, word);
  });
}

/** Options of mkfs.erofs 1.9.3 that would change the image, and do not yet. */
function unsupported(argument: OptionSpec["argument"], names: string): CliOption[] {
  return names.split(" ").map((name) => ({ names: [name], argument }));
}

/** The table for `getopt`. */
export const OPTIONS: readonly CliOption[] = [
  flag("-h --help", (d) => void (d.action = "help")),
  flag("-V --version", (d) => void (d.action = "version")),
];
