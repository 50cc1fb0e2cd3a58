/** What `ts-gensquashfs` and `ts-mksquashfs` do once they have read their command lines. */
import { buildSquashfs, type Source, type SquashfsOptions } from "../../index.ts";
import { resolveSquashfsOptions } from "../../squashfs/options.ts";
import { asUsage } from "./getopt.ts";
import type { BuildJob } from "./program.ts";
import { formatSquashfsReport, formatWarnings } from "./summary.ts";

/** What to build. */
export interface SquashfsRequest {
  program: string;
  image: string;
  /** Makes the source; may print. */
  source: () => Promise<Source>;
  options: SquashfsOptions;
  quiet: boolean;
  progress: BuildJob["progress"];
}

/** The job for it. */
export function squashfsJob({ program, image, source, options, quiet, progress }: SquashfsRequest): BuildJob {
  asUsage(() => resolveSquashfsOptions(options));
  return {
    action: "build",
    image,
    warnings: [],
    progress,
    quiet,
    async build(out, context) {
      const report = await buildSquashfs(await source(), out, { ...options, ...context });
      if (quiet) return { notes: "", report: "" };
      return { notes: formatWarnings(program, report), report: formatSquashfsReport(report) };
    },
  };
}
