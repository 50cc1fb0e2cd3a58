/** Files that say what goes into an image: pack files, pseudo files, sort files, attribute lists, and their patterns. */
import { describe, expect, test } from "vitest";
import { parseAccounts } from "../../src/stage/source/list/accounts.ts";
import { parsePackFile } from "../../src/stage/source/list/pack-file.ts";
import { parsePseudo, parsePseudoFile } from "../../src/stage/source/list/pseudo.ts";
import { parsePriorities, parseSortFile } from "../../src/stage/source/list/sort-file.ts";
import { parseXattrFile } from "../../src/stage/source/list/xattr-file.ts";
import { compileGlob } from "../../src/stage/text/glob.ts";
import { compileExcludes } from "../../src/stage/tree/exclude.ts";
import { S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK } from "../../src/stage/tree/tree.ts";

const bytes = (text: string) => Buffer.from(text);
const accounts = parseAccounts("root:x:0:0::/:\nann:x:1000:100::/home/ann:/bin/sh\n", "staff:x:50:\n");

describe("shell patterns", () => {
  test.each([
    ["*", "anything/at all", {}, true],
    ["*", "a/b", { pathname: true }, false],
    ["a?c", "abc", {}, true],
    ["a?c", "a/c", { pathname: true }, false],
    ["*.so.*", "libc.so.6", {}, true],
    ["[a-c]x", "bx", {}, true],
    ["[!a-c]x", "bx", {}, false],
    ["[]x]", "]", {}, true],
    ["[[:digit:]]*", "7up", {}, true],
    ["a[/]b", "a/b", { pathname: true }, false],
    ["a[", "a[", {}, true],
    ["\\*", "*", {}, true],
    ["\\*", "x", {}, false],
    ["*", ".hidden", { period: true }, false],
    [".*", ".hidden", { period: true }, true],
    ["a/*", "a/.b", { pathname: true, period: true }, false],
    ["+(ab|c)d", "abcabd", { extended: true }, true],
    ["?(ab)d", "d", { extended: true }, true],
    ["@(a|b)", "ab", { extended: true }, false],
    ["!(a|b)", "ab", { extended: true }, true],
    ["!(a|b)", "b", { extended: true }, false],
    ["!(*.gz)", "a.gz", { extended: true }, false],
    ["!(*.gz)", "a.gz.x", { extended: true }, true],
    ["x!(a)y", "xay", { extended: true }, false],
    ["x!(a)y", "xy", { extended: true }, true],
    ["!(a)*", "a", { extended: true }, true],
    ["!(!(a))", "a", { extended: true }, true],
    ["!(!(a))", "b", { extended: true }, false],
    ["!(x!(a)y)", "xay", { extended: true }, true],
    ["!(x!(a)y)", "xby", { extended: true }, false],
    ["!(!(!(a)))", "a", { extended: true }, false],
    ["!(!(!(a)))", "b", { extended: true }, true],
    ["*.!(c|h)", "a.b.c", { extended: true }, true],
    ["*.!(c|h)", "a.c", { extended: true }, false],
    ["a.b", "axb", {}, false],
    ["", "", {}, true],
  ])("%s and %s with %o: %s", (pattern, text, options, matches) => {
    expect(compileGlob(pattern, options)(text)).toBe(matches);
  });

  test.each([
    ["*.gz", "a.gz", true],
    ["*.gz", ".gz", false],
    ["*", ".x", false],
    ["?x", ".x", false],
    [".*", ".x", true],
    ["a.b", "axb", false],
    ["[!a]b", "xb", true],
    ["[[:alpha:]]*", "abc", true],
    ["@(a|b)*.c", "b1.c", true],
    ["a(b", "a(b", true],
    ["a\\*", "a*", true],
  ])("as mksquashfs: %s and %s: %s", (pattern, name, matches) => {
    const rules = { components: [{ parts: [pattern], kind: "glob", isAnchored: true } as const] };
    expect(compileExcludes(rules)?.(name)).toBe(matches);
  });

  test("rules by component are anchored at the root, or in any directory", () => {
    const anchored = compileExcludes({ components: [{ parts: ["^a$", "b"], kind: "regex", isAnchored: true }] })!;
    expect([anchored("a/xbx"), anchored("x/a/b"), anchored("a"), anchored("a/b/c")]).toEqual([
      true,
      false,
      false,
      false,
    ]);
    const sticky = compileExcludes({ components: [{ parts: ["^a$", "b"], kind: "regex", isAnchored: false }] })!;
    expect([sticky("x/a/b"), sticky("a/b"), sticky("b")]).toEqual([true, true, false]);
  });

  test("only: nothing but the paths, what lies below, and the directories above", () => {
    const excluded = compileExcludes({ only: ["a/b", "/c/"] })!;
    expect(["a", "a/b", "a/b/x/y", "c", "c/d"].map(excluded)).toEqual([false, false, false, false, false]);
    expect(["b", "a/x", "a/bb", "cc"].map(excluded)).toEqual([true, true, true, true]);
  });
});

