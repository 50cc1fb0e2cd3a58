/** The one matcher that all exclude rules are compiled into. */
import { encodeUtf8, latin1FromBytes } from "../core/bytes.ts";
import { ImageError } from "../core/error.ts";
import { compileEre } from "./ere.ts";
import type { ExcludeRules } from "./policy.ts";

/** Tells whether the entry at a path (a latin1 string relative to the root, no leading slash) is left out. */
export type Excluder = (path: string) => boolean;

/** Compiles the rules; undefined where there are none, so that no path needs to be made. Throws `INPUT` on a bad expression. */
export function compileExcludes(rules: ExcludeRules): Excluder | undefined {
  for (const list of [rules.paths ?? [], rules.regexes ?? []]) {
    if (!Array.isArray(list) || list.some((rule) => typeof rule !== "string")) {
      throw new ImageError("INPUT", "exclude: paths and regexes are arrays of strings");
    }
  }
  const literal = new Set(
    (rules.paths ?? []).map((path) => latin1FromBytes(encodeUtf8(path.replace(/^\/+|\/+$/g, "")))),
  );
  const expressions = (rules.regexes ?? []).map((regex) => compileEre(regex));
  if (literal.size === 0 && expressions.length === 0) return undefined;
  return (path) => literal.has(path) || expressions.some((matches) => matches(path));
}
