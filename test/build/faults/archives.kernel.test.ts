/** Archives and store paths that are damaged, or change while they are packed: an error that names the file, and the old target as it was. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, readFileSync, renameSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, test } from "vitest";
import { binaryCache, buildErofs, closure, merge, narFile, paths } from "../../../dist/index.js";
import { runInChild } from "../../helpers/child.ts";
import { afterWalk, makeFaultBench } from "../../helpers/faults.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeZip } from "../../helpers/zip/make-zip.ts";

const { scratch, source, image, expectFault, expectUntouched } = makeFaultBench("archives");
const hasZstd = oracle("zstd", hasCommand("zstd"));
const LONG_AGO = 1e9;
const NAME = "h7mqyzspl0hg12h0lj0xwv405zyhz5q3-a";

/** A string of an archive. */
function str(text: Buffer | string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([length, bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
}

/** A directory with a file of so many bytes, and a small one. */
function makeNar(size: number): Buffer {
  const words = (...each: string[]) => Buffer.concat(each.map(str));
  const file = (name: string, contents: Buffer) =>
    Buffer.concat([
      words("entry", "(", "name", name, "node", "(", "type", "regular", "contents"),
      str(contents),
      words(")", ")"),
    ]);
  const large = Buffer.alloc(size, "some contents ");
  return Buffer.concat([
    words("nix-archive-1", "(", "type", "directory"),
    file("a", large),
    file("b", Buffer.from("b")),
    words(")"),
  ]);
}

const NAR = makeNar(200_000);

function makeCache(compression: string, stored: Buffer, more: Record<string, unknown> = {}): string {
  const fields = {
    StorePath: `/nix/store/${NAME}`,
    URL: "nar/a.nar",
    Compression: compression,
    NarHash: `sha256:${createHash("sha256").update(NAR).digest("hex")}`,
    NarSize: NAR.length,
    References: "",
    ...more,
  };
  mkdirSync(`${source}/cache/nar`, { recursive: true });
  writeFileSync(`${source}/cache/nar/a.nar`, stored);
  const lines = Object.entries(fields).map(([key, value]) => `${key}: ${value}\n`);
  writeFileSync(`${source}/cache/${NAME.slice(0, 32)}.narinfo`, lines.join(""));
  return `${source}/cache`;
}

const zstd = (bytes: Buffer) => spawnSync("zstd", ["-q", "-c"], { input: bytes, maxBuffer: 1 << 28 }).stdout;

beforeEach(() => {
  writeFileSync(`${source}/a.nar`, NAR);
  utimesSync(`${source}/a.nar`, LONG_AGO, LONG_AGO);
});

describe("a NAR that changes behind the first look at it", () => {
  test.each<[string, (path: string) => void]>([
    ["grows", (path) => appendFileSync(path, "\0".repeat(8))],
    ["shrinks", (path) => truncateSync(path, 100_000)],
    [
      "is replaced",
      (path) => {
        writeFileSync(`${path}.new`, NAR);
        renameSync(`${path}.new`, path);
      },
    ],
  ])("%s", async (_what, change) => {
    for (const compress of [undefined, { algorithm: "lz4" } as const]) {
      writeFileSync(`${source}/a.nar`, NAR);
      utimesSync(`${source}/a.nar`, LONG_AGO, LONG_AGO);
      const path = `${source}/a.nar`;
      const building = buildErofs(narFile(path), image, { compress, onProgress: afterWalk(3, () => change(path)) });
      await expectFault(building, "CHANGED", path, "was modified while it was packed");
    }
  });
});

describe("an archive that becomes a FIFO, or cannot be looked at, when its size is known", () => {
  const CALLS = [
    ["a zip archive", "a.zip", "api.buildErofs(api.zipArchive(args.path), args.image, { workers: 1 })"],
    [
      "a zip archive, into SquashFS",
      "a.zip",
      "api.buildSquashfs(api.zipArchive(args.path), args.image, { workers: 1 })",
    ],
    ["a NAR", "a.nar", "api.buildErofs(api.narFile(args.path), args.image, { workers: 1 })"],
  ] as const;
  const inChild = (path: string, instead: string, call: string) =>
    runInChild(
      `const { statSync, fstatSync, openSync } = fs;
      ${instead}
      (await import("node:module")).syncBuiltinESMExports();
      await ${call};`,
      { path, image },
      { timeout: 20_000 },
    ).error;
  beforeEach(() => writeFileSync(`${source}/a.zip`, makeZip([{ name: "a", data: "contents", method: 8 }])));

  // Was a bug: the build waited for ever for somebody to write into it.
  test.each(CALLS)("%s that becomes a FIFO is an error, never a hang", (_what, name, call) => {
    const path = `${source}/${name}`;
    const instead = `
      const { spawnSync } = await import("node:child_process");
      fs.openSync = (file, ...more) => {
        if (file === args.path) {
          fs.rmSync(file);
          spawnSync("mkfifo", [file]);
        }
        return openSync(file, ...more);
      };`;
    expect(inChild(path, instead, call)).toMatchObject({ isImageError: true, code: "CHANGED", path });
    expectUntouched();
  });

  // Was a bug: the message said which call had failed, and not of what.
  test.each(CALLS)("%s whose state cannot be told is named", (_what, name, call) => {
    const path = `${source}/${name}`;
    const instead = `
      let descriptor;
      fs.openSync = (file, ...more) => {
        const opened = openSync(file, ...more);
        if (file === args.path) descriptor = opened;
        return opened;
      };
      fs.fstatSync = (file, ...more) => {
        if (file !== descriptor) return fstatSync(file, ...more);
        throw Object.assign(new Error("EIO: i/o error, fstat"), { code: "EIO", errno: -5, syscall: "fstat" });
      };`;
    const message = `${path}: i/o error`;
    expect(inChild(path, instead, call)).toMatchObject({ isImageError: true, code: "IO", path, message });
    expectUntouched();
  });
});

describe("a compressed archive that is cut off or damaged", () => {
  const formats: [string, (bytes: Buffer) => Buffer][] = [
    ["gzip", gzipSync],
    ...(hasZstd ? ([["zstd", zstd]] as [string, typeof zstd][]) : []),
  ];

  test.each(formats)("%s", async (compression, compress) => {
    const whole = compress(NAR);
    const path = `${source}/cache/nar/a.nar`;
    for (const length of [0, 1, 3, 9, 40, Math.floor(whole.length / 2), whole.length - 9, whole.length - 1]) {
      const cache = makeCache(compression, whole.subarray(0, length));
      await expectFault(buildErofs(binaryCache(cache, [NAME]), image), "INPUT", path);
      if (length < 9) continue;
      await expectFault(buildErofs(narFile(path), image), "INPUT", path);
    }
    for (let at = 0; at < whole.length; at += Math.ceil(whole.length / 40)) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 0x5a;
      // what makes no difference to what is decompressed is none to the image: a time in a header
      const built = await buildErofs(binaryCache(makeCache(compression, damaged), [NAME]), image).catch(
        (error) => error,
      );
      if (built.code !== undefined) expect(built).toMatchObject({ code: "INPUT", path });
      else writeFileSync(image, "the old image");
      expectUntouched();
    }
  });

  test("that holds more than it is said to is not decompressed any further", async () => {
    const bomb = gzipSync(Buffer.alloc(64 << 20));
    const cache = makeCache("gzip", bomb);
    await expectFault(
      buildErofs(binaryCache(cache, [NAME]), image),
      "INPUT",
      `${cache}/nar/a.nar`,
      `is longer than the ${NAR.length} bytes that it is to have`,
    );
    await expectFault(
      buildErofs(binaryCache(makeCache("gzip", gzipSync(NAR.subarray(8))), [NAME]), image),
      "INPUT",
      `${cache}/nar/a.nar`,
      "has",
    );
  });

  test("whose window would take more memory than zstd takes is refused", async () => {
    const frame = Buffer.from("28b52ffd00a800000000", "hex");
    const cache = makeCache("zstd", Buffer.concat([frame, Buffer.alloc(100)]));
    await expectFault(
      buildErofs(binaryCache(cache, [NAME]), image),
      "INPUT",
      `${cache}/nar/a.nar`,
      "cannot be decompressed with zstd",
    );
  });
});

describe("what a cache says and is not so", () => {
  test.each<[string, Record<string, unknown>, string]>([
    ["another hash", { NarHash: `sha256:${"0".repeat(64)}` }, "has the SHA-256"],
    ["another size", { NarSize: NAR.length + 8 }, `has ${NAR.length} bytes and not ${NAR.length + 8}`],
  ])("%s", async (_what, more, message) => {
    const cache = makeCache("none", NAR, more);
    await expectFault(buildErofs(binaryCache(cache, [NAME]), image), "INPUT", `${cache}/nar/a.nar`, message);
  });

  test("an archive that is not there", async () => {
    const cache = makeCache("none", NAR, { URL: "nar/b.nar" });
    await expectFault(buildErofs(binaryCache(cache, [NAME]), image), "IO", `${cache}/nar/b.nar`, "no such file");
  });

  test("a folder, or a FIFO, where a file belongs", async () => {
    const cache = makeCache("none", NAR, { URL: "nar" });
    await expectFault(buildErofs(binaryCache(cache, [NAME]), image), "INPUT", `${cache}/nar`, "is no file");
    const info = `${cache}/${NAME.slice(0, 32)}.narinfo`;
    expect(spawnSync("sh", ["-c", `rm ${info}; mkfifo ${info}`]).status).toBe(0);
    await expectFault(buildErofs(binaryCache(cache, [NAME]), image), "INPUT", info, "is no .narinfo");
  });

  test("another path under its name", async () => {
    const cache = makeCache("none", NAR, { StorePath: `/nix/store/${NAME}b` });
    const file = `${cache}/${NAME.slice(0, 32)}.narinfo`;
    await expectFault(
      buildErofs(binaryCache(cache, [NAME]), image),
      "INPUT",
      file,
      `is about /nix/store/${NAME}b and not ${NAME}`,
    );
  });
});

test("a store path that changes when its hash has been taken is an error", async () => {
  const path = `${source}/${NAME}`;
  mkdirSync(path);
  writeFileSync(`${path}/file`, "contents");
  utimesSync(`${path}/file`, LONG_AGO, LONG_AGO);
  const onProgress = ({ stage }: { stage: string }) => {
    // it tells that all hashes are there
    if (stage === "compare") writeFileSync(`${path}/file`, "CONTENTS");
  };
  const building = buildErofs(paths([path]), image, { registration: true, scanReferences: true, onProgress });
  await expectFault(building, "CHANGED", `${path}/file`, "was modified while it was packed");
});

test("a registration that cannot be written, or whose build fails, leaves nothing", async () => {
  const path = `${source}/${NAME}`;
  mkdirSync(path);
  const options = { scanReferences: true, registrationOut: `${source}/none/registration` };
  await expectFault(buildErofs(paths([path]), image, options), "IO", `${source}/none/registration`);
  writeFileSync(`${source}/list`, `${path}\n${path}x\n`);
  const out = `${scratch}/registration`;
  await expectFault(
    buildErofs(closure(`${source}/list`), image, { ...options, registrationOut: out }),
    "INPUT",
    `${path}x`,
  );
  expect(() => readFileSync(out)).toThrow("ENOENT");
  const same = { ...options, registrationOut: image };
  await expectFault(buildErofs(paths([path]), image, same), "INPUT", image, "is to be the image and its registration");
});

test("an error of a part of several sources is about its file, as it was given", async () => {
  writeFileSync(`${source}/bad.nar`, "garbage");
  await expectFault(
    buildErofs(merge(narFile(`${source}/a.nar`), narFile(`${source}/bad.nar`)), image),
    "INPUT",
    `${source}/bad.nar`,
    "is no NAR",
  );
});
