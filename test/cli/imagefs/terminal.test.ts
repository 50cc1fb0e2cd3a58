/** What `ts-imagefs` prints to terminals and pipes. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { buildErofs, type Entry, entries } from "../../../dist/index.js";
import { commandPath, commandWords, runCommand, runShell } from "../../helpers/commands.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const scratch = makeScratch("cli-imagefs-terminal");
const run = (...words: string[]) => runCommand(scratch, "imagefs", words);
const json = (...words: string[]) => JSON.parse(run(...words, "--json").out);
const hasScript = spawnSync("script", ["--version"]).status === 0;

describe("names that a terminal would follow", () => {
  const name = "esc\x1b[31m\nred\x9b";

  beforeAll(async () => {
    const list: Entry[] = [
      { path: name, contents: "x" },
      { path: "l", kind: "symlink", target: name },
    ];
    await buildErofs(entries(list), `${scratch}/names.img`, {});
    await buildErofs(entries([]), `${scratch}/empty.img`, {});
  });

  test.each([["ls"], ["ls", "-l"], ["tree"], ["dump"], ["usage"], ["diff", "empty.img"]])("%s %s", (...words) => {
    const { out } = run(...words, "names.img");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(out).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
    expect(out).toContain("esc\\x1b[31m\\x0ared");
  });

  test("stand in JSON as they are", () => {
    expect(json("ls", "names.img").entries[0].path).toBe(name);
  });
});

test("whoever closes standard output early ends it, quietly", async () => {
  const list = Array.from({ length: 4000 }, (_, nr): Entry => ({ path: `file-with-a-long-name-${nr}`, contents: "" }));
  await buildErofs(entries(list), `${scratch}/many.img`, {});
  for (const words of ["ls -lR", "dump", "tree", "ls --json", "usage --depth=9"]) {
    const line = `{ ${commandWords("imagefs")} ${words} many.img; echo $? >&2; } | head -n 1`;
    const { out, err } = runShell(scratch, line);
    expect(out.split("\n")).toHaveLength(2);
    expect(err).toBe("141\n");
  }
});

// nothing but a pseudo terminal is one, and script(1) makes it
test.runIf(hasScript)("a terminal has tables as wide as itself", async () => {
  await buildErofs(entries([{ path: "usr/bin/tool", contents: "x".repeat(5000) }]), `${scratch}/e.img`);
  const line = `script -qec 'stty cols 44; "${process.execPath}" "${commandPath("imagefs")}" usage --depth=3 e.img' /dev/null`;
  const { out } = runShell(scratch, line);
  const lines = out.split(/\r?\n/);
  expect(lines.some((each) => each.endsWith("bin/tool"))).toBe(true);
  expect(Math.max(...lines.slice(2).map((each) => each.length))).toBeLessThanOrEqual(44);
  expect(existsSync(`${scratch}/typescript`)).toBe(false);
});

test.runIf(hasScript)("a terminal takes no archive, whatever it is called; a pipe does", async () => {
  await buildErofs(entries([{ path: "file", contents: "x" }]), `${scratch}/t.img`);
  for (const words of ["extract --tar t.img", "extract --tar=- t.img", "extract --tar=/dev/stdout t.img"]) {
    const line = `script -qec '"${process.execPath}" "${commandPath("imagefs")}" ${words}' /dev/null`;
    const { status, out } = runShell(scratch, line);
    expect(status).toBe(2);
    expect(out.split(/\r?\n/)[0]).toBe("ts-imagefs: standard output is a terminal, which takes no archive");
    expect(run(...words.split(" "))).toMatchObject({ status: 0, out: expect.stringContaining("ustar") });
  }
});
