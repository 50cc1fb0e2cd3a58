/** What messages call the options of the library: the words that were typed. */
import type { NameOf } from "../../core/options/option-error.ts";
import type { Given } from "./option.ts";

/** Where options set another field than the one that the library has: `exclude.paths` is in `excludePaths`. */
export type FieldNames<S> = Readonly<Record<string, keyof S>>;

/** Names of options by what they have set, the last one that has; what no one has set keeps the library's name. */
export function optionNames<S extends object>(given: readonly Given<S>[], fields: FieldNames<S>): NameOf {
  return (option) => {
    for (const part of partsOf(option)) {
      const field = fields[part] ?? part;
      const typed = given.findLast(({ sets }) => field in sets && sets[field as keyof S] !== undefined)?.name;
      if (typed !== undefined) return [typed, ...wordsOf(option.slice(part.length))].join(" ");
    }
    return option;
  };
}

/** `compress[1].level`, `compress[1]`, `compress`. */
function partsOf(option: string): string[] {
  const ends = [...option.matchAll(/[.[]/g)].map(({ index }) => index);
  return [option, ...ends.reverse().map((end) => option.slice(0, end))];
}

/** What is typed otherwise inside of an option's value, or in a list that it names, than the library calls it. */
const TYPED: Readonly<Record<string, string>> = { dictSize: "dictsize", pclusterSize: "cluster size" };

/** What stands inside of an option's value, in words: of `[1].level`, `level`; which one it is, the message itself says. */
function wordsOf(rest: string): string[] {
  return rest
    .replace(/\[\d+\]/g, "")
    .split(".")
    .filter((word) => word !== "")
    .map((word) => TYPED[word] ?? word);
}
