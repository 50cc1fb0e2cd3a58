/**
 * The command line of `ts-mkerofs`: letters, meaning and grammar are those of mkfs.erofs 1.9.3, as far as it is
 * supported, and a few options of our own. What would make a surprising image is refused: the clock is never read, and no
 * number is rounded.
 */
import { randomUUID } from "node:crypto";
import type { BuildOptions } from "../build.ts";
import { getopt, type OptionSpec, UsageError } from "./getopt.ts";
import { parseEpoch, parseNumber } from "./numbers.ts";

/** What a command line asks for. */
export type Command = { action: "help" | "version" } | BuildCommand;

/** An image to be built. */
export interface BuildCommand {
  action: "build";
  /** Path of the image; `-` is standard output. */
  image: string;
  /** Directories or store paths; none where `closure` is given. */
  sources: string[];
  /** A file that lists store paths; `-` is standard input. */
  closure: string | undefined;
  build: BuildOptions;
  /** Print the report as JSON. */
  json: boolean;
  progress: "auto" | "always" | "never";
  /** From 0, quiet, to 9. */
  verbosity: number;
}

/** What has been said so far. */
interface Draft {
  command: BuildCommand;
  build: BuildOptions;
  quiet: boolean;
  uid: number | undefined;
  gid: number | undefined;
}

interface CliOption extends OptionSpec {
  /** What the option does; without it the option is mkfs.erofs's, and not ours yet. */
  apply?: (draft: Draft, value: string, name: string) => void;
}

const U32 = 2 ** 32 - 1;
const SAFE = Number.MAX_SAFE_INTEGER;

/** An option without an argument. */
function flag(name: string, apply: (draft: Draft) => void): CliOption {
  return { names: [name], argument: "none", apply };
}
...
