/** What EROFS cannot hold, and options that cannot be: errors before the first byte leaves, never a wrapped number. */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { buildErofs } from "../../../src/build/erofs.ts";
import type { BuildOptions } from "../../../src/build/options.ts";
import { type Entry, entries } from "../../../src/stage/source/entries.ts";

/** Builds into nothing; an image that must not be is not written to either. */
async function build(list: readonly Entry[], options: BuildOptions = {}) {
  let isWritten = false;
  const sink = {
    writeAt: () => undefined,
    truncate() {
      isWritten = true;
    },
    close: () => undefined,
  };
  try {
    return await buildErofs(entries(list), sink, options);
  } catch (error) {
    expect(isWritten).toBe(false);
    throw error;
  }
}

const zeros = (size: number) => ({ size, readAt: (into: Uint8Array) => into.fill(0).length });
const attribute = (name: string, size: number): Entry => ({ path: "d/x", xattrs: { [name]: new Uint8Array(size) } });
const fiveLarge = Object.fromEntries("abcde".split("").map((letter) => [`user.${letter}`, new Uint8Array(53_000)]));
/** 256 of these are as many as Linux lists. */
const manyNames = Object.fromEntries(
  Array.from({ length: 257 }, (_, nr) => [`user.${nr}`.padEnd(255, "n"), new Uint8Array(0)]),
);

test.each<[string, Entry, BuildOptions?]>([
  ["a link of 4096 bytes", { path: "d/x", kind: "symlink", target: "t".repeat(4096) }],
  ["an attribute value of 65536 bytes", attribute("user.k", 65536)],
  ["an attribute name of 256 bytes", attribute(`user.${"k".repeat(251)}`, 1)],
  ["attributes of more than 262148 bytes", { path: "d/x", xattrs: fiveLarge }],
  ["names of attributes of more than 65536 bytes", { path: "d/x", xattrs: manyNames }],
  ["an attribute of an unknown namespace", attribute("system.other", 1)],
  ["an attribute named by its prefix alone", attribute("user.", 1)],
  ["an attribute name with NUL", attribute("user.a\0b", 1)],
  ["device 4096:0", { path: "d/x", kind: "char", major: 4096 }],
  ["an owner beyond 32 bits", { path: "d/x", uid: 2 ** 32 - 2 }, { uidOffset: 1 }],
  ["uid 65536 in the compact form", { path: "d/x", uid: 65536 }, { inodes: "compact" }],
  ["size 2^32 in the compact form", { path: "d/x", contents: zeros(2 ** 32) }, { inodes: "compact" }],
])("%s is a limit, and an error that names the path", async (_, entry, options) => {
  const error = expect.objectContaining({ code: "LIMIT", path: "d/x", message: expect.stringMatching(/^d\/x: /) });
  await expect(build([entry], options)).rejects.toThrow(error);
});

test("what is just within those limits is planned", async () => {
  const edges = "abcd".split("").map((letter) => [`user.${letter}`, new Uint8Array(65_000)] as const);
  // header 12, four entries of 4 + 1 + 65000 rounded up to 4, one that fills the rest
  const rest = ["user.e", new Uint8Array(262_148 - 12 - 4 * 65_008 - 5)] as const;
  const { counts } = await build([
    { path: "body", xattrs: [...edges, rest] },
    attribute("user.k", 65535),
    { path: "link", kind: "symlink", target: "t".repeat(4095) },
    { path: "name", xattrs: { [`user.${"k".repeat(250)}`]: new Uint8Array(0) } },
  ]);
  expect(counts).toMatchObject({ files: 3, symlinks: 1 });
});

test.each<[BuildOptions, RegExp]>([
  [{ label: "sixteen bytes xx" }, /label/],
  [{ label: "é".repeat(8) }, /label/],
  [{ label: "a\0b" }, /label/],
  [{ uuid: "0123" }, /uuid/],
  [{ uuid: "0123456789abcdef0123456789abcdeg" }, /uuid/],
  [{ uuid: "01234567-89abcdef-0123-4567-89abcdef" }, /uuid/],
  ...[0, 256, 3000, 131072, 4096.5, Number.NaN].map((blockSize): [BuildOptions, RegExp] => [
    { blockSize },
    /^blockSize: /,
  ]),
  [{ chunkSize: 2048 }, /^chunkSize: /],
  [{ chunkSize: 12288 }, /^chunkSize: /],
  [{ dsunit: -1 }, /dsunit/],
  [{ fsAlignBlocks: 2 ** 32 }, /^fsAlignBlocks: /],
  [{ timestamp: 1.5 }, /timestamp/],
  [{ times: "clamp" }, /timestamp/],
  [{ owner: { uid: -1 } }, /uid/],
])("options %j cannot be", async (options, message) => {
  const error = expect.objectContaining({ code: "INPUT", message: expect.stringMatching(message) });
  await expect(build([], options)).rejects.toThrow(error);
});

test("more than 2^32 blocks are a limit", async () => {
  const refused = expect.objectContaining({ code: "LIMIT", message: expect.stringMatching(/blocks/) });
  await expect(build([{ path: "x", contents: zeros(2 ** 44) }])).rejects.toThrow(refused);
});

test("far more than 2^32 blocks are a limit too, and take no memory to be one", () => {
  const script = `
    import { buildErofs, entries } from ${JSON.stringify(new URL("../../../dist/index.js", import.meta.url).href)};
    const sink = { writeAt() {}, truncate() {}, close() {} };
    const contents = { size: 2 ** 52, readAt: (into) => into.fill(0).length };
    await buildErofs(entries([{ path: "x", contents }]), sink).catch((error) => console.log(error.code));`;
  const args = ["--max-old-space-size=64", "--input-type=module", "-e", script];
  expect(spawnSync(process.execPath, args, { encoding: "utf8" }).stdout).toBe("LIMIT\n");
});
