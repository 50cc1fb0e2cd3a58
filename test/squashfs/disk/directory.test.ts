/** Listings of directories and their indexes, as the kernel reads them. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { DirectoryWriter, type Listing } from "../../../src/squashfs/disk/directory.ts";
import { MetadataStream } from "../../../src/squashfs/disk/metadata.ts";
import { readStream } from "../../helpers/metadata.ts";

test("a listing is groups that the kernel can read, and its index leads to their starts", () => {
  const entry = fc.record({
    name: fc.integer({ min: 1, max: 255 }),
    step: fc.constantFrom(1, 1, 1, 2, 300, -2, 40_000, -40_000),
    newBlock: fc.integer({ min: 0, max: 60 }).map((value) => value === 0),
  });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 900 }), fc.nat(9000), (list, before) => {
      let number = 100_000_000;
      let block = 0;
      const items = list.map(({ name, step, newBlock }, index) => {
        number += step;
        if (newBlock) block += 5000;
        return {
          name: Buffer.alloc(name, String.fromCharCode(97 + (index % 26))),
          number,
          reference: block * 65_536 + index,
        };
      });
      const listing: Listing = {
        count: items.length,
        number: (index) => items[index]!.number,
        reference: (index) => items[index]!.reference,
        type: () => 2,
        nameLength: (index) => items[index]!.name.length,
        copyName: (index, into, at) => into.set(items[index]!.name, at),
      };
      const stored: Buffer[] = [];
      const stream = new MetadataStream(undefined, (bytes) => stored.push(Buffer.from(bytes)));
      stream.append(new Uint8Array(before));
      const placed = new DirectoryWriter(stream).write(listing, () => "path");
      stream.finish();
      const { raw, starts } = readStream(Buffer.concat(stored), undefined);
      const start = (starts.get(placed.block) ?? raw.length) + placed.offset;
      expect(start).toBe(before);

      const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
      const groups: number[] = [];
      const read: unknown[] = [];
      for (let at = start; at < start + placed.bytes; ) {
        groups.push(at - start);
        const count = view.getUint32(at, true) + 1;
        const [inodeBlock, base] = [view.getUint32(at + 4, true), view.getUint32(at + 8, true)];
        expect(count).toBeLessThanOrEqual(256);
        at += 12;
        for (let index = 0; index < count; index++) {
          const length = view.getUint16(at + 6, true) + 1;
          const reference = inodeBlock * 65_536 + view.getUint16(at, true);
          read.push({
            name: raw.subarray(at + 8, at + 8 + length),
            number: base + view.getInt16(at + 2, true),
            reference,
          });
          at += 8 + length;
        }
      }
      expect(read).toEqual(items);

      const index = Buffer.from(placed.index);
      let at = 0;
      for (let entry = 0; entry < placed.indexEntries; entry++) {
        const [listingOff, indexBlock] = [index.readUInt32LE(at), index.readUInt32LE(at + 4)];
        const length = index.readUInt32LE(at + 8) + 1;
        expect(groups).toContain(listingOff);
        // as the kernel finds it: in this block, at the rest of the sum
        expect(starts.get(indexBlock)! + ((placed.offset + listingOff) % 8192)).toBe(start + listingOff);
        const first = raw.subarray(start + listingOff + 12 + 8, start + listingOff + 12 + 8 + length);
        expect(index.subarray(at + 12, at + 12 + length).equals(first)).toBe(true);
        at += 12 + length;
      }
      expect(at).toBe(index.length);
    }),
    { seed: 2, numRuns: 150 },
  );
});

test("a listing has less than 4 GiB, or its directory is named", () => {
  const listing = { count: 0 } as Parameters<DirectoryWriter["write"]>[0];
  const write = (bytes: number) => {
    const lengths = [0, bytes];
    const stream = {
      blockStart: 0,
      at: 0,
      get length() {
        return lengths.shift();
      },
    };
    return new DirectoryWriter(stream as never).write(listing, () => "d/e");
  };
  // the two dots, which are not there, are counted
  expect(write(0xffffffff - 3).bytes).toBe(0xffffffff - 3);
  expect(() => write(0xffffffff - 2)).toThrow(
    expect.objectContaining({ code: "LIMIT", path: "d/e", message: "d/e: the directory would take more than 4 GiB" }),
  );
});
