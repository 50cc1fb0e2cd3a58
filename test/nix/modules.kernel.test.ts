/** The modules, with the options that microvm.nix and nixpkgs' qemu-vm.nix give them, built by real Nix and judged by Linux. */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { runShell } from "../helpers/commands.ts";
import { compareTrees } from "../helpers/compare/compare.ts";
import { canMountErofs, canMountSquashfs, withMount } from "../helpers/mount.ts";
import { askSystemNix, type BuiltClosure, buildClosure, canBuildWithNix } from "../helpers/nix/store.ts";
import { build, evaluate } from "../helpers/nix/stub.ts";
import { oracle } from "../helpers/oracle.ts";
import { makeScratch } from "../helpers/scratch.ts";

const HAS_NIX = canBuildWithNix();
const scratch = makeScratch("nix-modules");
let built: BuiltClosure;
beforeAll(() => {
  if (HAS_NIX) built = buildClosure(scratch);
});

/** All that paths refer to. */
const closureOf = (...paths: string[]) =>
  askSystemNix("nix-store", "-qR", ...paths)
    .trim()
    .split("\n");

/** Nix's policy for what is in an image. */
const policy = (roots: readonly string[], sec: number) =>
  ({ roots, hardLinks: "copy", time: { sec, nsec: 0 }, uid: 0, gid: 0 }) as const;

describe.skipIf(!HAS_NIX)("microvm.nix", () => {
  const module = (type: string, more = "") => `(
    let
      config = {
        microvm = {
          guest.enable = true;
          storeOnDisk = true;
          storeDiskType = "${type}";
          storeDiskErofsFlags = [ "-zlz4hc" "-Eztailpacking" "-Efragments" "--workers=$NIX_BUILD_CORES" ];
          storeDiskSquashfsFlags = [ "-c" "zstd" "-j" "$NIX_BUILD_CORES" ];
          ${more}
        };
        nix.enable = true;
        system.build.toplevel = path "${built.top}";
      };
    in resolve (import (repository + "/nix/microvm.nix") { inherit config pkgs; inherit (pkgs) lib; }).config)`;

  const FORMATS = [
    ["erofs", "kernel with erofs", canMountErofs, 0],
    // gensquashfs takes the time of every Nix build, 1980
    ["squashfs", "kernel with squashfs", canMountSquashfs, 315532800],
  ] as const;
  for (const [type, judge, canMount, seconds] of FORMATS) {
    test.skipIf(!oracle(judge, canMount()))(`${type}: the disk has the system and what registers it`, async () => {
      const image = build(`${module(type)}.microvm.storeDisk`);
      expect(basename(image)).toMatch(new RegExp(`^\\w{32}-microvm-store-disk\\.${type}$`));
      const regInfo = build(`${module(type)}.microvm.storeDisk.regInfo`);
      const roots = [...new Set([...built.paths, ...closureOf(regInfo)])];
      expect(roots).toHaveLength(built.paths.length + 1);
      const differences = await withMount(image, (at) => compareTrees("", at, policy(roots, seconds)), { type });
      expect(differences).toEqual([]);
    });
  }

  test("defines nothing for a guest whose store is the host's", () => {
    expect(evaluate(module("erofs", "storeOnDisk = false;").replace("storeOnDisk = true;", ""))).toEqual({});
  });

  test("is stronger than the module whose place it takes", () => {
    const text = module("erofs")
      .replace("resolve (", "(")
      .replace(").config)", ").config.content.microvm.storeDisk.priority)");
    expect(evaluate(text)).toBe(50);
  });
});

describe.skipIf(!HAS_NIX)("qemu-vm.nix", () => {
  const evaluated = (virtualisation = "") => `(
    let
      config = {
        virtualisation = {
          useTsMkerofsStoreImage = true;
          useNixStoreImage = false;
          writableStore = true;
          host.pkgs = pkgs;
          additionalPaths = [ (path "${built.top}") ];
        } // { ${virtualisation} };
        system.build.toplevel = path "${built.top}";
      };
    in import (repository + "/nix/qemu-vm.nix") { inherit config; inherit (pkgs) lib; })`;
  const config = (virtualisation?: string) => `(resolve ${evaluated(virtualisation)}.config)`;

  test.skipIf(!oracle("kernel with erofs", canMountErofs()))(
    "the script that starts the VM makes the image, and QEMU gets its path",
    async () => {
      const drive = `(builtins.head ${config()}.virtualisation.qemu.drives)`;
      const { file, ...others } = evaluate<Record<string, unknown>>(drive);
      expect(others).toEqual({
        name: "nix-store",
        deviceExtraOpts: { bootindex: "2" },
        driveExtraOpts: { format: "raw" },
      });
      // as driveCmdline of qemu-vm.nix has it
      const start = build(
        `pkgs.writeShellScript "start" ''set -e; printf '%s\\n' -drive format=raw,id=drive2,file=\${${drive}.file},if=none''`,
      );
      const folder = join(scratch, "a VM");
      mkdirSync(folder);
      const ran = runShell(scratch, `TMPDIR="${folder}" ${start}`);
      const line = `format=raw,id=drive2,file=${folder}/store.img,if=none`;
      expect(ran).toEqual({ status: 0, out: `-drive\n${line}\n`, err: "" });
      const mounted = await withMount(join(folder, "store.img"), async (at) => {
        const roots = readdirSync(at).map((name) => `/nix/store/${name}`);
        return { roots, differences: compareTrees("", at, policy(roots, 0)) };
      });
      // the system, and what registers it
      expect(mounted.roots).toEqual(expect.arrayContaining(built.paths));
      expect(mounted.roots).toHaveLength(built.paths.length + 1);
      expect(mounted.differences).toEqual([]);
      rmSync(folder, { recursive: true });
      const failed = runShell(scratch, `TMPDIR="${folder}" ${start}`);
      expect(failed.out).toContain("file=,if=none");
      expect(failed.err).toContain("store.img");
    },
  );

  test("the guest mounts it where qemu-vm.nix mounts its own", () => {
    const filesystems = `${config()}.virtualisation.fileSystems`;
    expect(evaluate(filesystems)).toEqual({
      "/nix/.ro-store": {
        device: "/dev/disk/by-label/nix-store",
        fsType: "erofs",
        neededForBoot: true,
        options: ["ro"],
      },
      "/nix/store": {
        overlay: {
          lowerdir: ["/nix/.ro-store"],
          upperdir: "/nix/.rw-store/upper",
          workdir: "/nix/.rw-store/work",
        },
      },
    });
    const readOnly = evaluate<Record<string, unknown>>(
      `${config("writableStore = false;")}.virtualisation.fileSystems`,
    );
    expect(readOnly["/nix/store"]).toEqual({ device: "/nix/.ro-store", options: ["bind"] });
    expect(evaluate(`${config()}.virtualisation.mountHostNixStore`)).toBe(false);
  });

  test("is off by default, changes nothing then, and refuses to be one of two", () => {
    expect(evaluate(`${evaluated()}.options.virtualisation.useTsMkerofsStoreImage.default`)).toBe(false);
    expect(evaluate(config("useTsMkerofsStoreImage = false;"))).toEqual({});
    const holds = (virtualisation: string) =>
      evaluate<boolean>(`builtins.all (each: each.assertion) ${config(virtualisation)}.assertions`);
    expect([holds(""), holds("useNixStoreImage = true;")]).toEqual([true, false]);
  });
});
