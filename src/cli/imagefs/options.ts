/** The command line of `ts-imagefs`. */
import { didYouMean } from "../../core/options/suggest.ts";
import { applyWords } from "../shared/command-line.ts";
import { getopt, UsageError } from "../shared/getopt.ts";
import { usageHint } from "../shared/manual/help.ts";
import { optionsOf } from "../shared/manual/manual.ts";
import { listIdle } from "../shared/option.ts";
import { optionNames } from "../shared/option-names.ts";
import type { ProgramCommand } from "../shared/program.ts";
import { checkPath } from "../shared/value.ts";
import { MANUAL } from "./manual.ts";
import { DEFAULTS, type Look, type LookName } from "./settings.ts";
import { COMMON_OPTIONS, OPTIONS } from "./table.ts";

interface LookKind {
  /** The operands that must be there, as messages call them, and whether more may be. */
  readonly operands: readonly string[];
  readonly most: number;
  /** Loads what does it. */
  load(): Promise<Look>;
}

const MANY = Number.POSITIVE_INFINITY;

const KINDS: Readonly<Record<LookName, LookKind>> = {
  info: { operands: ["IMAGE"], most: 1, load: async () => (await import("./commands/info.ts")).info },
  ls: { operands: ["IMAGE"], most: MANY, load: async () => (await import("./commands/ls.ts")).ls },
  tree: { operands: ["IMAGE"], most: 2, load: async () => (await import("./commands/tree.ts")).tree },
  cat: { operands: ["IMAGE", "PATH"], most: MANY, load: async () => (await import("./commands/cat.ts")).cat },
  extract: { operands: ["IMAGE"], most: MANY, load: async () => (await import("./commands/extract.ts")).extract },
  verify: { operands: ["IMAGE"], most: 1, load: async () => (await import("./commands/verify.ts")).verify },
  diff: { operands: ["A", "B"], most: 2, load: async () => (await import("./commands/diff.ts")).diff },
  dump: { operands: ["IMAGE"], most: 1, load: async () => (await import("./commands/dump.ts")).dump },
  usage: { operands: ["IMAGE"], most: 1, load: async () => (await import("./commands/usage.ts")).usage },
};

/**
 * Reads a command line.
 *
 * @throws UsageError when it cannot be understood
 */
export function parseImagefs(argv: readonly string[]): ProgramCommand {
  const { settings, given, operands, asks } = applyWords(getopt(argv, optionsOf(MANUAL)), DEFAULTS);
  if (asks !== undefined) return { action: asks === "version" ? "version" : "help" };
  const [word, ...rest] = operands;
  if (word === undefined) throw new UsageError("COMMAND is missing", usageHint(MANUAL));
  const names = Object.keys(KINDS) as LookName[];
  const name = names.find((each) => each === word);
  if (name === undefined) {
    throw new UsageError(`"${word}" is no command: ${names.join(", ")} are`, didYouMean(word, names));
  }
  const kind = KINDS[name];
  const known = [...COMMON_OPTIONS, ...OPTIONS[name]];
  const foreign = given.find(({ option, list = option }) => !known.includes(list));
  if (foreign) throw new UsageError(`${foreign.name}: is no option of ${name}`);
  const missing = kind.operands[rest.length];
  if (missing !== undefined) throw new UsageError(`${missing} is missing`, usageHint(MANUAL));
  if (rest.length > kind.most) throw new UsageError(`"${rest[kind.most]}" is too much`, usageHint(MANUAL));
  for (const [index, operand] of kind.operands.entries()) checkPath(operand, rest[index]!, "path");
  return {
    action: "look",
    json: settings.json,
    // an error is not to stand in an archive, or in a page
    image: settings.tar === "-" || settings.html === "-" ? "-" : undefined,
    warnings: listIdle(given, settings),
    nameOf: optionNames(given, {}),
    look: async (context) => (await kind.load())({ settings, operands: rest }, context),
  };
}
