/** Write-ahead logs: what of one counts. That SQLite counts the same, database.kernel.test.ts asks. */
import { expect, test } from "vitest";
import { bytesSource } from "../../../../src/core/byte-source.ts";
import { writeNixDatabase } from "../../../../src/stage/source/nix/database/writer.ts";
import { readWal } from "../../../../src/stage/source/sqlite/wal.ts";
import { memoryDatabase } from "../../../helpers/nix/memory-database.ts";
import { randomClosure } from "../../../helpers/nix/random-closure.ts";

const PAGE = 4096;
/** Behind its number and the number of pages after a commit, or 0: what a page begins with, and is full of. */
type Frame = readonly [page: number, commit: number, fill: number];

/** A log with checksums that are right, in either order of bytes. */
function makeLog(frames: readonly Frame[], isLittle = false): Buffer {
  const log = Buffer.alloc(32 + frames.length * (24 + PAGE));
  const read = (at: number) => (isLittle ? log.readUInt32LE(at) : log.readUInt32BE(at));
  let [first, second] = [0, 0];
  const add = (from: number, to: number) => {
    for (let at = from; at < to; at += 8) {
      first = (first + read(at) + second) >>> 0;
      second = (second + read(at + 4) + first) >>> 0;
    }
  };
  const seal = (at: number) => {
    log.writeUInt32BE(first, at);
    log.writeUInt32BE(second, at + 4);
  };
  [0x377f0682 + (isLittle ? 0 : 1), 3007000, PAGE, 0, 11, 22].forEach((word, index) => {
    log.writeUInt32BE(word, 4 * index);
  });
  add(0, 24);
  seal(24);
  for (const [index, [page, commit, fill]] of frames.entries()) {
    const at = 32 + index * (24 + PAGE);
    [page, commit, 11, 22].forEach((word, place) => {
      log.writeUInt32BE(word, at + 4 * place);
    });
    log.fill(fill, at + 24, at + 24 + PAGE);
    add(at, at + 8);
    add(at + 24, at + 24 + PAGE);
    seal(at + 16);
  }
  return log;
}

const FRAMES: Frame[] = [
  [2, 0, 7],
  [3, 3, 8],
  [2, 4, 9],
  [5, 0, 1],
];
const offset = (frame: number) => 32 + frame * (24 + PAGE) + 24;

test.each([true, false])("pages count up to the last commit, the newest of each; little-endian: %s", (isLittle) => {
  const wal = readWal(bytesSource(makeLog(FRAMES, isLittle)))!;
  expect(wal).toMatchObject({ pageSize: PAGE, pageCount: 4 });
  expect([...wal.places].sort()).toEqual([
    [2, offset(2)],
    [3, offset(1)],
  ]);
});

test("any byte that is wrong ends the log before its frame", () => {
  const log = makeLog(FRAMES);
  const pages = (at: number) => {
    const bytes = Buffer.from(log);
    bytes[at]! ^= 1;
    return readWal(bytesSource(bytes))?.pageCount;
  };
  for (const at of [0, 4, 8, 20, 28, offset(0), offset(1) - 1, offset(1) + 77])
    expect(pages(at), `${at}`).toBeUndefined();
  // the number of pages is in the third frame
  for (const at of [offset(2) - 24, offset(2) - 20, offset(2) - 12, offset(2) + PAGE - 1]) expect(pages(at)).toBe(3);
  expect(pages(offset(3))).toBe(4);
});

test("a log that says what is not there makes nothing larger than it is", () => {
  const bytes = writeNixDatabase(randomClosure({ paths: 50 }), { registrationTime: 1 });
  const database = memoryDatabase(bytes, makeLog([[7, 2 ** 32 - 1, 0]]));
  expect(database.size).toBe(bytes.length + PAGE);
  expect(database.page(7)).toEqual(new Uint8Array(PAGE));
  expect(() => database.page(2 ** 31)).toThrow("the database is damaged: page 2147483648: is cut off");
});

test("pages of another size than the database's are refused", () => {
  const bytes = writeNixDatabase([], { registrationTime: 1 });
  const log = Buffer.from(bytes);
  log.writeUInt16BE(512, 16);
  expect(() => memoryDatabase(log, makeLog([[2, 11, 0]]))).toThrow("its log has pages of 4096 bytes");
});
