/** The examples of docs/nix.md: real Nix evaluates each as it is written, and builds what is a derivation. */
import { existsSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { runShell } from "../helpers/commands.ts";
import { canBuildWithNix } from "../helpers/nix/store.ts";
import { build, evaluate } from "../helpers/nix/stub.ts";
import { oracle } from "../helpers/oracle.ts";
import { makeScratch } from "../helpers/scratch.ts";

const scratch = makeScratch("docs-nix");
const page = readFileSync(new URL("../../docs/nix.md", import.meta.url), "utf8");
const blocks = [...page.matchAll(/^```nix\n([\s\S]*?)^```$/gm)].map(([, text]) => text!);
const used = new Set<string>();

/** The only example that holds some words, with what the page says is known there. */
function example(words: string): string {
  const [block, ...more] = blocks.filter((each) => each.includes(words));
  expect([words, block !== undefined, more]).toEqual([words, true, []]);
  used.add(block!);
  return `(let ts-mkerofs = toString repository; in ${block})`;
}

describe.skipIf(!oracle("Nix that may build", canBuildWithNix()))("docs/nix.md", () => {
  let flake = "";
  beforeAll(() => {
    const outputs =
      '(import (repository + "/flake.nix")).outputs { nixpkgs = { inherit (pkgs) lib; legacyPackages = { }; }; }';
    flake = `(${outputs})`;
  });

  test("a flake has the overlay and the module of this one", () => {
    const system = `${example("nixosSystem")}.outputs {
      nixpkgs = { inherit (pkgs) lib; };
      ts-mkerofs = ${flake};
    }`;
    const module = `(builtins.elemAt (${system}).nixosConfigurations.box.modules 1)`;
    expect(evaluate(`map builtins.isFunction ${module}.nixpkgs.overlays`)).toEqual([true]);
    expect(evaluate(`${module}.virtualisation.vmVariant.imports == [ (repository + "/nix/qemu-vm.nix") ]`)).toBe(true);
  });

  test("the package, by itself and by the overlay", () => {
    const name = evaluate<string>(`${example("package.nix")}.name`);
    expect(name).toMatch(/^ts-mkerofs-\d+\.\d+\.\d+$/);
    const overlays = `${example("overlay.nix")}.nixpkgs.overlays`;
    expect(evaluate(`(pkgs.extend (builtins.head ${overlays})).ts-mkerofs.name`)).toBe(name);
  });

  test("a script that makes an EROFS image", () => {
    const script = build(example("erofs-store-image.nix"));
    expect(runShell(scratch, `TMPDIR="${scratch}" ${script}`)).toEqual({ status: 0, out: "", err: "" });
    expect(readFileSync(`${scratch}/store.img`).readUInt32LE(1024)).toBe(0xe0f5e1e2);
  });

  test("a SquashFS image as the store of an installation medium", () => {
    const config = "config.isoImage.storeContents = [ pkgs.hello ];";
    const module = `${example("make-squashfs.nix")} { inherit pkgs; inherit (pkgs) lib; ${config} }`;
    const image = build(`(resolve (${module})).system.build.squashfsStore`);
    expect(readFileSync(image).readUInt32LE(0)).toBe(0x73717368);
  });

  test("modules are imported from where they are, with options that they have", () => {
    const microvm = example("nix/microvm.nix");
    const vm = `${example("nix/qemu-vm.nix")}.virtualisation.vmVariant`;
    for (const module of [microvm, vm]) {
      const [path] = evaluate<string[]>(`${module}.imports`);
      expect([path, existsSync(path!)]).toEqual([path, true]);
    }
    const declared = `(import (repository + "/nix/qemu-vm.nix") { inherit (pkgs) lib; config = { }; }).options.virtualisation`;
    const options = evaluate<string[]>(`builtins.attrNames ${declared}`);
    expect(evaluate<string[]>(`builtins.attrNames ${vm}.virtualisation`)).toEqual(options);
  });

  test("no example is left", () => {
    expect(blocks.filter((block) => !used.has(block))).toEqual([]);
    expect(blocks.length).toBeGreaterThan(5);
  });
});
