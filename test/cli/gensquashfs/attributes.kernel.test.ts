/** Attributes that lists give to the files of `ts-gensquashfs`: those of getfattr, and the labels of SELinux. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { commandWords, runShell, SILENT } from "../../helpers/commands.ts";
import { canMountSquashfs, runChecker, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const kernel = oracle("kernel SquashFS mount", canMountSquashfs());
const gensquashfs = kernel && oracle("gensquashfs", hasCommand("gensquashfs"));
const scratch = makeScratch("attributes");
const image = `${scratch}/image`;
const theirs = `${scratch}/theirs`;
const SQUASHFS = { type: "squashfs" } as const;
const OURS = commandWords("gensquashfs");

beforeAll(() => {
  mkdirSync(`${scratch}/tree/sub/deep`, { recursive: true });
  for (const name of ["a", "sub/b", "sub/deep/c"]) writeFileSync(`${scratch}/tree/${name}`, `${name}\n`);
  symlinkSync("a", `${scratch}/tree/symlink`);
});

const CONTEXTS = `# as in a policy
/.*             system_u:object_r:default_t:s0
/sub(/.*)?  -d  system_u:object_r:dir_t:s0
/sub/[^/]*  --  system_u:object_r:file_t:s0
/sub/b          system_u:object_r:exact_t:s0
/sub/[bl].*     system_u:object_r:late_t:s0
/symlink    -l  <<none>>
/sub/deep/c     -- system_u:object_r:lower_t:s0
/sub/deep/.     -d system_u:object_r:never_t:s0
`;

describe.skipIf(!kernel)("SELinux labels", () => {
  const labels = async (target: string) =>
    withMount(
      target,
      (at) =>
        ["", "/a", "/sub", "/sub/b", "/sub/deep", "/sub/deep/c", "/symlink"].map((path) => {
          const { output } = runChecker("getfattr", [
            ...["-h", "--only-values", "-n", "security.selinux", "--absolute-names", `${at}${path}`],
          ]);
          return `${path} ${output.split(":")[2]}`;
        }),
      SQUASHFS,
    );

  test("are those of the last rule that matches, of exact ones before all others", async () => {
    writeFileSync(`${scratch}/contexts`, CONTEXTS);
    expect(runShell(scratch, `${OURS} -D tree -s contexts -f -q ${image}`)).toEqual(SILENT);
    const found = await labels(image);
    expect(found).toEqual([
      ...[" default_t", "/a default_t", "/sub dir_t", "/sub/b exact_t", "/sub/deep dir_t", "/sub/deep/c lower_t"],
      "/symlink unlabeled_t",
    ]);
    if (!gensquashfs) return;
    expect(runShell(scratch, `gensquashfs -D tree -s contexts -f -q ${theirs}`)).toMatchObject({ status: 0 });
    expect(await labels(theirs)).toEqual(found);
  });

  test("come over those of an attribute list, and beside its others", async () => {
    writeFileSync(`${scratch}/contexts`, CONTEXTS);
    writeFileSync(`${scratch}/xattrs`, "# file: a\nsecurity.selinux=x\nuser.a=plain text\n");
    expect(runShell(scratch, `${OURS} -D tree -s contexts -A xattrs -f -q ${image}`)).toEqual(SILENT);
    await withMount(
      image,
      (at) => {
        const { output } = runChecker("getfattr", ["-d", "-m-", "--absolute-names", `${at}/a`]);
        expect(output).toContain('security.selinux="system_u:object_r:default_t:s0"\nuser.a="plain text"');
      },
      SQUASHFS,
    );
  });
});

test.skipIf(!kernel)("attribute lists", async () => {
  writeFileSync(`${scratch}/xattrs`, '# file: sub/b\nuser.a="b"\n\n# file: sub/deep\ntrusted.x=0x00\n');
  expect(runShell(scratch, `${OURS} -D tree -A xattrs -f -q ${image}`)).toEqual(SILENT);
  await withMount(
    image,
    (at) => {
      const dump = runChecker("getfattr", ["-d", "-m", "-", "--absolute-names", `${at}/sub/b`]);
      expect(dump.output).toContain('user.a="b"');
    },
    SQUASHFS,
  );
});
