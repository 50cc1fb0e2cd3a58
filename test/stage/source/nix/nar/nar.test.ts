/** NARs: what is written can be read, and what is damaged is refused in bounded time and memory. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesSource } from "../../../../../src/core/byte-source.ts";
import { ImageError } from "../../../../../src/core/error.ts";
import { type Entry, entries } from "../../../../../src/stage/source/entries.ts";
import { NarInput } from "../../../../../src/stage/source/nix/nar/nar-input.ts";
import { type NarNode, readNar } from "../../../../../src/stage/source/nix/nar/nar-reader.ts";
import { NarStager } from "../../../../../src/stage/source/nix/nar/nar-tree.ts";
import { NarWriter } from "../../../../../src/stage/source/nix/nar/nar-writer.ts";
import { resolvePolicy } from "../../../../../src/stage/tree/policy.ts";
import { Tree } from "../../../../../src/stage/tree/tree.ts";
import { soloContext } from "../../../../helpers/context.ts";

async function write(list: Entry[], at = ""): Promise<Buffer> {
  const tree = Tree.create();
  const { contents } = await entries(list).stage(tree, resolvePolicy({}, false), soloContext());
  const chunks: Buffer[] = [];
  const writer = new NarWriter(
    tree,
    contents,
    (bytes) => void chunks.push(Buffer.from(bytes)),
    () => undefined,
  );
  let entry = 0;
  while (Buffer.from(tree.path(entry)).toString() !== at) entry++;
  await writer.write(entry);
  const nar = Buffer.concat(chunks);
  expect(writer.size).toBe(nar.length);
  return nar;
}

const read = (bytes: Uint8Array, see?: (bytes: Uint8Array) => void): Promise<NarNode[]> =>
  readNar(new NarInput(bytesSource(bytes), "a.nar", see), () => undefined);

/** A string of an archive. */
function str(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([length, bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
}
const strs = (...words: string[]) => Buffer.concat(words.map(str));
const MAGIC = str("nix-archive-1");
const FILE = ["(", "type", "regular", "contents", "x", ")"];
const directory = (...inside: string[]) => Buffer.concat([MAGIC, strs("(", "type", "directory", ...inside, ")")]);
const entry = (name: string, ...node: string[]) => [
  "entry",
  "(",
  "name",
  name,
  "node",
  ...(node.length > 0 ? node : FILE),
  ")",
];

const LIST: Entry[] = [
  { path: "a", kind: "directory" },
  { path: "a/program", contents: "#!/bin/sh\n", mode: 0o755 },
  { path: "a/empty" },
  { path: "b", kind: "symlink", target: "a/program" },
  { path: "large", contents: Buffer.alloc(700_001, "large ") },
  { path: "z", kind: "directory" },
];

describe("a NAR", () => {
  test("is made of strings, as Nix makes it", async () => {
    const made = await write([
      { path: "d/f", contents: "12345678" },
      { path: "d/p", contents: "", mode: 0o755 },
      { path: "l", kind: "symlink", target: "to" },
    ]);
    const inner = [...entry("f", "(", "type", "regular", "contents", "12345678", ")")];
    const program = entry("p", "(", "type", "regular", "executable", "", "contents", "", ")");
    const expected = directory(
      ...entry("d", "(", "type", "directory", ...inner, ...program, ")"),
      ...entry("l", "(", "type", "symlink", "target", "to", ")"),
    );
    expect(made.equals(expected)).toBe(true);
  });

  test("of a file, and of a link, has no directory", async () => {
    expect(
      (await write(LIST, "b")).equals(Buffer.concat([MAGIC, strs("(", "type", "symlink", "target", "a/program", ")")])),
    ).toBe(true);
    expect((await read(await write(LIST, "large"))).map(({ size }) => size)).toEqual([700_001]);
  });

  test("is read as it was written; with a hash every byte is seen, in order", async () => {
    const nar = await write(LIST);
    const seen: Buffer[] = [];
    const nodes = await read(nar, (bytes) => void seen.push(Buffer.from(bytes)));
    expect(Buffer.concat(seen).equals(nar)).toBe(true);
    expect(await read(nar)).toEqual(nodes);
    expect(nodes.map(({ name, mode, size, target }) => [name, mode.toString(8), size, target])).toEqual([
      ["", "40555", 0, ""],
      ["a", "40555", 0, ""],
      ["empty", "100444", 0, ""],
      ["program", "100555", 10, ""],
      ["b", "120777", 0, "a/program"],
      ["large", "100444", 700_001, ""],
      ["z", "40555", 0, ""],
    ]);
    const { offset, size } = nodes[5]!;
    expect(nar.subarray(offset, offset + size).equals(Buffer.alloc(700_001, "large "))).toBe(true);
  });

  test("can be deep: a directory in a directory, 20,000 times", async () => {
    const depth = 20_000;
    const open = Buffer.concat(
      Array.from({ length: depth }, () => strs("(", "type", "directory", "entry", "(", "name", "d", "node")),
    );
    const close = Buffer.concat(Array.from({ length: depth }, () => strs(")", ")")));
    expect(await read(Buffer.concat([MAGIC, open, strs(...FILE), close]))).toHaveLength(depth + 1);
  });

  test("holds nothing that Nix does not know", async () => {
    await expect(write([{ path: "p", kind: "fifo" }])).rejects.toThrow("p: is neither a file, a directory nor a link");
  });
});

describe("what is no NAR is refused, with the place where it is not", () => {
  test.each<[string, Buffer, string]>([
    ["garbage", Buffer.from("garbage that is long enough"), "a.nar: is no NAR"],
    ["nothing", Buffer.alloc(0), "a.nar: is no NAR"],
    ["another version", Buffer.concat([str("nix-archive-2"), strs(...FILE)]), "a.nar: is no NAR (offset 0)"],
    ["no type", Buffer.concat([MAGIC, strs("(", "tipe")]), '"tipe" where "type" belongs (offset 40)'],
    [
      "another type",
      Buffer.concat([MAGIC, strs("(", "type", "device", ")")]),
      '"device" is no type of a node (offset 56)',
    ],
    ["names out of order", directory(...entry("b"), ...entry("a")), 'the name "a" stands behind "b" (offset '],
    ["a name twice", directory(...entry("b"), ...entry("b")), 'the name "b" is there twice'],
    ["an empty name", directory(...entry("")), '"" is no name'],
    ["a name with a slash", directory(...entry("a/b")), '"a/b" is no name'],
    ["..", directory(...entry("..")), '".." is no name'],
    ["a name with NUL", directory(...entry("a\0")), "is no name"],
    [
      "a name that is too long",
      directory(...entry("n".repeat(256))),
      "a string of 256 bytes where one of at most 255 belongs",
    ],
    [
      "a link to nowhere",
      Buffer.concat([MAGIC, strs("(", "type", "symlink", "target", "", ")")]),
      "a link leads nowhere",
    ],
    [
      "a target that is too long",
      Buffer.concat([MAGIC, strs("(", "type", "symlink", "target", "t".repeat(4096), ")")]),
      "at most 4095",
    ],
    [
      "trailing bytes",
      Buffer.concat([directory(...entry("a")), Buffer.alloc(8)]),
      "8 bytes follow the archive (offset",
    ],
    [
      "a length beyond the end",
      Buffer.concat([MAGIC, strs("(", "type", "regular", "contents"), Buffer.from("ffffffffffffff7f", "hex")]),
      "goes beyond the end",
    ],
    [
      "what may not be executable",
      Buffer.concat([MAGIC, strs("(", "type", "regular", "executable", "x")]),
      '"x" where "" belongs',
    ],
  ])("%s", async (_what, bytes, message) => {
    const failed = await read(bytes).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ImageError);
    expect(failed).toMatchObject({ code: "INPUT", path: "a.nar", message: expect.stringContaining(message) });
  });

  test("padding that is not zero", async () => {
    const bytes = directory(...entry("a"));
    // behind the first "("
    bytes[35] = 1;
    await expect(read(bytes)).rejects.toThrow("what fills up a string is not zero (offset 33)");
  });

  test("one that has been cut off, anywhere", async () => {
    const nar = await write(LIST);
    for (let length = 0; length < nar.length; length += length > 1500 && length < nar.length - 800 ? 9973 : 1) {
      await expect(read(nar.subarray(0, length)), `${length}`).rejects.toBeInstanceOf(ImageError);
    }
  });

  test("damaged anyhow: nothing but an ImageError comes of it", async () => {
    const nar = await write(LIST.filter(({ path }) => path !== "large"));
    const damage = fc.array(fc.tuple(fc.nat(nar.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        const bytes = Buffer.from(nar);
        for (const [at, byte] of changes) bytes[at] = byte;
        await read(bytes).catch((error: unknown) => expect(error).toBeInstanceOf(ImageError));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("names of an archive in the image", () => {
  const stage = async (bytes: Buffer, isClosure = true, exclude: string[] = []) => {
    const tree = Tree.create();
    tree.allocate(1);
    const stager = new NarStager(tree, resolvePolicy({ exclude: { paths: exclude } }, isClosure), () => undefined);
    stager.stage(await read(bytes), 0, "a.nar");
    return Array.from({ length: tree.length }, (_, at) => Buffer.from(tree.path(at)).toString());
  };
  const hacked = directory(...entry("B~nix~case~hack~2"), ...entry("b"), ...entry("c"));

  test("are without the case hack in a closure, in the order that they have then", async () => {
    expect(await stage(hacked)).toEqual(["", "B", "b", "c"]);
    expect(await stage(directory(...entry("x"), ...entry("x-a"), ...entry("x~nix~case~hack~1y")))).toEqual([
      "",
      "x",
      "x-a",
      "x~nix~case~hack~1y",
    ]);
    expect(await stage(directory(...entry("a-b"), ...entry("a.c!"), ...entry("a.c~nix~case~hack~1")))).toEqual([
      "",
      "a-b",
      "a.c",
      "a.c!",
    ]);
    expect(await stage(hacked, false)).toEqual(["", "B~nix~case~hack~2", "b", "c"]);
  });

  test("that become one are an error", async () => {
    const twins = directory(...entry("b"), ...entry("b~nix~case~hack~1"));
    await expect(stage(twins)).rejects.toThrow("a.nar: b~nix~case~hack~1: has the same name in the image as b");
  });

  test("that rules exclude are left out, with what is in them", async () => {
    const inner = directory(...entry("a", "(", "type", "directory", ...entry("b"), ")"), ...entry("c"));
    expect(await stage(inner, true, ["a/b"])).toEqual(["", "a", "c"]);
    expect(await stage(inner, true, ["a"])).toEqual(["", "c"]);
  });
});
