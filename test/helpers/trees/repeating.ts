/** Contents that compress well: a log, JSON, zeros, numbers in a row, noise that is there again. The same on every machine. */

import { noise } from "./noise.ts";

/** Lines of decimal numbers from 1 on. */
function counterText(last: number): Buffer {
  return Buffer.from(Array.from({ length: last }, (_, index) => `${index + 1}\n`).join(""));
}

/** Pixels of a picture, three bytes each: colours that change evenly, and the lowest bits of them at random. */
function picture(width: number, height: number, next: (limit: number) => number): Buffer {
  const pixels = Buffer.alloc(3 * width * height);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      pixels[at++] = Math.min(255, Math.floor((x * 255) / width) + next(2));
      pixels[at++] = Math.floor((y * 255) / height);
      pixels[at++] = Math.min(255, Math.floor(((x + y) * 255) / (width + height)) + next(3));
    }
  }
  return pixels;
}

/** Records of 24 bytes, as in a table of symbols. */
function symbolTable(count: number): Buffer {
  const bytes = Buffer.alloc(24 * count);
  for (let index = 0; index < count; index++) {
    const at = 24 * index;
    bytes.writeUInt32LE(0x400000 + 16 * index, at);
    bytes.writeUInt32LE(index, at + 8);
    bytes.writeUInt32LE(17, at + 12);
    bytes.writeUInt16LE(1, at + 16);
    bytes.writeUInt16LE(index % 5, at + 18);
  }
  return bytes;
}

/** Contents of several files, by name. */
export function repeatingFiles(): Record<string, Record<string, Buffer>> {
  const short = counterText(60_000);
  const text = Buffer.from(
    Array.from({ length: 300 }, (_, line) => `line ${line} of a text, ${(line * 7919) % 1000}\n`).join(""),
  );
  const copies = Array.from({ length: 100 }, (_, index) => [`copy ${index}`, text] as const);
  return {
    "two counters": { first: short, second: short, third: counterText(90_000) },
    "equal files": Object.fromEntries(copies),
  };
}

/** Where a file with holes has data: the text that stands at each offset. */
export const HOLES = {
  size: 30_000_000,
  apart: 1_500_000,
  text: Buffer.from("The only words in all of this.\n".repeat(120)),
};

/** By name. */
export function repeatingContents(): Record<string, Buffer> {
  let seed = 1;
  const next = (limit: number) => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * limit);
  };
  const log: string[] = [];
  for (let line = 0, time = 1_700_000_000; line < 26_000; line++) {
    time += next(3);
    const status = next(20) === 0 ? 404 : 200;
    log.push(
      `${time} web${next(3)} app[1234]: INFO request handled path=/api/v1/items status=${status} duration=${next(30)}ms\n`,
    );
  }
  const records = Array.from({ length: 20_000 }, (_, id) => ({
    id,
    name: `item ${id}`,
    enabled: id % 3 === 0,
    tags: ["a", "b", "c"],
    nested: { x: id % 7, y: null },
  }));
  const again = (part: Buffer, times: number) => Buffer.concat(Array.from({ length: times }, () => part));
  const zeros = Buffer.alloc(1_000_000);
  const words = Buffer.from(Array.from({ length: 5000 }, () => "abcdefghijklmnop qrstuvwxyz\n"[next(28)]).join(""));
  return {
    "20 KB of noise": again(noise(1, 20_000), 100),
    "150 KB of noise": again(noise(2, 150_000), 20),
    "noise before it": Buffer.concat([noise(3, 70_000), again(noise(4, 30_000), 20)]),
    "4 KiB of noise": again(noise(6, 4096), 400),
    "5000 bytes of text": again(words, 500),
    "1000 bytes of text": again(words.subarray(0, 1000), 2500),
    "decimal counter": counterText(250_000),
    "numbers a page apart": Buffer.from(Uint32Array.from({ length: 1 << 18 }, (_, index) => index << 12).buffer),
    picture: picture(640, 512, next),
    records: symbolTable(60_000),
    "two values": Buffer.from(noise(7, 800_000).map((byte) => Number(byte < 64))),
    counter: Buffer.from(Uint32Array.from({ length: 1 << 19 }, (_, index) => index).buffer),
    "zeros around noise": Buffer.concat([zeros, noise(5, 9000), zeros]),
    log: Buffer.from(log.join("")),
    json: Buffer.from(JSON.stringify(records, undefined, 2)),
    zeros: Buffer.alloc(20_000_000),
  };
}
