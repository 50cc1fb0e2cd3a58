/** The tests of actions: what can be asked of an entry. Names and meaning are those of mksquashfs's manual of actions. */
import { noSuch } from "../../../core/options/suggest.ts";
import { compileEre } from "../../text/ere.ts";
import { compileGlob } from "../../text/glob.ts";
import { parseMode } from "../../tree/symbolic-mode.ts";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK } from "../../tree/tree.ts";
import type { Accounts } from "../list/accounts.ts";
import { type Condition, parseCondition, parseRange } from "./conditions.ts";
import { evaluate } from "./evaluate.ts";
import { type Call, type Expression, ExpressionReader } from "./expression.ts";
import type { EntryStats, Subject, Test } from "./subject.ts";

/** What tests are made with. */
export interface TestContext {
  readonly accounts: Accounts;
  readonly blockSize: number;
  /** Nothing but the entry itself is known yet, as for `exclude`. */
  readonly isEarly: boolean;
  readonly fail: (why: string) => Error;
}

/** A kind of tests. */
interface TestKind {
  /** How many arguments; undefined: one or more. */
  readonly words: number | undefined;
  /** It asks for more than the entry itself. */
  readonly isLate?: boolean;
  make(words: readonly string[], context: TestContext): Test;
}

/** Entries that a number is asked of; others do not match. */
const ANY = () => true;
const FILES = ({ mode }: EntryStats) => (mode & S_IFMT) === S_IFREG;
const DIRECTORIES = ({ mode }: EntryStats) => (mode & S_IFMT) === S_IFDIR;

/** What numbers are of: each has a test of its name, and one of its name with `_range`. */
const NUMBERS: Readonly<
  Record<
    string,
    { of: (stats: EntryStats) => boolean; value: (subject: Subject, block: number) => number; isLate?: true }
  >
> = {
  filesize: { of: FILES, value: ({ stats }) => stats.size },
  tailsize: { of: FILES, value: ({ stats }, block) => stats.size % block },
  dirsize: { of: DIRECTORIES, value: ({ stats }) => stats.size },
  size: { of: ANY, value: ({ stats }) => stats.size },
  inode: { of: ANY, value: ({ stats }) => stats.inode },
  nlink: { of: ANY, value: ({ stats }) => stats.links },
  fileblocks: { of: FILES, value: ({ stats }) => stats.blocks },
  dirblocks: { of: DIRECTORIES, value: ({ stats }) => stats.blocks },
  blocks: { of: ANY, value: ({ stats }) => stats.blocks },
  uid: { of: ANY, value: ({ stats }) => stats.uid },
  gid: { of: ANY, value: ({ stats }) => stats.gid },
  depth: { of: ANY, value: ({ depth }) => depth },
  dircount: { of: DIRECTORIES, value: (subject) => subject.count(), isLate: true },
};

const TYPES: Readonly<Record<string, number>> = {
  ...{ s: S_IFSOCK, l: S_IFLNK, f: S_IFREG, b: S_IFBLK, d: S_IFDIR, c: S_IFCHR, p: S_IFIFO },
};

const GLOB = { pathname: true, extended: true } as const;

/** All tests by name. */
const TESTS: Readonly<Record<string, TestKind>> = {
  ...numberTests(),
  name: plain((pattern) => {
    const matches = compileGlob(pattern, GLOB);
    return ({ name }) => matches(name);
  }),
  pathname: path((pattern) => {
    const matches = compileGlob(pattern, GLOB);
    return (path) => matches(path);
  }),
  subpathname: path((pattern) => {
    const matches = compileGlob(pattern, GLOB);
    const count = namesIn(pattern).length;
    return (path) => matches(`/${namesIn(path).slice(0, count).join("/")}`);
  }),
  user: plain((name, { accounts, fail }) => {
    const id = accounts.users.get(name);
    if (id === undefined) throw fail(`there is no user "${name}" on this machine`);
    return ({ stats }) => stats.uid === id;
  }),
  group: plain((name, { accounts, fail }) => {
    const id = accounts.groups.get(name);
    if (id === undefined) throw fail(`there is no group "${name}" on this machine`);
    return ({ stats }) => stats.gid === id;
  }),
  type: plain((letter, { fail }) => {
    const kind = TYPES[letter];
    if (kind === undefined) throw fail(`type "${letter}" is none of ${Object.keys(TYPES).join(", ")}`);
    return ({ stats }) => (stats.mode & S_IFMT) === kind;
  }),
  perm: { words: undefined, make: (words, { fail }) => ({ matches: makePerm(words, fail) }) },
  true: { words: 0, make: () => ({ matches: () => true }) },
  false: { words: 0, make: () => ({ matches: () => false }) },
  file: plain((regex) => {
    const matches = compileEre(regex);
    return (subject) => matches(subject.describe());
  }),
  exec: plain((command) => (subject) => subject.execute(command)),
  exists: {
    words: 0,
    isLate: true,
    make: () => ({ matches: (subject) => !isLink(subject) || subject.follow(subject.target()) !== undefined }),
  },
  absolute: {
    words: 0,
    isLate: true,
    make: () => ({ matches: (subject) => isLink(subject) && subject.target().startsWith("/") }),
  },
  stat: nested(1, false, (subject) => {
    const stats = subject.followedStats();
    return stats && { ...subject, stats };
  }),
  // the manual says that of what is no link it is what its expression is; mksquashfs says false
  readlink: nested(1, true, (subject) => (isLink(subject) ? subject.follow(subject.target()) : undefined)),
  eval: nested(2, true, (subject, path) => subject.at(path)),
};

