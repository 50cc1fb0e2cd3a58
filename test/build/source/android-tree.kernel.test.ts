/** Modes, owners and capabilities of Android, by a list or by rules, through the kernel. */
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { buildErofs, buildSquashfs, directory, entries } from "../../../dist/index.js";
import { runCommand, runShell } from "../../helpers/commands.ts";
import { canMountErofs, canMountSquashfs, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const erofs = oracle("kernel EROFS mount", canMountErofs()) && oracle("getfattr", hasCommand("getfattr"));
const squashfs = oracle("kernel SquashFS mount", canMountSquashfs());
const scratch = makeScratch("android");
const image = `${scratch}/image`;
const fsConfigFile = `${scratch}/fs_config`;

beforeAll(() => {
  mkdirSync(`${scratch}/tree/bin`, { recursive: true });
  for (const name of ["bin/run-as", "build.prop"]) writeFileSync(`${scratch}/tree/${name}`, name);
  linkSync(`${scratch}/tree/bin/run-as`, `${scratch}/tree/other`);
  symlinkSync("run-as", `${scratch}/tree/bin/link`);
  writeFileSync(
    fsConfigFile,
    [
      "/ 0 2000 0751",
      "system/bin 0 2000 0755",
      "system/bin/run-as 9 9 0700",
      "system/bin/link 0 2000 0777",
      "system/build.prop 0 0 0600",
      "system/other 7 8 4750 capabilities=0x10000000c0",
    ].join("\n"),
  );
});

/** Mode and owner by path, and the capabilities that getfattr tells. */
function look(at: string): { entries: string[]; capabilities: string } {
  const { out } = runShell(at, "find . -printf '%p %m %U:%G\\n' | LC_ALL=C sort");
  const words = "-h -R -d -m ^security.capability --absolute-names -e hex .";
  return { entries: out.trim().split("\n"), capabilities: runShell(at, `getfattr ${words}`).out };
}

const CAPABILITIES = "security.capability=0x01000002c0000000000000001000000000000000";
const LISTED = [
  ". 751 0:2000",
  "./bin 755 0:2000",
  "./bin/link 777 0:2000",
  "./bin/run-as 4750 7:8",
  "./build.prop 600 0:0",
];

function expectListed(found: ReturnType<typeof look>): void {
  expect(found.entries).toEqual([...LISTED, "./other 4750 7:8"]);
  expect(found.capabilities.match(/^security.*$/gm)).toEqual([CAPABILITIES, CAPABILITIES]);
}

describe.skipIf(!erofs)("an Android image", () => {
  test.each([
    ["EROFS", {}],
    ["EROFS, compressed", { compress: "lz4" }],
  ] as const)("%s, has what a list says; a file of several names has what is for its first", async (_, options) => {
    await buildErofs(directory(`${scratch}/tree`), image, { ...options, fsConfigFile, mountPoint: "/system" });
    expectListed(await withMount(image, look));
  });

  test.skipIf(!squashfs)("SquashFS, has it too", async () => {
    await buildSquashfs(directory(`${scratch}/tree`), image, { fsConfigFile, mountPoint: "/system" });
    expectListed(await withMount(image, look, { type: "squashfs" }));
  });

  test("has its own rules by a product's folder, and those of its partitions before them", async () => {
    const product = `${scratch}/out`;
    mkdirSync(`${product}/vendor/etc`, { recursive: true });
    const rule = Buffer.alloc(34);
    Buffer.from("system/build.prop").copy(rule, 16);
    [34, 0o640, 1000, 1001].forEach((value, index) => {
      rule.writeUInt16LE(value, 2 * index);
    });
    writeFileSync(`${product}/vendor/etc/fs_config_files`, rule);
    const words = ["--quiet", `--product-out=${product}/system/`, "--mount-point=/system", image, "tree"];
    expect(runCommand(scratch, "mkerofs", words)).toEqual({ status: 0, out: "", err: "" });
    const found = await withMount(image, look);
    expect(found.entries).toEqual([
      ...[". 755 0:0", "./bin 751 0:2000", "./bin/link 755 0:2000", "./bin/run-as 644 0:0"],
      ...["./build.prop 640 1000:1001", "./other 644 0:0"],
    ]);
    expect(found.capabilities).toBe("");
  });

  test("has owners and modes that were asked for where they were", async () => {
    const source = entries([{ path: "build.prop", contents: "x", uid: 5, gid: 5 }]);
    const chmod = [{ pattern: "build.prop", mode: "g+r" }];
    const options = { mountPoint: "/system/", owner: { uid: 3 }, gidOffset: 10, chmod };
    await buildErofs(source, image, { ...options, fsConfigFile });
    expect((await withMount(image, look)).entries).toEqual([". 751 3:2010", "./build.prop 640 3:10"]);
  });

  test("of a closure belongs to whom the list says, and not to root", async () => {
    writeFileSync(`${scratch}/closure`, "/ 1 1 0755\nbuild.prop 2 3 0604\n");
    await buildErofs([`${scratch}/tree/build.prop`], image, { fsConfigFile: `${scratch}/closure` });
    expect((await withMount(image, look)).entries).toEqual([". 755 1:1", "./build.prop 604 2:3"]);
  });

  test("a path that is not in the list is an error, and so is a list that is not there", async () => {
    const build = (path: string) => buildErofs(directory(`${scratch}/tree`), image, { fsConfigFile: path });
    await expect(build(fsConfigFile)).rejects.toThrow(`${fsConfigFile}: no line is for bin`);
    await expect(build(`${scratch}/none`)).rejects.toThrow(`${scratch}/none: no such file or directory`);
  });
});
