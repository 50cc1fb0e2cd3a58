/** Paths that real Nix has built: a closure of all kinds of them, in the store of this machine. */
import { readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hasCommand, oracle } from "../oracle.ts";
import { askNix } from "./judges.ts";

/**
 * What ends the text of a builder: else its shell becomes its last program, which closes standard error before it ends,
 * and Nix kills a builder that does (and takes that for a failure).
 */
export const ENDS = "; exit";

/** A function for expressions: a path of this name that a text of shell makes. */
export const MAKES = `mk = name: text: derivation {
    inherit name; system = builtins.currentSystem; builder = "/bin/sh"; PATH = "/bin:/usr/bin"; args = [ "-c" (text + "${ENDS}") ];
  };`;

/** Files, programs, links, an empty directory, zeros; a path that is a file, and one that is a link. */
const EXPRESSION = `
let
  ${MAKES}
  a = mk "a" "mkdir -p $out/bin $out/lib $out/empty; echo hi > $out/lib/x; echo '#!/bin/sh' > $out/bin/t; chmod +x $out/bin/t; ln -s ../lib/x $out/bin/l; : > $out/lib/zero; ln -s $out/lib/x $out/self";
  b = mk "b" "mkdir $out; echo \${a} > $out/ref; head -c 300000 /dev/zero > $out/zeros; echo long > $out/$(printf '%0255d' 7)";
  c = mk "c-file" "echo \${b} > $out";
  d = mk "d-link" "ln -s \${a}/lib $out";
in mk "root" "mkdir $out; ln -s \${c} $out/c; echo \${d} \${b} > $out/d; echo $out > $out/me; cat /bin/sh > $out/sh"
`;

/** Whether Nix is here, and may build. */
export function canBuildWithNix(): boolean {
  return oracle("nix-build (as root)", hasCommand("nix-build") && process.getuid?.() === 0);
}

/** Asks Nix about the store of this machine. */
export function askSystemNix(...command: string[]): string {
  return askNix("/", command, "", { NIX_REMOTE: "" });
}

/** A closure: the path that refers to all others, and all paths as Nix lists them. */
export interface BuiltClosure {
  top: string;
  paths: string[];
}

/** Has Nix build it, or that of another expression; a folder of the caller's keeps it from being collected. */
export function buildClosure(folder: string, expression = EXPRESSION): BuiltClosure {
  writeFileSync(join(folder, "closure.nix"), expression);
  askSystemNix("nix-build", join(folder, "closure.nix"), "-o", join(folder, "result"));
  const top = readlinkSync(join(folder, "result"));
  return { top, paths: askSystemNix("nix-store", "-qR", top).trim().split("\n") };
}
