/** How a closure's list of paths is read, and what is refused. */
import { describe, expect, test } from "vitest";
import { arrangeClosure, parseClosureList, topPath } from "../../../../src/stage/source/disk/closure.ts";

describe("a closure's list", () => {
  const tops = (text: string | Uint8Array) => {
    const paths = arrangeClosure(parseClosureList(Buffer.from(text), "store-paths"));
    return Array.from(paths.line, (line, top) => [
      Buffer.from(topPath(paths, top)).toString("latin1"),
      `${paths.where}${line}`,
    ]);
  };
  const why = (text: string | Uint8Array) => expect(() => tops(text));

  test.each([
    ["one path a line", "/s/b\n/s/a\n"],
    ["a last line without its end", "/s/b\n/s/a"],
    ["line ends of Windows", "/s/b\r\n/s/a\r\n"],
    ["trailing slashes", "/s/b/\n/s/a///\n"],
    ["blanks behind them", "/s/b \t \n/s/a\t\r\n"],
    ["repeated paths, the first naming the line", "/s/b\n/s/a\n/s/b\n/s/a/\n"],
  ])("may have %s; paths come in byte order of their names", (_what, text) => {
    expect(tops(text)).toEqual([
      ["/s/a", "store-paths:2"],
      ["/s/b", "store-paths:1"],
    ]);
  });

  test("may begin with a mark that says UTF-8", () => {
    expect(tops("\uFEFF/s/a\n/s/b\n").map(([path]) => path)).toEqual(["/s/a", "/s/b"]);
  });

  test.each(["utf16le", "\xfe\xff"])("in UTF-16 is refused: %j", (how) => {
    const text = how === "utf16le" ? Buffer.from("\uFEFF/s/a\r\n", how) : Buffer.from(`${how}\0/\0a`, "latin1");
    why(text).toThrow("store-paths: is in UTF-16; what this package reads is UTF-8");
  });

  test("of Windows keeps the slashes before a server, and refuses what has no name but that of a drive", () => {
    const arrange = (text: string) => {
      const paths = arrangeClosure({ ...parseClosureList(Buffer.from(text), "store-paths"), isWindows: true });
      return Array.from(paths.line, (_, top) => Buffer.from(topPath(paths, top)).toString());
    };
    expect(arrange("//server//share/./a\r\n//?/C:/b/\r\nC:d/c\r\n")).toEqual(["//server/share/a", "//?/C:/b", "C:d/c"]);
    for (const path of ["C:", "C:/", "C:a", "C:/a:stream"]) {
      expect(() => arrange(path)).toThrow(`store-paths:1: ${path}: has no name of its own`);
    }
    expect(tops("//s//a\n").map(([path]) => path)).toEqual(["/s/a"]);
  });

  test("counts blank lines, and takes nothing from them", () => {
    expect(tops("\n\n/s/b\n\r\n\n/s/a\n\n")).toEqual([
      ["/s/a", "store-paths:6"],
      ["/s/b", "store-paths:3"],
    ]);
  });

  test("holds bytes: spaces, quotes, anything that is no line end is part of the path", () => {
    const text = Buffer.from("/s/ a 'b'\n/s/\xff\xfe\n/s/c\rd\n/s/#e\n-f\n", "latin1");
    expect(tops(text).map(([path]) => path)).toEqual(["/s/ a 'b'", "/s/#e", "-f", "/s/c\rd", "/s/\xff\xfe"]);
  });

  test("sorts by bytes, a prefix first, not by what is before the name", () => {
    expect(tops("/z/a\n/a/b\n/m/a.b\n/m/a-b\n/\u{10000}/\u{10000}\n/m/\uffff\n").map(([path]) => path)).toEqual(
      ["/z/a", "/m/a-b", "/m/a.b", "/a/b", "/m/\uffff", "/\u{10000}/\u{10000}"].map((path) =>
        Buffer.from(path).toString("latin1"),
      ),
    );
  });

  test.each(["", "\n\n\r\n", "\n"])("without a path is refused: %j", (text) => {
    why(text).toThrow("store-paths: names no path");
  });

  test("refuses two paths of one name, and says where both are", () => {
    why("/s/a\n/t/b\n/t/a\n").toThrow("store-paths:3: /t/a: has the same name as /s/a (store-paths:1)");
  });

  test("refuses a path inside another, whichever comes first", () => {
    const message = "/s/a/bin/x: lies inside /s/a (store-paths:";
    why("/s/a\n/s/a/bin/x\n").toThrow(message);
    why("/s/a/bin/x\n/s/a\n").toThrow(message);
    expect(tops("/s/a\n/s/ab\n/s/a-b/c\n").length).toBe(3);
    // from folder to folder, and where the case hack is part of the outer name
    why("/s/c\n/s/d\n/t/x/y\n/s/d/e/f/g\n").toThrow("store-paths:4: /s/d/e/f/g: lies inside /s/d (store-paths:2)");
    why("/s/d\n/s/d/e\n/s/d/e/f\n").toThrow("store-paths:2: /s/d/e: lies inside /s/d (store-paths:1)");
    why("/s/d~nix~case~hack~1/x\n/s/d~nix~case~hack~1\n").toThrow("lies inside /s/d~nix~case~hack~1");
    why("d\nd/x\n").toThrow("store-paths:2: d/x: lies inside d (store-paths:1)");
  });

  test.each(["/", "///", ".", "..", "/s/..", "/s/.", "./"])("refuses %j: it has no name of its own", (path) => {
    why(`/s/a\n${path}\n`).toThrow(/^store-paths:2: .*has no name of its own/);
  });

  test("holds a whole store: tidied paths lie where they were given", () => {
    const given = Array.from({ length: 5000 }, (_, index) => `/s/${(index * 7919) % 5000}-${index}`);
    const text = given.map((path, index) => (index % 3 === 0 ? path.replace("/s/", "/s/.//") : path)).join("\n");
    const byName = given
      .map((path, index) => [path, `store-paths:${index + 1}`])
      .sort(([a], [b]) => (a! < b! ? -1 : 1));
    expect(tops(text)).toEqual(byName);
  });

  test("refuses a NUL byte, and shows the beginning of what may be anything", () => {
    why("/s/a\n/s/b\0c\n").toThrow(/^store-paths:2: .*NUL/);
    why(`/s/a\n\x7fELF\0${"x".repeat(5000)}\n`).toThrow(/^store-paths:2: "\x7fELF\\u0000x{43}…": holds a NUL byte$/);
  });

  test.each([
    ["-s -S", "/s/b \t       1640\t     103344\n/s/aa\t        168\t       1808\n"],
    ["-s -S -h", "/s/b \t   1.6K\t  99.8K\n/s/aa\t 168.0 \t   1.8K\n"],
    ["-s -S -h of newer versions", "/s/b \t 386.7 KiB\t  69.1 MiB\n/s/aa\t 168.0   B\t   1.8 KiB\n"],
    ["--sigs", "/s/b \tultimate\n/s/aa\tca:fixed:r:sha256:0f k-1:aGk= k-2:aGk+/w==\n"],
    ["-s --sigs", "/s/b \t       1640\tultimate\n/s/aa\t        168\t\n"],
  ])("takes no columns of nix path-info %s for a part of paths", (_what, text) => {
    expect(tops(text).map(([path]) => path)).toEqual(["/s/aa", "/s/b"]);
  });

  test("takes a tab that begins no such column for a part of a path", () => {
    expect(tops("/s/a\tb\n/s/c\t12 x\n").map(([path]) => path)).toEqual(["/s/a\tb", "/s/c\t12 x"]);
  });

  // Was a bug: paths are compared as they are spelled; a doubled slash or "/./" hides that one lies inside the other, and
  // its files are packed twice (store-paths: "/s/a\n/s//a/bin/x").
  test.each(["/s//a/bin/x", "/s/./a/bin/x"])("refuses %j inside /s/a, however it is spelled", (path) => {
    why(`/s/a\n${path}\n`).toThrow("lies inside");
  });
});
