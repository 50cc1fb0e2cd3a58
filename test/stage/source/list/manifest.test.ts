/** Manifests: what is one, by the schema that is published and by the reader, and what is said of what is none. */
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { MANIFEST, MANIFEST_ENTRY } from "../../../../src/stage/source/list/manifest/manifest.ts";
import { parseManifest, readManifest } from "../../../../src/stage/source/list/manifest/manifest-reader.ts";

const schema = JSON.parse(readFileSync(new URL("../../../../docs/manifest.schema.json", import.meta.url), "utf8"));
const isValid = new Ajv2020({ strict: true, strictTypes: false }).compile(schema);

const read = (value: unknown) => [...readManifest(value, "m.json")];
const one = (entry: unknown) => ({ version: 1, entries: [entry] });

test("the schema has the keys of the code", () => {
  expect(Object.keys(schema.properties)).toEqual(Object.keys(MANIFEST));
  expect(Object.keys(schema.$defs.entry.properties)).toEqual(Object.keys(MANIFEST_ENTRY));
});

test("an entry has defaults", () => {
  expect(read(one({ path: "/a//./b/" }))).toEqual([
    {
      ...{
        where: "m.json: /entries/0 (a/b)",
        shown: "a/b",
        path: "a/b",
        isHardLink: false,
        mode: 0o100644,
        uid: 0,
        gid: 0,
      },
      ...{ mtime: undefined, target: "", major: 0, minor: 0, xattrs: [], source: "a/b", contents: undefined },
    },
  ]);
  expect(read(one({ path: "l", kind: "symlink", target: "é" }))).toMatchObject([
    { mode: 0o120777, target: "\xc3\xa9" },
  ]);
  expect(read(one({ path: "", kind: "directory" }))).toMatchObject([{ mode: 0o40755, path: "" }]);
});

/** What both take. */
const GOOD: readonly [why: string, entry: object, expected?: object][] = [
  ["octal digits", { path: "a", mode: "4755" }, { mode: 0o104755 }],
  ["octal digits with a zero", { path: "a", mode: "0644" }, { mode: 0o100644 }],
  ["a number of a mode", { path: "a", mode: 493 }, { mode: 0o100755 }],
  ["whole seconds", { path: "a", mtime: -5 }, { mtime: { sec: -5, nsec: 0 } }],
  ["parts of seconds", { path: "a", mtime: 1.5 }, { mtime: { sec: 1, nsec: 5e8 } }],
  ["a time", { path: "a", mtime: "2024-02-29T12:00:00Z" }, { mtime: { sec: 1709208000, nsec: 0 } }],
  ["seconds and nanoseconds", { path: "a", mtime: { sec: 1, nsec: 9 } }, { mtime: { sec: 1, nsec: 9 } }],
  ["bytes as base 64", { path: { base64: "/2E=" } }, { path: "\xffa" }],
  ["contents", { path: "a", contents: "x" }, { contents: Uint8Array.of(0x78) }],
  ["no contents", { path: "a", contents: { base64: "" } }, { contents: new Uint8Array(0) }],
  [
    "a device",
    { path: "a", kind: "char", major: 4095, minor: 1048575 },
    { mode: 0o20644, major: 4095, minor: 1048575 },
  ],
  ["a source", { path: "a", source: "../b", sparse: true }, { source: "../b", sparse: true }],
  ["a hard link", { path: "a", kind: "hardlink", target: "./b" }, { isHardLink: true, target: "b" }],
  ["a hard link that says more", { path: "a", kind: "hardlink", target: "b", mode: "0755", mtime: 1, source: "x" }],
  ["a FIFO and the largest ids", { path: "a", kind: "fifo", uid: 4294967294, gid: 1 }, { uid: 4294967294, gid: 1 }],
  [
    "attributes",
    { path: "a", xattrs: { "user.a": "b", "security.c": { base64: "AAE=" } } },
    {
      xattrs: [
        { name: new TextEncoder().encode("user.a"), value: Uint8Array.of(0x62) },
        { name: new TextEncoder().encode("security.c"), value: Uint8Array.of(0, 1) },
      ],
    },
  ],
];

describe.each(GOOD)("%s", (_, entry, expected = {}) => {
  test("is one by the schema", () => {
    expect(isValid(one(entry)), JSON.stringify(isValid.errors)).toBe(true);
  });

  test("is read", () => {
    expect(read(one(entry))).toMatchObject([expected]);
  });
});

