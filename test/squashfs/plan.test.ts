/** Plans of the data: whole files and their ends, in pieces. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { FRAGMENT_ITEM, FragmentFiller, ItemRowBuilder, PIECE_BYTES, PIECE_FIELDS } from "../../src/squashfs/items.ts";
import { resolveSquashfsOptions, type SquashfsLayoutOptions } from "../../src/squashfs/options.ts";
import { planData } from "../../src/squashfs/plan.ts";
import { orderFiles } from "../../src/stage/tree/file-order.ts";
import { NONE, S_IFREG, Tree } from "../../src/stage/tree/tree.ts";

test("a plan holds every byte once, in pieces of at most 1 MiB", () => {
  const layouts: fc.Arbitrary<SquashfsLayoutOptions> = fc.record({
    compressor: fc.constant("lz4" as const),
    blockSize: fc.constantFrom(4096, 131_072, 1 << 20),
    fragments: fc.constantFrom("all" as const, "small" as const, "none" as const),
  });
  const sizes = fc.array(
    fc.oneof(fc.nat(5000), fc.nat(300_000), fc.constantFrom(0, 4096, 131_072, 1 << 20, 5_000_000)),
    {
      maxLength: 60,
    },
  );
  fc.assert(
    fc.property(layouts, sizes, (options, list) => {
      const settings = resolveSquashfsOptions(options);
      const tree = Tree.create();
      tree.allocate(list.length + 1);
      list.forEach((size, index) => {
        tree.mode.view[index + 1] = S_IFREG;
        tree.size.view[index + 1] = size;
      });
      const order = Uint32Array.from(list, (_, index) => index + 1);
      const files = orderFiles(tree, { order }, []);
      const plan = planData(tree, files, settings, { blocks: undefined, tails: undefined }, 96);
      const { blockSize } = settings;
      const held = new Map<number, number>();
      const rawBytes: number[] = [];
      plan.items.forEach((what, item) => {
        let bytes = 0;
        if (what < FRAGMENT_ITEM) bytes = list[what - 1]! - plan.tailLen[what]!;
        else {
          const fragment = what - FRAGMENT_ITEM;
          for (let tail = plan.fragmentTails[fragment]!; tail < plan.fragmentTails[fragment + 1]!; tail++) {
            const entry = plan.tails[tail]!;
            expect([plan.fragment[entry], plan.fragmentOff[entry]]).toEqual([fragment, bytes]);
            bytes += plan.tailLen[entry]!;
            held.set(entry, (held.get(entry) ?? 0) + plan.tailLen[entry]!);
          }
          expect(bytes).toBeLessThanOrEqual(blockSize);
          // small files are not mixed with the ends of others
          const packed = [...plan.tails.subarray(plan.fragmentTails[fragment], plan.fragmentTails[fragment + 1])];
          expect(new Set(packed.map((entry) => plan.tailLen[entry] === list[entry - 1])).size).toBe(1);
        }
        if (what < FRAGMENT_ITEM) held.set(what, (held.get(what) ?? 0) + bytes);
        expect(plan.itemWord[item]).toBe(rawBytes.length);
        for (let at = 0; at < bytes; at += blockSize) rawBytes.push(Math.min(blockSize, bytes - at));
      });
      expect(plan.words.length).toBe(rawBytes.length);
      list.forEach((size, index) => {
        expect(held.get(index + 1) ?? 0).toBe(size);
        expect(plan.fragment[index + 1] === NONE).toBe(plan.tailLen[index + 1] === 0);
      });
      let word = 0;
      for (let at = 0; at < plan.pieces.length; at += PIECE_FIELDS) {
        const [item, block, first, count] = [...plan.pieces.subarray(at, at + PIECE_FIELDS)] as [
          number,
          number,
          number,
          number,
        ];
        expect(first).toBe(word);
        expect(plan.itemWord[item]! + block).toBe(word);
        const bytes = rawBytes.slice(word, word + count).reduce((sum, length) => sum + Math.ceil(length / 8) * 8, 0);
        expect(bytes).toBeLessThanOrEqual(PIECE_BYTES);
        word += count;
      }
      expect(word).toBe(rawBytes.length);
    }),
    { seed: 3, numRuns: 100 },
  );
});

test.each([
  [undefined, [0, 1, 2, 3, 4, 5], [0, 10, 21, 33, 46, 60]],
  [(entry: number) => ["", ".b", ".a", ".b", "", ".a"][entry]!, [0, 4, 2, 5, 1, 3], [0, 51, 24, 62, 10, 36]],
])("files of one kind are beside each other in a fragment block where that is asked for", (kindOf, tails, offsets) => {
  const filler = new FragmentFiller(new ItemRowBuilder(4096), 4096, 6, kindOf);
  for (let entry = 0; entry < 6; entry++) filler.add(entry, 10 + entry, true, 0);
  const made = filler.finish();
  expect([...made.tails]).toEqual(tails);
  expect([...made.fragmentOff]).toEqual(offsets);
});
