/**
 * Makes images with the C tools, of the tree of test/helpers/images/varied-tree.ts, and keeps them in test/fixtures/images: what
 * the tools that tests are run beside are too old for. As root:
 *
 *     npm run record:images -- --mkfs=PATH --mksquashfs=PATH
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { register } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";

if (!("typescript" in process.features)) register("../fuzz/strip-types.mjs", import.meta.url);
const { buildErofs, entries } = await import("../dist/index.js");
const { VARIED_TREE } = await import("../test/helpers/images/varied-tree.ts");

/** Options of each image, by its name. */
const EROFS = {
  "lzma-fragments": "-zlzma -C16384 -Efragments",
  "deflate-tails": "-zdeflate -C16384 -Eztailpacking",
  "zstd-all-fragments": "-zzstd -C65536 -Eall-fragments --zD",
  "lz4-zstd": "-zlz4:zstd -C16384",
  "lz4-dedupe": "-zlz4 -Ededupe",
  "48bit-plain": "-E48bit,dot-omitted",
  "48bit-lz4": "-zlz4 -E48bit,fragments",
  metabox: "-m4096:lz4 -zzstd -Efragments --xattr-prefix=user.long.",
  metazone: "--MZ=id -zlz4",
  "prefixes-packed": "--xattr-prefix=user.long. -zlz4 -Eall-fragments",
  "prefixes-plain": "--xattr-prefix=user.long. -Eplain-xattr-prefixes",
  digests: "--xattr-inode-digest",
  "xattr-room": "--root-xattr-isize=400",
  "chunks-512": "-b512 --chunksize=4096 -Eforce-chunk-indexes",
};
const SQUASHFS = {
  xz: "-comp xz -Xbcj x86 -b 8192",
  "zstd-fragments": "-comp zstd -always-use-fragments",
  "lz4-none": "-comp lz4 -noI -noD -noF -noX -b 4096",
  "gzip-no-tables": "-comp gzip -no-exports -no-xattrs -b 4096",
};

const path = { type: /** @type {const} */ ("string") };
const { values } = parseArgs({ options: { mkfs: path, mksquashfs: path } });
const folder = mkdtempSync(join(tmpdir(), "record-"));
const [tree, image, mount] = [join(folder, "tree"), join(folder, "image"), join(folder, "mount")];
const run = (/** @type {string} */ command, /** @type {string[]} */ words) =>
  execFileSync(command, words, { stdio: ["ignore", "ignore", "inherit"] });
const keep = (/** @type {string} */ name) =>
  writeFileSync(
    new URL(`../test/fixtures/images/${name}.gz`, import.meta.url),
    gzipSync(readFileSync(image), { level: 9 }),
  );

await buildErofs(entries(VARIED_TREE), tree);
mkdirSync(mount);
run("mount", ["-t", "erofs", "-o", "loop,ro", tree, mount]);
try {
  const uuid = "-U00000000-0000-0000-0000-000000000001";
  const { mkfs = "", mksquashfs = "" } = values;
  for (const [name, line] of Object.entries(mkfs === "" ? {} : EROFS)) {
    rmSync(image, { force: true });
    run(mkfs, ["--quiet", uuid, ...line.split(" "), image, mount]);
    keep(`${name}.erofs`);
  }
  for (const [name, line] of Object.entries(mksquashfs === "" ? {} : SQUASHFS)) {
    rmSync(image, { force: true });
    run(mksquashfs, [mount, image, "-quiet", "-no-progress", "-mkfs-time", "0", ...line.split(" ")]);
    keep(`${name}.squashfs`);
  }
} finally {
  run("umount", [mount]);
  rmSync(folder, { recursive: true });
}
