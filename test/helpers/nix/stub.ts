/** The Nix files of this repository, evaluated and built by real Nix with `test/nix/stub` in the place of nixpkgs. */
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { askSystemNix } from "./store.ts";

/** The clone that is tested, without a slash at its end. */
export const REPOSITORY = dirname(fileURLToPath(new URL("../../../package.json", import.meta.url)));

/** Nix would give what a run before has built, by commands that have changed since. */
const nonce = randomBytes(8).toString("hex");

/** An expression in which `pkgs`, `repository`, `resolve` (what a module's values come to) and `path` (of the store) are known. */
export function inStub(expression: string): string {
  const programs = JSON.stringify(`${dirname(process.execPath)}:${process.env.PATH}`);
  return `let
    repository = /. + ${JSON.stringify(REPOSITORY)};
    stub = repository + "/test/nix/stub";
    pkgs = import (stub + "/pkgs.nix") { inherit repository; system = builtins.currentSystem; path = ${programs}; nonce = "${nonce}"; };
    resolve = import (stub + "/modules.nix");
    path = builtins.storePath;
  in ${expression}`;
}

/** The value of an expression. */
export function evaluate<T>(expression: string): T {
  const words = ["nix-instantiate", "--eval", "--strict", "--json", "-E", inStub(expression)];
  return JSON.parse(askSystemNix(...words)) as T;
}

/** Builds a derivation without network; gives the path of what it has made. */
export function build(expression: string): string {
  return askSystemNix("nix-build", "--no-out-link", "-E", inStub(expression)).trim();
}
