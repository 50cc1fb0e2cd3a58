/** Archives that come as streams: how long what they give stays as it is, and when they end. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, utimesSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { buildErofs, directory, merge, openImage, type TarInput, tarStream } from "../../../../dist/index.js";
import { openFilesBelow } from "../../../helpers/faults.ts";
import { hasCommand, oracle } from "../../../helpers/oracle.ts";
import { makeScratch } from "../../../helpers/scratch.ts";
import { inPieces } from "../../../helpers/streams/pieces.ts";
import { tarMember } from "../../../helpers/tar/make-tar.ts";
import { tar } from "../../../helpers/tar/read-tar.ts";
import { stubTemporaryFolder } from "../../../helpers/temporary.ts";

const scratch = makeScratch("archive-streams");
const programs: [name: string, words: string[]][] = [
  ["zstd", ["-q"]],
  ["xz", []],
  ["lzma", []],
];

const build = async (archive: TarInput) => {
  await buildErofs(tarStream(archive), `${scratch}/image`);
  return readFileSync(`${scratch}/image`);
};

describe("each part need be good only until the next is asked for", () => {
  // numbers that hardly shrink, so that there are many parts
  const contents = Buffer.from(Uint32Array.from({ length: 100_000 }, (_, at) => Math.imul(at, 0x9e3779b1)).buffer);
  const archive = tar(tarMember({ name: "numbers" }, contents));
  const formats: [string, Buffer][] = [
    ["none", archive],
    ["gzip", gzipSync(archive)],
  ];
  for (const [program, words] of programs) {
    if (!oracle(program, hasCommand(program))) continue;
    formats.push([program, spawnSync(program, [...words, "-c"], { input: archive, maxBuffer: 1 << 26 }).stdout]);
  }

  test.each(formats)("%s", async (_, bytes) => {
    const expected = await build(archive);
    for (const piece of [500, 70_000]) {
      expect((await build(inPieces(bytes, piece))).equals(expected), String(piece)).toBe(true);
    }
  });
});

describe("the bytes of a stream wait", () => {
  const archive = tar(tarMember({ name: "file" }, Buffer.alloc(10_000, "contents")));
  const [folder, system] = [`${scratch}/folder`, `${scratch}/system`];
  const unset = () => {
    for (const name of ["TMPDIR", "TMP", "TEMP"]) vi.stubEnv(name, undefined);
  };
  /** The files that are open while the stream is read. */
  let open: { beside: number; inSystem: number };
  async function* watched(): AsyncGenerator<Uint8Array> {
    yield* inPieces(archive, 500);
    open = { beside: openFilesBelow(folder).length, inSystem: openFilesBelow(system).length };
  }
  beforeEach(() => {
    for (const path of [folder, system]) mkdirSync(path, { recursive: true });
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test("beside a target that is a file, and none of them stay", async () => {
    unset();
    await buildErofs(tarStream(watched()), `${folder}/image`);
    expect(open.beside).toBeGreaterThan(0);
    expect(readdirSync(folder)).toEqual(["image"]);
    expect(readFileSync(`${folder}/image`).equals(await build(archive))).toBe(true);
  });

  test("where the environment says", async () => {
    stubTemporaryFolder(system);
    await buildErofs(tarStream(watched()), `${folder}/image`);
    expect(open).toEqual({ beside: 0, inSystem: expect.any(Number) });
    expect(open.inSystem).toBeGreaterThan(0);
  });

  test("where the system has temporary files, for a target that is a stream", async () => {
    stubTemporaryFolder(`${scratch}/none`);
    const building = buildErofs(tarStream(inPieces(archive, 500)), new WritableStream());
    await expect(building).rejects.toThrow(`${scratch}/none: no such file or directory`);
  });

  // a file that was made there would give the folder the time of the build
  test("not in a folder that is packed too", async () => {
    unset();
    mkdirSync(`${folder}/in`);
    utimesSync(`${folder}/in`, 1e9, 1e9);
    await buildErofs(merge(tarStream(watched()), directory(folder)), `${folder}/in/image`);
    expect(open.beside).toBe(0);
    const image = await openImage(`${folder}/in/image`);
    expect((await image.stat("in")).mtime).toEqual({ sec: 1e9, nsec: 0 });
    await image.close();
  });
});

test.each([
  ["compressed otherwise", Buffer.from("LZIP\x01\x0c\0\0"), "tar: is compressed with lzip"],
  ["none", Buffer.from("no archive ".repeat(99)), "tar: is no tar archive"],
])("a stream that is refused is ended: %s", async (_, bytes, why) => {
  let isEnded = false;
  async function* endless() {
    try {
      for (;;) yield bytes;
    } finally {
      isEnded = true;
    }
  }
  await expect(build(endless())).rejects.toThrow(why);
  expect(isEnded).toBe(true);
});
