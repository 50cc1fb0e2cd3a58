/** Hash trees wherever images go: equal to one that is made the simplest way, whole or not there, the same everywhere. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, test, vi } from "vitest";
import {
  type BuildReport,
  buildErofs,
  buildSquashfs,
  directory,
  type Entry,
  entries,
  ImageError,
  type RunOptions,
  type SquashfsReport,
} from "../../../dist/index.js";
import { makeScratch } from "../../helpers/scratch.ts";
import { makeHashTree } from "../../helpers/verity/hash-tree.ts";

const scratch = makeScratch("verity");
const [image, tree, root] = [`${scratch}/image`, `${scratch}/tree`, `${scratch}/root`];
const noise = createHash("shake128", { outputLength: 3_000_000 }).update("noise").digest();
const list: Entry[] = [
  { path: "a", contents: noise },
  { path: "b", contents: "text\n".repeat(1000) },
];

type Build = (out: Parameters<typeof buildErofs>[1], more: RunOptions) => Promise<BuildReport | SquashfsReport>;

const BUILDS: Record<string, Build> = {
  erofs: (out, more) => buildErofs(entries(list), out, more),
  "erofs with blocks of 512 bytes": (out, more) =>
    buildErofs(entries([{ path: "a", contents: "a".repeat(2000) }]), out, { ...more, blockSize: 512 }),
  "compressed erofs": (out, more) => buildErofs(entries(list), out, { ...more, compress: "lz4", fragments: "tails" }),
  squashfs: (out, more) => buildSquashfs(entries(list), out, { ...more, compressor: "lz4" }),
  "squashfs without padding": (out, more) =>
    buildSquashfs(entries(list), out, { ...more, compressor: "none", padding: 1 }),
  "an empty squashfs": (out, more) => buildSquashfs(entries([]), out, more),
};

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

beforeEach(() => {
  for (const path of [image, tree, root]) rmSync(path, { recursive: true, force: true });
});

/** A target in memory. */
function memorySink() {
  const target = { bytes: new Uint8Array(0) };
  const sink = {
    truncate(length: number) {
      target.bytes = new Uint8Array(length);
    },
    writeAt: (bytes: Uint8Array, at: number) => target.bytes.set(bytes, at),
    close: () => undefined,
  };
  return { target, sink };
}

describe.each(Object.entries(BUILDS))("%s", (_, build) => {
  test("the tree stands behind the image, which is as it is without one but for zeros to a whole block", async () => {
    const { bytes: length } = await build(image, {});
    const plain = readFileSync(image);
    expect(plain.length).toBe(length);
    const { verity, bytes } = await build(image, { verity: true });
    const file = readFileSync(image);
    const dataBytes = Math.ceil(length / 4096) * 4096;
    expect(file.subarray(0, length).equals(plain)).toBe(true);
    expect(file.subarray(length, dataBytes).every((byte) => byte === 0)).toBe(true);
    const { bytes: expected, rootHash } = makeHashTree(file.subarray(0, dataBytes), verity!);
    expect(file.subarray(dataBytes).equals(expected)).toBe(true);
    expect(file.length).toBe(bytes);
    expect(verity).toEqual({
      rootHash,
      salt: expect.stringMatching(/^[0-9a-f]{64}$/),
      uuid: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      dataBlocks: dataBytes / 4096,
      hashOffset: dataBytes,
      hashBytes: expected.length,
      path: undefined,
    });
  });

  test("the tree in a file of its own, its root hash in another; the old ones are replaced", async () => {
    writeFileSync(tree, "old");
    writeFileSync(root, "old");
    const { verity } = await build(image, { verity: { out: tree, rootOut: root } });
    const made = makeHashTree(readFileSync(image), verity!);
    expect(readFileSync(tree).equals(made.bytes)).toBe(true);
    expect(readFileSync(root, "utf8")).toBe(`${made.rootHash}\n`);
    expect(verity).toMatchObject({ path: tree, hashOffset: 0, hashBytes: made.bytes.length });
    expect(readdirSync(scratch).sort()).toEqual(["image", "root", "tree"]);
  });

  test("with a salt, a UUID, or neither superblock nor salt", async () => {
    const [salt, uuid] = ["00FF".repeat(128), "12345678-9ABC-def0-1234-56789abcdef0"];
    for (const verity of [
      { salt: "-", superblock: false },
      { salt: "0a", uuid },
      { salt, uuid },
    ]) {
      const report = (await build(image, { verity })).verity!;
      expect(report).toMatchObject({
        salt: verity.salt === "-" ? "" : verity.salt.toLowerCase(),
        uuid: verity.uuid?.toLowerCase(),
      });
      const file = readFileSync(image);
      const made = makeHashTree(file.subarray(0, report.hashOffset), report);
      expect(file.subarray(report.hashOffset).equals(made.bytes)).toBe(true);
      expect(report.rootHash).toBe(made.rootHash);
    }
  });

  test("the same from an offset on, in a stream and in a Sink, and the digest is of all of it", async () => {
    const first = await build(image, { verity: true, digest: true });
    const file = readFileSync(image);
    expect(first).toMatchObject({ bytes: file.length, digest: sha256(file) });
    const chunks: Uint8Array[] = [];
    const stream = new WritableStream<Uint8Array>({ write: (chunk) => void chunks.push(chunk) });
    const streamed = await build(stream, { verity: true, digest: true });
    expect(Buffer.concat(chunks).equals(file)).toBe(true);
    const { target, sink } = memorySink();
    const sunk = await build(sink, { verity: true, digest: true, offset: 5000 });
    expect(Buffer.from(target.bytes.subarray(5000)).equals(file)).toBe(true);
    const moved = await build(image, { verity: true, digest: true, offset: 5000 });
    expect(readFileSync(image).subarray(5000).equals(file)).toBe(true);
    for (const { bytes, digest, verity } of [streamed, sunk, moved]) {
      expect({ bytes, digest, verity }).toEqual({ bytes: first.bytes, digest: first.digest, verity: first.verity });
    }
  });
});

