/** Options of ts-mkerofs for Nix's database. */
import { expect, test } from "vitest";
import { type BuildCommand, parseOptions } from "../../../src/cli/mkerofs/options.ts";
import { UsageError } from "../../../src/cli/shared/getopt.ts";

const parse = (line: string) => parseOptions(`--closure=list ${line} img`.split(" "), {}) as BuildCommand;

test("a database goes where it is told to, or below the parent of a store", () => {
  const given = parse("--nix-db=db.sqlite --gcroot=x").build;
  expect(given).toMatchObject({ nixDatabase: "db.sqlite", gcroot: "x" });
  const whole = parse("--store-dir=/nix/store --nix-db").build;
  expect(whole).toMatchObject({ nixDatabase: true, storeDir: "/nix/store" });
});

test("without a store's folder it needs a path", () => {
  const why = "--nix-db: without --store-dir the image is the store itself, so it needs a path, --nix-db=PATH";
  expect(() => parse("--nix-db")).toThrow(new UsageError(why));
});

test("a root is for a database", () => {
  const { build, warnings } = parse("--gcroot=x");
  expect(build).not.toHaveProperty("gcroot");
  expect(warnings).toEqual(["--gcroot has no effect without --nix-db"]);
});
