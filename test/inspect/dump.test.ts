/** Dumps of whole images: what they say, from whatever they are read, and that damage is an error. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { buildErofs, buildSquashfs, type Entry, entries } from "../../dist/index.js";
import { ImageError } from "../../src/core/error.ts";
import { dumpImage } from "../../src/inspect/dump.ts";
import { dumpLines } from "../helpers/dump.ts";
import { makeScratch } from "../helpers/scratch.ts";
import { ALL_KINDS } from "../helpers/trees/all-kinds.ts";

const scratch = makeScratch("dump");
const path = `${scratch}/image`;
const UUID = "00000000-0000-0000-0000-000000000001";

/** The tree of the manuals' worked examples. */
const TREE: Entry[] = [
  { path: "a", contents: "hello\n", mode: 0o644, xattrs: { "user.k": new TextEncoder().encode("v") } },
  { path: "l", kind: "symlink", target: "a" },
  { path: "z", contents: "0123456789abcdef\n".repeat(1200).slice(0, 20_000), mode: 0o644 },
];
const policy = { timestamp: 1_700_000_000, owner: "root" } as const;

async function erofs(list: Entry[], options: object = {}): Promise<Uint8Array> {
  await buildErofs(entries(list), path, options);
  return readFileSync(path);
}

async function squashfs(list: Entry[], options: object = {}): Promise<Uint8Array> {
  await buildSquashfs(entries(list), path, options);
  return readFileSync(path);
}

test("every byte of an EROFS image", async () => {
  const image = await erofs(TREE, { ...policy, uuid: UUID, compress: { algorithm: "lz4" } });
  expect(await dumpLines(image)).toMatchInlineSnapshot(`
    [
      "0x00000000    1024  zeros",
      "0x00000400     128  erofs_super_block: magic=0xe0f5e1e2 checksum=0xacd292bb feature_compat=7 blkszbits=12 sb_extslots=0 rootnid_2b=36 inos=4 epoch=1700000000 fixed_nsec=0 blocks_lo=2 meta_blkaddr=0 xattr_blkaddr=0 uuid=00000000000000000000000000000001 volume_name=0 feature_incompat=1 available_compr_algs=0xffff extra_devices=0 devt_slotoff=0 dirblkbits=0 xattr_prefix_count=0 xattr_prefix_start=0 packed_nid=0 xattr_filter_reserved=0 ishare_xattr_prefix_id=0 reserved=0 build_time=0 rootnid_8b=0 reserved2=0",
      "0x00000480      32  erofs_inode_compact / nid=36 inline: i_format=4 i_xattr_icount=0 i_mode=040755 i_nb=2 i_size=66 i_mtime=0 i_u=0xffffffff i_ino=1 i_uid=0 i_gid=0 i_reserved=0",
      "0x000004a0      12  erofs_dirent .: nid=36 nameoff=60 file_type=2 reserved=0",
      "0x000004ac      12  erofs_dirent ..: nid=36 nameoff=61 file_type=2 reserved=0",
      "0x000004b8      12  erofs_dirent a: nid=40 nameoff=63 file_type=1 reserved=0",
      "0x000004c4      12  erofs_dirent l: nid=42 nameoff=64 file_type=7 reserved=0",
      "0x000004d0      12  erofs_dirent z: nid=44 nameoff=65 file_type=1 reserved=0",
      "0x000004dc       6  5 names of /, then 30 zeros",
      "0x00000500      32  erofs_inode_compact /a nid=40 inline: i_format=4 i_xattr_icount=3 i_mode=0100644 i_nb=1 i_size=6 i_mtime=0 i_u=0xffffffff i_ino=2 i_uid=0 i_gid=0 i_reserved=0",
      "0x00000520      12  erofs_xattr_ibody_header: h_name_filter=0xffffbfff h_shared_count=0 h_reserved2=0",
      "0x0000052c       8  erofs_xattr_entry user.k: e_name_len=1 e_name_index=1 e_value_size=1 value a293d43641f1",
      "0x00000534       6  tail of /a, e4c191d091bd, then 6 zeros",
      "0x00000540      32  erofs_inode_compact /l nid=42 inline: i_format=4 i_xattr_icount=0 i_mode=0120777 i_nb=1 i_size=1 i_mtime=0 i_u=0xffffffff i_ino=3 i_uid=0 i_gid=0 i_reserved=0",
      "0x00000560       1  target of /l: a, then 31 zeros",
      "0x00000580      32  erofs_inode_compact /z nid=44 compressed, compact index: i_format=6 i_xattr_icount=0 i_mode=0100644 i_nb=1 i_size=20000 i_mtime=0 i_u=1 i_ino=4 i_uid=0 i_gid=0 i_reserved=0",
      "0x000005a0       8  z_erofs_map_header: h_fragmentoff=0 h_advise=1 h_algorithmtype=0 h_clusterbits=0",
      "0x000005a8       8  pack of 2: head1@0 +3 blkaddr=0",
      "0x000005b0       8  pack of 2: +2 +1 blkaddr=1",
      "0x000005b8       8  pack of 2: plain@3616 plain@0 blkaddr=1",
      "0x000005c0    2624  zeros",
      "0x00001000    4096  data of /z, blocks 1..1, 1 pcluster, 280c3c8c8aa1",
    ]
  `);
});

