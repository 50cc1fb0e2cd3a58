/** Closures out of databases: what we have written ourselves is found again, and damage ends in an error. */
import { describe, expect, test } from "vitest";
import { ImageError } from "../../../../../src/core/error.ts";
import { NixDatabase } from "../../../../../src/stage/source/nix/database/reader.ts";
import { writeNixDatabase } from "../../../../../src/stage/source/nix/database/writer.ts";
import type { PathInfo } from "../../../../../src/stage/source/nix/path-info.ts";
import { memoryDatabase } from "../../../../helpers/nix/memory-database.ts";
import { closureOf, randomClosure } from "../../../../helpers/nix/random-closure.ts";
import { generator } from "../../../../helpers/trees/noise.ts";

const open = (bytes: Uint8Array) => new NixDatabase("db.sqlite", memoryDatabase(bytes));
const write = (infos: readonly PathInfo[]) => writeNixDatabase(infos, { registrationTime: 7 });
const given = ({ path, narHash, narSize, references, deriver }: PathInfo) => ({
  path,
  narHash,
  narSize,
  references,
  deriver,
});

test.each([
  { paths: 1, references: 1, seed: 1 },
  { paths: 50, references: 50, seed: 2 },
  { paths: 1500, references: 4, seed: 3 },
  { paths: 5000, references: 12, nameLength: 211, seed: 4 },
])("what has been written is read: $paths paths", (shape) => {
  const infos = randomClosure(shape);
  const database = open(write(infos));
  expect(infos.every(({ path }) => database.find(path) !== undefined)).toBe(true);
  for (const roots of [infos.slice(-1), infos.slice(0, 1), infos.filter((_, index) => index % 97 === 0), infos]) {
    const paths = roots.map(({ path }) => path);
    const found = database.closure(paths.map((path) => database.find(path)!));
    expect(JSON.stringify(found.map(given))).toBe(JSON.stringify(closureOf(infos, paths).map(given)));
    expect(found.filter(({ isRoot }) => isRoot).map(({ path }) => path)).toEqual([...paths].sort());
    expect(found.every(({ registrationTime }) => registrationTime === 7)).toBe(true);
  }
});

test("a path that is not valid is not found", () => {
  const database = open(write(randomClosure({ paths: 300 })));
  for (const path of ["", "/nix/store", "~", `/nix/store/${"0".repeat(32)}-x`])
    expect(database.find(path)).toBeUndefined();
  expect(open(write([])).find("/nix/store/x")).toBeUndefined();
  expect(open(write([])).closure([])).toEqual([]);
});

describe("no database of Nix:", () => {
  const empty = write([]);
  const change = (from: string, to: string) => {
    const text = Buffer.from(empty).toString("latin1");
    return Buffer.from(text.replace(from, to), "latin1");
  };
  test.each<[string, Uint8Array]>([
    ["db.sqlite: is no SQLite database", new Uint8Array(0)],
    ["db.sqlite: is no SQLite database", Buffer.from("SQLite format 3")],
    ["db.sqlite: is no SQLite database", new Uint8Array(5000)],
    [
      "db.sqlite: is no database of Nix: its Refs has no column referrer in its place",
      change("TABLE Refs (\n    referrer ", "TABLE Refs (\n    referral "),
    ],
    [
      "db.sqlite: is no database of Nix: has no sqlite_autoindex_ValidPaths_1",
      change("sqlite_autoindex_ValidPaths_1", "sqlite_autoindex_ValidPaths_2"),
    ],
    [
      "db.sqlite: the database is damaged: page 11: is not there: the file is cut off behind 10",
      empty.subarray(0, 11 * 4096 - 1),
    ],
  ])("%s", (message, bytes) => {
    expect(() => open(bytes).find("/nix/store/x")).toThrow(expect.objectContaining({ code: "INPUT", message }));
  });
});

describe("damage ends in an error or in an answer, soon and with little memory", () => {
  const infos = randomClosure({ paths: 300, references: 8, nameLength: 211, seed: 9 });
  const whole = write(infos);
  /** How many of all attempts were an error. */
  const attempt = (count: number, damage: (bytes: Buffer, random: (limit: number) => number) => Uint8Array) => {
    const next = generator(11);
    let failed = 0;
    for (let round = 0; round < count; round++) {
      const bytes = damage(Buffer.from(whole), (limit) => Math.floor(next() * limit));
      try {
        const database = open(bytes);
        database.closure(infos.flatMap(({ path }) => database.find(path) ?? []));
      } catch (error) {
        expect(error).toBeInstanceOf(ImageError);
        failed++;
      }
    }
    return failed;
  };

  test("bytes changed anywhere", () => {
    const failed = attempt(400, (bytes, random) => {
      for (let count = 1 + random(40); count > 0; count--) bytes[random(bytes.length)] = random(256);
      return bytes;
    });
    expect(failed).toBeGreaterThan(130);
  });

  test("bytes changed in the headers of pages, and the pointers behind them", () => {
    const failed = attempt(400, (bytes, random) => {
      for (let count = 1 + random(6); count > 0; count--)
        bytes[4096 * random(bytes.length / 4096) + random(24)] = random(4) === 0 ? random(256) : random(12);
      return bytes;
    });
    expect(failed).toBeGreaterThan(130);
  });

  test("pages that stand in each other's place", () => {
    const failed = attempt(200, (bytes, random) => {
      const [from, to] = [4096 * random(bytes.length / 4096), 4096 * (1 + random(bytes.length / 4096 - 1))];
      bytes.copyWithin(to, from, from + 4096);
      return bytes;
    });
    expect(failed).toBeGreaterThan(80);
  });

  test("cut off anywhere", () => {
    const failed = attempt(300, (bytes, random) => bytes.subarray(0, random(bytes.length)));
    expect(failed).toBe(300);
  });
});

test("a tree whose pages are their own children is no endless one", () => {
  const bytes = Buffer.from(write(randomClosure({ paths: 2000, seed: 5 })));
  // every page but the first names the schema's table, or an index, as all of its children
  for (const [type, target] of [
    [5, 2],
    [2, 3],
  ] as const) {
    for (let at = 4096; at < bytes.length; at += 4096) {
      if (bytes[at] !== type) continue;
      bytes.writeUInt32BE(target, at + 8);
      for (let cell = 0; cell < bytes.readUInt16BE(at + 3); cell++)
        bytes.writeUInt32BE(target, at + bytes.readUInt16BE(at + 12 + 2 * cell));
    }
  }
  const database = open(bytes);
  expect(() => database.find("/nix/store/x")).toThrow(/the database is damaged: page 3: /);
  expect(() => database.closure([1999])).toThrow(/the database is damaged: page 3: /);
});

test("a row that lies in more bytes than there are is refused, as often as it comes", () => {
  // many rows of one page that share one long text: none is too long, all of them are
  const infos = randomClosure({ paths: 900, references: 0, seed: 6 });
  const database = memoryDatabase(write(infos));
  Object.defineProperty(database, "size", { value: 40_000 });
  const nix = new NixDatabase("db.sqlite", database);
  expect(() => nix.closure(infos.map((_, index) => index + 1))).toThrow(/is longer than what there is/);
});
