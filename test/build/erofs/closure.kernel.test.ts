/** Closures: what Linux shows of them, and what is touched, seen by a user who may not read all. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type BuildOptions, buildErofs, closure } from "../../../dist/index.js";
import { canBecomeNobody, NOBODY, runInChild } from "../../helpers/child.ts";
import { compareTrees } from "../../helpers/compare/compare.ts";
import { canMountErofs, withMount } from "../../helpers/mount.ts";
import { oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { makeStore, putFile as put, STORE_TOPS } from "../../helpers/trees/closure-store.ts";

const scratch = makeScratch("closure-kernel");
const store = `${scratch}/store`;
const image = `${scratch}/image`;
const kernel = oracle("kernel EROFS mount", canMountErofs());
const nobody = oracle("another user (root, setpriv)", canBecomeNobody());
const isRoot = process.getuid?.() === 0;

async function hashOf(source: string[], options: BuildOptions = {}): Promise<string> {
  await buildErofs(source, image, options);
  return createHash("sha256").update(readFileSync(image)).digest("hex");
}

beforeAll(() => makeStore(store));

test.skipIf(!kernel)(
  "a closure shows tops that are files, links and dangling links as they are, and no others",
  async () => {
    const some = STORE_TOPS.map((top) => `${store}/${top}`);
    writeFileSync(`${scratch}/list`, some.join("\n"));
    const report = await buildErofs(closure(`${scratch}/list`), image);
    expect(report.counts).toMatchObject({ files: 4, directories: 6, symlinks: 2 });
    const expected = { roots: some, uid: 0, gid: 0, time: { sec: 0, nsec: 0 } };
    expect(await withMount(image, (at) => compareTrees("", at, expected))).toEqual([]);
  },
);

describe("what is touched", () => {
  test.skipIf(!nobody)(
    "the listed paths only: a store that cannot be listed, with neighbours that cannot be read",
    () => {
      chmodSync(`${store}/zzz-neighbour`, 0o700);
      chmodSync(store, 0o711);
      mkdirSync(`${scratch}/open`, { mode: 0o777 });
      chmodSync(`${scratch}/open`, 0o777);
      const build = (tops: string[]) =>
        runInChild(
          "return (await api.buildErofs(args.tops, args.image)).counts.files",
          {
            tops: tops.map((top) => `${store}/${top}`),
            image: `${scratch}/open/image`,
          },
          { id: NOBODY },
        );
      expect(build(["aaa-one", "ccc-file"]).value).toBe(3);
      // the neighbour is poison indeed
      const { error } = build(["aaa-one", "zzz-neighbour"]);
      expect(error).toMatchObject({ code: "IO", path: `${store}/zzz-neighbour` });
      chmodSync(store, 0o755);
    },
  );

  test.skipIf(!nobody)("not what rules exclude: an excluded directory is not entered", () => {
    put(`${scratch}/pruned/top/kept`);
    put(`${scratch}/pruned/top/closed/inside`);
    chmodSync(`${scratch}/pruned/top/closed`, 0);
    const build = (exclude: unknown) =>
      runInChild(
        "const r = await api.buildErofs([args.top], args.image, { exclude: args.exclude }); return [r.counts.files, r.excluded]",
        { top: `${scratch}/pruned/top`, image: `${scratch}/open/image`, exclude },
        { id: NOBODY },
      );
    expect(build({ paths: ["top/closed"] }).value).toEqual([1, 1]);
    expect(build({ regexes: ["^top/clo"] }).value).toEqual([1, 1]);
    expect(build({ regexes: ["closed/inside$"] }).error).toMatchObject({
      code: "IO",
      path: `${scratch}/pruned/top/closed`,
    });
  });

  test.skipIf(!isRoot)("no other filesystem, if that is asked for: its mount point is there, empty", async () => {
    const top = `${scratch}/mounts/top`;
    put(`${top}/before`);
    mkdirSync(`${top}/point`);
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "mode=751", "none", `${top}/point`]);
    expect(mounted.status).toBe(0);
    onTestFinished(() => void spawnSync("umount", ["-l", `${top}/point`]));
    put(`${top}/point/deep/inside`);
    const counts = async (oneFileSystem: boolean) => (await buildErofs([top], image, { oneFileSystem })).counts;
    expect(await counts(false)).toMatchObject({ files: 2, directories: 4 });
    expect(await counts(true)).toMatchObject({ files: 1, directories: 3 });
    const oneFileSystem = await hashOf([top], { oneFileSystem: true });
    spawnSync("umount", [`${top}/point`]);
    chmodSync(`${top}/point`, 0o751);
    expect(oneFileSystem).toBe(await hashOf([top]));
  });
});
