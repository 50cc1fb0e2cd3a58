/** Attribute lists, line by line. */
import { describe, expect, test } from "vitest";
import { parseXattrFile } from "../../../../src/stage/source/list/xattr-file.ts";

const bytes = (text: string) => Buffer.from(text);

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
