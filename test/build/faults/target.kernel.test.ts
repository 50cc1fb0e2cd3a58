/** Targets on disks, in folders and on devices that only root can make so: whole or as they were, never in between. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { buildErofs, buildSquashfs, directory, entries, narFile, zipArchive } from "../../../dist/index.js";
import { canBecomeNobody, NOBODY, runInChild } from "../../helpers/child.ts";
import { compareTrees } from "../../helpers/compare/compare.ts";
import { afterWalk, failureOf, makeFaultBench } from "../../helpers/faults.ts";
import { canMountErofs, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { stubTemporaryFolder } from "../../helpers/temporary.ts";
import { noise } from "../../helpers/trees/noise.ts";

const { scratch, source, image, expectFault, expectUntouched } = makeFaultBench("faults-target-kernel");
const isRoot = process.getuid?.() === 0;
const nobody = oracle("another user (root, setpriv)", canBecomeNobody());

beforeEach(() => {
  writeFileSync(`${source}/small`, "small");
  writeFileSync(`${source}/large`, Buffer.alloc(3_000_000, "large"));
});

/** More than the disk of {@link mountMemory} holds. */
async function* chunks(): AsyncGenerator<Uint8Array> {
  for (let nr = 0; nr < 4; nr++) yield noise(nr, 1 << 20);
}

/** Mounts a tmpfs that holds an old image, until the test is over. */
function mountMemory(options: string): string {
  const folder = `${scratch}/memory`;
  mkdirSync(folder, { recursive: true });
  const run = spawnSync("mount", ["-t", "tmpfs", "-o", options, "none", folder], { encoding: "utf8" });
  if (run.status !== 0) throw new Error(run.stderr);
  onTestFinished(() => void spawnSync("umount", ["-l", folder]));
  writeFileSync(`${folder}/image`, "old");
  return folder;
}

function expectOld(folder: string): void {
  expect(readdirSync(folder)).toEqual(["image"]);
  expect(readFileSync(`${folder}/image`, "utf8")).toBe("old");
}

describe("a target", () => {
  test.skipIf(!isRoot).each([1, 2])("on a full disk stays as it was (%i threads)", async (workers) => {
    const folder = mountMemory("size=1m");
    await expectFault(
      buildErofs(directory(source), `${folder}/image`, { workers }),
      "IO",
      `${folder}/image`,
      /no space left/,
    );
    expectOld(folder);
  });

  // Was a bug: the message named a file of ours that nobody finds, and for a zip archive that is a stream the archive.
  test.skipIf(!isRoot).each<[string, (at: string) => Promise<unknown>]>([
    ["a stream", () => buildErofs(directory(source), new WritableStream<Uint8Array>({ write: () => undefined }))],
    ["compressed data", (at) => buildErofs(directory(source), at, { compress: "lz4", fragments: "all" })],
    ["a zip archive that is a stream", (at) => buildErofs(zipArchive([chunks()]), at)],
    ["a NAR that is a stream", (at) => buildErofs(narFile("-", chunks()), at)],
  ])(
    "whose temporary files find no room names the folder, or the image beside which they are: %s",
    async (_, build) => {
      writeFileSync(`${source}/noise`, noise(1, 3_000_000));
      const folder = mountMemory("size=1m");
      stubTemporaryFolder(folder);
      const error = await failureOf(build(`${folder}/image`));
      vi.unstubAllEnvs();
      expect(error).toMatchObject({
        code: "IO",
        message: expect.stringMatching(/^[^:]*\/memory(\/image)?: no space left on device$/),
      });
      expectOld(folder);
    },
  );

  test.skipIf(!isRoot)("on a read-only disk stays as it was", async () => {
    const folder = mountMemory("size=1m");
    spawnSync("mount", ["-o", "remount,ro", folder]);
    await expectFault(buildErofs(directory(source), `${folder}/image`), "IO", `${folder}/image`, /read-only/);
    expectOld(folder);
  });

  test.skipIf(!nobody)("in a folder that may not be written stays as it was", () => {
    chmodSync(`${scratch}/out`, 0o755);
    const body = "await api.buildErofs(api.directory(args.source), args.image)";
    const { error } = runInChild(body, { source, image }, { id: NOBODY });
    expect(error).toMatchObject({
      isImageError: true,
      code: "IO",
      path: image,
      message: `${image}: no file can be made beside it, in the folder ${scratch}/out: permission denied`,
    });
    expectUntouched();
  });

  // Was a bug: the folder is opened to make the rename durable, and cannot be read: the image is in place, but what comes
  // out is Node's own "ENOENT … unlink …tmp".
  test.skipIf(!nobody)("in a folder that may be written but not listed is whole", () => {
    chmodSync(`${scratch}/out`, 0o300);
    chownSync(`${scratch}/out`, NOBODY, NOBODY);
    const body = "return (await api.buildErofs(api.directory(args.source), args.image)).bytes";
    const { error, value } = runInChild(body, { source, image }, { id: NOBODY });
    expect(error).toBeUndefined();
    expect(value).toBe(statSync(image).size);
  });
});

