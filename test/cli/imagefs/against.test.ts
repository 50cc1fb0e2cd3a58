/** What images are compared with by the command, and where its errors stand. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { buildErofs, buildSquashfs, directory, type Entry, entries } from "../../../dist/index.js";
import { runCommand } from "../../helpers/commands.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const scratch = makeScratch("cli-imagefs-against");
const run = (...words: string[]) => runCommand(scratch, "imagefs", words);
const LIST: Entry[] = [{ path: "etc/os-release", contents: "NAME=none\n" }];

beforeAll(async () => {
  await buildErofs(entries(LIST), `${scratch}/e.img`);
  await buildSquashfs(entries(LIST), `${scratch}/s.img`, {});
  writeFileSync(`${scratch}/cut.img`, readFileSync(`${scratch}/e.img`).subarray(0, 1200));
});

describe("what an image is compared with", () => {
  test("an image is none: diff compares two", () => {
    for (const image of ["e.img", "s.img"]) {
      const { err, status } = run("verify", "--against", image, "e.img");
      expect([err, status]).toEqual([`ts-imagefs: ${image}: is an image: diff compares two\n`, 1]);
    }
  });

  test.runIf(process.platform !== "win32")("neither is a pipe, or a device, which are not waited for", () => {
    spawnSync("mkfifo", [`${scratch}/fifo`]);
    for (const source of [`${scratch}/fifo`, "/dev/null"]) {
      const { err, status } = run("verify", "--against", source, "e.img");
      expect([err, status]).toEqual([`ts-imagefs: ${source}: is neither a directory nor a file\n`, 1]);
    }
  });

  test("what data of the image lies in is no part of it", async () => {
    mkdirSync(`${scratch}/with`);
    writeFileSync(`${scratch}/with/file`, "x".repeat(9000));
    const words = ["--blobdev=with/blob", "--chunksize=4096", "with/image", "with"];
    expect(runCommand(scratch, "mkerofs", words)).toMatchObject({ status: 0 });
    const compared = run("verify", "--against", "with", "--device=with/blob", "--ignore=mtime,ns", "with/image");
    const out = expect.stringMatching(/^with\/image: holds together; .*\nwith\/image: holds what with does\n$/);
    expect(compared).toEqual({ out, err: "", status: 0 });
  });
});

test("what does not hold together is told beside what differs", async () => {
  mkdirSync(`${scratch}/tree`);
  writeFileSync(`${scratch}/tree/file`, "1");
  await buildErofs(directory(`${scratch}/tree`), `${scratch}/torn.img`);
  const bytes = readFileSync(`${scratch}/torn.img`);
  bytes.write("y", 1024 + 64);
  writeFileSync(`${scratch}/torn.img`, bytes);
  writeFileSync(`${scratch}/tree/file`, "2");
  const { out, err, status } = run("verify", "--against=tree", "--ignore=mtime", "torn.img");
  expect([out, status]).toEqual(["", 1]);
  expect(err).toMatch(/^.*the checksum is 0x.*\n.*torn\.img: \/file: its contents are not those of the source\n$/);
});

test("errors are in no archive, and in no page", () => {
  for (const words of [
    ["extract", "--tar", "--json", "e.img", "nope"],
    ["usage", "--html", "--json", "cut.img"],
  ]) {
    const { out, err, status } = run(...words);
    expect([out, status]).toEqual(["", 1]);
    expect(JSON.parse(err).error.message).toMatch(/^(?:nope|cut\.img): /);
  }
});

describe("a closure in a folder of the image", () => {
  const path = `${scratch}/store/${"a".repeat(32)}-tool`;

  beforeAll(() => {
    mkdirSync(`${path}/bin`, { recursive: true });
    writeFileSync(`${path}/bin/tool`, "tool");
    writeFileSync(`${scratch}/list`, `${path}\n`);
    const words = ["--closure=list", "--store-dir=/nix/store", "closure.img"];
    expect(runCommand(scratch, "mkerofs", words)).toMatchObject({ status: 0 });
  });

  test("is compared with --store-dir", () => {
    const out = expect.stringMatching(/^closure\.img: holds together; .*\nclosure\.img: holds what list does\n$/);
    expect(run("verify", "--against=list", "--store-dir=/nix/store", "closure.img")).toEqual({
      out,
      err: "",
      status: 0,
    });
    const elsewhere = run("verify", "--against=list", "--store-dir=/gnu/store", "closure.img");
    expect(elsewhere).toMatchObject({ status: 1, err: expect.stringContaining("/gnu: is not in the image") });
    writeFileSync(`${path}/bin/tool`, "took");
    const changed = run("verify", "--against=list", "--store-dir=/nix/store", "closure.img");
    expect(changed.err).toMatch(/^ts-imagefs: closure\.img: \/nix\/store\/a+-tool\/bin\/tool: its contents are not/);
    writeFileSync(`${path}/bin/tool`, "tool");
  });

  test("a folder that cannot be is wrong usage, and one for what is no closure an error, both by the option", () => {
    const relative = run("verify", "--against=list", "--store-dir=nix", "closure.img");
    expect([relative.status, relative.err.split("\n")[0]]).toEqual([
      2,
      'ts-imagefs: --store-dir: "nix" is no absolute path',
    ]);
    const foreign = run("verify", "--against=store", "--store-dir=/nix/store", "closure.img");
    const why = "ts-imagefs: --store-dir: the source has no store paths, as a closure has\n";
    expect([foreign.status, foreign.err]).toEqual([1, why]);
    const idle = run("verify", "--store-dir=/nix/store", "closure.img");
    expect([idle.status, idle.err]).toEqual([0, "ts-imagefs: warning: --store-dir has no effect without --against\n"]);
  });
});

test.each(["", ","])("--ignore=%s ignores nothing, and is wrong usage", (words) => {
  const { status, err } = run("verify", "--against=store", `--ignore=${words}`, "e.img");
  const why = `ts-imagefs: --ignore: "${words}" is none of mtime, ns, owner, mode, nlink, xattr`;
  expect([status, err.split("\n")[0]]).toEqual([2, why]);
});
