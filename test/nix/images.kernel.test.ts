/**
 * The files in the place of nixpkgs' are built by real Nix of a closure that it has built, and judged by Linux, by mksquashfs
 * with the words that the file of nixpkgs gives it, and by `nix-store --load-db`.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { runShell } from "../helpers/commands.ts";
import { compareTrees } from "../helpers/compare/compare.ts";
import { canMountErofs, withMount } from "../helpers/mount.ts";
import { askNix, loadRegistration } from "../helpers/nix/judges.ts";
import { askSystemNix, type BuiltClosure, buildClosure, canBuildWithNix } from "../helpers/nix/store.ts";
import { build, evaluate } from "../helpers/nix/stub.ts";
import { hasCommand, oracle } from "../helpers/oracle.ts";
import { makeScratch } from "../helpers/scratch.ts";

const HAS_NIX = canBuildWithNix();
const HAS_SQUASHFS_TOOLS = oracle("squashfs-tools", hasCommand("mksquashfs") && hasCommand("unsquashfs"));
const scratch = makeScratch("nix-images");
let built: BuiltClosure;
beforeAll(() => {
  if (HAS_NIX) built = buildClosure(scratch);
});

describe.skipIf(!HAS_NIX)("erofs-store-image.nix", () => {
  const lines = (label: string, destination: string) => `import (repository + "/nix/erofs-store-image.nix") {
    hostPkgs = pkgs;
    storePaths = "\${pkgs.closureInfo { rootPaths = [ (path "${built.top}") ]; }}/store-paths";
    label = "${label}";
    destination = ''${destination}'';
  }`;

  test.skipIf(!oracle("kernel with erofs", canMountErofs()))("packs the closure, as Linux shows it", async () => {
    const image = build(`pkgs.runCommandLocal "store.img" { } (${lines("nix-store", '"$out"')})`);
    const expected = {
      roots: built.paths,
      hardLinks: "copy",
      time: { sec: 0, nsec: 0 },
      uid: 0,
      gid: 0,
    } as const;
    expect(await withMount(image, (at) => compareTrees("", at, expected))).toEqual([]);
  });

  test.skipIf(!oracle("blkid", hasCommand("blkid")))("has the label that is asked for, and the UUID of before", () => {
    const image = build(`pkgs.runCommandLocal "labelled.img" { } (${lines("some-label", "$out")})`);
    const values = ["LABEL", "UUID", "TYPE"].map((tag) =>
      execFileSync("blkid", ["-p", "-s", tag, "-o", "value", image], { encoding: "utf8" }).trim(),
    );
    expect(values).toEqual(["some-label", "eb176051-bd15-49b7-9e6b-462e0b467019", "erofs"]);
  });

  test("takes the package of the overlay, or else builds it", () => {
    const image = (hostPkgs: string) =>
      evaluate<string>(`import (repository + "/nix/erofs-store-image.nix") {
        hostPkgs = ${hostPkgs};
        storePaths = "list"; label = "x"; destination = "y";
      }`);
    const own = 'removeAttrs pkgs [ "ts-mkerofs" ]';
    const extended = `pkgs.extend (import (repository + "/nix/overlay.nix"))`;
    const programOf = (text: string) => /^\S+/.exec(text)![0];
    expect(programOf(image("pkgs"))).toMatch(/-ts-mkerofs\/bin\/ts-mkerofs$/);
    expect(programOf(image(own))).toMatch(/-ts-mkerofs-\d+\.\d+\.\d+\/bin\/ts-mkerofs$/);
    expect(programOf(image(extended))).toBe(programOf(image(own)));
  });
});

describe.skipIf(!HAS_NIX || !HAS_SQUASHFS_TOOLS)("make-squashfs.nix", () => {
  const make = (more = "") =>
    build(`pkgs.callPackage (repository + "/nix/make-squashfs.nix") {
      storeContents = [ (path "${built.top}") ];
      ${more}
    }`);
  const unpack = (image: string, path: string) =>
    execFileSync("unsquashfs", ["-cat", image, path], { encoding: "latin1", maxBuffer: 1 << 28 });
  /** All entries but the registration, without times: the C tool's are those of the machine, ours Nix's. */
  const list = (image: string) =>
    execFileSync("unsquashfs", ["-lln", image], { encoding: "latin1" })
      .split("\n")
      .filter((line) => /^[dl-]\S{9} /.test(line) && !line.endsWith("/nix-path-registration"))
      .map((line) => line.replace(/\d{4}-\d\d-\d\d \d\d:\d\d /, ""));
  const settings = (image: string) => {
    const told = execFileSync("unsquashfs", ["-s", image], { encoding: "latin1" });
    return told.split("\n").filter((line) => /^(Compression|Block size|Duplicates|Xattrs|\t)/.test(line));
  };

  /** What mksquashfs makes of the words that nixpkgs gives it. */
  function peer(name: string, words: string, sources = "nix-path-registration"): string {
    const all = `${sources} ${built.paths.join(" ")} ${name} ${words}`;
    const common = "-no-hardlinks -keep-as-directory -all-root -b 1048576 -root-mode 0755 -quiet -no-progress";
    const ran = runShell(scratch, `touch nix-path-registration && mksquashfs ${all} ${common}`);
    expect(ran).toMatchObject({ status: 0 });
    return join(scratch, name);
  }

  test.each([
    ["without a word, xz", "", "-comp xz -Xdict-size 100%"],
    ["with words for the compressor", 'comp = "zstd -Xcompression-level 6";', "-comp zstd -Xcompression-level 6"],
    ["uncompressed", "comp = null;", "-noI -noD -noF -noX"],
  ])("%s, it has the entries and the settings of the C tool's image", (name, more, words) => {
    const image = make(more);
    const there = peer(`${name.replace(/\W/g, "-")}.squashfs`, words);
    expect(list(image)).toEqual(list(there));
    expect(list(image).length).toBeGreaterThan(built.paths.length);
    expect(settings(image)).toEqual(settings(there));
  });

  test("Nix loads the registration that is in it", () => {
    const image = make('comp = "zstd -Xcompression-level 1";');
    expect(basename(image)).toMatch(/^\w{32}-squashfs\.img$/);
    loadRegistration(join(scratch, "guest"), unpack(image, "nix-path-registration"));
    const ask = (...words: string[]) => askNix(join(scratch, "guest"), ["nix-store", "-q", ...words]).trim();
    expect(ask("-R", built.top).split("\n").sort()).toEqual([...built.paths].sort());
    for (const path of built.paths) {
      const hash = askSystemNix("nix-store", "-q", "--hash", path).trim();
      expect([path, ask("--hash", path), ask("--size", path)]).toEqual([
        path,
        hash,
        askSystemNix("nix-store", "-q", "--size", path).trim(),
      ]);
    }
  });

  test("further files are in it, as the C tool has them", () => {
    const definitions = ["/sbin d 0755 0 0", `/sbin/init s 0555 0 0 ${built.top}/init`, "/note f 0400 1 2 echo hi"];
    const image = make(`pseudoFiles = ${JSON.stringify(definitions).replaceAll(",", " ")}; comp = "gzip";`);
    const words = definitions.map((definition) => `-p "${definition}"`).join(" ");
    expect(list(image)).toEqual(list(peer("pseudo.squashfs", `${words} -comp gzip`)));
    expect(unpack(image, "note")).toBe("hi\n");
  });

  test("with noStrip the paths are in their store, and no registration", () => {
    const image = make('noStrip = true; comp = "gzip"; fileName = "whole";');
    expect(basename(image)).toMatch(/^\w{32}-whole\.img$/);
    const there = list(peer("unstripped.squashfs", "-no-strip -comp gzip", ""));
    const isStore = (line: string) => line.endsWith(" squashfs-root/nix/store");
    // the store of a machine has the mode that whoever installed Nix gave it
    const entries = (lines: string[]) => lines.filter((line) => !isStore(line));
    expect(entries(list(image))).toEqual(entries(there));
    expect(list(image).find(isStore)).toMatch(/^drwxrwxr-t 0\/0 /);
    expect(execFileSync("unsquashfs", ["-l", image], { encoding: "latin1" })).not.toContain("nix-path-registration");
  });

  test("for Hydra it lies in a folder that tells of it", () => {
    const folder = make('hydraBuildProduct = true; fileName = "iso"; comp = "gzip";');
    expect(basename(folder)).toMatch(/^\w{32}-iso$/);
    const told = readFileSync(join(folder, "nix-support/hydra-build-products"), "utf8");
    expect(told).toBe(`file squashfs-image ${folder}/iso.squashfs\n`);
    expect(existsSync(join(folder, "iso.squashfs"))).toBe(true);
    expect(list(join(folder, "iso.squashfs"))).toEqual(list(make('comp = "gzip";')));
  });

  test("is taken by callers that hand over what the file of nixpkgs wants", () => {
    const image = build(`import (repository + "/nix/make-squashfs.nix") {
      inherit (pkgs) lib stdenv closureInfo ts-mkerofs;
      squashfsTools = throw "is not used";
      storeContents = [ (path "${built.top}") ];
      comp = "gzip";
    }`);
    expect(image).toBe(make('comp = "gzip";'));
  });
});
