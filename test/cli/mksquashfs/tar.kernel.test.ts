/** `ts-mksquashfs - IMAGE -tar`: a tar archive on standard input. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { commandWords, runCommand } from "../../helpers/commands.ts";
import { canMountSquashfs, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const canMount = oracle("kernel SquashFS mount", canMountSquashfs());
const hasTar = oracle("GNU tar", hasCommand("tar"));
const scratch = makeScratch("mksquashfs-tar");
const COMMAND = commandWords("mksquashfs");
const shell = (command: string) =>
  spawnSync("bash", ["-euo", "pipefail", "-c", command], { cwd: scratch, encoding: "utf8" });

function sh(command: string): string {
  const { status, stdout, stderr } = shell(command);
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
  return stdout;
}

beforeAll(() => {
  sh("mkdir -p tree/dir/sub; echo a > tree/dir/a; ln tree/dir/a tree/dir/sub/b; ln -s a tree/dir/link");
  sh("head -c 300000 /dev/urandom > tree/large; find tree -exec touch -h -d @1234567890 {} +");
});

test.skipIf(!hasTar)("gives the image of the directory, excludes too; several archives with -ignore-zeros", () => {
  sh(`${COMMAND} tree expected -noappend -quiet -root-mode 755`);
  sh("chmod 755 tree");
  sh(`tar -C tree -c . | ${COMMAND} - image -tar -noappend -quiet`);
  expect(readFileSync(`${scratch}/image`).equals(readFileSync(`${scratch}/expected`))).toBe(true);
  sh(
    `(tar -C tree -c ./dir; tar -C tree -c --no-recursion . ./large) | ${COMMAND} - joined -tar -ignore-zeros -noappend -quiet`,
  );
  expect(readFileSync(`${scratch}/joined`).equals(readFileSync(`${scratch}/expected`))).toBe(true);
  sh(`${COMMAND} tree expected -noappend -quiet -e dir/sub`);
  sh(`tar -C tree -c . | gzip | ${COMMAND} - image -tar -noappend -quiet -numeric-owner -e dir/sub`);
  expect(readFileSync(`${scratch}/image`).equals(readFileSync(`${scratch}/expected`))).toBe(true);
});

const CHANGES: [name: string, words: string][] = [
  [
    "definitions",
    "-p 'dir/made f 640 1 2 cat outside' -p 'dev d 755 0 0' -p 'dev/null c 666 0 0 1 3' -p 'large m 600 7 7'",
  ],
  [
    "a link to a file of the disk, and a definition of what is there",
    "-p 'dir/ln l outside' -p 'dir/a f 644 0 0 cat outside'",
  ],
  [
    "actions",
    "-action 'chmod(a+x)@name(a)' -action 'exclude@name(link)' -action 'move(/moved)@name(b)' -action 'uid(9)@type(d)'",
  ],
  ["moved directories", "-action 'move(/new/)@pathname(dir/sub)' -p 'new d 711 0 0'"],
  ["options for all entries", "-root-mode 711 -force-file-mode 600 -xattrs-add trusted.mine=1 -e dir/sub"],
  ["excludes with wildcards", "-wildcards -e '... b' -p 'dir/sub/c d 700 0 0'"],
];

test.skipIf(!hasTar).each(CHANGES)("with %s gives the image that a directory gives", (_, words) => {
  sh("echo from disk > outside; touch -d @1234567890 outside; chmod 755 tree");
  sh(`${COMMAND} tree expected -noappend -quiet -mkfs-time 5 -inode-time 5 ${words}`);
  sh(`tar -C tree -c . | ${COMMAND} - image -tar -noappend -quiet -mkfs-time 5 -inode-time 5 ${words}`);
  expect(readFileSync(`${scratch}/image`).equals(readFileSync(`${scratch}/expected`))).toBe(true);
});

test.skipIf(!hasTar || !canMount)(
  "contents of what has moved, has a further name or comes from disk are its own",
  async () => {
    const words = `-p 'dir/made f 640 1 2 cat outside' -p 'dir/ln l outside' -action 'move(/moved)@name(b)' -p 'z s 777 0 0 large'`;
    sh(`echo from disk > outside; tar -C tree -c . | ${COMMAND} - image -tar -noappend -quiet ${words}`);
    await withMount(
      `${scratch}/image`,
      (dir) => {
        expect(sh(`cat ${dir}/dir/made ${dir}/dir/ln ${dir}/dir/a ${dir}/moved`)).toBe("from disk\nfrom disk\na\na\n");
        expect(sh(`cmp tree/large ${dir}/large && stat -c %h ${dir}/moved`)).toBe("2\n");
      },
      { type: "squashfs" },
    );
  },
);

test.skipIf(!hasTar || !canMount)("-default-mode and its like are for directories that are not described", async () => {
  sh(
    `tar -C tree -c ./dir/a | ${COMMAND} - image -tar -noappend -quiet -default-mode 711 -default-uid 5 -default-gid 6`,
  );
  await withMount(
    `${scratch}/image`,
    (dir) => {
      expect(sh(`cd ${dir}; stat -c '%n %a %u %g' . dir dir/a`)).toBe(". 711 5 6\ndir 711 5 6\ndir/a 644 0 0\n");
    },
    { type: "squashfs" },
  );
});

test("what does not go with it is said", () => {
  const why = (...words: string[]) => runCommand(scratch, "mksquashfs", [...words, "-noappend"]).err;
  expect(why("tree", "image", "-tar")).toContain('-tar: the archive is standard input, and SOURCE has to be "-"');
  expect(why("-", "image", "-tar", "-zip")).toContain("-tar: there can be no -zip beside it");
  expect(why("-", "image", "-tar", "-dereference")).toContain("-tar: what links in it lead to is not on this machine");
  expect(why("-", "image", "-tar", "-default-mode", "odd")).toContain('-default-mode: "odd" is no octal mode');
  writeFileSync(`${scratch}/garbage`, "garbage ".repeat(200));
  expect(shell(`${COMMAND} - image -tar -noappend < garbage`).stderr).toBe(
    "ts-mksquashfs: standard input: is no tar archive (offset 0)\n",
  );
});