describe("pack files", () => {
  test("have all kinds of lines", () => {
    const list = `# comment
      dir /dev 0755 1 2
      nod /dev/console 0600 0 0 c 5 1
      slink /lib 0777 0 0 /usr/my lib
      link /init 0 0 0 /sbin/init
      file "/opt/my app/\\"x\\"" 0600 5 6
      file /b 4755 0 0 ../in put
      pipe /p 0600 1 1
      sock /s 0600 1 1
      glob /l * 7 * -type d -type f -xdev -name "*.so" -path 'a*' -keeptime -nonrecursive -nohardlinks -- -odd
      glob /m 0 0 0`;
    const entries = parsePackFile(bytes(list), "list");
    expect(entries.map(({ keyword, path, mode, uid, gid, target }) => [keyword, path, mode, uid, gid, target])).toEqual(
      [
        ["dir", "/dev", 0o755, 1, 2, ""],
        ["nod", "/dev/console", 0o600, 0, 0, ""],
        ["slink", "/lib", 0o777, 0, 0, "/usr/my lib"],
        ["link", "/init", undefined, undefined, undefined, "/sbin/init"],
        ["file", '/opt/my app/"x"', 0o600, 5, 6, '/opt/my app/"x"'],
        ["file", "/b", 0o4755, 0, 0, "../in put"],
        ["pipe", "/p", 0o600, 1, 1, ""],
        ["sock", "/s", 0o600, 1, 1, ""],
        ["glob", "/l", undefined, 7, undefined, "-odd"],
        ["glob", "/m", 0, 0, 0, "."],
      ],
    );
    expect(entries[1]).toMatchObject({ kind: S_IFCHR, major: 5, minor: 1, where: "list:3" });
    expect(entries[8]!.glob).toEqual({
      ...{ kinds: [S_IFDIR, S_IFREG], name: "*.so", path: "a*" },
      ...{ sameDevice: true, keepTime: true, recursive: false, hardLinks: false },
    });
  });

  test.each([
    ["thing /a 0 0 0", "list:1: a line begins with one of dir, file, slink, link, nod, pipe, sock, glob"],
    ["dir", "list:1: a line begins with one of dir, file, slink, link, nod, pipe, sock, glob"],
    ["dir /a 0 0", "list:1: the gid is missing"],
    ["dir /a 0 0 0 more", 'list:1: "more" is too much'],
    ["dir /a 9 0 0", 'list:1: mode "9" is not a number of at most 7777'],
    ["dir /a 0 * 0", 'list:1: uid "*" is not a number of at most 4294967294'],
    ["\ndir /a 17777 0 0", 'list:2: mode "17777" is not a number of at most 7777'],
    ["nod /a 0 0 0 x 1 1", 'list:1: the type of device is b or c, not "x"'],
    ["slink /a 0 0 0", "list:1: the target is missing"],
    ['file "/a 0 0 0', "list:1: a quote has no end"],
    ["glob /a 0 0 0 -odd x", "list:1: -odd: unknown option of glob"],
    ["glob /a 0 0 0 -type x y", "list:1: -type is one of b, c, d, p, f, l, s"],
  ])("%j is refused", (list, message) => {
    expect(() => parsePackFile(bytes(list), "list")).toThrow(message);
  });
});

describe("pseudo files", () => {
  test("have all types", () => {
    const list = `dev d 755 0 root
      "a b" D 77 0700 1 2
      null c 666 0 0 1 3
      run f 644 0 0 printf "%s" 'x y'
      ln S 5 777 0 0 /a b
      s i 600 1 2 s
      p i 600 1 2 f
      new l /etc/hostname
      other L new
      file m 600 7 8
      file x user.a=0x00ff
      file x user.b=0sAAE=
      file x user.c=text = more
      a\\ b"c \\"d" s 600 ann staff "x y"
      part R 9 644 0 0 100 200 1
      follow h /a/\\
b
      file x user.d=0ta\\101\\\\`;
    const entries = parsePseudoFile(bytes(list), "list", accounts);
    expect(entries.map(({ path, action, mode, uid, gid, mtime }) => [path, action, mode, uid, gid, mtime])).toEqual([
      ["dev", "add", S_IFDIR | 0o755, 0, 0, undefined],
      ["a b", "add", S_IFDIR | 0o700, 1, 2, 77],
      ["null", "add", S_IFCHR | 0o666, 0, 0, undefined],
      ["run", "add", S_IFREG | 0o644, 0, 0, undefined],
      ["ln", "add", S_IFLNK | 0o777, 0, 0, 5],
      ["s", "add", S_IFSOCK | 0o600, 1, 2, undefined],
      ["p", "add", S_IFIFO | 0o600, 1, 2, undefined],
      ["new", "copy", 0, 0, 0, undefined],
      ["other", "link", 0, 0, 0, undefined],
      ["file", "modify", 0o600, 7, 8, undefined],
      ...["a", "b", "c"].map(() => ["file", "xattr", 0, 0, 0, undefined]),
      ['a bc "d', "add", S_IFLNK | 0o777, 1000, 50, undefined],
      ["part", "add", S_IFREG | 0o644, 0, 0, 9],
      ["follow", "follow", 0, 0, 0, undefined],
      ["file", "xattr", 0, 0, 0, undefined],
    ]);
    expect(entries[13]!.target).toBe('"x y"');
    expect(entries[14]!.data).toEqual({ length: 100, offset: 200 });
    expect(entries[15]).toMatchObject({ target: "/a/b", where: "list:17" });
    expect(entries[3]!.command).toBe(`printf "%s" 'x y'`);
    expect(entries[4]!.target).toBe("/a b");
    expect([...entries.slice(10, 13), entries.at(-1)!].map(({ xattr }) => [...xattr!.value])).toEqual([
      [0, 255],
      [0, 1],
      [...bytes("text = more")],
      [...bytes("aA\\")],
    ]);
  });

  test.each([
    ["x", "-p: the type is missing"],
    ["x q 0 0 0", '-p: "q" is no type'],
    ["x d 0 bin 0", '-p: there is no user "bin" on this machine'],
    ["x b 0 0 0 5000 1", '-p: the major number "5000" is not a number of at most 4095'],
    ["x i 0 0 0 z", '-p: i is for a socket (s) or a FIFO (f), not "z"'],
    ["x d 0 0 0 0", '-p: "0" is too much'],
    ["x f 0 0 0", "-p: the command is missing"],
    ["x x novalue", "-p: an attribute is NAME=VALUE"],
    // was a bug: the text itself became the value
    ["x x user.a=0xzz", "-p: 0x is for hex digits, two for each byte"],
    ["x x user.a=0sA", "-p: 0s is for base64"],
  ])("%j is refused", (text, message) => {
    expect(() => parsePseudo({ text, where: "-p" }, accounts)).toThrow(message);
  });
});

