/** SELinux's file_contexts: the label of a path. */
import { describe, expect, test } from "vitest";
import { FileContexts } from "../../../../src/stage/source/list/file-contexts.ts";
import { S_IFDIR, S_IFLNK, S_IFREG } from "../../../../src/stage/tree/tree.ts";

describe("SELinux labels", () => {
  const text = (lines: string, name = "list") => ({ text: Buffer.from(lines), name });

  test("of a path: anchored, of any bytes, by kind", () => {
    const contexts = new FileContexts([text("/a.c x\n/[[:digit:]]+\\.d y\n/usr/lib(64)? -d z\n/usr/.*/q w\n")]);
    const labelOf = (path: string, kind = S_IFREG) => contexts.label(path, kind | 0o644);
    expect([labelOf("/a\nc"), labelOf("/xa.c"), labelOf("/a.cx"), labelOf("/a\xffc")]).toEqual([
      "x",
      undefined,
      undefined,
      "x",
    ]);
    expect([labelOf("/12.d"), labelOf("/12xd"), labelOf("/usr/lib64", S_IFDIR), labelOf("/usr/lib64")]).toEqual([
      "y",
      undefined,
      "z",
      undefined,
    ]);
    expect([labelOf("/usr/a/b/q"), labelOf("/usr/a/b/q", S_IFLNK), labelOf("/opt/q")]).toEqual(["w", "w", undefined]);
  });

  test("files beside the list: later ones count more, aliases lead elsewhere", () => {
    const rules = [text("/home/.* one\n/usr/.* usr"), text("/home/ann two")];
    const contexts = new FileContexts(rules, [text("/run /var/run\n/mnt /"), text("/var/run /usr/run")]);
    const paths = ["/home/bob", "/home/ann", "/run/x", "/mnt/home/bob", "/mnt", "/running"];
    expect(paths.map((path) => contexts.label(path, S_IFREG))).toEqual([
      "one",
      "two",
      "usr",
      "one",
      undefined,
      undefined,
    ]);
  });

  test.each([
    ["/a", "list:1: the context is missing"],
    ["/a -x c", 'list:1: "-x" is no type: --, -b, -c, -d, -l, -p, -s'],
    ["/a -- c d", 'list:1: "d" is too much'],
    ["\n/a( c", "list:2: the expression cannot be understood"],
    ["/[[:odd:]] c", "list:1: no class [:odd:]"],
  ])("%j is refused", (lines, message) => {
    expect(() => new FileContexts([text(lines)])).toThrow(message);
  });
});
