/** Closures that exist nowhere: what a database is made of. */
import type { PathInfo } from "../../../src/stage/source/nix/path-info.ts";
import { generator } from "../trees/noise.ts";

const DIGITS = "0123456789abcdfghijklmnpqrsvwxyz";

/** How large a closure is to be. */
export interface ClosureShape {
  paths: number;
  /** The most that a path refers to. */
  references?: number;
  /** The longest name, up to 211. */
  nameLength?: number;
  seed?: number;
}

/** Paths in no order, each with references to some that come before it, and now and then to itself. */
export function randomClosure({ paths, references = 5, nameLength = 40, seed = 1 }: ClosureShape): PathInfo[] {
  const next = generator(seed);
  const random = (limit: number) => Math.floor(next() * limit);
  const digits = (length: number, all: string) => Array.from({ length }, () => all[random(all.length)]).join("");
  const name = () => `/nix/store/${digits(32, DIGITS)}-${digits(1 + random(nameLength), DIGITS)}`;
  const names = Array.from({ length: paths }, name);
  return names.map((path, index) => ({
    path,
    narHash: digits(64, "0123456789abcdef"),
    narSize: Math.floor((96 + random(2 ** 30)) * 2 ** random(20)),
    references: [...new Set(Array.from({ length: random(references + 1) }, () => names[random(index + 1)]!))].sort(),
    deriver: random(2) === 0 ? `${name().slice(0, 200)}.drv` : undefined,
  }));
}

/** What `nix-store --load-db` reads. */
export function printRegistration(infos: readonly PathInfo[]): string {
  const lines = infos.flatMap(({ path, narHash, narSize, deriver, references }) => [
    path,
    narHash,
    narSize,
    deriver ?? "",
    references.length,
    ...references,
  ]);
  return lines.map((line) => `${line}\n`).join("");
}

/** The paths that some refer to, and these: sorted by path, each with what a database says of it. */
export function closureOf(infos: readonly PathInfo[], roots: readonly string[]): PathInfo[] {
  const byPath = new Map(infos.map((info) => [info.path, info]));
  const found = new Set(roots);
  for (const path of found) for (const reference of byPath.get(path)!.references) found.add(reference);
  return [...found].sort().map((path) => byPath.get(path)!);
}
