/** Examples whose images Linux mounts: an AppImage that runs by itself, a snap, and a sandbox that boots. */
import { chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { openImage } from "../../dist/index.js";
import { bootGuest, which } from "../helpers/boot/guest.ts";
import { findGuestKernel } from "../helpers/boot/kernel.ts";
import { canBecomeNobody, NOBODY } from "../helpers/child.ts";
import { runCommand, runShell, SILENT } from "../helpers/commands.ts";
import { compareTrees } from "../helpers/compare/compare.ts";
import { wholeSeconds } from "../helpers/compare/times.ts";
import { runExample } from "../helpers/examples/run.ts";
import { canMountSquashfs, withMount } from "../helpers/mount.ts";
import { oracle } from "../helpers/oracle.ts";
import { makeScratch } from "../helpers/scratch.ts";

const scratch = makeScratch("examples-mounted");
const mounts = oracle("kernel SquashFS mount", canMountSquashfs());
const kernel = findGuestKernel();
const isRoot = process.getuid?.() === 0;
const boots =
  oracle("a guest's kernel", kernel !== undefined) &&
  (!isRoot || oracle("another user (root, setpriv)", canBecomeNobody()));

beforeAll(() => {
  for (const folder of ["AppDir/usr/share", "snap/meta"]) mkdirSync(`${scratch}/${folder}`, { recursive: true });
  writeFileSync(`${scratch}/AppDir/AppRun`, '#!/bin/sh\ncat "$(dirname "$0")/usr/share/greeting"; echo "$@"\n', {
    mode: 0o755,
  });
  writeFileSync(`${scratch}/AppDir/usr/share/greeting`, "hello ".repeat(30_000));
  writeFileSync(`${scratch}/snap/meta/snap.yaml`, "name: hello\nversion: 1\n");
});

test.skipIf(!mounts)("appimage.mjs: one file, which mounts what is behind its runtime, and runs it", async () => {
  // no multiple of a block, as the size of a runtime is
  const offset = 1337;
  const runtime = `#!/bin/sh
at=$(mktemp -d)
mount -t squashfs -o ro,loop,offset=${offset} "$0" "$at" && "$at/AppRun" "$@"
status=$?
umount "$at" && rmdir "$at"
exit $status
`.padEnd(offset, "\n");
  writeFileSync(`${scratch}/runtime`, runtime);
  const out = `${scratch}/Hello.AppImage`;
  expect(await runExample("appimage.mjs", [`${scratch}/runtime`, `${scratch}/AppDir`, out])).toEqual({
    status: 0,
    out: `${out}: mount -o loop,offset=${offset}\n`,
    err: "",
  });
  expect(runShell(scratch, "./Hello.AppImage to you")).toEqual({
    status: 0,
    out: `${"hello ".repeat(30_000)}to you\n`,
    err: "",
  });
  const compare = (at: string) => compareTrees(`${scratch}/AppDir`, at, { adjust: wholeSeconds });
  expect(await withMount(out, compare, { type: "squashfs", offset })).toEqual([]);
});

test.skipIf(!mounts)("snap.mjs: the bytes of the command for snaps, which Linux mounts", async () => {
  const out = `${scratch}/hello.snap`;
  const ran = await runExample("snap.mjs", [`${scratch}/snap`, out]);
  expect(ran).toMatchObject({ status: 0, err: "", out: expect.stringContaining("hello.snap: 1 files") });
  const words = "snap command.snap -noappend -comp xz -no-fragments -no-progress -quiet -all-root -no-xattrs";
  expect(runCommand(scratch, "mksquashfs", words.split(" "))).toEqual(SILENT);
  expect(readFileSync(out).equals(readFileSync(`${scratch}/command.snap`))).toBe(true);
  const compare = (at: string) => compareTrees(`${scratch}/snap`, at, { adjust: wholeSeconds });
  expect(await withMount(out, compare, { type: "squashfs" })).toEqual([]);
  const none = await runExample("snap.mjs", [`${scratch}/AppDir`, `${scratch}/none.snap`]);
  expect(none).toMatchObject({ status: 1, err: expect.stringContaining("meta/snap.yaml") });
});

test.skipIf(!boots)(
  "sandbox-root.mjs: made by a user who is not root, a guest boots it, with its devices and owners",
  async () => {
    const command = [
      'echo "@@ user $(id -u):$(id -g)"',
      'echo "@@ shadow $(cat /etc/shadow 2>&1)"',
      'for path in /dev/console /dev/null /home/agent /etc/shadow; do echo "@@ $(ls -lnd $path)"; done',
      'echo nothing >/dev/null && echo thing >/tmp/file && echo "@@ wrote $(ls /tmp)"',
      'echo "@@ end"',
    ].join("; ");
    mkdirSync(`${scratch}/out`);
    const id = isRoot ? NOBODY : undefined;
    if (id !== undefined) chownSync(`${scratch}/out`, id, id);
    const out = `${scratch}/out/sandbox.img`;
    expect(await runExample("sandbox-root.mjs", [out, which("busybox"), command], { id })).toEqual({
      status: 0,
      out: `${out}: for Linux 5.4 and later\n`,
      err: "",
    });
    const image = await openImage(out);
    expect(await image.stat("home/agent")).toMatchObject({ uid: 1000, gid: 1000, mode: 0o700 });
    image.close();
    const said = bootGuest({
      kernel: kernel!,
      scratch,
      modules: ["erofs"],
      disks: [out],
      script: "mount -t erofs -o ro LABEL=sandbox /mnt && exec switch_root /mnt /init",
    });
    expect(said.map((line) => line.replace(/ +/g, " ").replace(/ Jan 1 \S+/, ""))).toEqual([
      "user 1000:1000",
      "shadow cat: can't open '/etc/shadow': Permission denied",
      "crw------- 1 0 0 5, 1 /dev/console",
      "crw-rw-rw- 1 0 0 1, 3 /dev/null",
      "drwx------ 2 1000 1000 27 /home/agent",
      "-rw------- 1 0 0 19 /etc/shadow",
      "wrote file",
    ]);
  },
);
