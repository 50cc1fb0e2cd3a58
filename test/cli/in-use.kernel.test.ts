/** The command lines that are in use elsewhere, as their users type them; the kernel shows what came of them. */
import { spawnSync } from "node:child_process";
import { lstatSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { type CommandName, runCommand, SILENT } from "../helpers/commands.ts";
import { compareTrees } from "../helpers/compare/compare.ts";
import { clampTo, wholeSeconds } from "../helpers/compare/times.ts";
import { canMountErofs, canMountSquashfs, withMount } from "../helpers/mount.ts";
import { oracle } from "../helpers/oracle.ts";
import { makeScratch } from "../helpers/scratch.ts";
import { makeRandomTree } from "../helpers/trees/random-tree.ts";

const kernel = oracle("kernel SquashFS mount", canMountSquashfs());
const erofs = oracle("kernel EROFS mount", canMountErofs());
const scratch = makeScratch("commands-in-use");
const store = `${scratch}/store`;
const image = `${scratch}/image`;
const SQUASHFS = { type: "squashfs" } as const;

const run = (command: CommandName, words: string[], env: Record<string, string> = {}) =>
  runCommand(scratch, command, words, env);

beforeAll(() => {
  makeRandomTree(`${store}/1aaa-glibc`, 1, 80);
  makeRandomTree(`${store}/2bbb-hello`, 2, 60);
  writeFileSync(`${store}/3ccc-builder.sh`, "echo hello\n", { mode: 0o555 });
  writeFileSync(`${scratch}/nix-path-registration`, "registration\n");
});

describe.skipIf(!kernel)("the command lines that are in use", () => {
  test("microvm.nix: ts-gensquashfs -c zstd -j 2 -D store --all-root -q IMAGE", async () => {
    expect(run("gensquashfs", ["-c", "zstd", "-j", "2", "-D", "store", "--all-root", "-q", image])).toEqual(SILENT);
    await withMount(
      image,
      (at) => {
        expect(compareTrees(store, at, { uid: 0, gid: 0, time: { sec: 0, nsec: 0 } })).toEqual([]);
        expect(lstatSync(at).mode).toBe(0o40755);
      },
      SQUASHFS,
    );
  });

  test("nixpkgs make-squashfs: ts-mksquashfs FILE PATH… IMAGE -no-hardlinks -keep-as-directory …", async () => {
    const paths = readdirSync(store).map((name) => `${store}/${name}`);
    const target = `${scratch}/nixpkgs.img`;
    const words = ["-no-hardlinks", "-keep-as-directory", "-all-root", "-b", "1048576"];
    words.push(..."-comp zstd -Xcompression-level 19 -processors 2 -root-mode 0755".split(" "));
    const ran = run("mksquashfs", ["nix-path-registration", ...paths, target, ...words], { SOURCE_DATE_EPOCH: "1" });
    expect(ran).toMatchObject({ status: 0, err: "" });
    const roots = [...paths, `${scratch}/nix-path-registration`];
    await withMount(
      target,
      (at) => {
        const expected = { roots, uid: 0, gid: 0, hardLinks: "copy", time: { sec: 1, nsec: 0 } } as const;
        // "clamp": what is not newer keeps its time, and nothing here is older
        expect(compareTrees(store, at, { ...expected, adjust: (meta) => clampTo(meta, 1n) })).toEqual([]);
        expect(lstatSync(at)).toMatchObject({ mode: 0o40755, mtimeMs: 1000 });
      },
      SQUASHFS,
    );
  });

  test("AppImage: ts-mksquashfs DIRECTORY IMAGE -offset 189632 -all-root -noappend …", async () => {
    writeFileSync(image, "what was there");
    const words = "-offset 189632 -all-root -noappend -no-progress -quiet -no-xattrs -no-fragments -comp zstd";
    expect(run("mksquashfs", ["store", image, ...words.split(" ")])).toEqual(SILENT);
    expect(readFileSync(image).subarray(0, 189_632).equals(Buffer.alloc(189_632))).toBe(true);
    const expected = { uid: 0, gid: 0, adjust: wholeSeconds };
    const mount = { ...SQUASHFS, offset: 189_632 };
    expect(await withMount(image, (at) => compareTrees(store, at, expected), mount)).toEqual([]);
  });

  test("ts-mkerofs --format=squashfs, of a directory and of a closure, to a file and to a pipe", async () => {
    expect(run("mkerofs", ["--quiet", "--format=squashfs", "-b64k", "-zgzip,6", image, "store"])).toEqual(SILENT);
    expect(await withMount(image, (at) => compareTrees(store, at, { adjust: wholeSeconds }), SQUASHFS)).toEqual([]);
    const paths = readdirSync(store).map((name) => `${store}/${name}`);
    const ran = run("mkerofs", ["--format=squashfs", "-zlz4", image, ...paths]);
    expect(ran).toMatchObject({ status: 0, err: "" });
    expect(ran.out).toContain("Needs:        Linux 3.19");
    const command = `"${process.execPath}" dist/cli/mkerofs/main.js --format=squashfs -zlz4 - ${paths.join(" ")}`;
    const piped = spawnSync("sh", ["-c", command], { maxBuffer: 1 << 28 });
    expect(piped.stdout.equals(readFileSync(image))).toBe(true);
  });
});

describe.skipIf(!kernel || !erofs)("those of appliances, firmware and whole systems", () => {
  test("ghaf: its options of compression, and a list of paths", async () => {
    const words = "-Eztailpacking -Efragments --workers=2 -zzstd,4 -E48bit --quiet".split(" ");
    expect(run("mkerofs", [...words, image, "store"])).toMatchObject({ status: 0, out: "" });
    expect(await withMount(image, (at) => compareTrees(store, at, {}))).toEqual([]);
    const paths = readdirSync(store).map((name) => `${store}/${name}`);
    writeFileSync(`${scratch}/store-paths`, `${paths.join("\n")}\n`);
    const list = "-zzstd -T 1 --all-root --workers=2 -L nix-store IMG --hard-dereference --nix-closure store-paths";
    expect(run("mkerofs", ["--quiet", ...list.replace("IMG", image).split(" ")])).toEqual(SILENT);
    const expected = { roots: paths, uid: 0, gid: 0, hardLinks: "copy", time: { sec: 1, nsec: 0 } } as const;
    expect(await withMount(image, (at) => compareTrees(store, at, expected))).toEqual([]);
    // its next step, which pads the image for veritysetup
    const size = lstatSync(image).size;
    truncateSync(image, Math.ceil(size / 4096) * 4096);
    expect(await withMount(image, (at) => compareTrees(store, at, expected))).toEqual([]);
  });

  test("OpenWrt: entries that are there or not, in an image without padding", async () => {
    const words = "-nopad -noappend -root-owned -comp xz -b 256k".split(" ");
    const pseudo = ["-p", "/dev d 755 0 0", "-p", "/dev/console c 600 0 0 5 1", "-no-xattrs", "-processors", "1"];
    expect(run("mksquashfs", ["store", image, ...words, ...pseudo, "-quiet"])).toMatchObject({ status: 0, out: "" });
    // what a flash chip has behind it
    truncateSync(image, Math.ceil(lstatSync(image).size / 4096) * 4096);
    await withMount(
      image,
      (at) => {
        expect(lstatSync(`${at}/dev`)).toMatchObject({ mode: 0o40755, uid: 0, gid: 0 });
        expect(lstatSync(`${at}/dev/console`)).toMatchObject({ mode: 0o20600, rdev: 0x501 });
        expect(readdirSync(at).sort()).toEqual([...readdirSync(store), "dev"].sort());
      },
      SQUASHFS,
    );
  });

  test.each([
    ["Fedora CoreOS", "-Eall-fragments,fragdedupe=inode -C1048576 -zzstd"],
    ["systemd-repart", "-U eb176051-bd15-49b7-9e6b-462e0b467019 -b 512 -zlz4"],
    ["cocoon", "-zlz4"],
  ])("%s: %s OUT DIR", async (_, words) => {
    expect(run("mkerofs", ["--quiet", ...words.split(" "), image, "store"])).toMatchObject({ status: 0, out: "" });
    expect(await withMount(image, (at) => compareTrees(store, at, {}))).toEqual([]);
  });

  test("snap: an image of xz without fragments or attributes", async () => {
    const words = "-noappend -comp xz -no-fragments -no-progress -all-root -no-xattrs -quiet".split(" ");
    expect(run("mksquashfs", ["store", image, ...words])).toEqual(SILENT);
    const expected = { uid: 0, gid: 0, adjust: wholeSeconds };
    expect(await withMount(image, (at) => compareTrees(store, at, expected), SQUASHFS)).toEqual([]);
  });
});