test("what is verified before has the same tree", async () => {
  for (const [name, build] of Object.entries(BUILDS)) {
    const { verity } = await build(image, { verity: true });
    const file = readFileSync(image);
    const verified = await build(image, { verity: true, verify: true });
    expect([name, verified.verity, readFileSync(image).equals(file)]).toEqual([name, verity, true]);
  }
});

test("any number of threads makes the same tree", async () => {
  const large: Entry[] = [{ path: "a", contents: Buffer.concat(Array.from({ length: 12 }, () => noise)) }];
  vi.stubEnv("TS_MKEROFS_EAGER_THREADS", "1");
  for (const workers of [1, 2, 5]) {
    const { verity } = await buildErofs(entries(large), image, { workers, verity: { out: tree } });
    expect(readFileSync(tree).equals(makeHashTree(readFileSync(image), verity!).bytes)).toBe(true);
  }
  vi.unstubAllEnvs();
});

test("files of an earlier build in what is packed are not part of the image", async () => {
  const source = `${scratch}/source`;
  mkdirSync(source);
  writeFileSync(`${source}/a`, noise);
  const verity = { out: `${source}/tree`, rootOut: `${source}/root` };
  for (const build of [buildErofs, buildSquashfs]) {
    const first = await build(directory(source), image, { verity, timestamp: 1, times: "fixed" });
    const again = await build(directory(source), image, { verity, timestamp: 1, times: "fixed" });
    expect(again.counts.files).toBe(1);
    expect(again.verity).toEqual(first.verity);
  }
});

describe("what cannot be", () => {
  const refused = async (verity: RunOptions["verity"], message: string | RegExp, out = image) => {
    for (const build of [BUILDS.erofs!, BUILDS.squashfs!]) {
      const failed = build(out, { verity });
      await expect(failed).rejects.toThrow(message);
      await expect(failed).rejects.toBeInstanceOf(ImageError);
      expect([image, tree, root].filter((path) => existsSync(path))).toEqual([]);
    }
  };

  test.each(["x", "0", "abc", "0x00", "", "00".repeat(257)])("salt %j", (salt) =>
    refused({ salt }, `verity.salt: "${salt}" is neither 1 to 256 bytes as hex digits, nor -`),
  );

  test("a UUID that is none, or that nothing has", async () => {
    await refused({ uuid: "1-2" }, 'verity.uuid: "1-2" is not 32 hex digits as 8-4-4-4-12');
    const uuid = "12345678-9abc-def0-1234-56789abcdef0";
    await refused({ uuid, superblock: false }, "verity.uuid: without a superblock nothing has it");
  });

  test("one file for two things", async () => {
    await refused({ out: image }, `${image}: is to be the image and its hash tree`);
    await refused({ rootOut: image }, `${image}: is to be the image and its root hash`);
    await refused({ out: tree, rootOut: tree }, `${tree}: is to be its hash tree and its root hash`);
  });

  test("no path, or one in a folder that is not there", async () => {
    await refused({ out: "" }, 'the path to write to is ""');
    await refused({ rootOut: "" }, 'the path to write to is ""');
    await refused({ out: `${scratch}/no/tree` }, `${scratch}/no/tree: no such file or directory`);
    await refused({ rootOut: `${scratch}/no/root` }, `${scratch}/no/root: no such file or directory`);
  });

  test("a key that is misspelt", () => refused({ slat: "-" } as never, /^verity\.slat: there is no such key of it/));

  test("a list of blocks that are filled later", async () => {
    const failed = buildErofs(entries([]), image, { verity: true, tarIndex: `${scratch}/map` });
    await expect(failed).rejects.toThrow("verity: tarIndex leaves blocks free that are filled later, and hashed then");
  });
});

describe("a build that fails leaves what was there", () => {
  const verity = { out: tree, rootOut: root };
  beforeEach(() => {
    for (const path of [image, tree, root]) writeFileSync(path, `old ${path}`);
  });
  const expectOld = () => {
    for (const path of [image, tree, root]) expect(readFileSync(path, "utf8")).toBe(`old ${path}`);
    expect(readdirSync(scratch).filter((name) => name !== "source")).toEqual(["image", "root", "tree"]);
  };

  test.each([
    ["erofs", buildErofs],
    ["squashfs", buildSquashfs],
  ] as const)("%s: while it reads, or when all is made", async (_, build) => {
    const readAt = () => {
      throw new Error("broken");
    };
    await expect(build(entries([{ path: "a", contents: { size: 9, readAt } }]), image, { verity })).rejects.toThrow();
    expectOld();
    const stream = new WritableStream<Uint8Array>({ write: () => Promise.reject(new Error("no reader")) });
    await expect(build(entries(list), stream, { verity })).rejects.toThrow("no reader");
    expectOld();
  });
});
