/** What is left out of a tree: the rules, and the one matcher that all of them are compiled into. */
import { encodeUtf8, latin1FromBytes } from "../../core/bytes.ts";
import { type Checks, FLAG, list, NUMBER, needed, oneOf, record, TEXT } from "../../core/options/checks.ts";
import { checkInteger } from "../../core/options/ranges.ts";
import { sharedUint32 } from "../../core/shared.ts";
import { compileEreOption } from "../text/ere.ts";
import { compileGlob } from "../text/glob.ts";

/** Rules of `exclude`. Paths are relative to the image's root; a slash or `./` before them is taken off. */
export interface ExcludeRules {
  /** Literal paths (`--exclude-path`). */
  paths?: readonly string[] | undefined;
  /**
   * Paths too; and where one has wildcards (`*`, `?`, `[`), a shell pattern that has to match a whole path. Wildcards
   * match slashes as well, and a directory in place of `**` may be missing.
   */
  patterns?: readonly string[] | undefined;
  /** POSIX extended regular expressions, matched anywhere in the path's bytes (`--exclude-regex`). */
  regexes?: readonly string[] | undefined;
  /** Rules of mksquashfs. */
  components?: readonly ComponentRule[] | undefined;
  /** Entries deeper than this are left out (`-max-depth`); those of the root are at depth 1. */
  maxDepth?: number | undefined;
  /**
   * If given, all else is left out: only these paths are taken, with what lies below them and the directories above. Those
   * that there are not are named in the report, as rules that match nothing are.
   */
  only?: readonly string[] | undefined;
}

/** One pattern for each name of a path. */
export interface ComponentRule {
  /** For the names of the path, one after another. */
  parts: readonly string[];
  /** Shell patterns, which the whole name must match, or POSIX extended regular expressions, matched anywhere in it. */
  kind: "glob" | "regex";
  /** The first part is for a name of the root, else for a name of any directory. */
  isAnchored: boolean;
  /** What reports call the rule. Default: its parts. */
  text?: string | undefined;
}

const STRINGS = list("an array of strings", TEXT);
const COMPONENT_RULE: Checks<ComponentRule> = {
  parts: needed(STRINGS),
  kind: needed(oneOf("glob", "regex")),
  isAnchored: needed(FLAG),
  text: TEXT,
};

/** What may stand in {@link ExcludeRules}. */
export const EXCLUDE_RULES: Checks<ExcludeRules> = {
  paths: STRINGS,
  patterns: STRINGS,
  regexes: STRINGS,
  components: list("an array of rules", record("key of a rule", COMPONENT_RULE)),
  maxDepth: NUMBER,
  only: STRINGS,
};

/** Rules, and which of them have met an entry; plain data that all threads see. */
export interface Excludes {
  readonly rules: ExcludeRules;
  /** 1 for each rule that has matched: paths, patterns, regexes, components, only, one behind the other. */
  readonly met: Uint32Array;
}

/** Tells whether the entry at a path (a latin1 string relative to the root, no leading slash) is left out. */
export type Excluder = (path: string) => boolean;

/** Rules that have not met anything yet. */
export function shareExcludes(given: ExcludeRules | readonly string[]): Excludes {
  const rules = isList(given) ? { patterns: given } : given;
  return { rules, met: sharedUint32(listRules(rules).length + (rules.only?.length ?? 0)) };
}

function isList(given: ExcludeRules | readonly string[]): given is readonly string[] {
  return Array.isArray(given);
}

/** A rule as reports call it, and how it is compiled. */
interface Rule {
  readonly text: string;
  /** Where it is for one path only: that. */
  readonly path?: string;
  compile(): Excluder;
}

