/**
 * A guest's kernel mounts images through dm-verity, reads all of them, runs programs from a store in one, and refuses what a
 * flipped bit has changed.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildErofs, buildSquashfs, directory, type RunOptions, type VerityReport } from "../../../dist/index.js";
import { bootGuest, diskPath } from "../../helpers/boot/guest.ts";
import { findGuestKernel } from "../../helpers/boot/kernel.ts";
import { buildGuestStore, expectedOf, findStoreGuest, sayStore } from "../../helpers/boot/store.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const scratch = makeScratch("verity-guest");
const kernel = findGuestKernel();
const isThere = oracle("a guest's kernel", kernel !== undefined) && oracle("veritysetup", hasCommand("veritysetup"));
const hasStore = oracle("a guest's kernel, patchelf and Nix", findStoreGuest() !== undefined);

/** What no codec makes smaller, so that its bytes can be found in the image. */
const noise = createHash("shake128", { outputLength: 3 << 20 })
  .update("noise")
  .digest();

const BUILDS = {
  erofs: (out: string, more: RunOptions) => buildErofs(directory(`${scratch}/tree`), out, more),
  lz4: (out: string, more: RunOptions) => buildErofs(directory(`${scratch}/tree`), out, { ...more, compress: "lz4" }),
  squashfs: (out: string, more: RunOptions) => buildSquashfs(directory(`${scratch}/tree`), out, more),
  bare: (out: string, more: RunOptions) =>
    buildSquashfs(directory(`${scratch}/tree`), out, { ...more, verity: { superblock: false } }),
};

/** Shell that opens an image through dm-verity and mounts it. */
function mountThrough(name: string, type: string, [data, hashes]: [string, string], verity: VerityReport): string {
  const { hashOffset, salt, dataBlocks, uuid } = verity;
  const offset = hashOffset === 0 ? "" : `--hash-offset=${hashOffset}`;
  const told = uuid === undefined ? `--no-superblock --salt=${salt} --data-blocks=${dataBlocks}` : "";
  return [
    `veritysetup open ${data} ${name} ${hashes} ${verity.rootHash} ${offset} ${told}`,
    `mount -t ${type} -o ro /dev/mapper/${name} /mnt`,
  ].join("\n");
}

/** Shell that says what it reads of {@link BUILDS}' tree. */
function sayTree(name: string): string {
  return [
    `echo "@@ ${name} noise $(cat /mnt/noise 2>/tmp/error | sha256sum | cut -c1-64) $(sed 's/.*: //' /tmp/error)"`,
    `echo "@@ ${name} text $(cat /mnt/folder/text)"`,
    "umount /mnt",
  ].join("\n");
}

test.skipIf(!isThere)(
  "images mount through dm-verity, and a flipped bit is an I/O error",
  async () => {
    mkdirSync(`${scratch}/tree/folder`, { recursive: true });
    writeFileSync(`${scratch}/tree/noise`, noise);
    writeFileSync(`${scratch}/tree/folder/text`, "a text\n");
    const disks: string[] = [];
    const attach = (file: string) => diskPath(disks.push(file) - 1);
    const lines: string[] = [];
    for (const [name, build] of Object.entries(BUILDS)) {
      const image = `${scratch}/${name}`;
      const isApart = name === "lz4";
      const { verity } = await build(image, { verity: isApart ? { out: `${image}.hash` } : true });
      const bytes = readFileSync(image);
      bytes[bytes.indexOf(noise.subarray(2 << 20, (2 << 20) + 64))]! ^= 1;
      writeFileSync(`${image}-flipped`, bytes);
      const data = attach(image);
      const hashes = isApart ? attach(`${image}.hash`) : data;
      const flipped = attach(`${image}-flipped`);
      const type = ["squashfs", "bare"].includes(name) ? "squashfs" : "erofs";
      lines.push(mountThrough(name, type, [data, hashes], verity!), sayTree(name));
      const other = `${name}-flipped`;
      lines.push(mountThrough(other, type, [flipped, isApart ? hashes : flipped], verity!), sayTree(other));
    }
    const store = hasStore ? buildGuestStore(scratch) : undefined;
    if (store !== undefined) {
      const image = `${scratch}/store`;
      const { verity } = await buildErofs(store.paths, image, { compress: "lz4", verity: true });
      const disk = attach(image);
      lines.push(
        mountThrough("store", "erofs", [disk, disk], verity!),
        "mkdir -p /nix/store; mount --bind /mnt /nix/store",
      );
      lines.push(sayStore("store", store.top));
    }
    const said = bootGuest({
      kernel: kernel!,
      scratch,
      modules: ["dm_verity", "erofs", "squashfs", "lz4", "sha256_generic"],
      programs: ["veritysetup"],
      disks,
      // nobody makes links to devices there
      script: ["export DM_DISABLE_UDEV=1", ...lines].join("\n"),
    });
    const sealed = said.filter((line) => line.startsWith("store ")).sort();
    expect(sealed).toEqual(store === undefined ? [] : expectedOf("store", store.paths));
    const hash = createHash("sha256").update(noise).digest("hex");
    for (const name of Object.keys(BUILDS)) {
      expect(said).toContain(`${name} noise ${hash} `);
      expect(said).toContain(`${name} text a text`);
      expect(said).toContainEqual(
        expect.stringMatching(new RegExp(`^${name}-flipped noise (?!${hash}).{64} Input/output error$`)),
      );
      expect(said).toContain(`${name}-flipped text a text`);
    }
  },
  300_000,
);
