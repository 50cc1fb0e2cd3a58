/** What a binary cache says of a path, and what is signed of it; texts are those of Nix. */
import { generateKeyPairSync, sign } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ImageError } from "../../../../../src/core/error.ts";
import { fingerprint, parseNarInfo } from "../../../../../src/stage/source/nix/cache/narinfo.ts";
import { checkSignatures, readTrustedKeys } from "../../../../../src/stage/source/nix/cache/node-signatures.ts";

const HELLO = `StorePath: /nix/store/n5wkd9frr45pa74if5gpz9j7mifg27fh-foo
URL: nar/1w1fff338fvdw53sqgamddn1b2xgds473pv6y13gizdbqjv4i5p3.nar.zst
Compression: zstd
FileHash: sha256:1w1fff338fvdw53sqgamddn1b2xgds473pv6y13gizdbqjv4i5p3
FileSize: 4029176
NarHash: sha256:09ymwqf5i9q7d4dm7x4pjjcqqj0qrcp5lnznbh42gfsci5hcbqqm
NarSize: 34878
References: g1w7hyyyy1w7hy3qg1w7hy3qgqqqqy3q-dep.drv n5wkd9frr45pa74if5gpz9j7mifg27fh-foo
Deriver: g1w7hyyyy1w7hy3qg1w7hy3qgqqqqy3q-foo.drv
Sig: asdf-1:aGk=
Sig: qwer-1:aGk=
CA: fixed:r:sha256:1lr187v6dck1rjh2j6svpikcfz53wyl3qrlcbb405zlh13x0khhh
`;

describe("a .narinfo", () => {
  test("says all that Nix knows of a path, and where its archive is", () => {
    expect(parseNarInfo(HELLO, "n")).toEqual({
      path: "/nix/store/n5wkd9frr45pa74if5gpz9j7mifg27fh-foo",
      url: "nar/1w1fff338fvdw53sqgamddn1b2xgds473pv6y13gizdbqjv4i5p3.nar.zst",
      compression: "zstd",
      narHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      narSize: 34878,
      references: [
        "/nix/store/g1w7hyyyy1w7hy3qg1w7hy3qgqqqqy3q-dep.drv",
        "/nix/store/n5wkd9frr45pa74if5gpz9j7mifg27fh-foo",
      ],
      deriver: "/nix/store/g1w7hyyyy1w7hy3qg1w7hy3qgqqqqy3q-foo.drv",
      signatures: ["asdf-1:aGk=", "qwer-1:aGk="],
      ca: "fixed:r:sha256:1lr187v6dck1rjh2j6svpikcfz53wyl3qrlcbb405zlh13x0khhh",
    });
  });

  test("may say less: what is not said is what Nix takes then", () => {
    const short = HELLO.replace(/^(?:Compression|FileHash|FileSize|Deriver|Sig|CA).*\n/gm, "").replace(
      /References:.*/,
      "References: ",
    );
    expect(parseNarInfo(short, "n")).toMatchObject({
      compression: "bzip2",
      references: [],
      signatures: [],
      deriver: undefined,
      ca: undefined,
    });
    expect(parseNarInfo(HELLO.replace(/Deriver: .*/, "Deriver: unknown-deriver"), "n").deriver).toBeUndefined();
    expect(parseNarInfo(HELLO.replace("nar.zst", "nar.zst?sha256=0"), "n").url).toMatch(/nar\.zst$/);
  });

  test.each<[string, string, string]>([
    ["StorePath: ", "x", "n: has no StorePath"],
    ["NarHash: sha256:09", "NarHash: sha256:x9", 'n:6: NarHash: "sha256:x9ym'],
    ["NarSize: 34878", "NarSize: -1", 'n:7: NarSize: "-1" is no size of a NAR'],
    ["URL: nar/", "URL: ../nar/", 'n:2: URL: "../nar/'],
    ["URL: nar/", "URL: /nar/", "is no path below the cache"],
    ["URL: nar/", "URL: https://x/", "is no path below the cache"],
    ["FileSize: 4029176", "NarSize: 4029176", "n:7: NarSize is there twice"],
    ["FileSize: 4029176", "garbage", 'n:5: "garbage" is no "Key: value"'],
    ["-dep.drv", "/dep.drv", "is no store path"],
  ])("is refused where it cannot be: %s becomes %s", (from, to, message) => {
    const text = to === "x" ? HELLO.replace(/^StorePath.*\n/, "") : HELLO.replace(from, to);
    expect(() => parseNarInfo(text, "n")).toThrow(message);
  });

  test("cut off or damaged, gives nothing but an ImageError", () => {
    const damage = fc.tuple(fc.nat(HELLO.length), fc.nat(30), fc.string());
    fc.assert(
      fc.property(damage, ([at, length, put]) => {
        try {
          parseNarInfo(HELLO.slice(0, at) + put + HELLO.slice(at + length), "n");
        } catch (error) {
          expect(error).toBeInstanceOf(ImageError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

test("what is signed is the path, its hash and size, and what it refers to", () => {
  expect(fingerprint(parseNarInfo(HELLO, "n"))).toBe(
    "1;/nix/store/n5wkd9frr45pa74if5gpz9j7mifg27fh-foo;sha256:09ymwqf5i9q7d4dm7x4pjjcqqj0qrcp5lnznbh42gfsci5hcbqqm;34878;" +
      "/nix/store/g1w7hyyyy1w7hy3qg1w7hy3qgqqqqy3q-dep.drv,/nix/store/n5wkd9frr45pa74if5gpz9j7mifg27fh-foo",
  );
});

test("a signature is by a trusted key, and of what is said now", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const bytes = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const keys = readTrustedKeys([`mine-1:${bytes.toString("base64")}`]);
  const info = parseNarInfo(HELLO, "n");
  const signature = `mine-1:${sign(null, Buffer.from(fingerprint(info)), privateKey).toString("base64")}`;
  const check = (more: object) => checkSignatures({ ...info, ...more }, keys, "cache");
  check({ signatures: ["other-1:aGk=", signature] });
  expect(() => check({ signatures: [signature], narSize: 1 })).toThrow("its signature by mine-1 is wrong");
  expect(() => check({ signatures: ["mine-1:not base 64"] })).toThrow("its signature by mine-1 is wrong");
  expect(() => check({})).toThrow('it is signed by "asdf-1", "qwer-1", and trusted are mine-1');
  expect(() => check({ signatures: [] })).toThrow("it is signed by nobody");
  for (const wrong of ["", "a", ":aGk=", "a:aGk=", `a:${bytes.toString("hex")}`]) {
    expect(() => readTrustedKeys([wrong])).toThrow("is no public key of Nix, NAME:BASE64");
  }
});
