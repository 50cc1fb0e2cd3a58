/**
 * Contents of files, compared. They are read whole, but for files over 64 MiB: where both sides report a hole (SEEK_HOLE,
 * asked through perl), one MiB in 64 is read, since the kernel takes seconds for every GiB of hole in an image.
 */
import { spawnSync } from "node:child_process";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

const PIECE = 1 << 20;
const left = Buffer.allocUnsafe(PIECE);
const right = Buffer.allocUnsafe(PIECE);

const SKIP_HOLES_FROM = 64 * PIECE;

/** What is wrong with the file at `actual`, which should be equal to the one at `expected`; undefined if nothing. */
export function differenceOfFiles(expected: Buffer, actual: Buffer): string | undefined {
  const fd = openSync(expected, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    return differenceFrom((at) => left.subarray(0, readFully(fd, left, at)), actual, fd);
  } finally {
    closeSync(fd);
  }
}

/** What is wrong with the file at `actual`, which should hold these bytes; undefined if nothing. */
export function differenceOfBytes(expected: Uint8Array, actual: Buffer): string | undefined {
  return differenceFrom((at) => expected.subarray(at, at + PIECE), actual, undefined);
}

/** `pieceAt` gives full pieces up to the end of the contents, then a shorter one; `expected` is open if it is a file. */
function differenceFrom(
  pieceAt: (offset: number) => Uint8Array,
  actual: Buffer,
  expected: number | undefined,
): string | undefined {
  const fd = openSync(actual, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const skip = expected === undefined ? new Set<number>() : commonHoles(expected, fd);
    for (let at = 0; ; at += PIECE) {
      if (skip.has(at)) continue;
      const want = pieceAt(at);
      const have = right.subarray(0, readFully(fd, right, at));
      if (Buffer.compare(want, have) !== 0) return describeDifference(want, have, at);
      if (want.length < PIECE) return undefined;
    }
  } finally {
    closeSync(fd);
  }
}

/** Offsets of the pieces of two large files of one size that lie in holes of both, but for one in 64. */
function commonHoles(expected: number, actual: number): Set<number> {
  const size = fstatSync(expected).size;
  const skip = new Set<number>();
  if (size < SKIP_HOLES_FROM || fstatSync(actual).size !== size) return skip;
  for (let at = 0; at + PIECE <= size; at += PIECE) if (at % (64 * PIECE) !== 0) skip.add(at);
  for (const fd of [expected, actual]) {
    for (const { from, to } of dataRanges(fd, size)) {
      for (let at = from - (from % PIECE); at < to; at += PIECE) skip.delete(at);
    }
  }
  return skip;
}

/** Where an open file holds data, by lseek(2) with SEEK_DATA (3) and SEEK_HOLE (4); all of it if perl is missing. */
function dataRanges(fd: number, size: number): { from: number; to: number }[] {
  const script = `for (my $at = 0; defined(my $from = sysseek(STDIN, $at, 3)); ) {
    $at = sysseek(STDIN, $from, 4) // last;
    print $from + 0, " ", $at + 0, "\\n";
  }`;
  const run = spawnSync("perl", ["-e", script], {
    stdio: [fd, "pipe", "ignore"],
    encoding: "latin1",
    maxBuffer: 1 << 28,
  });
  if (run.status !== 0) return [{ from: 0, to: size }];
  return [...run.stdout.matchAll(/(\d+) (\d+)\n/g)].map((found) => ({ from: Number(found[1]), to: Number(found[2]) }));
}

function describeDifference(want: Uint8Array, have: Uint8Array, at: number): string {
  const common = Math.min(want.length, have.length);
  let index = 0;
  while (index < common && want[index] === have[index]) index++;
  if (index === common) return `contents end at ${at + have.length}, expected ${at + want.length} or more`;
  const [is, was] = [have, want].map((bytes) => Buffer.from(bytes.subarray(index, index + 8)).toString("hex"));
  return `contents differ from byte ${at + index} on: ${is}, expected ${was}`;
}

function readFully(fd: number, into: Buffer, position: number): number {
  let filled = 0;
  while (filled < into.length) {
    const count = readSync(fd, into, filled, into.length - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

/** All contents of a file. */
export function readAll(path: Buffer): Buffer {
  const pieces: Buffer[] = [];
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    for (let at = 0; ; at += PIECE) {
      const count = readFully(fd, left, at);
      pieces.push(Buffer.from(left.subarray(0, count)));
      if (count < PIECE) return Buffer.concat(pieces);
    }
  } finally {
    closeSync(fd);
  }
}
