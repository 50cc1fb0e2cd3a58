/** What is to be said of a command beside its table of options; `--help`, manual pages and completions are made of both. */
import type { Option } from "../option.ts";
import type { ValueKind } from "../value.ts";

/** Everything that is to be said of a command. */
export interface Manual<S> {
  /** `ts-mkerofs`. */
  readonly name: string;
  /** What stands behind the name, in each of its forms. */
  readonly usage: readonly string[];
  /** Paragraphs. */
  readonly about: readonly string[];
  readonly examples: readonly Example[];
  readonly operands: readonly Operand[];
  readonly sections: readonly Section<S>[];
}

/** A command line, and what it is for. */
export interface Example {
  readonly line: string;
  readonly note: string;
}

/** What a command takes beside options. */
export interface Operand {
  readonly name: string;
  readonly kind: ValueKind;
  readonly help: string;
  /** May be given more than once. */
  readonly isMany?: boolean;
  /** What it may be, where that is one of some words. */
  readonly choices?: readonly string[];
}

/** Options that belong together, or something else that is to be explained. */
export interface Section<S> {
  /** One word, to ask for it by. */
  readonly id: string;
  readonly title: string;
  /** Paragraphs before the options. */
  readonly intro?: readonly string[];
  readonly options?: readonly Option<S>[];
  /** Words that are no options, with what they mean. */
  readonly entries?: readonly (readonly [word: string, meaning: string])[];
}

/** The table of options: all rows of all sections. */
export function optionsOf<S>({ sections }: { sections: readonly Section<S>[] }): readonly Option<S>[] {
  return sections.flatMap(({ options = [] }) => options);
}

/** Shells that are told how to complete a command line. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of them. */
export type Shell = (typeof SHELLS)[number];

/** How to ask for that; see completion.ts. */
export const COMPLETION_SECTION: Section<never> = {
  id: "completion",
  title: "Completion",
  entries: [
    [`--completion=${SHELLS.join("|")}`, "alone on the line: print what that shell is to read, to complete others"],
  ],
};

/** Exit statuses, which are the same for all commands. */
export const EXIT_SECTION: Section<never> = {
  id: "exit",
  title: "Exit status",
  entries: [
    ["0", "the image is complete"],
    [
      "1",
      "it could not be built, and an IMAGE that is a file is as it was before; or the report could not be printed, and " +
        "the image is complete",
    ],
    ["2", "the command line cannot be understood"],
    ["128 + N", "signal N ended it; an IMAGE that is a file is as it was before"],
  ],
};
