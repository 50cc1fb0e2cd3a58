/** The actions of mksquashfs: what is done with the entries that an expression is true of, and when. */

import { latin1FromBytes } from "../../../core/bytes.ts";
import { noSuch } from "../../../core/options/suggest.ts";
import { compileEre } from "../../text/ere.ts";
import { MAX_ID } from "../../tree/policy.ts";
import { parseMode } from "../../tree/symbolic-mode.ts";
import { S_IFDIR, S_IFLNK, S_IFREG } from "../../tree/tree.ts";
import type { Xattr } from "../../tree/xattrs.ts";
import type { Accounts } from "../list/accounts.ts";
import { parseXattrWord } from "../list/pseudo.ts";
import { parseSize } from "./conditions.ts";
import { type Expression, ExpressionReader } from "./expression.ts";
import type { Test } from "./subject.ts";
import { makeTest } from "./tests.ts";

/** How the end of a file is stored, and its blocks. */
export interface FileStorage {
  /** Nothing of it is in a fragment. */
  noFragments: boolean;
  /** Its end is in a fragment even if it has whole blocks. */
  tails: boolean;
  /** Its blocks are not compressed; undefined: as all others. */
  raw: boolean | undefined;
}

/** What an action may change of an entry. */
export interface Changeable {
  readonly mode: number;
  setMode(mode: number): void;
  setOwner(owner: { uid?: number; gid?: number }): void;
  changeStorage(change: Partial<FileStorage>): void;
}

/** What is done, by its stage. */
export type Doing =
  | { stage: "exclude" }
  | { stage: "dereference"; keep: boolean }
  | { stage: "change"; kinds: (kind: number) => boolean; change: (entry: Changeable) => void }
  | { stage: "move"; to: string }
  | { stage: "prune" }
  | { stage: "empty"; reason: "all" | "source" | "excluded" }
  | { stage: "fragment"; name: string }
  | { stage: "xattrs"; change: (xattrs: readonly Xattr[], kind: number) => readonly Xattr[] };

/** Which outcomes are printed. */
export type LogMode = "none" | "all" | "true" | "false";

/** An action with its expression. */
export interface Action {
  readonly name: string;
  readonly words: readonly string[];
  readonly does: Doing;
  readonly expression: Expression<Test>;
  readonly logs: LogMode;
}

/** What actions are read with. */
export interface ActionContext {
  readonly accounts: Accounts;
  readonly blockSize: number;
  readonly logs: LogMode;
  readonly fail: (why: string) => Error;
}

type Fail = (why: string) => Error;

/** A kind of actions. */
interface ActionKind {
  /** How many arguments at least, and at most. */
  readonly words: readonly [least: number, most: number];
  make(words: readonly string[], context: ActionContext): Doing;
}

const isFile = (kind: number) => kind === S_IFREG;
const isAny = () => true;
const isNoLink = (kind: number) => kind !== S_IFLNK;

/** All actions by name. */
const ACTIONS: Readonly<Record<string, ActionKind>> = {
  exclude: simple({ stage: "exclude" }),
  prune: simple({ stage: "prune" }),
  move: { words: [1, 1], make: ([to]) => ({ stage: "move", to: to! }) },
  fragment: { words: [1, 1], make: ([name]) => ({ stage: "fragment", name: name! }) },
  dereference: {
    words: [0, 1],
    make: ([word = "keep"], { fail }) => ({
      stage: "dereference",
      keep: oneOf(word, ["keep", "delete"], fail) === "keep",
    }),
  },
  empty: {
    words: [0, 1],
    make: ([word = "all"], { fail }) => ({ stage: "empty", reason: oneOf(word, ["all", "source", "excluded"], fail) }),
  },
  fragments: storing({ noFragments: false }),
  "no-fragments": storing({ noFragments: true }),
  tailend: storing({ tails: true }),
  "always-use-fragments": storing({ tails: true }),
  "no-tailend": storing({ tails: false }),
  "dont-always-use-fragments": storing({ tails: false }),
  compressed: storing({ raw: false }),
  uncompressed: storing({ raw: true }),
  uid: {
    words: [1, 1],
    make: ([user], { accounts, fail }) => owning({ uid: toId(user!, "user", accounts.users, fail) }),
  },
  gid: {
    words: [1, 1],
    make: ([group], { accounts, fail }) => owning({ gid: toId(group!, "group", accounts.groups, fail) }),
  },
  guid: {
    words: [2, 2],
    make: ([user, group], { accounts, fail }) =>
      owning({ uid: toId(user!, "user", accounts.users, fail), gid: toId(group!, "group", accounts.groups, fail) }),
  },
  chmod: { words: [1, Number.POSITIVE_INFINITY], make: makeChmod },
  mode: { words: [1, Number.POSITIVE_INFINITY], make: makeChmod },
  "xattrs-exclude": { words: [1, 1], make: ([regex]) => filtering(regex!, false) },
  "xattrs-include": { words: [1, 1], make: ([regex]) => filtering(regex!, true) },
  "xattrs-add": { words: [1, 1], make: ([word], { fail }) => adding(parseXattrWord(word!, fail)) },
  align: {
    words: [1, 1],
    make: ([size], { fail }) => {
      parseSize(size!, fail);
      throw fail("is not supported: data stands without gaps");
    },
  },
  noop: { words: [0, 0], make: () => ({ stage: "change", kinds: isNoLink, change: () => undefined }) },
};

