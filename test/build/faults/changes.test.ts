/** Sources that change between the walk and the copy: an error that names the path, and the old target as it was. */
import fs, {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { beforeEach, describe, expect, test } from "vitest";
import { buildErofs, directory } from "../../../dist/index.js";
import { runInChild } from "../../helpers/child.ts";
import { afterWalk, atProgress, makeFaultBench } from "../../helpers/faults.ts";

const { scratch, source, image, expectFault, expectUntouched } = makeFaultBench("faults");

/** Sizes of the victims: all in the inode, blocks and a tail, whole blocks, pieces, several pieces, equal, with a hole. */
const SIZES = { empty: 0, tail: 100, mixed: 10_000, blocks: 8192, piece: 300_000, pieces: 9_000_000, twin: 20_000 };
const VICTIMS = [...Object.keys(SIZES), "holes"];
/** Entries of the source: the victims, the twin's twin, the top. */
const ENTRIES = VICTIMS.length + 2;
const LONG_AGO = 1e9;

beforeEach(() => {
  for (const [name, size] of Object.entries(SIZES)) writeFileSync(`${source}/${name}`, Buffer.alloc(size, `${name} `));
  writeFileSync(`${source}/zz-twin`, readFileSync(`${source}/twin`));
  const holes = openSync(`${source}/holes`, "w");
  writeSync(holes, "data", 500_000);
  closeSync(holes);
  // a clock that ticks slowly must not hide a change
  for (const name of [...VICTIMS, "zz-twin"]) utimesSync(`${source}/${name}`, LONG_AGO, LONG_AGO);
});

function overwrite(path: string): void {
  const file = openSync(path, "r+");
  writeSync(file, "?", readFileSync(path).length - 1);
  closeSync(file);
}

function remake(path: string, make: () => void): void {
  rmSync(path);
  make();
}

function replace(path: string): void {
  const contents = readFileSync(path).fill("other");
  remake(path, () => writeFileSync(path, contents));
}

/** The link leads to the very contents and time, so that following it would go unnoticed. */
function relink(path: string): void {
  const twin = `${scratch}/elsewhere`;
  writeFileSync(twin, readFileSync(path));
  utimesSync(twin, LONG_AGO, LONG_AGO);
  remake(path, () => symlinkSync(twin, path));
}

const CHANGES: [name: string, change: (path: string) => void, message: string, except?: string][] = [
  ["vanishes", (path) => rmSync(path), "vanished while it was packed"],
  ["shrinks", (path) => truncateSync(path, readFileSync(path).length - 1), "shrank while it was packed", "empty"],
  ["grows", (path) => appendFileSync(path, "!"), "grew while it was packed"],
  ["is written to without a change of size", overwrite, "was modified while it was packed", "empty"],
  ["is replaced by a file of other contents", replace, "was modified while it was packed", "empty"],
  ["becomes a symbolic link", relink, "became a symbolic link while it was packed"],
  ["becomes a directory", (path) => remake(path, () => mkdirSync(path)), "became something else while it was packed"],
];

/** With fixed times, files are looked at in another way than where times are kept. */
const WAYS = [
  [1, "kept", {}],
  [2, "kept", {}],
  [2, "fixed", { timestamp: 0 }],
] as const;

describe.each(WAYS)("with %i threads and times %s, a file that, after the walk,", (workers, _times, options) => {
  const cases = CHANGES.flatMap(([what, change, message, except]) =>
    VICTIMS.filter((victim) => victim !== except).map((victim) => [what, victim, change, message] as const),
  );
  test.each(cases)("%s (%s) is an error", async (_what, victim, change, message) => {
    const path = `${source}/${victim}`;
    const onProgress = afterWalk(ENTRIES, () => change(path));
    const building = buildErofs(directory(source), image, { ...options, workers, onProgress });
    await expectFault(building, "CHANGED", path, message);
  });

  test("is replaced by another of the time that all files of a store have is an error", async () => {
    const path = `${source}/mixed`;
    utimesSync(path, 1, 1);
    const onProgress = afterWalk(ENTRIES, () => {
      // written beside it, so that it cannot get the number of the one before
      writeFileSync(`${scratch}/other`, readFileSync(path).fill("other"));
      utimesSync(`${scratch}/other`, 1, 1);
      renameSync(`${scratch}/other`, path);
    });
    const building = buildErofs(directory(source), image, { ...options, workers, onProgress });
    await expectFault(building, "CHANGED", path, "was modified while it was packed");
  });
});

describe("a file that becomes", () => {
  /** Replaces a victim by what a command makes, in a process that may hang: opening a FIFO for reading does. */
  const become = (victim: string, command: string, ...words: string[]) => {
    const body = `
      const { spawnSync } = await import("node:child_process");
      let isDone = false;
      const onProgress = ({ stage, done }) => {
        if (isDone || stage !== "walk" || done < args.entries) return;
        isDone = true;
        fs.rmSync(args.path);
        spawnSync(args.command, [...args.words, args.path]);
        fs.lstatSync(args.path);
      };
      return (await api.buildErofs(api.directory(args.source), args.image, { workers: 1, onProgress })).bytes;`;
    const path = `${source}/${victim}`;
    const { error } = runInChild(body, { source, image, path, entries: ENTRIES, command, words }, { timeout: 20_000 });
    expectUntouched();
    expect(error).toMatchObject({ isImageError: true, code: "CHANGED", path });
  };

  test.each(["empty", "tail", "piece", "twin", "holes"])("a FIFO (%s) is an error, never a hang", (victim) => {
    become(victim, "mkfifo");
  });

  // Was a bug: opening a socket gives ENXIO, which is reported as IO "no such device or address"; a device without a driver
  // is the same. CHANGED is what every other change of kind is.
  test("a socket is an error of the same kind", () => {
    const listen = `require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
    become("tail", process.execPath, "-e", listen);
  });
});

describe("while it is read", () => {
  /** Calls `hook` after each read of a file in this thread, with what has been read. */
  function afterReads(hook: (read: Buffer) => void): () => void {
    const { readSync } = fs;
    const wrapped = (descriptor: number, into: Uint8Array, at: number, length: number, position: number) => {
      const got = readSync(descriptor, into, at, length, position);
      hook(Buffer.from(into.buffer, into.byteOffset + at, got));
      return got;
    };
    fs.readSync = wrapped as typeof fs.readSync;
    syncBuiltinESMExports();
    return () => {
      fs.readSync = readSync;
      syncBuiltinESMExports();
    };
  }

  test("a large file that changes in its middle is an error by its end", async () => {
    const path = `${source}/pieces`;
    let reads = 0;
    const restore = afterReads((read) => {
      // its beginning and its end have been looked at, and some of it has been copied
      if (read.length > 100_000 && read.includes("pieces pieces") && ++reads === 1) overwrite(path);
    });
    try {
      await expectFault(buildErofs(directory(source), image, { workers: 1 }), "CHANGED", path, "was modified");
    } finally {
      restore();
    }
    expect(reads).toBeGreaterThan(0);
  });

  test("an original that changes after it was compared with its twin is an error", async () => {
    const path = `${source}/twin`;
    const isCompared = atProgress(
      ({ stage, done, total }) => stage === "compare" && done === total,
      () => overwrite(path),
    );
    const options = { workers: 1, onProgress: isCompared, compress: { algorithm: "lz4" } } as const;
    await expectFault(buildErofs(directory(source), image, options), "CHANGED", path);
  });

  test("a source that changes after the walk is an error, and a Sink is told nothing", async () => {
    const path = `${source}/mixed`;
    const calls: string[] = [];
    const sink = {
      truncate: () => void calls.push("truncate"),
      writeAt: () => void calls.push("writeAt"),
      close: () => void calls.push("close"),
    };
    const onProgress = atProgress(
      ({ stage, done }) => stage === "walk" && done === ENTRIES,
      () => appendFileSync(path, "!"),
    );
    await expectFault(buildErofs(directory(source), sink, { workers: 1, onProgress }), "CHANGED", path, "grew");
    expect(calls).toEqual([]);
  });
});

// Was a bug: readdir follows a symbolic link that has taken a directory's place since its lstat, so what lies outside of the
// tree is packed: {"zz": directory} becomes {"zz" -> /outside} between the two, and the image holds zz/secret.
test("a directory that becomes a symbolic link during the walk is not followed", () => {
  for (const name of ["aa", "zz"]) mkdirSync(`${source}/${name}`);
  mkdirSync(`${scratch}/outside/secret`, { recursive: true });
  const body = `
    const { readdirSync } = fs;
    fs.readdirSync = (path, options) => {
      // the root is listed, and with it zz, but not yet what is in zz
      if (String(path).endsWith("/aa")) {
        fs.rmdirSync(args.source + "/zz");
        fs.symlinkSync(args.outside, args.source + "/zz");
      }
      return readdirSync(path, options);
    };
    (await import("node:module")).syncBuiltinESMExports();
    await api.buildErofs(api.directory(args.source), args.image, { workers: 1 });`;
  expect(runInChild(body, { source, image, outside: `${scratch}/outside` }).error).toMatchObject({
    isImageError: true,
    code: "CHANGED",
    path: `${source}/zz`,
  });
  expectUntouched();
});
