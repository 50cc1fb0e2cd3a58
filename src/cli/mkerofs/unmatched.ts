/** What is said of rules that are for nothing. */
import { basename, isAbsolute, relative, resolve } from "node:path";
import { withSlashes } from "../../stage/source/disk/node-windows.ts";
import { warnOfSortRules } from "../shared/summary.ts";
import type { BuildCommand } from "./options.ts";

/** Says which of the command's options each rule is of; a path may be meant to be one of this machine. */
export function warnOfRules(
  { excludePaths, excludeRegexes, sources }: Pick<BuildCommand, "excludePaths" | "excludeRegexes" | "sources">,
  rules: readonly string[],
): string[] {
  return rules.flatMap((rule) => {
    const shown = rule === "" ? '""' : rule;
    if (excludeRegexes.includes(rule)) return `nothing matches ${shown} of --exclude-regex`;
    if (!excludePaths.includes(rule)) return warnOfSortRules([rule]);
    return `nothing matches ${shown} of --exclude-path${adviseOn(rule, sources)}`;
  });
}

/** In the image a source's path is that of the root, or of several sources the entry with its name. */
function adviseOn(path: string, sources: readonly string[]): string {
  const meant = sources.flatMap((source) => {
    const way = withSlashes(relative(resolve(source), resolve(path)));
    if (way === ".." || way.startsWith("../") || isAbsolute(way)) return [];
    const names = sources.length === 1 ? [way] : [basename(resolve(source)), way];
    return names.filter((name) => name !== "").join("/");
  })[0];
  // one that is relative already is taken for a name in the image, unless it leads into a source
  if (!isAbsolute(path) && (!meant || meant === path)) return "";
  return `, which is relative to the root of the image${meant ? `: ${meant} may be meant` : ""}`;
}
