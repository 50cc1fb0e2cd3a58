/** package.nix and flake.nix: evaluated by real Nix, and built of the files that the package names, without network. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runShell } from "../helpers/commands.ts";
import { askSystemNix, canBuildWithNix } from "../helpers/nix/store.ts";
import { build, evaluate, REPOSITORY } from "../helpers/nix/stub.ts";
import { hasCommand, oracle } from "../helpers/oracle.ts";
import { makeScratch } from "../helpers/scratch.ts";

const HAS_NIX = canBuildWithNix();
const scratch = makeScratch("nix-package");
const readJson = <T>(name: string) => JSON.parse(readFileSync(join(REPOSITORY, name), "utf8")) as T;
const manifest = readJson<{ name: string; version: string; description: string; bin: Record<string, string> }>(
  "package.json",
);
const commands = Object.keys(manifest.bin).sort();
const PACKAGE = `(pkgs.callPackage (repository + "/nix/package.nix") { })`;

describe.skipIf(!HAS_NIX)("package.nix", () => {
  test("is what package.json says", () => {
    expect(evaluate(`{ inherit (${PACKAGE}) name pname version meta; }`)).toEqual({
      name: `${manifest.name}-${manifest.version}`,
      pname: manifest.name,
      version: manifest.version,
      meta: { description: manifest.description, license: { spdxId: "MIT" }, mainProgram: "ts-mkerofs" },
    });
  });

  test("has every dependency fetched by the hash of the lock file", () => {
    const { packages } = readJson<{ packages: Record<string, { integrity: string }> }>("package-lock.json");
    const dependencies = evaluate<Record<string, { url: string; hash: string }>>(`${PACKAGE}.npmDeps`);
    expect(Object.keys(dependencies)).toEqual(
      Object.keys(packages)
        .filter((path) => path !== "")
        .sort(),
    );
    for (const [path, { url, hash }] of Object.entries(dependencies)) {
      expect(url).toMatch(/^https:\/\/registry\.npmjs\.org\/((?:@[\w.-]+\/)?([\w.-]+))\/-\/\2-\d[\w.-]+\.tgz$/);
      expect(hash).toBe(packages[path]!.integrity);
    }
    // as npm tells of them
    const placeOf = (name: string) => dependencies[`node_modules/${name}`]!.url.replace(/-\d[\w.-]+\.tgz$/, "");
    expect(placeOf("fzstd")).toBe("https://registry.npmjs.org/fzstd/-/fzstd");
    expect(placeOf("@zip.js/zip.js")).toBe("https://registry.npmjs.org/@zip.js/zip.js/-/zip.js");
    expect(placeOf("vitest/node_modules/tinybench")).toBe("https://registry.npmjs.org/tinybench/-/tinybench");
  });

  test.skipIf(!oracle("npm", hasCommand("npm")))(
    "builds of the files that it names: what npm packs, and that runs",
    () => {
      const out = build(PACKAGE);
      const files = (folder: string) =>
        readdirSync(folder, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
          .filter((path) => !path.startsWith("node_modules/"))
          .sort();
      const [packed] = JSON.parse(
        execFileSync("npm", ["pack", "--json", "--dry-run", "--ignore-scripts"], { cwd: REPOSITORY, encoding: "utf8" }),
      ) as [{ files: { path: string }[] }];
      const installed = files(`${out}/lib/node_modules/ts-mkerofs`);
      expect(installed).toEqual(packed.files.map(({ path }) => path).sort());
      for (const path of installed)
        expect(
          readFileSync(join(out, "lib/node_modules/ts-mkerofs", path)).equals(readFileSync(join(REPOSITORY, path))),
        ).toBe(true);
      expect(readdirSync(`${out}/share/man/man1`).sort()).toEqual(commands.map((name) => `${name}.1`));
      for (const name of commands) {
        const version = runShell(scratch, `${out}/bin/${name} ${name === "ts-mksquashfs" ? "-version" : "--version"}`);
        expect(version).toMatchObject({ status: 0, out: expect.stringContaining(manifest.version) });
        for (const shell of ["bash", "fish", "zsh"])
          expect(readFileSync(`${out}/share/completion/${shell}/${name}`, "utf8")).toContain(name);
      }
    },
  );
});

describe.skipIf(!HAS_NIX)("flake.nix", () => {
  /** What `nix eval` gives of the flake, with the stub in the place of nixpkgs. */
  function evaluateFlake<T>(attribute: string, apply = "x: x"): T {
    const flake = join(scratch, "flake");
    if (!readdirSync(scratch).includes("flake")) {
      mkdirSync(flake);
      // node_modules are no part of a clone, and all of a folder would be copied
      for (const name of ["LICENSE", "NOTICE", "README.md", "docs", "flake.nix", "nix", "package-lock.json"])
        cpSync(join(REPOSITORY, name), join(flake, name), { recursive: true });
      for (const name of ["package.json", "scripts", "src", "tsconfig.build.json", "tsconfig.json"])
        cpSync(join(REPOSITORY, name), join(flake, name), { recursive: true });
      cpSync(join(REPOSITORY, "test/nix/stub"), join(scratch, "nixpkgs"), { recursive: true });
      cpSync(join(REPOSITORY, "package.json"), join(scratch, "nixpkgs/package.json"));
    }
    const words = ["--json", "--no-write-lock-file", "--override-input", "nixpkgs", `path:${scratch}/nixpkgs`];
    const features = ["--extra-experimental-features", "nix-command flakes"];
    const all = ["nix", ...features, "eval", ...words, `path:${flake}#${attribute}`, "--apply", apply];
    return JSON.parse(askSystemNix(...all)) as T;
  }
  const SYSTEMS = ["aarch64-darwin", "aarch64-linux", "x86_64-darwin", "x86_64-linux"];

  test("has the package for each system, and an app for each command", () => {
    const named = evaluateFlake("packages", "builtins.mapAttrs (_: builtins.mapAttrs (_: package: package.name))");
    const name = `${manifest.name}-${manifest.version}`;
    const both = { default: name, "ts-mkerofs": name };
    expect(named).toEqual(Object.fromEntries(SYSTEMS.map((system) => [system, both])));
    const apps = evaluateFlake<Record<string, Record<string, { type: string; program: string }>>>("apps");
    expect(Object.keys(apps)).toEqual(SYSTEMS);
    for (const each of Object.values(apps)) {
      expect(Object.keys(each)).toEqual(commands);
      for (const [command, { type, program }] of Object.entries(each))
        expect([type, program]).toEqual(["app", expect.stringMatching(new RegExp(`^/nix/store/.*/bin/${command}$`))]);
    }
  });

  test("has the overlay and the modules", () => {
    const given = "overlay: (overlay { callPackage = path: more: [ (baseNameOf path) more ]; } { })";
    expect(evaluateFlake("overlays.default", given)).toEqual({ "ts-mkerofs": ["package.nix", {}] });
    const modules = evaluateFlake("nixosModules", "builtins.mapAttrs (_: file: builtins.isFunction (import file))");
    expect(modules).toEqual({ microvm: true, "qemu-vm": true });
  });
});
