/** The database that we write: what is refused, and that its bytes depend on nothing but what it holds. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { writeNixDatabase } from "../../../../../src/stage/source/nix/database/writer.ts";
import type { PathInfo } from "../../../../../src/stage/source/nix/path-info.ts";
import { randomClosure } from "../../../../helpers/nix/random-closure.ts";

const store = (digit: string, name: string) => `/nix/store/${digit.repeat(32)}-${name}`;
const A: PathInfo = { path: store("a", "a"), narHash: "0f".repeat(32), narSize: 96, references: [] };
const B: PathInfo = { ...A, path: store("b", "b"), references: [A.path, store("b", "b")] };
const write = (infos: readonly PathInfo[], registrationTime = 1) => writeNixDatabase(infos, { registrationTime });
const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

test("has these bytes", () => {
  expect(hash(write([]))).toMatchInlineSnapshot(`"36613a2ea1155b5292a6190a339058ac331b5560f8c2b4fbe2de7a976c455340"`);
  expect(hash(write([A, B]))).toMatchInlineSnapshot(
    `"e2cc850eca2128dac6ea7a869581fd1e1fdddf1257f48947484a64cc8f161d21"`,
  );
  expect(hash(write(randomClosure({ paths: 2000, references: 30, nameLength: 211 })))).toMatchInlineSnapshot(
    `"967e880abcd5d8eca38ce4ab2fb9876b15681288a671099a21b438a59f40a2b4"`,
  );
});

test("bytes hang on the paths, not on their order, nor on that of references; the last of a path given twice counts", () => {
  const bytes = hash(write([A, B]));
  expect(hash(write([{ ...B, references: [...B.references].reverse() }, A]))).toBe(bytes);
  expect(hash(write([{ ...A, narSize: 5 }, B, A]))).toBe(bytes);
  expect(hash(write([A, { ...B, references: [A.path, A.path, B.path] }]))).toBe(bytes);
  expect(hash(write([A, B], 2))).not.toBe(bytes);
});

test("says a fixed version of SQLite, a rollback journal, and how many pages there are", () => {
  const view = Buffer.from(write([A, B]));
  expect(view.length).toBe(11 * 4096);
  expect([view.readUInt8(18), view.readUInt8(19)]).toEqual([1, 1]);
  expect([view.readUInt32BE(28), view.readUInt32BE(96)]).toEqual([11, 3040001]);
});

describe("refuses", () => {
  const why = (info: Partial<PathInfo>, time?: number) => () => write([A, { ...B, ...info }], time);
  test.each<[string, Partial<PathInfo>]>([
    [`/etc/passwd: is no path of a Nix store`, { path: "/etc/passwd" }],
    [`${store("b", "b")}/c: is no path of a Nix store`, { path: `${B.path}/c` }],
    [`${B.path}: sha256:00 is no SHA-256`, { narHash: "sha256:00" }],
    [`${B.path}: -1 is no size`, { narSize: -1 }],
    [`${B.path}: its deriver x is no path of a Nix store`, { deriver: "x" }],
    [`${B.path}: refers to ${store("c", "c")}, which is not there`, { references: [A.path, store("c", "c")] }],
  ])("%s", (message, info) => {
    expect(why(info)).toThrow(expect.objectContaining({ code: "INPUT", message }));
  });

  test.each([0, -1, 1.5, Number.NaN])("time %d", (time) => {
    expect(why({}, time)).toThrow(`registrationTime: ${time} is no whole number of seconds from 1 on`);
  });
});
