/** The corners of contents and of directories. */
import { noise, words } from "./noise.ts";
import { EMPTY, type TreeBuilder } from "./tree-builder.ts";

/** Sizes at the borders of blocks, and contents of every kind. */
export function addSizes(tree: TreeBuilder): void {
  const sizes = new Set([0, 1, 2, 31, 32, 33, 63, 64, 65]);
  for (const block of [512, 1024, 2048, 4096]) {
    // Every length at which an inode of 32 or 64 bytes and its inline tail meet the end of a block.
    for (let size = block - 66; size <= block + 1; size++) sizes.add(size);
    for (const count of [2, 3, 5]) for (const off of [-64, -32, -1, 0, 1]) sizes.add(count * block + off);
  }
  for (const size of [65536, 128 << 10, 256 << 10, 1 << 20]) for (const off of [-1, 0, 1]) sizes.add(size + off);
  sizes.add((9 << 20) + 1);
  tree.directory("sizes");
  for (const size of sizes) tree.file(`sizes/${size}`, noise(size * 7 + 1, size));

  tree.directory("text");
  for (const size of [1, 100, 4095, 4096, 4097, 40_000, 131_073, 1_500_000]) {
    tree.file(`text/words-${size}`, words(size, size));
    tree.file(`text/same-byte-${size}`, Buffer.alloc(size, 0x61));
  }
  const mixed = [words(1, 300_000), noise(5, 200_000), Buffer.alloc(150_000), words(2, 100_001), noise(6, 99_999)];
  tree.file("text/mixed", Buffer.concat(mixed));
}

/** Holes in all places. */
export function addSparse(tree: TreeBuilder, hugeHole: boolean): void {
  const MiB = 1 << 20;
  tree.directory("sparse");
  tree.sparse("sparse/all-hole", 3 * MiB, []);
  tree.sparse("sparse/all-hole-unaligned", 3 * MiB + 123, []);
  tree.sparse("sparse/all-hole-one-byte", 1, []);
  tree.sparse("sparse/all-hole-block", 4096, []);
  tree.sparse("sparse/all-hole-block-and-byte", 4097, []);
  tree.sparse("sparse/hole-data-hole", 3 * MiB, [{ at: MiB, bytes: noise(11, 100_000) }]);
  tree.sparse("sparse/hole-data-hole-unaligned", 3 * MiB + 77, [{ at: MiB + 777, bytes: noise(12, 4096) }]);
  tree.sparse("sparse/data-hole", 2 * MiB + 5, [{ at: 0, bytes: noise(13, 4096) }]);
  tree.sparse("sparse/data-at-end", 2 * MiB, [{ at: 2 * MiB - 10, bytes: noise(14, 10) }]);
  tree.sparse("sparse/byte-in-tail", MiB + 1, [{ at: MiB, bytes: Buffer.from("!") }]);
  const stripes = Array.from({ length: 12 }, (_, index) => ({ at: index * 131_072, bytes: noise(20 + index, 65_536) }));
  tree.sparse("sparse/stripes", 12 * 131_072, stripes);
  const dots = Array.from({ length: 40 }, (_, index) => ({ at: index * 12_288 + 1, bytes: Buffer.from("x") }));
  tree.sparse("sparse/dots", 40 * 12_288, dots);
  tree.file("sparse/zeros-written", Buffer.alloc(MiB));
  tree.file("sparse/zeros-written-unaligned", Buffer.alloc(70_001));
  tree.file("sparse/zeros-around-data", Buffer.concat([Buffer.alloc(20_480), noise(9, 5000), Buffer.alloc(30_000)]));
  if (hugeHole) tree.sparse("sparse/huge", 5 * 1024 * MiB + 1, [{ at: 5 * 1024 * MiB, bytes: Buffer.from("E") }]);
}

/** Equal files, and some that are nearly equal. */
export function addDuplicates(tree: TreeBuilder): void {
  tree.directory("duplicates");
  tree.directory("duplicates/elsewhere");
  for (const size of [1, 100, 4096, 10_000, (1 << 20) + 5]) {
    const bytes = noise(size + 3, size);
    for (const name of ["a", "b", "elsewhere/a"]) tree.file(`duplicates/${name}-${size}`, bytes);
    for (const [name, at] of [
      ["first", 0],
      ["middle", size >> 1],
      ["last", size - 1],
    ] as const) {
      const changed = Buffer.from(bytes);
      changed[at] = changed[at]! ^ 1;
      tree.file(`duplicates/other-${name}-byte-${size}`, changed);
    }
    tree.file(`duplicates/prefix-${size}`, bytes.subarray(0, size - 1));
    tree.file(`duplicates/and-zero-${size}`, Buffer.concat([bytes, Buffer.alloc(1)]));
  }
}

/** Directories at the borders of blocks, large and deep ones. */
export function addDirectories(tree: TreeBuilder): void {
  const fill = (name: string, names: readonly string[]) => {
    tree.directory(name);
    for (const entry of names) tree.file(`${name}/${entry}`, EMPTY);
  };
  const long = (index: number, length = 255) => `${String(index).padStart(3, "0")}`.padEnd(length, "n");
  const series = (count: number, name: (index: number) => string) => Array.from({ length: count }, (_, k) => name(k));

  tree.directory("directories");
  fill("directories/empty", []);
  fill("directories/one", ["entry"]);
  for (const count of [14, 15, 16, 31]) fill(`directories/long-${count}`, series(count, long));
  // 14 bytes each: 290 and the two dots fill 4,087 of a 4,096-byte block.
  for (const count of [290, 291, 340]) {
    fill(
      `directories/short-${count}`,
      series(count, (k) => k.toString(36).padStart(2, "0")),
    );
  }
  // "." and ".." take 27 bytes, an entry 12 and its name. One block of 4,096: 27 + 15*267 + (12+52).
  for (const off of [-1, 0, 1]) {
    fill(`directories/block${off}`, [...series(15, long), long(15, 52 + off)]);
    fill(`directories/small-block${off}`, [long(0), long(1, 206 + off)]); // 512: 27 + 267 + (12+206)
    const second = [...series(15, (k) => long(100 + k)), long(200, 79 + off)]; // 15*267 + (12+79)
    fill(`directories/two-blocks${off}`, [...series(15, long), long(15, 52), ...second]);
  }
  tree.directory("directories/thousand");
  for (let index = 0; index < 1000; index++) {
    tree.file(`directories/thousand/file-${index}`, index % 3 === 0 ? noise(index, index) : EMPTY);
  }
  tree.directory("directories/parents");
  for (let index = 0; index < 100; index++) tree.directory(`directories/parents/${index}`);
  let deep = "directories/deep";
  for (let level = 0; level < 60; level++, deep += "/d") tree.directory(deep);
  tree.file(`${deep}ata`, Buffer.from("sixty levels down\n"));
}