describe("sort files", () => {
  test("of gensquashfs", () => {
    const list = `# order
      -8000  [glob]  bin/*
      -100 [dont_compress, dont_fragment,nosparse,dont_deduplicate] boot/vmlinuz
      1337 "usr/my \\"file  "
      0 [glob_no_path] share/*`;
    expect(parseSortFile(bytes(list), "list")).toEqual([
      { order: -8000, flags: 0, path: "bin/*", match: "glob" },
      { order: -100, flags: 15, path: "boot/vmlinuz", match: "exact" },
      { order: 1337, flags: 0, path: 'usr/my "file  ', match: "exact" },
      { order: 0, flags: 0, path: "share/*", match: "glob_no_path" },
    ]);
    expect(() => parseSortFile(bytes("1 [align] x"), "list")).toThrow("list:1: align: not supported");
    expect(() => parseSortFile(bytes("1 [odd] x"), "list")).toThrow("list:1: odd: unknown flag");
    // was a bug: the line was not said
    expect(() => parseSortFile(bytes("1 a/../b"), "list")).toThrow(
      "list:1: a/../b: a path may hold neither .. nor NUL",
    );
    expect(() => parseSortFile(bytes("x y"), "list")).toThrow("list:1: the priority is a number");
  });

  test("of mksquashfs", () => {
    expect(
      parsePriorities(bytes('./a 5\nb -32768\nwith\\ "a blank" 1'), "list", (path) => path.replace("./", "top/")),
    ).toEqual([
      { order: -5, flags: 0, path: "top/a", match: "below" },
      { order: 32768, flags: 0, path: "b", match: "below" },
      { order: -1, flags: 0, path: "with a blank", match: "below" },
    ]);
    expect(() => parsePriorities(bytes("a 40000"), "list", (path) => path)).toThrow("list:1: the priority is a number");
  });
});

describe("attribute lists", () => {
  test("as getfattr writes them", () => {
    const list = `# file: dev/with\\040blank
security.selinux="a\\"b\\\\\\000"
user.hex=0xCAFE
user.base64=0sSGVsbG8=
user.empty
user.plain=a b"

# file: other
user.x=""
`;
    const read = parseXattrFile(bytes(list), "list").map(({ path, xattrs }) => [
      path,
      xattrs.map(({ name, value }) => [bytes("").toString() + Buffer.from(name), Buffer.from(value).toString("hex")]),
    ]);
    expect(read).toEqual([
      [
        "dev/with blank",
        [
          ["security.selinux", bytes('a"b\\\0').toString("hex")],
          ["user.hex", "cafe"],
          ["user.base64", bytes("Hello").toString("hex")],
          ["user.empty", ""],
          ["user.plain", bytes('a b"').toString("hex")],
        ],
      ],
      ["other", [["user.x", ""]]],
    ]);
  });

  test.each([
    ["user.x=1", 'list:1: neither "# file: PATH" nor an attribute of one'],
    ["# file: a\nuser.x=0xabc", "list:2: 0x is for hex digits"],
    ["# file: a\nuser.x=0s!", "list:2: 0s is for base64"],
    ["# file: a\nuser.x=0sA", "list:2: 0s is for base64"],
  ])("%j is refused", (list, message) => {
    expect(() => parseXattrFile(bytes(list), "list")).toThrow(message);
  });
});
