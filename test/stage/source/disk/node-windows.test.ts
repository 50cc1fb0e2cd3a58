/** Paths of Windows: how the system is given them, and where its links lead in the image. */
import { describe, expect, test } from "vitest";
import { fromWindowsTarget, toVerbatim } from "../../../../src/stage/source/disk/node-windows.ts";

test.each([
  ["C:/a/b", "\\\\?\\C:\\a\\b"],
  ["C:/a//./b/../c/", "\\\\?\\C:\\a\\c"],
  ["C:/", "\\\\?\\C:\\"],
  ["C:/a/aux", "\\\\?\\C:\\a\\aux"],
  ["C:/a/dot.", "\\\\?\\C:\\a\\dot."],
  ["//server/share/a", "\\\\?\\UNC\\server\\share\\a"],
  ["//?/C:/a", "\\\\?\\C:\\a"],
  ["\\\\?\\C:\\a", "\\\\?\\C:\\a"],
])("the system is given %s as %s", (path, expected) => {
  expect(toVerbatim(path)).toBe(expected);
});

describe("the target of a link in C:\\tree\\sub", () => {
  const link = "C:/tree/sub/link";

  test.each([
    ["relative", "..\\a.txt", "../a.txt"],
    ["relative, with slashes", "../a.txt", "../a.txt"],
    ["in the same directory", "b", "b"],
    ["relative, out of the tree", "..\\..\\other", "../../other"],
    ["relative, with a slash at its end", "dir\\", "dir/"],
    ["of a junction into the tree", "C:\\tree\\lib\\x", "../lib/x"],
    ["of a junction, with a slash at its end", "C:\\tree\\lib\\", "../lib"],
    ["of a junction, in other letters", "c:\\TREE\\lib", "../lib"],
    ["of a junction to the directory that it lies in", "C:\\tree\\sub", "."],
    ["of a junction to the root", "C:\\tree", ".."],
    ["with the prefix for long paths", "\\\\?\\C:\\tree\\lib", "../lib"],
    ["of a junction out of the tree", "C:\\treehouse\\x\\", "C:/treehouse/x"],
    ["of a junction to a drive", "D:\\", "D:/"],
    ["on another drive", "D:\\tree\\lib", "D:/tree/lib"],
    ["on a server", "\\\\server\\share\\x", "//server/share/x"],
    ["on a server, with the prefix", "\\\\?\\UNC\\server\\share\\x", "//server/share/x"],
    ["absolute in the guest", "/nix/store/abc", "/nix/store/abc"],
    ["absolute in the guest, as Windows keeps it", "\\nix\\store\\abc", "/nix/store/abc"],
  ])("%s", (_what, target, expected) => {
    expect(fromWindowsTarget(target, link, "C:/tree")).toBe(expected);
  });

  test("where tops make up the root, beside the top that it lies in", () => {
    expect(fromWindowsTarget("C:\\nix\\store\\bbb\\lib", "C:/nix/store/aaa/bin/x", "C:/nix/store/")).toBe(
      "../../bbb/lib",
    );
  });

  test("on a server, into the tree", () => {
    expect(fromWindowsTarget("\\\\server\\share\\t\\lib", "//server/share/t/bin/x", "//server/share/t")).toBe("../lib");
  });

  test("where nothing on the disk is the root, keeps its drive", () => {
    expect(fromWindowsTarget("C:\\tree\\lib", link, undefined)).toBe("C:/tree/lib");
  });
});
