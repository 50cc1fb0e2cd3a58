/** Labels of SELinux by a file_contexts file, whatever is packed. */
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { buildErofs, directory, entries } from "../../../dist/index.js";
import { runCommand, runShell } from "../../helpers/commands.ts";
import { canMountErofs, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const erofs = oracle("kernel EROFS mount", canMountErofs()) && oracle("getfattr", hasCommand("getfattr"));
const scratch = makeScratch("labels");
const image = `${scratch}/image`;
const fileContexts = `${scratch}/contexts`;

beforeAll(() => {
  mkdirSync(`${scratch}/tree/sub`, { recursive: true });
  for (const name of ["a", "sub/b"]) writeFileSync(`${scratch}/tree/${name}`, name);
  linkSync(`${scratch}/tree/sub/b`, `${scratch}/tree/other`);
  symlinkSync("a", `${scratch}/tree/link`);
  writeFileSync(
    fileContexts,
    "/ -d root_t\n/a a_t\n/other other_t\n/sub(/.*)? sub_t\n/link -l <<none>>\n/odm/.* odm_t\n/odm mount_t\n",
  );
});

/** Labels by path. */
function labels(at: string): Record<string, string> {
  const words = "-h -R -d -m ^security.selinux --absolute-names -e text .";
  const found = runShell(at, `getfattr ${words}`).out.matchAll(/# file: (.*)\n(?:.*\n)*?security\.selinux="(.*)"/g);
  return Object.fromEntries([...found].map(([, path, label]) => [path!, label!]));
}

const LABELS = { ".": "root_t", "./a": "a_t", "./other": "other_t", "./sub": "sub_t", "./sub/b": "other_t" };

describe.skipIf(!erofs)("labels", () => {
  test("of a directory are those of the rules; a file of several names has that of its first", async () => {
    await buildErofs(directory(`${scratch}/tree`), image, { fileContexts });
    expect(await withMount(image, labels)).toEqual(LABELS);
  });

  test("of files give way, also where no rule is for them", async () => {
    if (
      runShell(scratch, "cp -a tree old && for f in a link; do setfattr -h -n security.selinux -v old old/$f; done")
        .status
    )
      return;
    const ran = runCommand(scratch, "mkerofs", ["--quiet", "--file-contexts=contexts", image, "old"]);
    expect(ran).toEqual({ status: 0, out: "", err: "" });
    expect(await withMount(image, labels)).toEqual(LABELS);
  });

  test("are for the paths below the mount point", async () => {
    const source = entries([{ path: "etc/x", contents: "x", xattrs: { "user.kept": new Uint8Array(1) } }]);
    await buildErofs(source, image, { fileContexts, mountPoint: "/odm/" });
    expect(await withMount(image, labels)).toEqual({ ".": "mount_t", "./etc": "odm_t", "./etc/x": "odm_t" });
  });

  test("of a closure", async () => {
    await buildErofs([`${scratch}/tree/a`, `${scratch}/tree/sub`], image, { fileContexts });
    const { "./other": _, ...rest } = LABELS;
    expect(await withMount(image, labels)).toEqual({ ...rest, "./sub/b": "sub_t" });
  });
});

test("a file that is missing, or has a line that is none, is an error", async () => {
  const build = (path: string) => buildErofs(directory(`${scratch}/tree`), image, { fileContexts: path });
  await expect(build(`${scratch}/nowhere`)).rejects.toThrow(`${scratch}/nowhere: no such file or directory`);
  writeFileSync(`${scratch}/bad`, "/a -q a_t\n");
  await expect(build(`${scratch}/bad`)).rejects.toThrow(/bad:1: "-q" is no type/);
});
