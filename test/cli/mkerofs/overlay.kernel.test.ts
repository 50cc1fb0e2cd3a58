/** Marks of overlayfs in directories (`--ovlfs-strip`), and what mkfs.erofs adds to them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { buildErofs, buildSquashfs, directory } from "../../../dist/index.js";
import { runCommand, runShell } from "../../helpers/commands.ts";
import { canMountErofs, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const erofs = oracle("kernel EROFS mount", canMountErofs()) && oracle("setfattr", hasCommand("setfattr"));
const scratch = makeScratch("overlay");
const image = `${scratch}/image`;
const SILENT = { status: 0, out: "", err: "" };
const run = (...words: string[]) => runCommand(scratch, "mkerofs", ["--quiet", ...words]);

beforeAll(() => {
  mkdirSync(`${scratch}/layer/dir/sub`, { recursive: true });
  writeFileSync(`${scratch}/layer/dir/.wh.file`, "no mark in a directory");
  const marks = [
    "mknod dir/gone c 0 0 && mknod dir/null c 1 3 && mknod dir/block b 0 0",
    "setfattr -n trusted.overlay.opaque -v y dir && setfattr -n trusted.overlay.opaque -v y dir/.wh.file",
    "setfattr -n trusted.overlay.redirect -v other dir && setfattr -n trusted.mine -v 1 dir",
  ];
  if (erofs) expect(runShell(`${scratch}/layer`, marks.join(" && "))).toMatchObject({ status: 0 });
});

/** Paths, and attributes by path. */
function look(at: string): { paths: string[]; xattrs: string[] } {
  const paths = runShell(at, "find . | LC_ALL=C sort").out.trim().split("\n");
  const xattrs: string[] = [];
  for (const path of paths) {
    const { out } = runShell(at, `getfattr -h -d -m - --absolute-names ${path}`);
    xattrs.push(...[...out.matchAll(/^(\S+)="(.*)"$/gm)].map(([, name, value]) => `${path} ${name}=${value}`));
  }
  return { paths, xattrs: xattrs.sort() };
}

const KEPT = ["./dir/.wh.file", "./dir/block", "./dir/gone", "./dir/null", "./dir/sub"];
const XATTRS = [
  ...["./dir trusted.mine=1", "./dir trusted.overlay.opaque=y", "./dir trusted.overlay.redirect=other"],
  "./dir/.wh.file trusted.overlay.opaque=y",
];
const WITH_ORIGIN = [...XATTRS, "./dir trusted.overlay.origin="].sort();

describe.skipIf(!erofs)("marks of overlayfs in a directory", () => {
  test.each([[], ["--ovlfs-strip=0"], ["-zlz4"]])(
    "are kept, and a directory with whiteouts says so: %j",
    async (...words) => {
      expect(run(...words, image, "layer")).toEqual(SILENT);
      expect(await withMount(image, look)).toEqual({ paths: [".", "./dir", ...KEPT], xattrs: WITH_ORIGIN });
    },
  );

  test.each([["--ovlfs-strip"], ["--ovlfs-strip=1"], ["--ovlfs-strip", "-zlz4"]])(
    "are left out: %j",
    async (...words) => {
      expect(run(...words, image, "layer")).toEqual(SILENT);
      expect(await withMount(image, look)).toEqual({
        paths: [".", "./dir", ...KEPT.filter((path) => path !== "./dir/gone")],
        xattrs: ["./dir trusted.mine=1", "./dir trusted.overlay.redirect=other"],
      });
    },
  );

  test("are as they were, as long as the library is not told otherwise", async () => {
    await buildErofs(directory(`${scratch}/layer`), image);
    expect(await withMount(image, look)).toEqual({ paths: [".", "./dir", ...KEPT], xattrs: XATTRS });
    await buildErofs([`${scratch}/layer/dir`], image, { overlay: "mark", xattrReader: "auto" });
    expect((await withMount(image, look)).xattrs).toEqual(WITH_ORIGIN);
    const { excluded } = await buildSquashfs(directory(`${scratch}/layer`), image, { overlay: "strip" });
    expect(excluded).toBe(1);
  });

  test("that are there already are not made twice", async () => {
    const made = "setfattr -n trusted.overlay.origin -v x dir";
    expect(runShell(`${scratch}/layer`, made).status).toBe(0);
    expect(run(image, "layer")).toEqual(SILENT);
    expect((await withMount(image, look)).xattrs).toEqual([...XATTRS, "./dir trusted.overlay.origin=x"].sort());
  });
});
