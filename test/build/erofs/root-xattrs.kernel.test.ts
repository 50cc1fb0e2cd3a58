/** Room for attributes of the root (`--root-xattr-isize`). */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, entries } from "../../../dist/index.js";
import { runShell } from "../../helpers/commands.ts";
import { dumpLines } from "../../helpers/dump.ts";
import { canMountErofs, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const erofs = oracle("kernel EROFS mount", canMountErofs()) && oracle("getfattr", hasCommand("getfattr"));
const image = `${makeScratch("root-xattrs")}/image`;
const VALUE = { "user.mine": new TextEncoder().encode("x".repeat(40)) };
const FILE = { path: "file", contents: "x", xattrs: VALUE };

/** Attributes of the root and of a file, as Linux lists them. */
const listed = (at: string) => {
  const { out, err } = runShell(at, "getfattr -d -m - --absolute-names . file");
  return { names: out.match(/^[^=\n]+=/gm), err };
};

/** Bytes of the attributes of the root. */
async function rootBytes(): Promise<number> {
  const inode = (await dumpLines(readFileSync(image))).find(
    (line) => line.includes("erofs_inode_") && / \/ ?/.test(line),
  )!;
  const count = Number(/i_xattr_icount=(\d+)/.exec(inode)![1]);
  return count === 0 ? 0 : 12 + 4 * (count - 1);
}

describe.skipIf(!erofs)("the root's attributes", () => {
  const SIZES: [asked: number, bytes: number][] = [
    ...([
      [1, 16],
      [12, 16],
      [16, 16],
      [17, 20],
    ] as [number, number][]),
    ...([
      [4096, 4096],
      [65_532, 65_532],
    ] as [number, number][]),
  ];
  test.each(SIZES)("take %d bytes at least", async (rootXattrBytes, bytes) => {
    for (const options of [{}, { compress: "lz4" }] satisfies BuildOptions[]) {
      await buildErofs(entries([FILE]), image, { ...options, rootXattrBytes });
      expect(await rootBytes()).toBe(bytes);
      expect(await withMount(image, listed)).toEqual({ names: ["user.mine="], err: "" });
    }
  });

  test("are what they were where they take more", async () => {
    const source = entries([{ path: "/", kind: "directory", xattrs: VALUE }, FILE]);
    await buildErofs(source, image, { rootXattrBytes: 32, xattrTolerance: 2 });
    expect(await rootBytes()).toBe(60);
    await buildErofs(source, image, { rootXattrBytes: 100, xattrTolerance: 0 });
    expect(await rootBytes()).toBe(100);
    expect(await withMount(image, listed)).toEqual({ names: ["user.mine=", "user.mine="], err: "" });
  });

  test("of which there are none are of no other inode", async () => {
    const source = entries([
      { path: "dir", kind: "directory" },
      { path: "bare", contents: "y" },
    ]);
    const report = await buildErofs(source, image, { rootXattrBytes: 4000 });
    expect(report.bytes).toBeLessThanOrEqual(3 * 4096);
    expect(report.features).toContain("xattr_filter");
  });
});

test.each([[{ rootXattrBytes: 65_533 }], [{ rootXattrBytes: -1 }]])("%j is refused", async (options) => {
  await expect(buildErofs(entries([FILE]), image, options)).rejects.toThrow("rootXattrBytes: ");
});
