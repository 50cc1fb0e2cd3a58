/** Files to write on Windows: names that are none, and a target that is in use. */
import { describe, expect, test } from "vitest";
import { checkWindowsTarget, replaceFile } from "../../src/core/node/node-windows-target.ts";

test.each([
  ["NUL", "NUL: is the name of a device"],
  ["C:\\out\\aux.img", "C:\\out\\aux.img: is the name of a device"],
  ["com1", "com1: is the name of a device"],
  ["con .img", "con .img: is the name of a device"],
  ["\\\\.\\PhysicalDrive0", "\\\\.\\PhysicalDrive0: devices of Windows cannot be written to"],
  ["//./C:", "//./C:: devices of Windows cannot be written to"],
  ["out.img:stream", "out.img:stream: a name on Windows does not hold :"],
  ["out?.img", "out?.img: a name on Windows does not hold ?"],
  ["out.img.", "out.img.: a name on Windows does not end with a dot or a blank"],
  ["dir/out.img ", "dir/out.img : a name on Windows does not end with a dot or a blank"],
])("%s is no target on Windows", (target, message) => {
  expect(() => checkWindowsTarget(target, "win32")).toThrow(expect.objectContaining({ code: "INPUT", message }));
  expect(() => checkWindowsTarget(target, "linux")).not.toThrow();
});

test.each(["out.img", "C:\\x.y\\out", "C:out.img", "\\\\?\\C:\\out.img", "\\\\server\\share\\out", "Z:\\", ".", ".."])(
  "%s is one, or what is wrong with it is the system's to say",
  (target) => expect(() => checkWindowsTarget(target, "win32")).not.toThrow(),
);

describe("a file that replaces another", () => {
  const failing = (times: number, code: string) => {
    const calls: unknown[] = [];
    const rename = (from: unknown, to: unknown) => {
      calls.push([from, to]);
      if (calls.length <= times) throw Object.assign(new Error(`${code}: no`), { code });
    };
    return { calls, rename };
  };

  test("on Windows waits for a program that has it open for a moment", () => {
    const { calls, rename } = failing(3, "EPERM");
    replaceFile("a", "b", "win32", rename);
    expect(calls).toEqual(Array.from({ length: 4 }, () => ["a", "b"]));
  });

  test("on Windows gives up after a second, and says what may be the matter", () => {
    const { calls, rename } = failing(1000, "EBUSY");
    const start = performance.now();
    expect(() => replaceFile("a", "b", "win32", rename)).toThrow(
      "may not be replaced: it is read-only, or another program",
    );
    expect(performance.now() - start).toBeGreaterThan(500);
    expect(calls.length).toBe(20);
  });

  test.each([
    ["win32", "ENOENT"],
    ["linux", "EPERM"],
  ])("on %s fails at once with %s", (platform, code) => {
    const { calls, rename } = failing(1, code);
    expect(() => replaceFile("a", "b", platform, rename)).toThrow(`${code}: no`);
    expect(calls.length).toBe(1);
  });
});
