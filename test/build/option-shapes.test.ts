/** Option by option: what has the wrong shape is refused by the option's name, and a key that is nearly one says which. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type BuildOptions,
  buildErofs,
  buildSquashfs,
  type Entry,
  entries,
  ImageError,
  type PackFileOptions,
  packFile,
  parseSortFile,
  type SquashfsOptions,
} from "../../dist/index.js";
import { showValue } from "../../src/core/options/checks.ts";
import { failureOf } from "../helpers/faults.ts";
import { makeScratch } from "../helpers/scratch.ts";

const scratch = makeScratch("option-shapes");
const image = `${scratch}/never`;

/** Every shape there is; what stands with a key is what it may not be. */
const SHAPES = {
  null: null,
  boolean: true,
  number: 5,
  "no number": Number.NaN,
  bigint: 5n,
  text: "odd text",
  "empty text": "",
  symbol: Symbol("odd"),
  function: () => undefined,
  array: [5],
  "empty array": [],
  object: { odd: 1 },
  "empty object": {},
  map: new Map(),
  date: new Date(0),
  promise: Promise.resolve(1),
  bytes: new Uint8Array(1),
} as const;
type Shape = keyof typeof SHAPES;

/** Shapes that a key may have, so that nothing is wrong with them as such. */
const TEXT: Shape[] = ["text", "empty text"];
const FLAG: Shape[] = ["boolean"];
const NUMBER: Shape[] = ["number"];
const LIST: Shape[] = ["empty array"];
const RECORD: Shape[] = ["empty object"];
const WORD: Shape[] = [];

type Shapes<T> = { readonly [K in keyof Required<T>]: readonly Shape[] };

const SHARED = {
  ...{ timestamp: NUMBER, times: WORD, owner: RECORD, uidOffset: NUMBER, gidOffset: NUMBER, chmod: LIST },
  ...{
    hardLinks: WORD,
    exclude: [...LIST, ...RECORD],
    oneFileSystem: FLAG,
    xattrNames: RECORD,
    xattrReader: WORD,
    overlay: WORD,
  },
  ...{
    workers: NUMBER,
    throttle: NUMBER,
    sort: LIST,
    offset: NUMBER,
    mountPoint: TEXT,
    fileContexts: TEXT,
    fsConfigFile: TEXT,
    productOut: TEXT,
    digest: FLAG,
    verity: [...FLAG, ...RECORD],
    verify: FLAG,
  },
  ...{ storeDir: TEXT, registration: [...FLAG, ...TEXT], registrationOut: TEXT, scanReferences: FLAG },
  ...{ nixDatabase: [...TEXT, ...FLAG], gcroot: TEXT },
  ...{ signal: WORD, onProgress: ["function"] as Shape[], blockSize: NUMBER, dedupe: WORD },
};
const EROFS: Shapes<BuildOptions> = {
  ...SHARED,
  // an empty list names no algorithm
  ...{ compress: WORD, pclusterSize: NUMBER, tailPacking: FLAG, fragments: WORD, compressDirectories: FLAG },
  ...{ packedPclusterSize: NUMBER, maxExtentBytes: NUMBER, fullIndexes: FLAG, dedupeExtents: FLAG },
  ...{ dedupeFragments: FLAG, dedupeChunks: FLAG, extentRecords: FLAG, compressHints: LIST, targetKernel: TEXT },
  metabox: [...FLAG, ...RECORD],
  ...{
    label: TEXT,
    uuid: TEXT,
    xattrTolerance: NUMBER,
    xattrFilter: FLAG,
    xattrPrefixes: LIST,
    plainXattrPrefixes: FLAG,
    fingerprints: [...FLAG, ...TEXT],
    rootXattrBytes: NUMBER,
    inlineData: FLAG,
    inodes: WORD,
  },
  ...{
    chunkSize: NUMBER,
    chunkIndexes: FLAG,
    checksum: FLAG,
    dsunit: NUMBER,
    fsAlignBlocks: NUMBER,
    omitDot: FLAG,
    blobDevice: TEXT,
    tarIndex: [...FLAG, ...TEXT],
    vmdkDescriptor: TEXT,
    ignoreMtime: FLAG,
  },
};
const SQUASHFS: Shapes<SquashfsOptions> = {
  ...SHARED,
  ...{ extreme: FLAG, dictSize: [...NUMBER, ...TEXT], filters: LIST, lc: NUMBER, lp: NUMBER, pb: NUMBER },
  ...{ level: NUMBER, windowBits: NUMBER, compressor: WORD, fragments: WORD, uncompressed: LIST, sparse: FLAG },
  ...{ exportable: FLAG, xattrs: FLAG, padding: NUMBER, mkfsTime: NUMBER },
};
const PACK_FILE: Shapes<PackFileOptions> = { packDir: TEXT, defaults: RECORD };
const ENTRY: Shapes<Entry> = {
  ...{ path: [...TEXT, "bytes"], kind: WORD, mode: NUMBER, uid: NUMBER, gid: NUMBER, mtime: [...NUMBER, "date"] },
  ...{ target: [...TEXT, "bytes"], major: NUMBER, minor: NUMBER, contents: [...TEXT, "bytes"], sparse: FLAG },
  // what is in it is looked at name by name
  xattrs: ["array", "object", "empty object", "empty array", "map", "date", "promise", "bytes"],
};