/** What neither takes: what stands behind the entry in the message. */
const BAD: readonly [entry: unknown, why: string][] = [
  [{}, '/entries/0: path: is missing: a string, a Uint8Array or {"base64": …}'],
  [5, "/entries/0: 5 is not an object"],
  [null, "/entries/0: null is not an object"],
  [{ path: 5 }, '/entries/0: path: 5 is not a string, a Uint8Array or {"base64": …}'],
  [{ path: "a", mod: "0755" }, "/entries/0 (a): mod: there is no such key of an entry. Did you mean mode?"],
  [
    { path: "a", kind: "link" },
    '/entries/0 (a): kind: "link" is none of file, directory, symlink, char, block, fifo, socket, hardlink',
  ],
  [{ path: "a", mode: "755x" }, '/entries/0 (a): mode: "755x" is not three or four octal digits'],
  [{ path: "a", mode: "0o755" }, '/entries/0 (a): mode: "0o755" is not three or four octal digits'],
  [{ path: "a", mode: 4096 }, "/entries/0 (a): mode: 4096 is not an integer from 0 to 4095"],
  [{ path: "a", mode: 1.5 }, "/entries/0 (a): mode: 1.5 is not an integer from 0 to 4095"],
  [{ path: "a", uid: -1 }, "/entries/0 (a): uid: -1 is not an integer from 0 to 4294967294"],
  [{ path: "a", gid: "root" }, '/entries/0 (a): gid: "root" is not a number'],
  [
    { path: "a", mtime: "2024-02-29T12:00:00" },
    '/entries/0 (a): mtime: "2024-02-29T12:00:00" is no time with its zone, such as "2024-02-29T12:00:00Z"',
  ],
  [{ path: "a", mtime: { sec: 1 } }, "/entries/0 (a): mtime.nsec: is missing: a number"],
  [
    { path: "a", mtime: { sec: 1, nsec: 1e9 } },
    "/entries/0 (a): mtime: is not whole seconds and 0..999999999 nanoseconds",
  ],
  [{ path: "a", contents: { base64: "x" } }, '/entries/0 (a): contents: "x" is no base 64 with its padding'],
  [
    { path: "a", contents: { base64: "AA==", more: 1 } },
    "/entries/0 (a): contents.more: there is no such form of bytes",
  ],
  [
    { path: "a", xattrs: { "user.a": 5 } },
    '/entries/0 (a): xattrs: user.a: 5 is not a string, a Uint8Array or {"base64": …}',
  ],
  [{ path: "a", kind: "char", major: 4096 }, "/entries/0 (a): major: 4096 is not an integer from 0 to 4095"],
];

describe.each(BAD)("%j", (entry, why) => {
  test("is none by the schema", () => {
    expect(isValid(one(entry))).toBe(false);
  });

  test("is refused", () => {
    expect(() => read(one(entry))).toThrow(
      expect.objectContaining({ code: "INPUT", path: "m.json", message: `m.json: ${why}` }),
    );
  });
});

/** What a schema cannot say. */
test.each([
  [{ path: "a/../b" }, "INPUT", "(a/../b): path: a path may hold neither .. nor NUL"],
  [{ path: "a\0b" }, "INPUT", "(a\\u0000b): path: a path may hold neither .. nor NUL"],
  [{ path: "\ud800" }, "INPUT", '(\\ud800): path: "\\ud800" is no text of Unicode'],
  [{ path: "é".repeat(128) }, "LIMIT", `(${"é".repeat(48)}…): path: a name is longer than 255 bytes`],
  [{ path: "" }, "INPUT", '(the root): kind: the root must be a "directory"'],
  [{ path: "a", kind: "symlink" }, "INPUT", "(a): target: is missing"],
  [{ path: "a", kind: "symlink", target: "" }, "INPUT", "(a): target: is empty"],
  [{ path: "a", kind: "hardlink", target: "../b" }, "INPUT", "(a): target: a path may hold neither .. nor NUL"],
  [{ path: "a", target: "b" }, "INPUT", "(a): target: is for kind symlink, not file"],
  [{ path: "a", kind: "directory", contents: "" }, "INPUT", "(a): contents: is for kind file, not directory"],
  [{ path: "a", kind: "fifo", source: "b" }, "INPUT", "(a): source: is for kind file, not fifo"],
  [{ path: "a", contents: "", source: "b" }, "INPUT", "(a): contents: are those of source already"],
  [{ path: "a", source: "" }, "INPUT", "(a): source: is empty"],
])("%j is refused", (entry, code, why) => {
  expect(() => read(one(entry))).toThrow(
    expect.objectContaining({ code, path: "m.json", message: `m.json: /entries/0 ${why}` }),
  );
});

test.each<[unknown, string]>([
  [[], "[] is not an object"],
  [null, "null is not an object"],
  [{}, "version: is missing: a number"],
  [{ version: 2, list: [] }, "version: 2 is not 1, the only one that is known"],
  [{ version: "1", entries: [] }, 'version: "1" is not 1, the only one that is known'],
  [{ version: 1 }, "entries: is missing: an array of entries"],
  [{ version: 1, entries: {} }, "entries: {} is not an array of entries"],
  [{ version: 1, entries: [], files: [] }, "files: there is no such key of a manifest"],
])("%j is no manifest", (value, why) => {
  expect(isValid(value)).toBe(false);
  expect(() => read(value)).toThrow(expect.objectContaining({ code: "INPUT", message: `m.json: ${why}` }));
});

test("a path that is there twice is refused with both places", () => {
  const entries = [{ path: "a/b" }, { path: "c" }, { path: "./a//b", kind: "directory" }];
  expect(() => read({ version: 1, entries })).toThrow("m.json: /entries/2 (a/b): /entries/0 has this path too");
});

test.each([
  ['{"version": 1,\n"entries": [}', 'm.json:2: "}" is no JSON'],
  ["", "m.json:1: ends in the middle of JSON"],
])("text that is no JSON: %j", (text, why) => {
  expect(() => parseManifest(new TextEncoder().encode(text), "m.json")).toThrow(why);
});

test("a mark that says UTF-8 is no part of the text, and what is no UTF-8 is refused", () => {
  expect(parseManifest(Uint8Array.of(0xef, 0xbb, 0xbf, 0x31), "m.json")).toBe(1);
  expect(() => parseManifest(Uint8Array.of(0x22, 0xff, 0x22), "m.json")).toThrow(
    "m.json: is no UTF-8, as JSON has to be",
  );
});
