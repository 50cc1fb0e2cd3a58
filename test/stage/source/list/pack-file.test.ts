/** Pack files, line by line. */
import { describe, expect, test } from "vitest";
import { parsePackFile } from "../../../../src/stage/source/list/pack-file.ts";
import { S_IFCHR, S_IFDIR, S_IFREG } from "../../../../src/stage/tree/tree.ts";

const bytes = (text: string) => Buffer.from(text);

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
