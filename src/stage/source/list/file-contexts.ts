/**
 * SELinux's file_contexts: which label an entry gets. One rule a line, `REGEX [TYPE] CONTEXT`, in the way of libselinux
 * (selabel_file(5), label_file.c up to version 3.7): an expression has to match the whole path; rules that name one path
 * go before those with wildcards, and of those that are left the last one counts.
 */
import { LineReader, readLines } from "../../text/line-words.ts";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK } from "../../tree/tree.ts";

/** One rule. */
interface Rule {
  expression: RegExp;
  /** The first directory of all paths that match, as `/usr/`; undefined where it is not the same for all. */
  stem: string | undefined;
  /** Type bits of what it is for; undefined for all. */
  kind: number | undefined;
  /** Undefined: no label. */
  label: string | undefined;
  hasWildcards: boolean;
}

const KINDS: Readonly<Record<string, number>> = {
  "--": S_IFREG,
  "-b": S_IFBLK,
  "-c": S_IFCHR,
  "-d": S_IFDIR,
  "-l": S_IFLNK,
  "-p": S_IFIFO,
  "-s": S_IFSOCK,
};
const NO_LABEL = "<<none>>";

/** The text of a file_contexts file, and of those that may stand beside it. */
export interface ContextsText {
  text: Uint8Array;
  name: string;
}

/** Labels by path. */
export class FileContexts {
  readonly #rules: readonly Rule[];
  readonly #aliases: readonly (readonly [from: string, to: string])[][];
  /** Rules that paths of a first directory may match, the one that counts most in front. */
  readonly #byStem = new Map<string, readonly Rule[]>();

  /**
   * Reads rules (`file_contexts`, then `.homedirs` and `.local`), and lists of paths that are labelled as if they lay
   * elsewhere (`.subs`, then `.subs_dist`: `ALIAS PATH` a line). Throws `INPUT` naming the line.
   */
  constructor(rules: readonly ContextsText[], aliases: readonly ContextsText[] = []) {
    const read = rules.flatMap(({ text, name }) =>
      [...readLines(text, name)].map((line) => parseRule(new LineReader(line))),
    );
    const byRank = [...read.filter((rule) => rule.hasWildcards), ...read.filter((rule) => !rule.hasWildcards)];
    this.#rules = byRank.reverse();
    this.#aliases = aliases.map(({ text, name }) =>
      [...readLines(text, name)].map((line) => {
        const reader = new LineReader(line);
        return [reader.need("the alias"), reader.need("the path")] as const;
      }),
    );
  }

  /** The label of what lies at a path: a latin1 string that begins with `/`. Undefined where none is meant for it. */
  label(path: string, mode: number): string | undefined {
    const key = this.#aliases.reduce(withoutAlias, path);
    const kind = mode & S_IFMT;
    const found = this.#candidates(key).find(
      (rule) => (rule.kind === undefined || rule.kind === kind) && rule.expression.test(key),
    );
    return found?.label;
  }

  #candidates(path: string): readonly Rule[] {
    const stem = stemOf(path) ?? "";
    let candidates = this.#byStem.get(stem);
    if (candidates === undefined) {
      candidates = this.#rules.filter((rule) => rule.stem === undefined || rule.stem === stem);
      this.#byStem.set(stem, candidates);
    }
    return candidates;
  }
}

function parseRule(reader: LineReader): Rule {
  const pattern = reader.need("the expression");
  const second = reader.need("the context");
  const third = reader.next();
  reader.end();
  const kind = third === undefined ? undefined : KINDS[second];
  if (third !== undefined && kind === undefined)
    throw reader.fail(`"${second}" is no type: ${Object.keys(KINDS).join(", ")}`);
  const context = third ?? second;
  return {
    expression: compile(pattern, reader),
    stem: stemOf(pattern),
    kind,
    label: context === NO_LABEL ? undefined : context,
    hasWildcards: /[.^$?*+|[({]/.test(pattern.replace(/\\./gs, "")),
  };
}

function stemOf(path: string): string | undefined {
  return /^\/[^\\.^$?*+|[({/]+\//.exec(path)?.[0];
}

const CLASSES: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  blank: " \\t",
  digit: "0-9",
  lower: "a-z",
  space: "\\s",
  upper: "A-Z",
  word: "\\w",
  xdigit: "0-9A-Fa-f",
};

/** The expressions are Perl's; what is common in these files is the same in JavaScript, but for named classes. */
function compile(pattern: string, reader: LineReader): RegExp {
  const translated = pattern.replace(/\[:(\w+):\]/g, (_, name: string) => {
    if (CLASSES[name] === undefined) throw reader.fail(`no class [:${name}:]`);
    return CLASSES[name];
  });
  try {
    return new RegExp(`^(?:${translated})$`, "s");
  } catch (cause) {
    throw reader.fail(`the expression cannot be understood: ${(cause as Error).message}`);
  }
}

function withoutAlias(path: string, aliases: readonly (readonly [from: string, to: string])[]): string {
  const alias = aliases.find(([from]) => path === from || path.startsWith(`${from}/`));
  if (alias === undefined) return path;
  const [from, to] = alias;
  const rest = path.slice(from.length);
  return to === "/" && rest !== "" ? rest : to + rest;
}
