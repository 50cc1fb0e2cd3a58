/** What SquashFS cannot hold: an error before contents are read. */
import { expect, test } from "vitest";
import { buildSquashfs, type Entry, entries } from "../../../dist/index.js";
import { checkTable } from "../../../src/squashfs/tables.ts";
import { failureOf } from "../../helpers/faults.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const scratch = makeScratch("squashfs-limits");
const image = `${scratch}/image`;

const owners = Array.from({ length: 65_536 }, (_, uid): Entry => ({ path: `f${uid}`, uid, gid: 0 }));
/** 256 of these are as many as Linux lists. */
const manyNames = Object.fromEntries(
  Array.from({ length: 257 }, (_, nr) => [`user.${nr}`.padEnd(255, "n"), new Uint8Array(0)]),
);
const cases: [name: string, list: Entry[], message: string][] = [
  ["owners", owners, "f9999: owner 9999 would be one more than the 65535 different ids that SquashFS holds"],
  ["links", [{ path: "a", kind: "symlink", target: "t".repeat(4096) }], "a: the target of the link has 4096 bytes"],
  [
    "attributes",
    [{ path: "a", xattrs: { "system.x": new Uint8Array(1) } }],
    "a: attribute system.x: SquashFS holds user, trusted",
  ],
  [
    "bytes of a value",
    [{ path: "a", xattrs: { "user.x": new Uint8Array(65_537) } }],
    "a: attribute user.x: its value has 65537 bytes; Linux reads 65536 at most",
  ],
  [
    "bytes of a name",
    [{ path: "a", xattrs: { [`user.${"n".repeat(251)}`]: new Uint8Array(1) } }],
    `a: attribute user.${"n".repeat(251)}: its name is longer than 255 bytes`,
  ],
  [
    "bytes of all names",
    [{ path: "a", xattrs: manyNames }],
    "a: the names of its attributes take 65792 bytes; Linux lists 65536",
  ],
];

test.each(["inode", "directory"])("references reach 4 GiB into the %s table", (what) => {
  expect(() => checkTable(what, { storedLength: 2 ** 32 })).not.toThrow();
  const message = `the ${what} table of the image would take more than 4 GiB`;
  expect(() => checkTable(what, { storedLength: 2 ** 32 + 1 })).toThrow(message);
});

// Was a bug: it was found when the tables were written, all contents having been read and compressed before.
test.each(cases)("%s beyond what it holds are refused before contents are read", async (_name, list, message) => {
  let reads = 0;
  const readAt = (into: Uint8Array) => {
    reads++;
    return into.fill(1).length;
  };
  const error = await failureOf(buildSquashfs(entries([{ path: "0", contents: { size: 9, readAt } }, ...list]), image));
  expect(error).toMatchObject({ code: "LIMIT", message: expect.stringContaining(message) });
  expect(reads).toBe(0);
});
