/** Streams of metadata blocks, and references into them. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { createZlib } from "../../../src/codec/deflate/zlib.ts";
import { MetadataStream } from "../../../src/squashfs/disk/metadata.ts";
import { readStream } from "../../helpers/metadata.ts";

test("a metadata stream gives its records back, and references lead to them", () => {
  const codec = createZlib(9, { plainLen: 8192, compressedLen: 8192 });
  const records = fc.array(fc.tuple(fc.nat(70_000), fc.boolean()), { maxLength: 30 });
  fc.assert(
    fc.property(records, fc.boolean(), (sizes, compress) => {
      const stored: Buffer[] = [];
      const stream = new MetadataStream(compress ? codec : undefined, (bytes) => stored.push(Buffer.from(bytes)));
      const wanted: Buffer[] = [];
      const references: number[] = [];
      for (const [size, repeats] of sizes) {
        const record = Buffer.alloc(size);
        for (let at = 0; at < size; at++)
          record[at] = repeats ? 7 : (Math.imul(at + size, 2_654_435_761) >>> 24) & 0xff;
        references.push(stream.reference);
        wanted.push(record);
        stream.append(record);
      }
      stream.finish();
      const { raw, blocks, starts } = readStream(Buffer.concat(stored), codec);
      expect(raw.equals(Buffer.concat(wanted))).toBe(true);
      expect(blocks.slice(0, -1).every((length) => length === 8192)).toBe(true);
      expect(stream.blockStarts).toEqual([...starts.keys()]);
      let at = 0;
      wanted.forEach((record, index) => {
        const block = Math.floor(references[index]! / 0x10000);
        if (record.length > 0) expect(starts.get(block)! + (references[index]! % 0x10000)).toBe(at);
        at += record.length;
      });
    }),
    { seed: 1, numRuns: 60 },
  );
});
