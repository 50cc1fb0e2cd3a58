/** What Nix prints of store paths, in all its forms; texts as Nix 2.8, 2.18, 2.19, 2.33 and Lix 2.93 print them. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ImageError } from "../../../../../src/core/error.ts";
import { checkReferences } from "../../../../../src/stage/source/nix/known-path.ts";
import { tellList } from "../../../../../src/stage/source/nix/list/list-kind.ts";
import { readKnownPaths } from "../../../../../src/stage/source/nix/list/read-list.ts";
import { formatRegistration, parseRegistration } from "../../../../../src/stage/source/nix/list/registration.ts";
import { parseSha256, toBase32 } from "../../../../../src/stage/source/nix/nix-hash.ts";

const A = "/nix/store/h7mqyzspl0hg12h0lj0xwv405zyhz5q3-a";
const D = "/nix/store/8j6wjf89yaih482580rzwsh21hyqmlj2-d-link";
const A_HASH = "ba631624b7102a366446630e4f9b0a39c5c5f124f1a40b254549c63dc904d0ef";
const D_HASH = "38bd03051cbd6b43ea18f959d4f1b882e5454ca6e8c9ec09246f5cd5ca2d9f9c";
const A_SRI = "sha256-umMWJLcQKjZkRmMOT5sKOcXF8STxpAslRUnGPckE0O8=";
const D_SRI = "sha256-OL0DBRy9a0PqGPlZ1PG4guVFTKboyewJJG9c1cotn5w=";
const [A_DRV, D_DRV] = ["f9qlr4hv3acryz1nnxfzzf036rllqdbw-a.drv", "0cghdy3h07qdm8n0ygh7b2a8mvpdyf21-d-link.drv"];
const A_INFO = { path: A, narHash: A_HASH, narSize: 1640, references: [A], deriver: `/nix/store/${A_DRV}` };
const D_INFO = { path: D, narHash: D_HASH, narSize: 168, references: [A], deriver: `/nix/store/${D_DRV}` };
const REGISTRATION = `${A}\n${A_HASH}\n1640\n/nix/store/${A_DRV}\n1\n${A}\n${D}\n${D_HASH}\n168\n/nix/store/${D_DRV}\n1\n${A}\n`;

const read = (text: string) => {
  const bytes = Buffer.from(text);
  const kind = tellList(bytes, 0);
  if (kind === "paths") throw new Error("a list of paths alone");
  return readKnownPaths(bytes, kind, "list");
};
const why = (text: string) => expect(() => read(text));
const a = { narHash: A_SRI, narSize: 1640, references: [A], deriver: `/nix/store/${A_DRV}` };
const d = { narHash: D_SRI, narSize: 168, references: [A], deriver: `/nix/store/${D_DRV}` };
const hash = (text: string) => ({ algorithm: "sha256", format: "base16", hash: text });

describe("a list of what Nix knows is read", () => {
  test.each<[string, string]>([
    ["nix-store --dump-db", REGISTRATION],
    ["nix-store --dump-db, with lines of Windows", REGISTRATION.replaceAll("\n", "\r\n")],
    [
      "closureInfo's registration",
      `${A}\nsha256:${toBase32(Buffer.from(A_HASH, "hex"))}\n1640\n/nix/store/${A_DRV}\n1\n${A}\n${D}\n${D_SRI}\n168\n/nix/store/${D_DRV}\n1\n${A}\n`,
    ],
    [
      "nix path-info --json up to 2.18",
      JSON.stringify([
        { path: A, ...a, registrationTime: 1795957853, ultimate: true },
        { path: D, ...d, signatures: ["k:aGk="], ca: "fixed:r:sha256:0fr" },
      ]),
    ],
    [
      "Lix",
      JSON.stringify([
        { ...a, path: A, valid: true },
        { ...d, path: D, valid: true },
      ]),
    ],
    [
      "nix path-info --json from 2.19 on",
      JSON.stringify({ [A]: { ca: null, ...a, signatures: [] }, [D]: { ca: null, ...d } }),
    ],
    ["--json-format 1", JSON.stringify({ storeDir: "/nix/store", [A]: { ...a, version: 1 }, [D]: d })],
    [
      "--json-format 2",
      JSON.stringify({
        version: 2,
        storeDir: "/nix/store",
        info: {
          [A.slice(11)]: {
            ...a,
            narHash: hash(A_HASH),
            references: [A.slice(11)],
            deriver: A_DRV,
            ca: null,
            version: 2,
          },
          [D.slice(11)]: {
            ...d,
            narHash: { ...hash(D_SRI.slice(7)), format: "base64" },
            references: [A.slice(11)],
            deriver: D_DRV,
          },
        },
      }),
    ],
    [
      ".attrs.json, where graphs may overlap",
      JSON.stringify({
        exportReferencesGraph: { closure: [D], other: [A] },
        outputs: { out: "/nix/store/x" },
        closure: [
          { path: A, ...a, closureSize: 1640 },
          { path: D, ...d },
        ],
        other: [{ path: A, ...a }],
      }),
    ],
  ])("%s", (_what, text) => {
    expect(read(text)).toMatchObject([A_INFO, D_INFO]);
  });

  test("a graph of exportReferencesGraph, which has no hashes", () => {
    const infos = read(`${D}\n\n1\n${A}\n${A}\n/nix/store/${A_DRV}\n1\n${A}\n`);
    expect(infos).toMatchObject([
      { path: D, line: 1, deriver: undefined, narHash: undefined, references: [A] },
      { path: A, line: 5, references: [A] },
    ]);
  });

  test("signatures and content addresses, as texts and in parts", () => {
    const parts = { method: "nar", hash: hash(A_HASH) };
    const [info] = read(
      JSON.stringify({ [A]: { ...a, ca: parts, signatures: [{ keyName: "k", sig: "aGk=" }, "a:aGk="] } }),
    );
    const address = `fixed:r:sha256:${toBase32(Buffer.from(A_HASH, "hex"))}`;
    expect(info).toMatchObject({ ca: address, signatures: ["a:aGk=", "k:aGk="] });
    expect(read(JSON.stringify({ [A]: { ca: { method: "text", hash: A_SRI } } }))[0]!.ca).toBe(
      address.replace("fixed:r:", "text:"),
    );
  });

  test("and written as nix-store --load-db takes it", () => {
    expect(formatRegistration([A_INFO, { ...D_INFO, deriver: undefined, references: [] }])).toBe(
      `${A}\n${A_HASH}\n1640\n/nix/store/${A_DRV}\n1\n${A}\n${D}\n${D_HASH}\n168\n\n0\n`,
    );
    expect(parseRegistration(formatRegistration([A_INFO, D_INFO]), "list", true)).toMatchObject([A_INFO, D_INFO]);
  });
});

test("hashes are the same in every spelling", () => {
  const spelt = [
    A_HASH,
    `sha256:${A_HASH}`,
    toBase32(Buffer.from(A_HASH, "hex")),
    A_SRI,
    A_SRI.slice(7),
    A_HASH.toUpperCase(),
  ];
  expect(spelt.map(parseSha256)).toEqual(spelt.map(() => A_HASH));
  const wrong = ["", "sha256:", A_HASH.slice(1), `sha1:${A_HASH}`, "e".repeat(52), `z${"0".repeat(51)}`, "aGk="];
  expect(wrong.map(parseSha256)).toEqual(wrong.map(() => undefined));
});

describe("what is no such list is refused with its line and the beginning of what stands there", () => {
  test.each([
    [REGISTRATION.replace("1640", "many"), /^list:3: "many" is no size of a NAR$/],
    [REGISTRATION.replace(D_HASH, "zz"), /^list:8: "zz" is no SHA-256$/],
    [REGISTRATION.replace(`1\n${A}\n${D}`, `2\n${A}\n${D}`), /^list:8: "38bd\w+…" is no store path$/],
    [REGISTRATION.replace(D, "error: it is not there"), /^list:7: "error: it is not there" is no store path$/],
    [REGISTRATION.slice(0, -A.length - 1), /^list:11: ends where a store path is to follow$/],
    [`${D}\n\n1\n${A}\n${A}\n\n\n`, /^list:7: "" is no number of references$/],
    [`[{"path": "${A}"},\n {"path" "${D}"}]`, /^list:2: "\\"\/nix\/store\/8j.*…" is no JSON$/],
    [`[{"path": "${A}"},\n\n`, /^list:3: ends in the middle of JSON$/],
    [`{"a": 01}`, /^list:1: "1}" is no JSON$/],
    [`["\\x"]`, /^list:1: .* is no JSON$/],
    ["[1]", /^list: element 1: 1 names no path$/],
    ["[]", /^list: names no path$/],
    ["{}", /^list: names no path$/],
    [JSON.stringify({ [A]: null }), /^list: \S+-a is not valid in the store that was asked$/],
    [JSON.stringify([{ path: A, valid: false }]), /is not valid in the store/],
    [JSON.stringify({ [A]: { ...a, narHash: "x" } }), /^list: \S+-a: narHash: "x" is no SHA-256$/],
    [JSON.stringify({ [A]: { ...a, references: [1] } }), /references: an array is no array of paths$/],
    [JSON.stringify({ "/etc/passwd": a }), /^list: "\/etc\/passwd" is no store path$/],
    [JSON.stringify({ exportReferencesGraph: { closure: [A] } }), /"closure" of exportReferencesGraph is no array$/],
  ])("%j", (text, message) => {
    why(text).toThrow(message);
  });

  test("deeply nested JSON too", () => {
    why("[".repeat(1_000_000)).toThrow(/^list:1: ends in the middle of JSON$/);
    why(`[${"[".repeat(100_000)}${"]".repeat(100_000)}]`).toThrow("element 1: an array names no path");
  });

  test("and whatever else is there: nothing but an ImageError comes of it", () => {
    const json = JSON.stringify({ [A]: a, [D]: d });
    const texts = fc.constantFrom(REGISTRATION, json, `[${json}]`);
    const cut = fc.tuple(texts, fc.nat(), fc.nat(), fc.string());
    fc.assert(
      fc.property(cut, ([text, at, length, put]) => {
        const from = at % text.length;
        const damaged = text.slice(0, from) + put + text.slice(from + (length % 40));
        const bytes = Buffer.from(damaged);
        const kind = tellList(bytes, 0);
        if (kind === "paths") return;
        try {
          readKnownPaths(bytes, kind, "list");
        } catch (error) {
          expect(error).toBeInstanceOf(ImageError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

test("a path that refers to one which is not there is an error that names both", () => {
  expect(() => checkReferences([D_INFO], "list")).toThrow(`list: ${D} refers to ${A}, which is not in the closure`);
  checkReferences([D_INFO, A_INFO], "list");
  checkReferences([{ path: D }], "list");
});