function listRules({ paths = [], patterns = [], regexes = [], components = [] }: ExcludeRules): Rule[] {
  return [
    ...paths.map((path) => literal(path)),
    ...patterns.map((pattern) => (/[*?[]/.test(pattern) ? wild(pattern) : literal(pattern))),
    ...regexes.map((text, index) => ({
      text,
      compile: () => compileEreOption(`exclude.regexes[${index}]`, text),
    })),
    ...components.map(component),
  ];
}

function literal(text: string): Rule {
  const path = tidyPath(text);
  return { text, path, compile: () => (given) => given === path };
}

function wild(text: string): Rule {
  const path = tidyPath(text);
  const compile = () => {
    const globs = withoutDirectories(path).map((pattern) => compileGlob(pattern));
    return (given: string) => given === path || globs.some((matches) => matches(given));
  };
  return { text, compile };
}

/** A pattern, and what it becomes where directories in place of a `**` are missing. */
function withoutDirectories(pattern: string): string[] {
  const at = pattern.search(/(?<=^|\/)\*\*\//);
  if (at < 0) return [pattern];
  const head = pattern.slice(0, at);
  return withoutDirectories(pattern.slice(at + 3)).flatMap((tail) => [`${head}**/${tail}`, head + tail]);
}

function component({ parts, kind, isAnchored, text }: ComponentRule): Rule {
  const shown = text ?? `${isAnchored ? "" : "... "}${parts.join("/")}`;
  return { text: shown, compile: () => compileComponents(parts, kind, isAnchored) };
}

function compileComponents(parts: readonly string[], kind: ComponentRule["kind"], isAnchored: boolean): Excluder {
  const expressions = parts.map((part) =>
    kind === "glob"
      ? compileGlob(latin1FromBytes(encodeUtf8(part)), { period: true, extended: true })
      : compileEreOption("exclude", part),
  );
  return (path) => {
    const names = path.split("/");
    if (names.length < expressions.length || (isAnchored && names.length !== expressions.length)) return false;
    const last = names.slice(-expressions.length);
    return expressions.every((matches, index) => matches(last[index]!));
  };
}

/** Compiles the rules; undefined where there are none, so that no path needs to be made. Throws `INPUT` on a bad expression. */
export function compileExcludes({ rules, met }: Excludes): Excluder | undefined {
  const paths = new Map<string, number[]>();
  const others: { index: number; excludes: Excluder }[] = [];
  for (const [index, { path, compile }] of listRules(rules).entries()) {
    if (path === undefined) others.push({ index, excludes: compile() });
    else paths.set(path, [...(paths.get(path) ?? []), index]);
  }
  const isElsewhere = compileBounds(rules, met.subarray(met.length - (rules.only?.length ?? 0)));
  if (paths.size + others.length === 0) return isElsewhere;
  return (path) => {
    let isOut = false;
    const note = (index: number) => {
      met[index] = 1;
      isOut = true;
    };
    paths.get(path)?.forEach(note);
    // of several rules that match each has its use
    for (const { index, excludes } of others) if (excludes(path)) note(index);
    return isOut || (isElsewhere?.(path) ?? false);
  };
}

/**
 * The rules that have met no entry, as they were given. A path inside of a directory that was left out is none of them, as
 * no one has looked there.
 */
export function findUnmatched({ rules, met }: Excludes): string[] {
  const excludes = compileExcludes({ rules, met: met.slice() });
  const isCovered = (path: string | undefined) =>
    path !== undefined && pathsAbove(path).some((each) => excludes?.(each));
  const wanted = (rules.only ?? []).map((text) => ({ text, path: tidyPath(text) }));
  return [...listRules(rules), ...wanted].flatMap(({ text, path }, index) =>
    met[index] === 1 || isCovered(path) ? [] : [text],
  );
}

function tidyPath(path: string): string {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  return latin1FromBytes(encodeUtf8(names.join("/")));
}

/** What is left out by what it is not: it lies too deep, or apart from all that is wanted. */
function compileBounds({ only, maxDepth }: ExcludeRules, met: Uint32Array): Excluder | undefined {
  const depth = checkInteger("exclude.maxDepth", maxDepth, 0, Number.MAX_SAFE_INTEGER);
  const isApart = only && compileOnly(only.map(tidyPath), met);
  if (depth === undefined) return isApart;
  return (path) => path.split("/").length > depth || (isApart?.(path) ?? false);
}

/** Leaves out what is neither one of the paths, nor below one, nor above one. */
function compileOnly(paths: readonly string[], met: Uint32Array): Excluder {
  const wanted = new Set(paths);
  const above = new Set(paths.flatMap(pathsAbove));
  return (path) => {
    if (!wanted.has(path)) return !above.has(path) && !pathsAbove(path).some((each) => wanted.has(each));
    for (const [index, each] of paths.entries()) if (each === path) met[index] = 1;
    return false;
  };
}

/** The directories that a path lies in, but for the root; the innermost first. */
function pathsAbove(path: string): string[] {
  const above: string[] = [];
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) above.push(path.slice(0, at));
  return above;
}