/**
 * Reads `ACTION(WORD,...)@EXPRESSION`; a latin1 string. Throws what the context makes of the reason why it cannot be read,
 * and `INPUT` for a bad expression or pattern in it.
 */
export function parseAction(line: string, context: ActionContext): Action {
  const { fail, accounts, blockSize, logs } = context;
  let isEarly = false;
  const reader = new ExpressionReader(line, (call) => makeTest(call, { accounts, blockSize, isEarly, fail }), fail);
  const { name, words } = reader.call("the name of an action");
  const kind = Object.hasOwn(ACTIONS, name) ? ACTIONS[name]! : undefined;
  if (kind === undefined) throw fail(noSuch("action", name, Object.keys(ACTIONS)));
  const [least, most] = kind.words;
  if (words.length < least || words.length > most) {
    const count =
      least === most ? `${least}` : most === Number.POSITIVE_INFINITY ? `${least} or more` : `${most} at most`;
    throw fail(`${name}: takes ${count} ${count === "1" ? "argument" : "arguments"}, not ${words.length}`);
  }
  const does = kind.make(words, { ...context, fail: (why) => fail(`${name}: ${why}`) });
  isEarly = does.stage === "exclude";
  reader.need("@");
  return { name, words, does, expression: reader.expression(), logs };
}

function simple(doing: Doing): ActionKind {
  return { words: [0, 0], make: () => doing };
}

function storing(change: Partial<FileStorage>): ActionKind {
  return simple({ stage: "change", kinds: isFile, change: (entry) => entry.changeStorage(change) });
}

function owning(owner: { uid?: number; gid?: number }): Doing {
  return { stage: "change", kinds: isAny, change: (entry) => entry.setOwner(owner) };
}

function makeChmod(words: readonly string[], { fail }: ActionContext): Doing {
  const text = words.join(",");
  const change = parseMode(text);
  if (change === undefined) throw fail(`"${text}" is no mode`);
  return { stage: "change", kinds: isNoLink, change: (entry) => entry.setMode(change(entry.mode)) };
}

function filtering(regex: string, keepsMatching: boolean): Doing {
  const matches = compileEre(regex);
  const isKept = ({ name }: Xattr) => matches(latin1FromBytes(name)) === keepsMatching;
  return { stage: "xattrs", change: (xattrs) => xattrs.filter(isKept) };
}

function adding(xattr: Xattr): Doing {
  const name = latin1FromBytes(xattr.name);
  return {
    stage: "xattrs",
    change: (xattrs, kind) => {
      // attributes of users belong to files and directories only
      if (name.startsWith("user.") && kind !== S_IFREG && kind !== S_IFDIR) return xattrs;
      return [...xattrs.filter((other) => latin1FromBytes(other.name) !== name), xattr];
    },
  };
}

function oneOf<const T extends string>(word: string, words: readonly T[], fail: Fail): T {
  const found = words.find((each) => each === word);
  if (found === undefined) throw fail(`"${word}" is none of ${words.join(", ")}`);
  return found;
}

function toId(word: string, what: string, names: ReadonlyMap<string, number>, fail: Fail): number {
  const id = /^[0-9]+$/.test(word) ? Number(word) : names.get(word);
  if (id === undefined) throw fail(`there is no ${what} "${word}" on this machine`);
  if (id > MAX_ID) throw fail(`${what} ${word} is beyond ${MAX_ID}`);
  return id;
}