/** Keys inside of options, with something that makes one right but for the key that is looked at. */
const INNER: readonly (readonly [
  option: string,
  more: object,
  shapes: Record<string, readonly Shape[]>,
  isList: boolean,
])[] = [
  ["owner", {}, { uid: NUMBER, gid: NUMBER }, false],
  ["chmod", { pattern: "a", mode: 0 }, { pattern: TEXT, mode: [...TEXT, ...NUMBER] }, true],
  [
    "exclude",
    {},
    { paths: LIST, patterns: LIST, regexes: LIST, components: LIST, maxDepth: NUMBER, only: LIST },
    false,
  ],
  ["xattrNames", {}, { include: TEXT, exclude: TEXT }, false],
  ["verity", {}, { out: TEXT, salt: TEXT, uuid: TEXT, superblock: FLAG, rootOut: TEXT }, false],
  [
    "sort",
    { order: 0, flags: 0, path: "a", match: "exact" },
    { order: NUMBER, flags: NUMBER, path: TEXT, match: WORD },
    true,
  ],
];
const EROFS_INNER: typeof INNER = [
  ...INNER,
  [
    "compress",
    { algorithm: "zstd" },
    { ...{ algorithm: WORD, level: NUMBER, dictSize: NUMBER }, ...{ lc: NUMBER, lp: NUMBER, pb: NUMBER } },
    false,
  ],
  ["metabox", {}, { pclusterSize: NUMBER, algorithm: NUMBER }, false],
  [
    "compressHints",
    { pattern: "a", pclusterSize: 4096 },
    { pattern: TEXT, pclusterSize: NUMBER, algorithm: NUMBER },
    true,
  ],
];

beforeAll(() => {
  mkdirSync(`${scratch}/files`);
  writeFileSync(`${scratch}/list`, "dir /a 0755 0 0\n");
});

async function expectRefused(build: () => Promise<unknown>, message: string): Promise<void> {
  // thrown or rejected with: a source says what is wrong with it when it is used
  const error = await failureOf((async () => build())());
  expect(error).toBeInstanceOf(ImageError);
  expect(error).toMatchObject({ code: "INPUT" });
  expect((error as Error).message.startsWith(message) || (error as Error).message).toBe(true);
  expect(existsSync(image)).toBe(false);
}

/** All keys with all shapes that they may not have. */
function wrongShapes(shapes: Record<string, readonly Shape[]>): [key: string, shape: Shape, value: unknown][] {
  return Object.entries(shapes).flatMap(([key, right]) =>
    (Object.entries(SHAPES) as [Shape, unknown][])
      .filter(([shape]) => !right.includes(shape))
      .map(([shape, value]): [string, Shape, unknown] => [key, shape, value]),
  );
}

/** A key with a letter too much, one too few, two that changed places. */
function misspelt(key: string): string[] {
  const at = Math.floor(key.length / 2);
  const twice = `${key.slice(0, at)}${key[at]}${key.slice(at)}`;
  const swapped = `${key.slice(0, at - 1)}${key[at]}${key[at - 1]}${key.slice(at + 1)}`;
  return [twice, swapped].filter((word) => word !== key);
}

const BUILDS = [
  ["EROFS", EROFS, EROFS_INNER, (options: object) => buildErofs(entries([]), image, options)],
  ["SquashFS", SQUASHFS, INNER, (options: object) => buildSquashfs(entries([]), image, options)],
] as const;

