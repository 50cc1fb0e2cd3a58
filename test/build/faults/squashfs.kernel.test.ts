/** Targets of SquashFS builds that only root can make: a full disk, a device. */
import { spawnSync } from "node:child_process";
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { buildSquashfs, directory, type SquashfsOptions } from "../../../dist/index.js";
import { compareTrees } from "../../helpers/compare/compare.ts";
import { afterWalk, failureOf, makeFaultBench } from "../../helpers/faults.ts";
import { canMountSquashfs, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";

const { scratch, source } = makeFaultBench("squashfs-faults-kernel");
const kernel = oracle("kernel SquashFS mount", canMountSquashfs());
const loop = kernel && oracle("losetup", hasCommand("losetup"));
const FAST: SquashfsOptions = { compressor: "lz4" };

beforeEach(() => {
  writeFileSync(`${source}/pieces`, Buffer.alloc(3_000_000, "pieces "));
  utimesSync(`${source}/pieces`, 1e9, 1e9);
});

describe("a target", () => {
  test.skipIf(process.getuid?.() !== 0)("on a full disk stays as it was", async () => {
    const small = `${scratch}/small`;
    mkdirSync(small);
    expect(spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "none", small]).status).toBe(0);
    onTestFinished(() => void spawnSync("umount", [small]));
    writeFileSync(`${small}/image`, "old");
    const options: SquashfsOptions = { compressor: "none" };
    const error = await failureOf(buildSquashfs(directory(source), `${small}/image`, options));
    expect(error).toMatchObject({ code: "IO", path: `${small}/image` });
    expect(readdirSync(small)).toEqual(["image"]);
    expect(readFileSync(`${small}/image`, "utf8")).toBe("old");
  });

  test.skipIf(!loop).each([0, 1 << 20])("that is a device is written in place (offset %i)", async (offset) => {
    const backing = `${scratch}/disk`;
    writeFileSync(backing, Buffer.alloc(8 << 20, "old"));
    const run = spawnSync("losetup", ["--find", "--show", backing], { encoding: "utf8" });
    const device = run.stdout.trim();
    let isAttached = true;
    const detach = () => {
      if (isAttached) spawnSync("losetup", ["--detach", device]);
      isAttached = false;
    };
    onTestFinished(detach);
    // one that fails leaves no image there, not even the one that it began to write over
    await buildSquashfs(directory(source), device, { ...FAST, offset });
    const onProgress = afterWalk(2, () => rmSync(`${source}/pieces`));
    const kept = readFileSync(`${source}/pieces`);
    const failed = await failureOf(buildSquashfs(directory(source), device, { ...FAST, offset, onProgress }));
    expect(failed).toMatchObject({ code: "CHANGED" });
    spawnSync("blockdev", ["--flushbufs", device]);
    const mount = { type: "squashfs", ...(offset > 0 && { offset }) } as const;
    await expect(withMount(backing, () => undefined, mount)).rejects.toThrow("does not mount");
    writeFileSync(`${source}/pieces`, kept);
    utimesSync(`${source}/pieces`, 1e9, 1e9);
    utimesSync(source, 1e9, 1e9);
    await buildSquashfs(directory(source), device, { ...FAST, offset });
    expect(lstatSync(device).isBlockDevice()).toBe(true);
    detach();
    expect(await withMount(backing, (at) => compareTrees(source, at), mount)).toEqual([]);
  });
});
