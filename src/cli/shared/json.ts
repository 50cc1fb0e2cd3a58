/** What is printed with `--json`: one object, whose fields `docs/report.md` tells. */
import { ImageError } from "../../core/error.ts";
import type { BuildReport, PrintedError, PrintedReport, SquashfsReport } from "../../index.ts";
import { imagePath } from "../image-path.ts";
import { getopt, type OptionSpec, UsageError } from "./getopt.ts";

/** How a command answers. */
export interface Manner {
  /** In JSON. */
  json: boolean;
  /** Path of the image, which is standard output if it is `-`; undefined where none is named. */
  image: string | undefined;
}

/** What a line in getopt's grammar says of the answer to it, although it may have words that cannot be understood. */
export function mannerOf(argv: readonly string[], specs: readonly OptionSpec[]): Manner {
  const manner: Manner = { json: false, image: undefined };
  const words = argv.values();
  for (;;) {
    try {
      for (const { name, value } of getopt(words, specs)) {
        if (name === "--json") manner.json = true;
        else if (name === undefined) manner.image ??= imagePath(value);
      }
      return manner;
    } catch (error) {
      // goes on behind the word that it is about
      if (!(error instanceof UsageError)) throw error;
    }
  }
}

/** A report. */
export function formatJsonReport(version: string, image: string, report: BuildReport | SquashfsReport): string {
  return toJson({ version, image, ...report });
}

/** Anything that was thrown. */
export function formatJsonError(version: string, thrown: unknown): string {
  return toJson({ version, error: describeError(thrown) });
}

/** The end of an object that an error has come in the middle of: `ending` is all of it but for that. */
export function formatErrorEnd(ending: string, thrown: unknown): string {
  return `${ending},"error":${JSON.stringify(describeError(thrown))}}\n`;
}

function describeError(thrown: unknown): PrintedError["error"] {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (thrown instanceof UsageError) {
    const { hint } = thrown;
    return { code: "USAGE", message: hint === undefined ? message : `${message}\n${hint}` };
  }
  if (!(thrown instanceof ImageError)) return { code: "INTERNAL", message };
  const { code, path } = thrown;
  return { code, message, ...(path !== undefined && { path }) };
}

function toJson(value: PrintedReport | PrintedError): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
