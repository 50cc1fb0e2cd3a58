/** The database that we write, judged by SQLite and by Nix itself. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  type DerivationOutput,
  parseDerivationOutputs,
} from "../../../../../src/stage/source/nix/database/derivation.ts";
import { writeNixDatabase } from "../../../../../src/stage/source/nix/database/writer.ts";
import type { PathInfo } from "../../../../../src/stage/source/nix/path-info.ts";
import { askNix, askSqlite, loadRegistration } from "../../../../helpers/nix/judges.ts";
import { type ClosureShape, printRegistration, randomClosure } from "../../../../helpers/nix/random-closure.ts";
import { hasCommand, oracle } from "../../../../helpers/oracle.ts";
import { makeScratch } from "../../../../helpers/scratch.ts";

const HAS_SQLITE = oracle("sqlite3", hasCommand("sqlite3"));
const HAS_NIX = oracle("nix-store", hasCommand("nix-store"));
const scratch = makeScratch("nix-database");
const CLOSURES: ClosureShape[] = [
  { paths: 0 },
  { paths: 1, references: 1, seed: 2 },
  { paths: 7, seed: 3 },
  { paths: 60, references: 60, seed: 4 },
  { paths: 400, references: 8, nameLength: 211, seed: 5 },
  { paths: 3000, references: 15, nameLength: 211, seed: 6 },
];

function write(name: string, infos: readonly PathInfo[], outputs?: ReadonlyMap<string, readonly DerivationOutput[]>) {
  const path = join(scratch, `${name}.sqlite`);
  writeFileSync(path, writeNixDatabase(infos, { registrationTime: 1234567890, outputs }));
  return path;
}

/** What Nix makes of a registration, with our time. */
function dumpLoaded(root: string, registration: string): string {
  const database = loadRegistration(root, registration);
  return askSqlite(database, "UPDATE ValidPaths SET registrationTime = 1234567890", ".dump");
}

describe.skipIf(!HAS_SQLITE)("SQLite finds no fault with", () => {
  const large = { paths: 20_000, references: 20, nameLength: 211, seed: 7 };
  test.each([...CLOSURES, large])("$paths paths", (shape) => {
    const infos = randomClosure(shape);
    const path = write(`sqlite-${shape.paths}`, infos);
    expect(askSqlite(path, "PRAGMA integrity_check", "PRAGMA foreign_key_check", "PRAGMA journal_mode")).toBe(
      "ok\ndelete\n",
    );
    // every row, found through every index
    const refs = infos.reduce((sum, { references }) => sum + references.length, 0);
    for (const index of ["sqlite_autoindex_Refs_1", "IndexReferrer", "IndexReference"])
      expect(
        askSqlite(path, `SELECT count(*) FROM Refs INDEXED BY ${index} WHERE reference > 0 AND referrer > 0`),
      ).toBe(`${refs}\n`);
    expect(
      askSqlite(
        path,
        "SELECT count(*) FROM ValidPaths WHERE id = (SELECT id FROM ValidPaths v WHERE v.path = ValidPaths.path)",
      ),
    ).toBe(`${infos.length}\n`);
  });

  test("a database that goes on: paths come and go as in any other", () => {
    const infos = randomClosure({ paths: 900, references: 10, seed: 8 });
    const path = write("changed", infos);
    const statements = [
      "PRAGMA foreign_keys = ON",
      "DELETE FROM Refs WHERE rowid % 3 = 0",
      "DELETE FROM ValidPaths WHERE id NOT IN (SELECT reference FROM Refs)",
      "INSERT INTO ValidPaths (path, hash, registrationTime) SELECT path || '-2', hash, 5 FROM ValidPaths",
      "PRAGMA integrity_check",
      "VACUUM",
      "PRAGMA integrity_check",
      "SELECT min(id) FROM ValidPaths WHERE path LIKE '%-2'",
    ];
    expect(askSqlite(path, ...statements)).toBe("ok\nok\n901\n");
  });
});

describe.skipIf(!HAS_SQLITE || !HAS_NIX)("nix-store --load-db makes the same of the same registration:", () => {
  test.each(CLOSURES)("$paths paths", (shape) => {
    const infos = randomClosure(shape);
    const theirs = dumpLoaded(join(scratch, `loaded-${shape.paths}`), printRegistration(infos));
    expect(askSqlite(write(`ours-${shape.paths}`, infos), ".dump") === theirs).toBe(true);
  });

  test("derivations, whose outputs are rows", () => {
    const root = join(scratch, "derivations");
    loadRegistration(root, "");
    const expression = join(scratch, "derivations.nix");
    writeFileSync(
      expression,
      `let make = name: more: derivation ({ inherit name; system = builtins.currentSystem; builder = "/bin/sh"; } // more);
       in make "top" { outputs = [ "out" "dev" "bin" ]; first = make "first" { };
         fixed = make "fixed" { outputHashMode = "flat"; outputHashAlgo = "sha256"; outputHash = "${"0".repeat(64)}"; }; }`,
    );
    const top = askNix(root, ["nix-instantiate", expression]).trim();
    const paths = askNix(root, ["nix-store", "-qR", top]).trim().split("\n");
    expect(paths).toHaveLength(3);
    const registration = askNix(root, ["nix-store", "--dump-db", ...paths]);
    const rows = registration.split("\n");
    const outputs = new Map(
      paths.map((path) => [path, parseDerivationOutputs(readFileSync(join(root, path), "latin1"), path)]),
    );
    const infos = paths.map((path): PathInfo => {
      const at = rows.indexOf(path);
      const count = Number(rows[at + 4]);
      const references = rows.slice(at + 5, at + 5 + count);
      return { path, narHash: rows[at + 1]!, narSize: Number(rows[at + 2]), references };
    });
    const dump = askSqlite(write("derivations", infos, outputs), ".dump");
    expect(dump.match(/INSERT INTO DerivationOutputs/g)).toHaveLength(5);
    // Nix numbers them as they come: what has been registered before has its number already
    rmSync(join(root, "nix/var"), { recursive: true });
    expect(dump).toBe(dumpLoaded(root, registration));
  });
});
