/** What the options of `ts-imagefs` set, and what its commands are. */
import type { Ignored } from "../../build/compare/metadata.ts";
import type { LookContext } from "../shared/program.ts";

/** What is done with images. */
export type LookName = "info" | "ls" | "tree" | "cat" | "extract" | "verify" | "diff" | "dump" | "usage";

/** What options set. */
export interface Settings {
  json: boolean;
  /** Bytes before the image. */
  offset: number;
  /** Paths of what data of the image lies in besides. */
  devices: readonly string[];
  /** `-l`. */
  isLong?: boolean;
  /** `--force`. */
  force?: boolean;
  /** `--tar`: to standard output, or to a file. */
  tar?: string;
  /** The source of `--against`. */
  against?: string;
  /** `--store-dir`: where the image has the paths of a closure. */
  storeDir?: string;
  /** `--ignore`. */
  ignored: readonly Ignored[];
  /** `--workers`. */
  workers?: number;
  /** `-R`. */
  isRecursive?: boolean;
  /** `--entries`: what stands where is not compared. */
  entriesOnly?: boolean;
  /** `--limit`: differences of each kind that are told. */
  limit?: number;
  /** `--depth`: names of the longest paths that usage tells. */
  depth?: number;
  /** `--html`: where the page goes; `-` is standard output. */
  html?: string;
}

/** What is so without options. */
export const DEFAULTS: Settings = { json: false, offset: 0, devices: [], ignored: [] };

/** A command line that is understood. */
export interface LookLine {
  settings: Settings;
  /** What stands behind the command. */
  operands: readonly string[];
}

/** Does what a line asks for; gives the exit status. */
export type Look = (line: LookLine, context: LookContext) => Promise<number>;
