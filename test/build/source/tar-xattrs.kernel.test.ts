/** Names of attributes that no keyword of a tar archive can have as they are: GNU tar and bsdtar read and write the same. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { buildErofs, directory, openImage, tarStream } from "../../../dist/index.js";
import { runCommand, SILENT } from "../../helpers/commands.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const scratch = makeScratch("tar-xattrs");
const setfattr = oracle("setfattr", hasCommand("setfattr"));
const tar = oracle("GNU tar", hasCommand("tar") && execFileSync("tar", ["--version"]).includes("GNU tar"));
const bsdtar = oracle("bsdtar", hasCommand("bsdtar"));
/** GNU tar takes no part of the names of attributes for itself. */
const GNU = ["--xattrs", "--xattrs-include=*", "--format=pax"];
const NAMES = ["user.a=b", "user.p%3Dq", "user.p%25q", "user.l%3dq", "user.=", "user.plain", "user.ca f\u00e9"];
const textOf = (name: string) => Buffer.from(`of=${name}\n`);

/** Attributes of the only file of an image, by name. */
async function attributesOf(image: string): Promise<Record<string, string>> {
  const opened = await openImage(image);
  const found = await opened.xattrs("file");
  await opened.close();
  return Object.fromEntries(found.map(([name, value]) => [name, Buffer.from(value).toString()]));
}

const EXPECTED = Object.fromEntries(NAMES.map((name) => [name, `${textOf(name)}`]));

describe.skipIf(!setfattr)("attributes with =, % and more in their names", () => {
  beforeAll(() => {
    mkdirSync(`${scratch}/tree`);
    writeFileSync(`${scratch}/tree/file`, "x");
    for (const name of NAMES) {
      execFileSync("setfattr", ["-n", name, "-v", `0x${textOf(name).toString("hex")}`, `${scratch}/tree/file`]);
    }
  });

  for (const [name, has, command, ...words] of [
    ["GNU tar", tar, "tar", ...GNU],
    ["bsdtar", bsdtar, "bsdtar", "--format=pax", "--xattrs"],
  ] as const) {
    test.skipIf(!has)(`an archive of ${name} gives the image of the directory`, async () => {
      execFileSync(command, [...words, "-cf", "made.tar", "-C", "tree", "."], { cwd: scratch });
      await buildErofs(tarStream(`${scratch}/made.tar`), `${scratch}/of-archive`);
      await buildErofs(directory(`${scratch}/tree`), `${scratch}/of-directory`);
      expect(await attributesOf(`${scratch}/of-archive`)).toEqual(EXPECTED);
      expect(readFileSync(`${scratch}/of-archive`).equals(readFileSync(`${scratch}/of-directory`))).toBe(true);
    });
  }

  test.skipIf(!tar)("GNU tar extracts them from an archive that extract --tar makes", async () => {
    await buildErofs(directory(`${scratch}/tree`), `${scratch}/image`);
    expect(runCommand(scratch, "imagefs", ["extract", "--tar=ours.tar", "image"])).toEqual(SILENT);
    rmSync(`${scratch}/out`, { recursive: true, force: true });
    mkdirSync(`${scratch}/out`);
    execFileSync("tar", [...GNU, "-xf", "ours.tar", "-C", "out"], { cwd: scratch });
    await buildErofs(directory(`${scratch}/out`), `${scratch}/of-extracted`);
    expect(await attributesOf(`${scratch}/of-extracted`)).toEqual(EXPECTED);
    await buildErofs(tarStream(`${scratch}/ours.tar`), `${scratch}/of-ours`);
    expect(await attributesOf(`${scratch}/of-ours`)).toEqual(EXPECTED);
  });
});