describe("a device", () => {
  /** A loop device of so many bytes; they begin with an image, so that a failure could leave it half overwritten. */
  const makeDevice = async (size: number) => {
    const backing = `${scratch}/disk`;
    await buildErofs(entries([{ path: "old", contents: Buffer.alloc(100_000, "old") }]), backing);
    truncateSync(backing, size);
    const run = spawnSync("losetup", ["--find", "--show", backing], { encoding: "utf8" });
    if (run.status !== 0) throw new Error(run.stderr);
    const device = run.stdout.trim();
    let isAttached = true;
    const detach = () => {
      if (isAttached) spawnSync("losetup", ["--detach", device]);
      isAttached = false;
    };
    onTestFinished(detach);
    return { backing, device, detach };
  };
  const kernel = oracle("kernel EROFS mount", canMountErofs()) && oracle("losetup", hasCommand("losetup"));

  test.skipIf(!kernel).each([0, 1 << 20])(
    "is written in place and mounts, the rest of it untouched (offset %i)",
    async (offset) => {
      const { backing, device, detach } = await makeDevice(8 << 20);
      spawnSync("dd", ["if=/dev/urandom", `of=${device}`, "bs=1M", "seek=6", "count=2", "conv=notrunc"]);
      const end = readFileSync(backing).subarray(6 << 20);
      const { bytes } = await buildErofs(directory(source), device, { offset });
      expect(lstatSync(device).isBlockDevice()).toBe(true);
      detach();
      expect(statSync(backing).size).toBe(8 << 20);
      expect(
        readFileSync(backing)
          .subarray(6 << 20)
          .equals(end),
      ).toBe(true);
      expect(bytes + offset).toBeLessThan(6 << 20);
      expect(await withMount(backing, (at) => compareTrees(source, at), offset === 0 ? {} : { offset })).toEqual([]);
    },
  );

  test.skipIf(!kernel).each<[string, (out: string) => Promise<{ bytes: number; digest: string | undefined }>]>([
    ["EROFS", (out) => buildErofs(directory(source), out, { digest: true, offset: 4096 })],
    ["compressed EROFS", (out) => buildErofs(directory(source), out, { digest: true, offset: 4096, compress: "lz4" })],
    ["SquashFS", (out) => buildSquashfs(directory(source), out, { digest: true, offset: 4096 })],
  ])("has the digest of what is on it: %s", async (_, build) => {
    const { backing, device, detach } = await makeDevice(8 << 20);
    const { bytes, digest } = await build(device);
    detach();
    const image = readFileSync(backing).subarray(4096, 4096 + bytes);
    expect(digest).toBe(createHash("sha256").update(image).digest("hex"));
  });

  test.skipIf(!kernel)("that is too small is left alone, and one whose build fails", async () => {
    const { backing, device } = await makeDevice(1 << 20);
    await expectFault(buildErofs(directory(source), device), "IO", device, /no space left/);
    spawnSync("blockdev", ["--flushbufs", device]);
    expect(await withMount(backing, (at) => readdirSync(at))).toEqual(["old"]);
    const second = await makeDevice(8 << 20);
    const onProgress = afterWalk(3, () => rmSync(`${source}/small`));
    await expectFault(buildErofs(directory(source), second.device, { onProgress }), "CHANGED", `${source}/small`);
    spawnSync("blockdev", ["--flushbufs", second.device]);
    expect(await withMount(second.backing, (at) => readdirSync(at))).toEqual(["old"]);
  });
});
