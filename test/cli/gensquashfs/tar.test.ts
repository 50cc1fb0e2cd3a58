/** `ts-gensquashfs --tar`: an archive, from a file or from standard input. */
import { readFileSync, writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { commandWords, runCommand, runShell } from "../../helpers/commands.ts";
import { dumpLines } from "../../helpers/dump.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { TAR_END, tarMember } from "../../helpers/tar/make-tar.ts";

const scratch = makeScratch("gensquashfs-tar");
const run = (...words: string[]) => runCommand(scratch, "gensquashfs", ["-q", "-f", ...words]);
const read = (name: string) => readFileSync(`${scratch}/${name}`);

beforeAll(() => {
  const members = [tarMember({ name: "dir/file", mtime: 77, mode: 0o640, uid: 3 }, "contents"), TAR_END];
  writeFileSync(`${scratch}/a.tar`, Buffer.concat(members));
});

test("packs what it holds, with its own times; --defaults are for what it does not describe", async () => {
  expect(run("--tar=a.tar", "--defaults", "uid=5,mode=0711", "file.img").err).toBe("");
  expect(
    runShell(scratch, `cat a.tar | ${commandWords("gensquashfs")} -q -f --tar=- --defaults uid=5,mode=0711 pipe.img`)
      .status,
  ).toBe(0);
  expect(read("pipe.img").equals(read("file.img"))).toBe(true);
  const dump = (await dumpLines(read("file.img"))).join("\n");
  expect(dump).toMatch(/\/dir\/file: .*mode=0640.*mtime=77/);
  expect(dump).toMatch(/\/dir: .*mode=0711/);
});

test("what does not go with it is said", () => {
  const why = (...words: string[]) => run(...words, "x.img").err;
  expect(why("--tar=a.tar", "--zip=b.zip")).toContain("--tar: there can be no --zip beside it");
  expect(why("--tar=a.tar", "-D", "dir")).toContain("--tar: there can be no --pack-dir beside it");
});
