/** Modes where the host's filesystem holds none: what is a program, and what the rule gives each kind of entry. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { hostMode, isProgram, modeByRule } from "../../../../src/stage/source/disk/node-modes.ts";
import { S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, Tree } from "../../../../src/stage/tree/tree.ts";
import { makeScratch } from "../../../helpers/scratch.ts";

const scratch = makeScratch("modes");
const path = (name: string) => Buffer.from(`${scratch}/${name}`);

test.each([
  ["ELF", "7f454c4602010100", true],
  ["a script", "23212f62696e2f7368", true],
  ["nothing but #!", "2321", true],
  ["Mach-O, 32 bits, big-endian", "feedface00000012", true],
  ["Mach-O, 64 bits, big-endian", "feedfacf00000012", true],
  ["Mach-O, 32 bits, little-endian", "cefaedfe07000000", true],
  ["Mach-O, 64 bits, little-endian", "cffaedfe07000001", true],
  ["Mach-O for two architectures", "cafebabe00000002", true],
  ["Mach-O for two architectures, 64 bits", "cafebabf00000002", true],
  ["a class of Java", "cafebabe00000041", false],
  ["the first half of a magic", "7f45", false],
  ["a magic of several architectures alone", "cafebabe", false],
  ["ELF without its first byte", "454c4602010100", false],
  ["a blank before #!", "2023212f62696e2f", false],
  ["UTF-8 with a mark before #!", "efbbbf23212f6269", false],
  ["Windows's own", "4d5a900003000000", false],
  ["nothing", "", false],
])("a file that begins as %s: %s, a program: %s", (_what, hex, expected) => {
  expect(isProgram(Buffer.from(hex, "hex"))).toBe(expected);
});

describe("the rule", () => {
  beforeAll(() => {
    mkdirSync(path("directory"), { mode: 0o700 });
    writeFileSync(path("script"), "#!/bin/sh\n", { mode: 0o600 });
    writeFileSync(path("text"), "text", { mode: 0o777 });
    writeFileSync(path("empty"), "");
    symlinkSync("script", path("link"));
  });

  test.each([
    ["directory", S_IFDIR, 0o40755],
    ["script", S_IFREG, 0o100755],
    ["text", S_IFREG, 0o100644],
    ["empty", S_IFREG, 0o100644],
    ["link", S_IFLNK, 0o120777],
    ["not there, as a FIFO is not opened", S_IFIFO, 0o10644],
  ])("for %s", (name, kind, expected) => {
    expect(modeByRule(kind, path(name))).toBe(expected);
  });

  test.runIf(process.platform !== "win32")("is not asked, and no file is opened, where the host holds modes", () => {
    const tree = Tree.create();
    const stats = { mode: S_IFREG | 0o4711 } as Parameters<typeof hostMode>[0];
    expect(hostMode(stats, path("not there"), tree)).toBe(S_IFREG | 0o4711);
    expect(tree.hasRuledModes).toBe(false);
  });
});