test("every byte of a SquashFS image, and of its tables", async () => {
  const image = await squashfs(TREE, { ...policy, compressor: "zstd", blockSize: 4096 });
  expect(await dumpLines(image)).toMatchInlineSnapshot(`
    [
      "0x00000000      96  squashfs_super_block: s_magic=0x73717368 inodes=4 mkfs_time=1700000000 block_size=4096 fragments=2 compression=6 block_log=12 flags=0xe0 no_ids=1 s_major=4 s_minor=0 root_inode=0x81 bytes_used=549 id_table_start=0x1e7 xattr_id_table_start=0x20d inode_table_start=0x115 directory_table_start=0x169 fragment_table_start=0x1b4 lookup_table_start=0x1d9",
      "0x00000060     140  data of /z, 4 blocks, d89766251462",
      "0x000000ec       6  fragment block 0, e4c191d091bd",
      "0x000000f2      35  fragment block 1, 0d169477c2f0",
      "0x00000115      84  metadata block of inodes: 82 bytes compressed",
      "           0:0      56  squashfs_lreg_inode /a: inode_type=9 mode=0644 uid=0 guid=0 mtime=1700000000 inode_number=1 start_block=0 file_size=6 sparse=0 nlink=1 fragment=0 offset=0 xattr=0",
      "          0:56      24  squashfs_symlink_inode /l: inode_type=3 mode=0777 uid=0 guid=0 mtime=1700000000 inode_number=2 nlink=1 symlink_size=1",
      "          0:80       1  target: a",
      "          0:81      32  squashfs_reg_inode /z: inode_type=2 mode=0644 uid=0 guid=0 mtime=1700000000 inode_number=3 start_block=96 fragment=1 offset=0 file_size=20000",
      "         0:113      16  block_list: 35 35 35 35",
      "         0:129      32  squashfs_dir_inode /: inode_type=1 mode=0755 uid=0 guid=0 mtime=1700000000 inode_number=4 start_block=0 nlink=2 file_size=42 offset=0 parent_inode=5",
      "0x00000169      41  metadata block of directories: 39 bytes as they are",
      "           0:0      12  squashfs_dir_header of /: count=2 start_block=0 inode_number=1",
      "          0:12       9  squashfs_dir_entry a: offset=0 inode_number=0 type=2 size=0",
      "          0:21       9  squashfs_dir_entry l: offset=56 inode_number=1 type=3 size=0",
      "          0:30       9  squashfs_dir_entry z: offset=81 inode_number=2 type=2 size=0",
      "0x00000192      34  metadata block of fragments: 32 bytes as they are",
      "           0:0      16  squashfs_fragment_entry: start_block=236 size=16777222 unused=0",
      "          0:16      16  squashfs_fragment_entry: start_block=242 size=35 unused=0",
      "0x000001b4       8  block of a table: start=0x192",
      "0x000001bc      29  metadata block of exports: 27 bytes compressed",
      "           0:0       8  export: inode=0",
      "           0:8       8  export: inode=0x38",
      "          0:16       8  export: inode=0x51",
      "          0:24       8  export: inode=0x81",
      "0x000001d9       8  block of a table: start=0x1bc",
      "0x000001e1       6  metadata block of ids: 4 bytes as they are",
      "           0:0       4  id: id=0",
      "0x000001e7       8  block of a table: start=0x1e1",
      "0x000001ef      12  metadata block of attributes: 10 bytes as they are",
      "           0:0       5  squashfs_xattr_entry user.k of set 0: type=0 size=1",
      "           0:5       5  squashfs_xattr_val: vsize=1 value a293d43641f1",
      "0x000001fb      18  metadata block of xattr ids: 16 bytes as they are",
      "           0:0      16  squashfs_xattr_id: xattr=0 count=1 size=8",
      "0x0000020d      16  squashfs_xattr_id_table: xattr_table_start=0x1ef xattr_ids=1 unused=0",
      "0x0000021d       8  block of a table: start=0x1fb",
      "0x00000225    3547  zeros",
    ]
  `);
});