/** Makes the test that a call stands for. Throws what the context makes of the reason why there is none. */
export function makeTest({ name, words }: Call, context: TestContext): Test {
  const kind = Object.hasOwn(TESTS, name) ? TESTS[name]! : undefined;
  const fail = (why: string) => context.fail(`${name}: ${why}`);
  if (kind === undefined) throw context.fail(noSuch("test", name, Object.keys(TESTS)));
  if (context.isEarly && kind.isLate) throw fail("asks for more than exclude knows yet; prune does");
  const count = kind.words;
  if (count === undefined ? words.length === 0 : words.length !== count) {
    throw fail(`takes ${count === undefined ? "a mode" : count === 1 ? "one argument" : `${count} arguments`}`);
  }
  return kind.make(words, { ...context, fail });
}

function numberTests(): Record<string, TestKind> {
  const kinds: [string, TestKind][] = Object.entries(NUMBERS).flatMap(([name, { of, value, isLate = false }]) => {
    const make = (block: number, condition: Condition): Test => ({
      matches: (subject) => of(subject.stats) && condition(value(subject, block)),
    });
    return [
      [name, { words: 1, isLate, make: ([text], { blockSize, fail }) => make(blockSize, parseCondition(text!, fail)) }],
      [
        `${name}_range`,
        { words: 2, isLate, make: ([from, to], { blockSize, fail }) => make(blockSize, parseRange(from!, to!, fail)) },
      ],
    ] satisfies [string, TestKind][];
  });
  return Object.fromEntries(kinds);
}

/** A kind with one argument. */
function plain(make: (word: string, context: TestContext) => (subject: Subject) => boolean): TestKind {
  return { words: 1, make: ([word], context) => ({ matches: make(word!, context) }) };
}

/** A kind with one argument, a pattern of paths, which begins with a slash. */
function path(make: (pattern: string) => (path: string) => boolean): TestKind {
  return {
    words: 1,
    make([word]) {
      const pattern = withSlash(word!);
      const matches = make(pattern);
      return { matches: (subject) => matches(subject.path), shown: [pattern] };
    },
  };
}

/** A kind whose last argument is an expression, about another subject. */
function nested(
  words: number,
  isLate: boolean,
  find: (subject: Subject, path: string) => Subject | undefined,
): TestKind {
  return {
    words,
    isLate,
    make(given, context) {
      const expression = parseExpression(given[words - 1]!, context);
      return {
        logsItself: true,
        matches: (subject, log) => {
          const found = find(subject, given[0]!);
          log?.write("(");
          if (words > 1) log?.write(`${found?.path ?? given[0]!},`);
          const result = found !== undefined && evaluate(expression, found, log);
          if (found === undefined) log?.result(false);
          log?.write(")");
          return result;
        },
      };
    },
  };
}

/** Reads an expression that stands by itself. */
function parseExpression(text: string, context: TestContext): Expression<Test> {
  return new ExpressionReader(text, (call) => makeTest(call, context), context.fail).expression();
}

/** `MODE` for just these bits, `-MODE` for all of them at least, `/MODE` for any of them. */
function makePerm([first, ...more]: readonly string[], fail: (why: string) => Error): (subject: Subject) => boolean {
  const sign = /^[-/]/.exec(first!)?.[0];
  const text = [sign === undefined ? first! : first!.slice(1), ...more].join(",");
  const change = parseMode(text);
  if (change === undefined) throw fail(`"${text}" is no mode`);
  const bits = change(0) & 0o7777;
  return ({ stats: { mode } }) => {
    if (sign === "-") return (mode & bits) === bits;
    return sign === "/" ? bits === 0 || (mode & bits) !== 0 : (mode & 0o7777) === bits;
  };
}

function isLink({ stats }: Subject): boolean {
  return (stats.mode & S_IFMT) === S_IFLNK;
}

function withSlash(pattern: string): string {
  return pattern.startsWith("/") ? pattern : `/${pattern}`;
}

function namesIn(path: string): string[] {
  return path.split("/").filter((name) => name !== "");
}
