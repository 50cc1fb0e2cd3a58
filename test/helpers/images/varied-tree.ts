/** A small tree with one of each kind, and with contents that are stored in each way: images of it are read, and changed. */
import type { Entry } from "../../../dist/index.js";
import { noise, words } from "../trees/noise.ts";

const text = (size: number, seed: number) => words(seed, size).subarray(0, size);
const value = (length: number, byte: number) => new Uint8Array(length).fill(byte);
const SHARED = { "user.shared": value(90, 0x73), "security.label": value(5, 0x6c) };

/** The tree; times are 0, and owners root, but where it says something else. */
export const VARIED_TREE: readonly Entry[] = [
  { path: "", kind: "directory", mode: 0o1755, xattrs: { "user.root": value(3, 0x72) } },
  { path: "a", contents: text(5000, 1), mode: 0o4755, uid: 65_536, mtime: { sec: -2, nsec: 500_000_000 } },
  { path: "again", contents: text(5000, 1).subarray(0, 4500) },
  { path: "block", kind: "block", major: 4095, minor: 1_048_575 },
  { path: "char", kind: "char", major: 259, minor: 300, xattrs: { "trusted.t": value(4, 0x74) } },
  { path: "d", kind: "directory", mode: 0o2700, xattrs: SHARED },
  ...Array.from({ length: 60 }, (_, nr): Entry => ({ path: `d/entry-of-number-${nr}`, contents: text(nr * 3, nr) })),
  { path: "d/deep", kind: "directory" },
  { path: "d/deep/er", kind: "directory" },
  { path: "d/deep/er/file", contents: "deep", xattrs: { ...SHARED, "user.own": value(1, 1) } },
  { path: "empty" },
  { path: "fifo", kind: "fifo" },
  { path: "hard", kind: "hardlink", target: "a" },
  {
    path: "holes",
    contents: Buffer.concat([new Uint8Array(30_000), text(2000, 2), new Uint8Array(20_000)]),
    sparse: true,
  },
  { path: "link", kind: "symlink", target: "nowhere" },
  { path: "long", kind: "symlink", target: "t".repeat(4000) },
  { path: "mixed", contents: Buffer.concat([text(9000, 3), noise(3, 3000), text(6000, 3), text(7, 4)]) },
  { path: "noise", contents: noise(5, 4500), xattrs: SHARED },
  { path: "socket", kind: "socket" },
  { path: "text", contents: text(16_000, 5), xattrs: { ...SHARED, "user.long.prefix.name": value(2, 2) } },
];
