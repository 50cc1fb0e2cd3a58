/** The one matcher that all exclude rules are compiled into. */
import { encodeUtf8, latin1FromBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { compileEre } from "../text/ere.ts";
import { compileGlob } from "../text/glob.ts";
import type { ComponentRule, ExcludeRules } from "./policy.ts";

/** Tells whether the entry at a path (a latin1 string relative to the root, no leading slash) is left out. */
export type Excluder = (path: string) => boolean;

/** Compiles the rules; undefined where there are none, so that no path needs to be made. Throws `INPUT` on a bad expression. */
export function compileExcludes(rules: ExcludeRules): Excluder | undefined {
  for (const list of [rules.paths ?? [], rules.regexes ?? [], rules.only ?? []]) {
    if (!Array.isArray(list) || list.some((rule) => typeof rule !== "string")) {
      throw new ImageError("INPUT", "exclude: paths, regexes and only are arrays of strings");
    }
  }
  const literal = new Set((rules.paths ?? []).map(tidyPath));
  const expressions = (rules.regexes ?? []).map((regex) => compileEre(regex));
  const components = (rules.components ?? []).map(compileComponents);
  const excluders = [...expressions, ...components, ...(rules.only ? [compileOnly(rules.only)] : [])];
  if (literal.size === 0 && excluders.length === 0) return undefined;
  return (path) => literal.has(path) || excluders.some((excludes) => excludes(path));
}

function tidyPath(path: string): string {
  return latin1FromBytes(encodeUtf8(path.replace(/^\/+|\/+$/g, "")));
}

function compileComponents({ parts, kind, isAnchored }: ComponentRule): Excluder {
  const expressions = parts.map((part) =>
    kind === "glob"
      ? compileGlob(latin1FromBytes(encodeUtf8(part)), { period: true, extended: true })
      : compileEre(part),
  );
  return (path) => {
    const names = path.split("/");
    if (names.length < expressions.length || (isAnchored && names.length !== expressions.length)) return false;
    const last = names.slice(-expressions.length);
    return expressions.every((matches, index) => matches(last[index]!));
  };
}

/** Leaves out what is neither one of the paths, nor below one, nor above one. */
function compileOnly(paths: readonly string[]): Excluder {
  const wanted = new Set<string>();
  const above = new Set<string>();
  for (const path of paths.map(tidyPath)) {
    wanted.add(path);
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) above.add(path.slice(0, at));
  }
  return (path) => {
    if (wanted.has(path) || above.has(path)) return false;
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      if (wanted.has(path.slice(0, at))) return false;
    }
    return true;
  };
}
