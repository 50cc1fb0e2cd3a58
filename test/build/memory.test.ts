/** Memory does not grow with contents, and with entries by few bytes each. */
import { closeSync, openSync, statSync, writeSync } from "node:fs";
import { expect, test } from "vitest";
import { runInChild } from "../helpers/child.ts";
import { makeScratch } from "../helpers/scratch.ts";
import { TAR_END, tarMember } from "../helpers/tar/make-tar.ts";

const scratch = makeScratch("memory");
const archive = `${scratch}/archive.tar`;

/** An archive of so many files of so many bytes, of which no two are alike, in directories of 500. */
function makeArchive(files: number, bytes: number): void {
  const to = openSync(archive, "w");
  for (let first = 0; first < files; first += 500) {
    const members = Array.from({ length: Math.min(500, files - first) }, (_, nr) =>
      tarMember({ name: `d${first}/a-file-of-some-name-${nr}` }, Buffer.alloc(bytes, `${first + nr} `)),
    );
    writeSync(to, Buffer.concat(members));
  }
  writeSync(to, TAR_END);
  closeSync(to);
}

/** The most memory that a build of the archive takes, in bytes. */
function measure(call: string): number {
  const { value, error } = runInChild(
    // ru_maxrss would begin with what the process had that has started it
    `await ${call}; return /VmHWM:\\s+(\\d+)/.exec(fs.readFileSync("/proc/self/status", "utf8"))[1];`,
    { archive, image: `${scratch}/image` },
    { timeout: 110_000 },
  );
  expect(error).toBeUndefined();
  return Number(value) * 1024;
}

const CALLS = [
  ["plain EROFS", "api.buildErofs(api.tarStream(args.archive), args.image, { workers: 1 })"],
  ["compressed EROFS", "api.buildErofs(api.tarStream(args.archive), args.image, { workers: 1, compress: 'lz4' })"],
  ["SquashFS", "api.buildSquashfs(api.tarStream(args.archive), args.image, { workers: 1, compressor: 'lz4' })"],
] as const;

test.runIf(process.platform === "linux").each(CALLS)("%s: an entry takes less than 400 bytes", (_name, call) => {
  makeArchive(10_000, 0);
  const few = measure(call);
  makeArchive(100_000, 0);
  expect((measure(call) - few) / 90_000).toBeLessThan(400);
});

test.runIf(process.platform === "linux").each(CALLS)("%s: contents of 300 MB take no memory", (_name, call) => {
  makeArchive(300, 10_000);
  const little = measure(call);
  makeArchive(300, 1_000_000);
  expect(statSync(archive).size).toBeGreaterThan(300_000_000);
  expect(measure(call) - little).toBeLessThan(60_000_000);
});
