/** One entry of each kind, with attributes of each kind; as given, and as Linux should show them. */
import type { BuildOptions, Entry } from "../../../dist/index.js";
import type { SpecEntry } from "../compare/compare.ts";

const raw = (...parts: (string | number)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.of(part))));

const ACL = "02000000 01000600ffffffff 02000400e8030000 04000400ffffffff 10000600ffffffff 20000000ffffffff";
const acl = Buffer.from(ACL.replaceAll(" ", ""), "hex");
const value = (size: number, seed: number) =>
  Uint8Array.from({ length: size }, (_, index) => (index * seed + seed) & 0xff);
const many = Object.fromEntries(Array.from({ length: 300 }, (_, nr) => [`user.many${nr}`, raw("v", nr & 0xff)]));
const shared = { "security.label": raw("shared", 0), "user.long": value(700, 3) };

/** One of each; every entry says all that it is, so that a spec can be made of it. */
const LIST: (SpecEntry & Entry)[] = [
  { path: "", kind: "directory", mode: 0o1755, uid: 1, gid: 2, xattrs: { "user.root": raw("root") } },
  {
    path: "file",
    kind: "file",
    contents: value(10_000, 7),
    mode: 0o4755,
    uid: 65536,
    mtime: { sec: -2, nsec: 500_000_000 },
  },
  { path: "same", kind: "file", contents: value(10_000, 7), mode: 0o644 },
  { path: "empty", kind: "file", contents: raw(), mode: 0, mtime: { sec: 2 ** 32 + 5, nsec: 999_999_999 } },
  {
    path: "holes",
    kind: "file",
    contents: Buffer.concat([new Uint8Array(1 << 20), value(9000, 5), new Uint8Array(70_000)]),
    sparse: true,
  },
  { path: raw("name-", 0xff), kind: "file", contents: raw("bytes") },
  { path: "char", kind: "char", major: 259, minor: 300, mode: 0o666, xattrs: { "trusted.t": raw("device") } },
  { path: "block", kind: "block", major: 4095, minor: 1_048_575, mode: 0o660, gid: 2 ** 32 - 2 },
  { path: "fifo", kind: "fifo", mode: 0o600 },
  { path: "socket", kind: "socket", mode: 0o755 },
  { path: "link", kind: "symlink", target: "nowhere", mode: 0o777, xattrs: { "trusted.t": raw("link") } },
  { path: "long", kind: "symlink", target: "t".repeat(4095), mode: 0o777 },
  {
    path: "d",
    kind: "directory",
    mode: 0o2700,
    xattrs: { "system.posix_acl_default": acl, "trusted.overlay.opaque": raw("y") },
  },
  { path: "d/acl", kind: "file", contents: raw("acl"), mode: 0o660, xattrs: { "system.posix_acl_access": acl } },
  { path: "d/empty", kind: "file", xattrs: { "user.empty": raw(), "security.empty": raw(), "user.k": raw("v") } },
  {
    path: "d/big",
    kind: "file",
    contents: raw("tail"),
    xattrs: { "user.big": value(65535, 11), "user.small": raw(0) },
  },
  { path: "d/many", kind: "file", xattrs: many },
  { path: "d/name", kind: "file", xattrs: { [`user.${"n".repeat(250)}`]: value(5, 1), "user.\u00fc": raw("u") } },
  ...[1, 2, 3].map((nr) => ({ path: `d/s${nr}`, kind: "file", xattrs: { ...shared, "user.own": raw(nr) } }) as const),
  { path: "d/hard", kind: "file", hardLinkOf: "file" },
];

/** What is packed. */
export const ALL_KINDS = LIST.map(({ hardLinkOf, ...entry }): Entry => {
  return hardLinkOf === undefined ? entry : { path: entry.path, kind: "hardlink", target: hardLinkOf };
});

/** What is expected. A second name is compared with what the first one says. */
export const ALL_KINDS_SPEC = LIST.map(({ path, hardLinkOf, ...entry }): SpecEntry => {
  const first = LIST.find((other) => other.path === hardLinkOf) ?? entry;
  return { mtime: { sec: 0, nsec: 0 }, uid: 0, gid: 0, ...first, path, hardLinkOf };
});

/** Ways to build that attributes are stored differently by, and some others. */
export const ALL_KINDS_OPTIONS: BuildOptions[] = [
  {},
  { blockSize: 512 },
  { xattrTolerance: 0 },
  { xattrTolerance: 0, blockSize: 512 },
  { xattrFilter: false },
  { inodes: "extended" },
  { chunkSize: 4096, chunkIndexes: true },
  { inlineData: false, dedupe: "none", dsunit: 4 },
];
