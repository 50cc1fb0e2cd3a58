/** Options of `ts-mksquashfs` that change metadata: compared with what mksquashfs makes of them. */
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { commandWords, runShell, SILENT } from "../../helpers/commands.ts";
import { compareTrees } from "../../helpers/compare/compare.ts";
import { canMountSquashfs, runChecker, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const kernel = oracle("kernel SquashFS mount", canMountSquashfs());
const mksquashfs = kernel && oracle("mksquashfs", hasCommand("mksquashfs"));
const unsquashfs = oracle("unsquashfs", hasCommand("unsquashfs"));
const scratch = makeScratch("squashfs-options");
const image = `${scratch}/image`;
const theirs = `${scratch}/theirs`;
const SQUASHFS = { type: "squashfs" } as const;
const OURS = commandWords("mksquashfs");

const shell = (line: string) => runShell(scratch, line);

beforeAll(() => {
  mkdirSync(`${scratch}/tree/sub/deep`, { recursive: true });
  for (const name of ["a", "sub/b", "sub/deep/c"]) writeFileSync(`${scratch}/tree/${name}`, `${name}\n`);
  chmodSync(`${scratch}/tree/a`, 0o4751);
  linkSync(`${scratch}/tree/a`, `${scratch}/tree/sub/link`);
  symlinkSync("a", `${scratch}/tree/symlink`);
  for (const name of ["a", "sub/b", "sub/deep/c", "sub/deep", "sub", ""])
    utimesSync(`${scratch}/tree/${name}`, 1e9, 1e9);
});

describe.skipIf(!mksquashfs)("ts-mksquashfs makes what mksquashfs makes with", () => {
  const source = "tree IMAGE";
  test.each([
    [source, "-all-root -root-uid 7 -root-gid 8"],
    [source, "-force-uid daemon -force-gid audio"],
    [source, "-root-mode 0711 -root-time 5 -root-uid 3"],
    [source, "-all-time 77 -no-hardlinks"],
    [source, `-p 'q S 5 600 5 6 "a b"' -p 'w\\ x D 5 700 5 6' -p 'a"b c"d D 5 700 bin daemon' -p 'r F 5 0 0 0 echo x'`],
    [source, "-p 'k l tree/symlink' -p 'p I 5 644 1 1 s' -p 'c C 5 644 1 1 1 1' -p 'sub/b M 9 600 1 1' -p 'q L p'"],
    [source, "-all-root -p 'k D 5 700 7 7'"],
    [source, "-wildcards -e '!(sub)'"],
    [source, "-wildcards -e 'sub/!(d*)' 'sym*'"],
    [source, "-regex -e '... ^[bc]$'"],
    [source, "-comp gzip -Xwindow-size 9 -Xcompression-level 5"],
    ["tree/sub tree/symlink IMAGE", "-root-time 5"],
    ["- IMAGE", "-p '/ D 5 0711 1 2' -p 'd D 5 700 1 1' -p 'd/x F 5 644 bin daemon printf x'"],
  ])("%s %s", async (operands, options) => {
    const line = (target: string) => `${operands.replace("IMAGE", target)} -noappend -no-progress -quiet ${options}`;
    expect(shell(`mksquashfs ${line(theirs)}`)).toMatchObject({ status: 0 });
    expect(shell(`${OURS} ${line(image)}`)).toEqual(SILENT);
    const differences = await withMount(theirs, (a) => withMount(image, (b) => compareTrees(a, b), SQUASHFS), SQUASHFS);
    expect(differences).toEqual([]);
  });

  test.skipIf(!unsquashfs)("the pseudo file that unsquashfs makes of an image", async () => {
    expect(shell(`mksquashfs tree ${theirs} -noappend -no-progress -quiet`)).toMatchObject({ status: 0 });
    expect(shell(`unsquashfs -pf pseudo ${theirs}`)).toMatchObject({ status: 0 });
    for (const given of ["-pf pseudo", "-pf - < pseudo"]) {
      expect(shell(`${OURS} - ${image} -noappend -quiet ${given}`)).toEqual(SILENT);
      const differences = await withMount(
        theirs,
        (a) => withMount(image, (b) => compareTrees(a, b), SQUASHFS),
        SQUASHFS,
      );
      expect(differences).toEqual([]);
    }
    writeFileSync(`${scratch}/short`, readFileSync(`${scratch}/pseudo`).subarray(0, -3));
    expect(shell(`${OURS} - ${image} -noappend -quiet -pf short`)).toMatchObject({
      status: 1,
      err: expect.stringContaining("the data ends before these contents do"),
    });
  });
});

describe.skipIf(!kernel)("options of later versions of mksquashfs", () => {
  const build = (options: string) => expect(shell(`${OURS} tree ${image} -noappend -quiet ${options}`)).toEqual(SILENT);
  const mode = (path: string) => (lstatSync(path).mode & 0o7777).toString(8);

  test("modes", async () => {
    build("-force-file-mode a=rX,u+w -force-dir-mode 0701 -root-mode u=rwx,go=");
    await withMount(
      image,
      (at) => {
        expect([mode(at), mode(`${at}/sub`), mode(`${at}/a`), mode(`${at}/sub/b`)]).toEqual([
          "701",
          "701",
          "755",
          "644",
        ]);
      },
      SQUASHFS,
    );
  });

  test("ids, times, directories for pseudo files", async () => {
    build(
      "-uid-gid-offset 1000 -root-time 7 -pd 'D 5 0710 bin daemon' -p 'x/y/z F 6 644 0 0 printf z' -p 'h h tree/symlink'",
    );
    await withMount(
      image,
      (at) => {
        expect(lstatSync(at)).toMatchObject({ uid: 1000, gid: 1000, mtimeMs: 7000 });
        expect(lstatSync(`${at}/a`)).toMatchObject({ uid: 1000, gid: 1000 });
        expect(lstatSync(`${at}/x/y`)).toMatchObject({ uid: 1002, gid: 1001, mtimeMs: 5000, mode: 0o40710 });
        expect(readFileSync(`${at}/h`, "utf8")).toBe("a\n");
        expect(readFileSync(`${at}/x/y/z`, "utf8")).toBe("z");
      },
      SQUASHFS,
    );
    build("-repro-time 9");
    await withMount(image, (at) => expect(lstatSync(`${at}/sub/b`).mtimeMs).toBe(9000), SQUASHFS);
    expect(readFileSync(image).readUInt32LE(8)).toBe(9);
  });

  test("attributes for all", async () => {
    build("-xattrs-add user.a=0x6162 -xattrs-add 'trusted.b=0tx\\101' -p 'sub/b x user.a=other'");
    await withMount(
      image,
      (at) => {
        const dump = (path: string) => runChecker("getfattr", ["-h", "-d", "-m-", "--absolute-names", path]).output;
        expect(dump(`${at}/sub/deep/c`)).toMatch(/trusted.b="xA"\nuser.a="ab"/);
        expect(dump(`${at}/symlink`)).toMatch(/trusted.b="xA"$/m);
        expect(dump(at)).toContain('user.a="ab"');
      },
      SQUASHFS,
    );
  });
});
