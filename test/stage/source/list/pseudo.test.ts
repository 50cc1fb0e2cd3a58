/** Pseudo files, line by line. */
import { describe, expect, test } from "vitest";
import { parseAccounts } from "../../../../src/stage/source/list/accounts.ts";
import { parsePseudo, parsePseudoFile } from "../../../../src/stage/source/list/pseudo.ts";
import { S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK } from "../../../../src/stage/tree/tree.ts";

const bytes = (text: string) => Buffer.from(text);
const accounts = parseAccounts("root:x:0:0::/:\nann:x:1000:100::/home/ann:/bin/sh\n", "staff:x:50:\n");

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
      file m 600 +7 08
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
