/** The manifest of a tree on disk. */
import { lstatSync, readdirSync, readlinkSync } from "node:fs";
import type { Manifest, ManifestEntry } from "../../../dist/index.js";

const KINDS = { 1: "fifo", 2: "char", 4: "directory", 6: "block", 8: "file", 10: "symlink", 12: "socket" } as const;

/** Describes all that lies in a folder, and the folder as the root. Names are UTF-8. */
export function manifestOf(folder: string): Manifest {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const first = new Map<bigint, string>();
  const entries = ["", ...names].map((path): ManifestEntry => {
    const at = `${folder}/${path}`;
    const { mode, uid, gid, mtimeNs, rdev, ino, nlink } = lstatSync(at, { bigint: true });
    const kind = KINDS[Number(mode >> 12n) as keyof typeof KINDS];
    const other = kind === "directory" || nlink === 1n ? undefined : first.get(ino);
    if (other !== undefined) return { path, kind: "hardlink", target: other };
    first.set(ino, path);
    const sec = mtimeNs / 1_000_000_000n - (mtimeNs % 1_000_000_000n < 0n ? 1n : 0n);
    return {
      path,
      kind,
      mode: (Number(mode) & 0o7777).toString(8).padStart(4, "0"),
      uid: Number(uid),
      gid: Number(gid),
      mtime: { sec: Number(sec), nsec: Number(mtimeNs - sec * 1_000_000_000n) },
      ...(kind === "symlink" && { target: readlinkSync(at) }),
      ...((kind === "char" || kind === "block") && {
        major: Number((rdev >> 8n) & 0xfffn),
        minor: Number((rdev & 0xffn) | ((rdev >> 12n) & 0xfff00n)),
      }),
    };
  });
  return { version: 1, entries };
}
