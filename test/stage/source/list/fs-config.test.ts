import { describe, expect, test } from "vitest";
import { ANDROID_DIRECTORIES, ANDROID_FILES } from "../../../../src/stage/source/list/android/built-in-rules.ts";
import {
  encodeCapabilities,
  matchRules,
  parseCanned,
  parseRules,
} from "../../../../src/stage/source/list/android/fs-config.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");

describe("a list that names every path", () => {
  const parse = (text: string) => parseCanned(bytes(text), "list");

  test("has the root as /, or as nothing, and the last line of a path counts", () => {
    expect(parse("/ 1 2 0755\n")("", true)).toEqual({ uid: 1, gid: 2, mode: 0o755, capabilities: 0n });
    expect(parse(" 1 2 0755\n")("", true)).toMatchObject({ uid: 1 });
    const config = parse("system/x 1 2 640\n/system/x 3 4 4750\n");
    expect(config("system/x", false)).toEqual({ uid: 3, gid: 4, mode: 0o4750, capabilities: 0n });
    expect(config("system", true)).toBeUndefined();
  });

  test.each([
    ["capabilities=0xc0", 0xc0n],
    ["capabilities=0x1000000000", 1n << 36n],
    ["capabilities=192", 192n],
    ["capabilities=0300", 0o300n],
    ["selabel=u:object_r:x:s0 capabilities=0x1", 1n],
    ["selabel=u:object_r:x:s0", 0n],
  ])("%s behind the mode", (words, capabilities) => {
    expect(parse(`a 0 0 755 ${words}`)("a", false)).toMatchObject({ capabilities });
  });

  test.each([
    ["a 0 0", "line 1: it is not PATH UID GID MODE [capabilities=MASK]"],
    ["a 0 0 755\n\n", "line 2: it is not PATH UID GID MODE [capabilities=MASK]"],
    ["a x 0 755", 'line 1: "x" is no user id'],
    ["a 0 4294967295 755", 'line 1: "4294967295" is no group id'],
    ["a 0 0 789", 'line 1: "789" is no octal mode'],
    ["a 0 0 10000", 'line 1: "10000" is no octal mode'],
    ["a 0 0 755 capabilities=all", 'line 1: "all" is no mask of capabilities'],
    ["a 0 0 755 capabilities=0x10000000000000000", 'line 1: "0x10000000000000000" is no mask of capabilities'],
  ])("%j is an error", (text, why) => {
    expect(() => parse(text)).toThrow(`list: ${why}`);
  });
});

/** A rule as the files hold it. */
function packed(pattern: string, mode: number, uid: number, gid: number, capabilities: bigint): Buffer {
  const text = Buffer.from(`${pattern}\0`);
  const rule = Buffer.alloc(16);
  [16 + text.length, mode, uid, gid].forEach((value, index) => {
    rule.writeUInt16LE(value, 2 * index);
  });
  rule.writeBigUInt64LE(capabilities, 8);
  return Buffer.concat([rule, text]);
}

describe("rules", () => {
  const android = matchRules(ANDROID_FILES, ANDROID_DIRECTORIES);

  test("are Android's own where no other is there", () => {
    expect(android("system/bin/run-as", false)).toMatchObject({ uid: 0, gid: 2000, mode: 0o750, capabilities: 0xc0n });
    expect(android("system/bin/sh", false)).toMatchObject({ gid: 2000, mode: 0o755 });
    expect(android("system/etc/hosts", false)).toEqual({ uid: 0, gid: 0, mode: 0o644, capabilities: 0n });
    expect(android("system/bin", true)).toMatchObject({ gid: 2000, mode: 0o751 });
    expect(android("system/bin/sub", true)).toMatchObject({ mode: 0o751 });
    expect(android("system/", true)).toEqual({ uid: 0, gid: 0, mode: 0o755, capabilities: 0n });
    expect(android("data/misc/dhcp/x", true)).toMatchObject({ uid: 1014, mode: 0o770 });
    expect([ANDROID_FILES.length, ANDROID_DIRECTORIES.length]).toEqual([79, 27]);
  });

  test("of a partition are for it wherever it lies", () => {
    expect(android("system/vendor/bin/x", false)).toMatchObject({ gid: 2000, mode: 0o755 });
    expect(android("vendor/odm/bin/x", false)).toMatchObject({ gid: 2000, mode: 0o755 });
    expect(android("system/other/bin/x", false)).toMatchObject({ gid: 0, mode: 0o644 });
  });

  test("from files come first, in their order; a backslash is itself", () => {
    const files = parseRules(
      Buffer.concat([packed("vendor/a*", 0o700, 1, 2, 1n << 36n), packed("vendor/ab", 0o600, 3, 4, 0n)]),
      "rules",
    );
    const config = matchRules([...files, ...ANDROID_FILES], parseRules(packed("vendor/d/", 0o711, 5, 6, 0n), "rules"));
    expect(config("vendor/ab", false)).toMatchObject({ uid: 1, gid: 2, mode: 0o700, capabilities: 1n << 36n });
    expect(config("vendor/d", true)).toMatchObject({ uid: 5 });
    expect(config("vendor/d/e", true)).toMatchObject({ uid: 5 });
    expect(config("vendor/dx", true)).toMatchObject({ uid: 0, mode: 0o755 });
    expect(matchRules(parseRules(packed("a\\*", 0o1, 1, 1, 0n), "rules"), [])("a\\b", false)).toMatchObject({
      mode: 1,
    });
  });

  test.each([
    ["in its head", 10],
    ["in its pattern", 20],
  ])("one that is cut off %s is an error", (_, length) => {
    const both = Buffer.concat([packed("x", 0, 0, 0, 0n), packed("vendor/*", 0, 0, 0, 0n).subarray(0, length)]);
    expect(() => parseRules(both, "rules")).toThrow("rules: the rule at byte 18 is cut off, or has no end");
  });

  test("one without a NUL is an error", () => {
    const rule = packed("x", 0, 0, 0, 0n);
    rule[17] = 0x78;
    expect(() => parseRules(rule, "rules")).toThrow("rules: the rule at byte 0 is cut off, or has no end");
  });
});

test("capabilities are permitted and effective, in two halves, revision 2", () => {
  const value = Buffer.from(encodeCapabilities((1n << 36n) | 0xc0n)).toString("hex");
  expect(value).toBe(`${"01000002c000000000000000".padEnd(24, "0")}1000000000000000`);
});
