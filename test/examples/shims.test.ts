/** What stands in for Node in the example for browsers, against Node. */
import * as real from "node:fs";
import zlib from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import * as memory from "../../examples/browser/shims/fs.ts";
import { pipeline, Readable } from "../../examples/browser/shims/stream.ts";
import { createInflateRaw, inflateRawSync } from "../../examples/browser/shims/zlib.ts";
import { makeScratch } from "../helpers/scratch.ts";

const scratch = makeScratch("shims");
const CREATE = memory.constants.O_CREAT | memory.constants.O_RDWR;
const at = fc.oneof(fc.nat(40), fc.integer({ min: (1 << 20) - 20, max: (1 << 20) + 20 }), fc.nat(3 << 20));
const step = fc.oneof(
  fc.record({ kind: fc.constant("write" as const), at, bytes: fc.uint8Array({ minLength: 1, maxLength: 60 }) }),
  fc.record({ kind: fc.constant("truncate" as const), at }),
  fc.record({ kind: fc.constant("read" as const), at, length: fc.nat(80) }),
);

test("files in memory are as those on a disk", () => {
  let runs = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const [path, shown] = [`${scratch}/${++runs}`, `/${runs}`];
      const [disk, file] = [
        real.openSync(path, real.constants.O_CREAT | real.constants.O_RDWR),
        memory.openSync(shown, CREATE),
      ];
      for (const each of steps) {
        if (each.kind === "truncate") {
          real.ftruncateSync(disk, each.at);
          memory.ftruncateSync(file, each.at);
        } else if (each.kind === "write") {
          real.writeSync(disk, each.bytes, 0, each.bytes.length, each.at);
          expect(memory.writeSync(file, each.bytes, 0, each.bytes.length, each.at)).toBe(each.bytes.length);
        } else {
          const [expected, got] = [new Uint8Array(each.length).fill(7), new Uint8Array(each.length).fill(7)];
          const count = real.readSync(disk, expected, 0, each.length, each.at);
          expect(memory.readSync(file, got, 0, each.length, each.at)).toBe(count);
          expect(got).toEqual(expected);
        }
        expect(memory.fstatSync(file).size).toBe(real.fstatSync(disk).size);
      }
      real.closeSync(disk);
      real.rmSync(path);
      memory.closeSync(file);
      memory.rmSync(shown);
    }),
    { numRuns: 200 },
  );
});

test("what is not there, or is there already, is refused as a system does", () => {
  const errors = [
    [() => memory.openSync("/none"), () => real.openSync("/none", "r")],
    [() => memory.statSync("/none"), () => real.statSync("/none")],
    [() => memory.rmSync("/none"), () => real.rmSync("/none")],
    [() => memory.readFileSync("/none"), () => real.readFileSync("/none")],
    [() => memory.readlinkSync("/none"), () => real.readlinkSync("/none")],
    [() => memory.closeSync(99_999), () => real.closeSync(99_999)],
  ] as const;
  const told = (call: () => unknown) => {
    try {
      return call();
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      return { code, said: message.replace(/,.*/, "") };
    }
  };
  for (const [ours, theirs] of errors) expect(told(ours)).toEqual(told(theirs));
  const made = memory.openSync("/made", CREATE);
  expect(told(() => memory.openSync("/made", CREATE | memory.constants.O_EXCL))).toMatchObject({ code: "EEXIST" });
  // a name that is taken away leaves what is open
  memory.rmSync("/made");
  expect(memory.writeSync(made, new Uint8Array(3), 0, 3, 0)).toBe(3);
  expect(memory.statSync("/made", { throwIfNoEntry: false })).toBeUndefined();
  memory.closeSync(made);
});

const DATA = Buffer.from("again and again, ".repeat(50_000));
const PACKED = zlib.deflateRawSync(DATA);

test("members are inflated at once, to no more than a byte above what is allowed, and in parts", async () => {
  expect(Buffer.from(inflateRawSync(PACKED, { maxOutputLength: DATA.length + 1 })).equals(DATA)).toBe(true);
  expect(inflateRawSync(PACKED, { maxOutputLength: 1000 }).length).toBe(1000);
  expect(() => inflateRawSync(PACKED.subarray(0, 50), { maxOutputLength: DATA.length + 1 })).toThrow();
  const inflate = async (packed: Uint8Array<ArrayBuffer>) => {
    const inflater = createInflateRaw();
    pipeline(Readable.from([packed.subarray(0, 100), packed.subarray(100)]), inflater);
    const parts: Uint8Array[] = [];
    for await (const part of inflater) parts.push(part);
    return Buffer.concat(parts);
  };
  expect((await inflate(new Uint8Array(PACKED))).equals(DATA)).toBe(true);
  await expect(inflate(new Uint8Array(PACKED.subarray(0, 200)))).rejects.toThrow();
});
