/** `ts-mksquashfs ARCHIVE IMAGE -zip` with what changes the tree: contents stay those of their members. */
import { expect, test } from "vitest";
import { commandWords, runShell } from "../../helpers/commands.ts";
import { canMountSquashfs, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const canMount = oracle("kernel SquashFS mount", canMountSquashfs());
const hasZip = oracle("zip", hasCommand("zip"));
const scratch = makeScratch("mksquashfs-zip");

test.skipIf(!canMount || !hasZip)(
  "with actions and definitions: deflated members, stored ones, and files of the disk",
  async () => {
    const make =
      "mkdir -p tree/dir && seq 90000 > tree/dir/text && head -c 5000 /dev/urandom > tree/noise && echo disk > outside && " +
      "(cd tree && zip -qr ../a.zip .)";
    expect(runShell(scratch, make)).toMatchObject({ status: 0 });
    const words =
      "-p 'dir/made f 600 0 0 cat outside' -p 'dir/ln l outside' -p 'dir/text m 640 1 2' -action 'move(/away)@name(noise)' " +
      "-action 'chmod(o=)@type(d)' -noappend -quiet";
    const ran = runShell(scratch, `${commandWords("mksquashfs")} a.zip image -zip ${words}`);
    expect(ran).toEqual({ status: 0, out: "", err: "" });
    await withMount(
      `${scratch}/image`,
      (at) => {
        expect(runShell(at, "find . -printf '%p %m %U\\n' | LC_ALL=C sort | cut -d' ' -f1,2").out).toMatch(
          /^\. \d+\n\.\/away \d+\n\.\/dir 750\n\.\/dir\/ln \d+\n\.\/dir\/made 600\n\.\/dir\/text 640\n$/,
        );
        const compared = `cmp ${scratch}/tree/dir/text dir/text && cmp ${scratch}/tree/noise away && cat dir/made dir/ln`;
        expect(runShell(at, compared)).toEqual({ status: 0, out: "disk\ndisk\n", err: "" });
      },
      { type: "squashfs" },
    );
  },
);
