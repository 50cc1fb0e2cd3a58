/** What `ts-gensquashfs` and `ts-mksquashfs` do once they have read their command lines. */

import { buildSquashfs } from "../../build/squashfs.ts";
import type { NameOf } from "../../core/options/option-error.ts";
import type { Source, SquashfsOptions } from "../../index.ts";
import { resolveSquashfsOptions } from "../../squashfs/options.ts";
import { resolveVerityOptions } from "../../verity/options.ts";
import { checkLogged } from "../image-path.ts";
import { takePrintedRoot } from "../verity.ts";
import { asUsage } from "./getopt.ts";
import type { BuildJob } from "./program.ts";
import { formatSquashfsReport, listWarnings, warnOfSortRules } from "./summary.ts";

/** What to build. */
export interface SquashfsRequest {
  image: string;
  /** Makes the source; may print. */
  source: (signal: AbortSignal) => Promise<Source>;
  options: SquashfsOptions;
  quiet: boolean;
  json: boolean;
  progress: BuildJob["progress"];
  /** What is to be said of the command line. */
  warnings: string[];
  /** What messages call options. */
  nameOf: NameOf;
  /** Says of rules that are for nothing what they were; default: that they are of a sort file. */
  warnOfRules?: (rules: readonly string[]) => string[];
  /** A file to write to where data starts in the image, and what stands before each path there. */
  log?: { file: string; prefix: string } | undefined;
}

/** The job for it. */
export function squashfsJob({ image, source, options: given, quiet, json, ...more }: SquashfsRequest): BuildJob {
  const { progress, nameOf, warnings, log, warnOfRules = warnOfSortRules } = more;
  if (log !== undefined) checkLogged(image);
  const { verity, printsRoot } = takePrintedRoot(given.verity, { image, json, nameOf });
  const options = { ...given, verity };
  asUsage(() => resolveSquashfsOptions(options), nameOf);
  asUsage(() => resolveVerityOptions(options.verity), nameOf);
  return {
    action: "build",
    image,
    format: "squashfs",
    json,
    warnings,
    progress,
    quiet,
    // the C tools' -quiet and -q are about standard output
    isSilent: false,
    nameOf,
    printsRoot,
    async build(out, context) {
      const report = await buildSquashfs(await source(context.signal), out, { ...options, ...context });
      if (log !== undefined) {
        // it takes the readers of images, which nothing else needs
        const { writeImageLog } = await import("./image-log.ts");
        await writeImageLog(log, image, report.bytes, options.offset ?? 0);
      }
      return { report, text: formatSquashfsReport(report), warnings: listWarnings(report, warnOfRules) };
    },
  };
}