describe.each(BUILDS)("%s", (_, shapes, inner, build) => {
  test.each(Object.keys(shapes))("%s of any other shape is refused, and named", async (key) => {
    const wrong = wrongShapes({ [key]: (shapes as Record<string, readonly Shape[]>)[key]! });
    expect(wrong.length).toBeGreaterThan(SHAPES_AT_LEAST);
    for (const [, , value] of wrong) await expectRefused(() => build({ [key]: value }), key);
  });

  // two letters are near to anything
  test.each(Object.keys(shapes).filter((key) => key.length > 2))(
    "what is nearly %s is refused, and the key that was meant is named",
    async (key) => {
      for (const word of misspelt(key)) {
        const error = await failureOf(build({ [word]: 1 }));
        expect(error).toMatchObject({ code: "INPUT" });
        expect((error as Error).message).toMatch(new RegExp(`^${word}: .*Did you mean ${key}\\?$`));
      }
    },
  );

  test("an undefined value is none given, whatever its key: of the other format, of none, inside of others", async () => {
    const others = Object.fromEntries(
      Object.keys({ ...EROFS, ...SQUASHFS, nothing: 1 }).map((key) => [key, undefined]),
    );
    const inside = Object.fromEntries(
      inner.map(([option, more, , isList]) => [
        option,
        isList ? [{ ...more, odd: undefined }] : { ...more, odd: undefined },
      ]),
    );
    const { exclude, owner, sort } = inside as Record<string, object>;
    await build({ ...others, exclude, owner, sort });
    rmSync(image);
  });

  test.each(inner)("keys inside of %s are looked at as well", async (option, more, keys, isList) => {
    const give = (key: string, value: unknown) => {
      const record = { ...more, [key]: value };
      return build({ [option]: isList ? [more, record] : record });
    };
    const at = isList ? `${option}[1]` : option;
    for (const [key, , value] of wrongShapes(keys)) await expectRefused(() => give(key, value), `${at}.${key}`);
    for (const key of Object.keys(keys).filter((each) => each.length > 2)) {
      for (const word of misspelt(key)) {
        await expectRefused(() => give(word, 1), `${at}.${word}: there is no such`);
        expect(((await failureOf(give(word, 1))) as Error).message).toMatch(new RegExp(`Did you mean ${key}\\?$`));
      }
    }
  });

  test("options that are none are refused", async () => {
    for (const value of Object.values(SHAPES)) {
      if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) continue;
      await expectRefused(() => build(value as object), `options: ${showValue(value)}`);
    }
  });
});

/** Of 17 shapes few are right for any key. */
const SHAPES_AT_LEAST = Object.keys(SHAPES).length - 4;

test.each(Object.keys(PACK_FILE))("packFile(): %s", async (key) => {
  const build = (options: object) => buildErofs(packFile(`${scratch}/list`, options), image);
  for (const [, , value] of wrongShapes({ [key]: PACK_FILE[key as keyof PackFileOptions] })) {
    await expectRefused(() => build({ [key]: value }), key);
  }
  for (const word of misspelt(key)) {
    await expectRefused(() => build({ [word]: 1 }), `${word}: there is no such option. Did you mean ${key}?`);
  }
});

test.each(Object.keys(ENTRY))("entries(): %s", async (key) => {
  const kinds: Record<string, object> = {
    target: { kind: "symlink" },
    major: { kind: "char" },
    minor: { kind: "char", major: 1 },
  };
  const build = (more: object) => buildErofs(entries([{ path: "a", ...kinds[key], ...more } as Entry]), image);
  const at = key === "path" ? "entry 1: path" : `a: ${key}`;
  for (const [, , value] of wrongShapes({ [key]: ENTRY[key as keyof Entry] })) {
    await expectRefused(() => build({ [key]: value }), at);
  }
  for (const word of misspelt(key)) {
    await expectRefused(
      () => build({ [word]: 1 }),
      `a: ${word}: there is no such key of an entry. Did you mean ${key}?`,
    );
  }
});

test.each<[string, object]>([
  ["exclude.regexes[1]", { exclude: { regexes: ["a", "("] } }],
  ["exclude", { exclude: { components: [{ parts: ["("], kind: "regex", isAnchored: true }] } }],
  ["xattrNames.include", { xattrNames: { include: "(" } }],
  ["xattrNames.exclude", { xattrNames: { exclude: "(" } }],
  ["compressHints[0].pattern", { compress: "lz4", compressHints: [{ pattern: "(", pclusterSize: 0 }] }],
])("%s: an expression with a mistake is refused by its option's name", async (at, options) => {
  const message = `${at}: regular expression "(": unmatched "("`;
  await expectRefused(() => buildErofs(entries([{ path: "a" }]), image, options), message);
});

// Was a bug: these ended in a TypeError, or in Node's own words.
test.each<[string, () => Promise<unknown>, string]>([
  ["a hole in an array of paths", () => buildErofs(Object.assign([], { 1: "a" }), image), "path 1: is missing"],
  ["a target with a NUL", () => buildErofs(entries([]), `${image}\0`), "the path to write to holds a NUL"],
  ["a sort file that is a text", async () => parseSortFile("1 a" as never, "name"), 'parseSortFile(): "1 a"'],
  ["no sort file", async () => (parseSortFile as () => unknown)(), "parseSortFile(): undefined"],
])("%s is refused", (_, build, message) => expectRefused(build, message));
