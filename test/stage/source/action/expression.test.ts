/** Expressions of actions: the grammar, and what is said of what is none. */
import { describe, expect, test } from "vitest";
import { parseAction } from "../../../../src/stage/source/action/actions.ts";
import { evaluate } from "../../../../src/stage/source/action/evaluate.ts";
import { Log } from "../../../../src/stage/source/action/log.ts";
import type { Subject } from "../../../../src/stage/source/action/subject.ts";
import { parseAccounts } from "../../../../src/stage/source/list/accounts.ts";

const accounts = parseAccounts("ann:x:1000:100::/:\n", "staff:x:50:\n");
const parse = (line: string) =>
  parseAction(line, { accounts, blockSize: 4096, logs: "none", fail: (why) => new Error(why) });

const FILE: Subject = {
  ...{ name: "a b&&c", path: "/d/a b&&c", depth: 2 },
  stats: { mode: 0o100644, uid: 1000, gid: 50, size: 20_000, inode: 7, links: 2, blocks: 40 },
  count: () => 0,
  target: () => "",
  follow: () => undefined,
  at: () => undefined,
  followedStats: () => undefined,
  describe: () => "ASCII text\n",
  execute: (command) => command === "true",
};

function ask(expression: string): [boolean, string] {
  const log = new Log();
  return [evaluate(parse(`prune@${expression}`).expression, FILE, log), log.text];
}

describe("an expression", () => {
  test.each([
    ["true", true],
    ["!false", true],
    ["!!false", false],
    // from left to right, without precedence
    ["true || true && false", false],
    ["true||(true&&false)", true],
    ["false && true || true", true],
    ['name("a b&&c")', true],
    ["name(a\\ b\\&&c)", true],
    ["name(a*)", true],
    ["name(b*)", false],
    ["pathname(d/*)", true],
    ["pathname(/*)", false],
    ["subpathname(d)", true],
    ["subpathname(d/x)", false],
    ["filesize(20000)", true],
    ["filesize(<20K)", true],
    ["filesize(-20k)", true],
    ["filesize(>1M)", false],
    ["filesize(+19K)", true],
    ["filesize(>=20000)&&filesize(<=20000)", true],
    ["filesize_range(1,20000)", true],
    ["tailsize(3616)", true],
    ["dirsize(>0)", false],
    ["inode(7)&&nlink(2)&&blocks(40)&&fileblocks(40)&&depth(2)", true],
    ["dirblocks(40)", false],
    ["user(ann)&&group(staff)&&uid(1000)&&gid_range(50,50)", true],
    ["type(f)&&!type(d)", true],
    ["perm(644)", true],
    ["perm(u=rw,go=r)", true],
    ["perm(-600)", true],
    ["perm(-u=rwx)", false],
    ["perm(/111)", false],
    ["perm(/0)", true],
    ["file(ASCII)", true],
    ["file(^ELF)", false],
    ["exec(true)", true],
    ["exists", true],
    ["absolute()", false],
    ['readlink("true")', false],
    ['eval(.., "true")', false],
  ])("%s is %s", (expression, result) => {
    expect(ask(expression)[0]).toBe(result);
  });

  test.each([
    ["true && (false || true)", "(true=True&&(false=False||true=True))"],
    ["false && true", "(false=False)"],
    ["!name(x)", "!name(x)=False"],
    ["pathname(d)", "pathname(/d)=False"],
    ['eval(.., "true")', "eval(..,=False)=False"],
    ["size_range(1,2)", "size_range(1,2)=False"],
  ])("%s is logged as %s", (expression, text) => {
    expect(ask(expression)[1]).toBe(text);
  });
});

describe("no action is", () => {
  test.each([
    ["", "the end stands where the name of an action should"],
    ["@true", '"@" stands where the name of an action should'],
    ["prune", 'the end stands where "@" should'],
    ["prune(1)@true", "prune: takes 0 arguments, not 1"],
    ["guid(1)@true", "guid: takes 2 arguments, not 1"],
    ["prune@", 'the end stands where a test, "!" or "(" should'],
    ["prune@(true", 'the end stands where "&&", "||" or ")" should'],
    ["prune@true)", '")" stands where "&&" or "||" should'],
    ["prune@true true", '"true" stands where "&&" or "||" should'],
    ["prune@name()", "name: takes one argument"],
    ["prune@name(a,b)", "name: takes one argument"],
    ["prune@name(,)", '"," stands where an argument should'],
    ['prune@name("a)', "a quote has no end"],
    ["prune@name(a\\", "a backslash stands at the end"],
    ["prune@size(1x)", 'size: "1x" is no number'],
    ["prune@size(0x1)", 'size: "0x1" is no number'],
    ["prune@type(x)", 'type: type "x" is none of s, l, f, b, d, c, p'],
    ["prune@perm(9)", 'perm: "9" is no mode'],
    ["prune@user(bob)", 'user: there is no user "bob" on this machine'],
    ["prune@odd", 'there is no test "odd"'],
    ["odd@true", 'there is no action "odd"'],
    ["exlude@true", 'there is no action "exlude". Did you mean exclude?'],
    ["prune@filesiez(5)", 'there is no test "filesiez". Did you mean filesize?'],
    ["uid(1,2)@true", "uid: takes 1 argument, not 2"],
    ["exclude@exists", "exists: asks for more than exclude knows yet; prune does"],
    ['exclude@readlink("true")', "readlink: asks for more than exclude knows yet; prune does"],
    ["empty(x)@true", 'empty: "x" is none of all, source, excluded'],
    ["chmod(q)@true", 'chmod: "q" is no mode'],
    ["xattrs-add(x)@true", "xattrs-add: an attribute is NAME=VALUE"],
    ["align(4K)@true", "align: is not supported: data stands without gaps"],
  ])("%j: %s", (line, why) => {
    expect(() => parse(line)).toThrow(why);
  });
});
