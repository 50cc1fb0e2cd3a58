/** What is put into an image beside the database, and where. */
import { expect, test } from "vitest";
import { listDatabaseFiles } from "../../../../../src/stage/source/nix/database/image-files.ts";
import { writeNixDatabase } from "../../../../../src/stage/source/nix/database/writer.ts";
import type { PathInfo } from "../../../../../src/stage/source/nix/path-info.ts";

const store = (digit: string) => `/nix/store/${digit.repeat(32)}-${digit}`;
const info = (digit: string, ...references: string[]): PathInfo => ({
  ...{ path: store(digit), narHash: "00".repeat(32), narSize: 96 },
  references: references.map(store),
});
/** c and d are referred to by nobody else. */
const INFOS = [info("a"), info("b", "a", "b"), info("c", "b", "c"), info("d")];
const list = (infos: readonly PathInfo[], path: string, gcroot?: string) =>
  listDatabaseFiles(infos, { path, gcroot, registrationTime: 5 }).map(({ entry }) => entry);

test("the database, and the version of its schema beside it", () => {
  const files = listDatabaseFiles(INFOS, { path: "/nix/var/nix/db/db.sqlite", registrationTime: 5 });
  expect(files.map(({ entry }) => entry)).toEqual([
    { path: "nix/var/nix/db/db.sqlite" },
    { path: "nix/var/nix/db/schema", contents: "10" },
  ]);
  expect(files.map(({ bytesOf }) => bytesOf?.(INFOS))).toEqual([
    writeNixDatabase(INFOS, { registrationTime: 5 }),
    undefined,
  ]);
  expect(list(INFOS, "db.sqlite").map(({ path }) => path)).toEqual(["db.sqlite", "schema"]);
});

test("links to what nobody else refers to, and the one that Nix makes with their folder", () => {
  const links = (infos: readonly PathInfo[], gcroot: string) =>
    list(infos, "/nix/var/nix/db/db.sqlite", gcroot)
      .slice(2)
      .map(({ kind, path, target }) => [kind, path, target]);
  const profiles = ["symlink", "nix/var/nix/gcroots/profiles", "/nix/var/nix/profiles"];
  expect(links(INFOS.slice(0, 3), "system")).toEqual([profiles, ["symlink", "nix/var/nix/gcroots/system", store("c")]]);
  expect(links(INFOS, "auto/image")).toEqual([
    profiles,
    ["symlink", `nix/var/nix/gcroots/auto/image/${store("c").slice(11)}`, store("c")],
    ["symlink", `nix/var/nix/gcroots/auto/image/${store("d").slice(11)}`, store("d")],
  ]);
});

test("links to what was asked for, although others refer to it", () => {
  const asked = INFOS.slice(0, 3).map((each) => ({ ...each, isRoot: each.path === store("a") }));
  const targets = list(asked, "/nix/var/nix/db/db.sqlite", "x").map(({ target }) => target);
  expect(targets.slice(3)).toEqual([store("a"), store("c")]);
});

test.each([
  ["", "system"],
  ["nix/", "system"],
  ["../db/db.sqlite", "system"],
  ["db/db.sqlite", ""],
  ["db/db.sqlite", "a/../b"],
  ["nix/db.sqlite", "system"],
])("refuses %j with a root called %j", (path, gcroot) => {
  expect(() => list(INFOS, path, gcroot)).toThrow(expect.objectContaining({ code: "INPUT" }));
});
