/** What the page of `ts-imagefs` looks into: a folder, an image of it, and one of what has become of it. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { buildErofs, buildSquashfs, type Entry, entries } from "../../../dist/index.js";
import { words } from "../trees/noise.ts";

const FILES: Readonly<Record<string, string>> = {
  "etc/hostname": "box\n",
  "usr/share/words": words(1, 9000).toString(),
  "usr/share/again": words(1, 9000).toString(),
};
const TIME = { sec: 1_700_000_000, nsec: 0 };
const OPTIONS = { uuid: "00000000-0000-0000-0000-000000000001", dedupe: "file" } as const;

/** The same as entries, with changes by path. */
function listOf(changes: Readonly<Record<string, object>> = {}): Entry[] {
  const files = Object.entries(FILES).map(([path, contents]): Entry => ({ path, contents, mode: 0o644 }));
  const links: Entry[] = [{ path: "bin/sh", kind: "symlink", target: "busybox", mode: 0o777 }];
  return [...files, ...links].map((entry) => ({ ...entry, mtime: TIME, ...changes[`${entry.path}`] }) as Entry);
}

/** Makes `rootfs`, `box.img`, `new.img` and `box.squashfs` in a folder. */
export async function makePageImages(folder: string): Promise<void> {
  for (const [path, contents] of Object.entries(FILES)) {
    mkdirSync(dirname(`${folder}/rootfs/${path}`), { recursive: true });
    writeFileSync(`${folder}/rootfs/${path}`, contents);
    chmodSync(`${folder}/rootfs/${path}`, 0o644);
  }
  mkdirSync(`${folder}/rootfs/bin`);
  symlinkSync("busybox", `${folder}/rootfs/bin/sh`);
  for (const path of ["", "bin", "etc", "usr", "usr/share"]) chmodSync(`${folder}/rootfs/${path}`, 0o755);
  await buildErofs(entries(listOf()), `${folder}/box.img`, OPTIONS);
  const changed = listOf({ "etc/hostname": { contents: "tin\n", mode: 0o600 } });
  await buildErofs(
    entries([...changed, { path: "var/log", kind: "directory", mtime: TIME }]),
    `${folder}/new.img`,
    OPTIONS,
  );
  await buildSquashfs(entries(listOf()), `${folder}/box.squashfs`, {});
}
