/** Images whose data lies in a device of its own (`--blobdev`), mounted by Linux and compared with what was packed. */
import { createHash } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, directory, type Entry, entries } from "../../../dist/index.js";
import { compareTrees, compareWithSpec } from "../../helpers/compare/compare.ts";
import { canMountErofs, withLoop, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { ALL_KINDS, ALL_KINDS_SPEC } from "../../helpers/trees/all-kinds.ts";
import { makeCornerTree } from "../../helpers/trees/corner-tree.ts";

const kernel = oracle("kernel EROFS mount", canMountErofs());
const attributes = oracle("getfattr", hasCommand("getfattr"));
const scratch = makeScratch("blob-device");
const corners = `${scratch}/corners`;
const image = `${scratch}/image`;
const blobDevice = `${scratch}/blob`;

const MODES: [name: string, options: BuildOptions][] = [
  ["chunks of a block", { chunkSize: 4096 }],
  ["chunks of 64 KiB", { chunkSize: 65_536 }],
  ["chunks of 2 MiB, of which equal ones are not looked for", { chunkSize: 2 << 20 }],
  ["nothing stored once", { chunkSize: 4096, dedupe: "none" }],
  ["blocks of 512 bytes", { chunkSize: 1024, blockSize: 512 }],
  ["inodes in a metabox", { chunkSize: 4096, metabox: true }],
  ["extended inodes, without `.`", { chunkSize: 4096, inodes: "extended", omitDot: true, fsAlignBlocks: 64 }],
];

describe.skipIf(!kernel)("a device for data", () => {
  beforeAll(() => makeCornerTree(corners, { hugeHole: false }));

  test.each(MODES)("of the corner tree reads back equal: %s", async (_name, options) => {
    const report = await buildErofs(directory(corners), image, { blobDevice, ...options });
    expect(report.features).toContain("device_table");
    expect(report.devices).toEqual([{ bytes: statSync(blobDevice).size, tag: "", path: blobDevice }]);
    const compared = await withLoop(blobDevice, (device) =>
      withMount(image, (at) => compareTrees(corners, at, {}), { mountOptions: `device=${device}` }),
    );
    expect(compared).toEqual([]);
  });

  test.skipIf(!attributes)("of all kinds, with attributes", async () => {
    await buildErofs(entries(ALL_KINDS), image, { blobDevice, chunkSize: 4096 });
    const compared = await withLoop(blobDevice, (device) =>
      withMount(image, (at) => compareWithSpec(at, ALL_KINDS_SPEC), { mountOptions: `device=${device}` }),
    );
    expect(compared).toEqual([]);
  });

  test("behind the image on one disk needs no name", async () => {
    await buildErofs(directory(corners), image, { blobDevice, chunkSize: 4096 });
    const disk = `${scratch}/disk`;
    writeFileSync(disk, Buffer.concat([readFileSync(image), readFileSync(blobDevice)]));
    expect(await withMount(disk, (at) => compareTrees(corners, at, {}))).toEqual([]);
  });

  test("may be a block device, which is written in place", async () => {
    writeFileSync(blobDevice, new Uint8Array(64 << 20));
    const compared = await withLoop(
      blobDevice,
      async (device) => {
        await buildErofs(directory(corners), image, { blobDevice: device, chunkSize: 4096 });
        return withMount(image, (at) => compareTrees(corners, at, {}), { mountOptions: `device=${device}` });
      },
      "rw",
    );
    expect(compared).toEqual([]);
  });

  test("holds the equal chunks of files of many pieces, and chunks of zeros nowhere", async () => {
    const noise = createHash("shake128", { outputLength: 9 << 20 }).digest();
    const zeros = new Uint8Array(1 << 20);
    const list: Entry[] = [
      { path: "a", contents: noise },
      {
        path: "b",
        contents: Buffer.concat([noise.subarray(4096, 4096 + (5 << 20)), zeros, noise.subarray(0, 294_912)]),
      },
      { path: "c", contents: Buffer.concat([zeros, zeros, noise.subarray(8192)]) },
      { path: "zeros", contents: zeros },
    ];
    await buildErofs(entries(list), image, { blobDevice, chunkSize: 4096 });
    expect(statSync(blobDevice).size).toBeLessThanOrEqual(noise.length + 4096);
    // chunks that lie one behind the other have become one
    expect(statSync(image).size).toBe(4096);
    const spec = list.map(({ path, contents }) => ({
      ...({ path: `${path}`, kind: "file", mtime: { sec: 0, nsec: 0 } } as const),
      contents: Buffer.from(contents as Uint8Array),
    }));
    const compared = await withLoop(blobDevice, (device) =>
      withMount(image, (at) => compareWithSpec(at, spec, { implicitDirectories: true }), {
        mountOptions: `device=${device}`,
      }),
    );
    expect(compared).toEqual([]);
  });
});
