/**
 * The store of guests: a closure that Nix has built of programs of this machine, made to find all they need in the store, as
 * those of nixpkgs do; the shell by which a guest says what it has of it; and what it ought to say.
 */
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { type BuiltClosure, buildClosure, canBuildWithNix, MAKES } from "../nix/store.ts";
import { hasCommand } from "../oracle.ts";
import { librariesOf, which } from "./guest.ts";
import { findGuestKernel, type GuestKernel } from "./kernel.ts";

/** Small files, which have their tails beside inodes or in a packed one; and one that is long and shrinks. */
const TEXTS = `mkdir -p $out/many; for i in $(seq 200); do seq $i $((i * 3)) > $out/many/$i; done;
  seq 200000 > $out/long; : > $out/empty; head -c 100000 /dev/zero > $out/zeros`;

/** The guest's kernel, where this machine has one, and all that it takes to build a store for it. */
export function findStoreGuest(): GuestKernel | undefined {
  const canBuild = ["patchelf", "sqlite3"].every(hasCommand) && canBuildWithNix();
  return canBuild ? findGuestKernel() : undefined;
}

/** Has Nix build it, 9 MB; its top has `bin/greet`, which runs a static program and a dynamic one. */
export function buildGuestStore(folder: string): BuiltClosure {
  const copy = (file: string, to: string) => `cp \${${realpathSync(file)}} $out/${to}`;
  const libraries = librariesOf(which("sqlite3")).map((file) => copy(file, `lib/${basename(file)}`));
  // paths from RPATH, as opposed to those from RUNPATH, count for libraries of libraries too
  const patched = `--force-rpath --set-rpath \${libraries}/lib --set-interpreter \${libraries}/lib/ld-linux-x86-64.so.2`;
  return buildClosure(
    folder,
    `let
  ${MAKES}
  busybox = mk "busybox" "mkdir -p $out/bin; ${copy(which("busybox"), "bin/busybox")}; ln -s busybox $out/bin/sh";
  libraries = mk "libraries" "mkdir -p $out/lib; ${libraries.join("; ")}";
  sqlite = mk "sqlite" "mkdir -p $out/bin; ${copy(which("sqlite3"), "bin/sqlite3")}; chmod u+w $out/bin/sqlite3; patchelf ${patched} $out/bin/sqlite3";
  texts = mk "texts" ${JSON.stringify(TEXTS)};
in mk "system" "
  mkdir -p $out/bin; ln -s \${sqlite}/bin/sqlite3 \${busybox}/bin/sh $out/bin; ln -s \${texts} $out/texts
  echo '#!\${busybox}/bin/sh
    readlink /proc/$$/exe
    \${sqlite}/bin/sqlite3 :memory: \\"SELECT 6 * 7\\"' > $out/bin/greet
  chmod +x $out/bin/greet"`,
  );
}

/** Lines of shell: all that a folder holds, and what the programs say that a store runs, which is there then. */
export function sayStore(name: string, top: string): string {
  return [
    "cd /nix/store",
    `find . -mindepth 1 -exec stat -c '@@ ${name} is %f %u:%g %n' {} +`,
    `find . -type f -exec sha256sum {} + | sed 's/^/@@ ${name} holds /'`,
    `find . -type l | while read -r link; do echo "@@ ${name} links $(readlink "$link")  $link"; done`,
    `${top}/bin/greet 2>&1 | sed 's/^/@@ ${name} runs /'`,
    "cd /",
  ].join("\n");
}

/** What {@link sayStore} says in a guest that has this machine's files of some paths, all of root's: sorted. */
export function expectedOf(name: string, paths: readonly string[]): string[] {
  const shell = paths.find((path) => path.endsWith("-busybox"))!;
  const lines = paths.flatMap((path) => describe(path, `./${basename(path)}`));
  return [...lines, `runs ${shell}/bin/busybox`, "runs 42"].map((line) => `${name} ${line}`).sort();
}

function describe(path: string, shown: string): string[] {
  const stat = lstatSync(path);
  const is = `is ${stat.mode.toString(16)} 0:0 ${shown}`;
  if (stat.isSymbolicLink()) return [is, `links ${readlinkSync(path)}  ${shown}`];
  if (stat.isFile()) return [is, `holds ${createHash("sha256").update(readFileSync(path)).digest("hex")}  ${shown}`];
  return [is, ...readdirSync(path).flatMap((child) => describe(join(path, child), `${shown}/${child}`))];
}