/** Images that have one of everything, small. */
const FORMS: [name: string, build: () => Promise<Uint8Array>][] = [
  ["EROFS", () => erofs(ALL_KINDS, { xattrTolerance: 0 })],
  ["EROFS, chunk indexes", () => erofs(ALL_KINDS, { chunkSize: 4096, chunkIndexes: true })],
  ["EROFS, lz4, inline", () => erofs(ALL_KINDS, { compress: { algorithm: "lz4" }, tailPacking: true })],
  [
    "EROFS, zstd, all in the packed inode",
    () => erofs(ALL_KINDS, { compress: { algorithm: "zstd" }, fragments: "all", compressDirectories: true }),
  ],
  [
    "EROFS, deflate, full indexes, big",
    () => erofs(ALL_KINDS, { compress: { algorithm: "deflate" }, pclusterSize: 16_384, fullIndexes: true }),
  ],
  ["EROFS, records", () => erofs(ALL_KINDS, { compress: { algorithm: "lz4hc" }, extentRecords: true })],
  ["SquashFS, not compressed", () => squashfs(withoutAcls(ALL_KINDS), { compressor: "none", blockSize: 4096 })],
  ["SquashFS", () => squashfs(withoutAcls(ALL_KINDS), { compressor: "gzip" })],
  ["SquashFS, lz4", () => squashfs(withoutAcls(ALL_KINDS), { compressor: "lz4", blockSize: 4096 })],
];

function withoutAcls(list: readonly Entry[]): Entry[] {
  return list.map(({ xattrs, ...entry }) => ({
    ...entry,
    xattrs: Object.fromEntries(
      Object.entries((xattrs ?? {}) as Record<string, Uint8Array>).filter(([name]) => !name.startsWith("system.")),
    ),
  }));
}

describe.each(FORMS)("an image of all kinds: %s", (_name, build) => {
  let image = new Uint8Array(0);
  beforeAll(async () => {
    image = Uint8Array.from(await build());
  });

  test("is dumped whole, whether it is in memory or read a little at a time", async () => {
    const expected = await dumpLines(image);
    const readAt = async (into: Uint8Array, offset: number) => {
      const bytes = image.subarray(offset, offset + Math.min(into.length, 777));
      into.set(bytes);
      return bytes.length;
    };
    const lines: string[] = [];
    for await (const line of dumpImage({ size: image.length, readAt })) lines.push(line);
    expect(lines).toEqual(expected);
    for (const name of ["/file", "/d/many", "/long", "/char"]) {
      expect(lines.filter((line) => line.includes(` ${name} `) || line.includes(` ${name}:`))).not.toEqual([]);
    }
  });

  test("with damage is an error of this package, or other words, in little time", async () => {
    // contents are most of an image; structures are what is interesting
    const places: number[] = [];
    for (const line of await dumpLines(image)) {
      const [at = "", length = 0] = line.split(/ +/);
      if (!/^0x.*(data|tail|zeros|unknown|fragment block)/.test(line) && at.startsWith("0x")) {
        for (let byte = 0; byte < Math.min(Number(length), 200); byte++) places.push(Number(at) + byte);
      }
    }
    const change = fc.tuple(fc.nat(places.length - 1), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 127, 128, 255)));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const copy = image.slice();
        for (const [place, byte] of changes) copy[places[place]!] = byte;
        // of the processor: what else the machine does is no matter
        const start = process.cpuUsage();
        try {
          for await (const line of dumpImage(copy)) expect(line).toMatch(/^[\x20-\x7e]+$/);
        } catch (error) {
          expect(error).toBeInstanceOf(ImageError);
          expect(["DAMAGED", "INPUT"]).toContain((error as ImageError).code);
        }
        const { user, system } = process.cpuUsage(start);
        expect(user + system).toBeLessThan(10_000_000);
      }),
      { numRuns: 150 },
    );
  });

  test("that is cut off is an error of this package, or what is left of it", async () => {
    for (const length of [0, 1, 95, 96, 1023, 1151, 1152, 4096, image.length >> 1, image.length - 1]) {
      try {
        for await (const line of dumpImage(image.subarray(0, length))) expect(line).not.toBe("");
      } catch (error) {
        expect(error).toMatchObject({ name: "ImageError", code: "DAMAGED" });
      }
    }
  });
});

test("what is no image is refused", async () => {
  await expect(dumpImage(new Uint8Array(5000)).next()).rejects.toMatchObject({ code: "DAMAGED" });
});
