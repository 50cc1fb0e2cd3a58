/** `ts-mkerofs` as it is run: wrong usage, and signals. */
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { commandPath, runCommand } from "../../helpers/commands.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const scratch = makeScratch("mkerofs-command");

test("two signals at once leave no temporary file", async () => {
  const source = `${scratch}/signalled`;
  mkdirSync(source);
  for (let nr = 0; nr < 40; nr++) writeFileSync(`${source}/${nr}`, Buffer.alloc(4 << 20, nr));
  const out = `${scratch}/out`;
  mkdirSync(out);
  const child = spawn(process.execPath, [commandPath("mkerofs"), "--quiet", "--dedupe=none", `${out}/t.img`, source], {
    stdio: "ignore",
  });
  const gone = new Promise((resolve) => child.on("exit", resolve));
  while (child.exitCode === null && readdirSync(out).length === 0)
    await new Promise((resolve) => setTimeout(resolve, 2));
  child.kill("SIGINT");
  child.kill("SIGTERM");
  await gone;
  expect(readdirSync(out).filter((name) => name !== "t.img")).toEqual([]);
});

test.each([
  ["-zlz4,5", "-z level: lz4 has no levels, so not 5"],
  ["-zlz4 -C5000", "-C: 5000 is no multiple of the block size, 4096"],
  ["-zlz4 --target-kernel=9", '--target-kernel: "9" is no version such as 6.12'],
  ["--format=squashfs -b512", "-b: 512 is not in 4096..1048576"],
])("options that exclude each other or do not exist are wrong usage, not a failed build: %s", (options, message) => {
  expect(runCommand(scratch, "mkerofs", [...options.split(" "), `${scratch}/never.img`, scratch])).toEqual({
    status: 2,
    out: "",
    err: `ts-mkerofs: ${message}\nTry 'ts-mkerofs --help' for more information.\n`,
  });
});
