/** Sort files of EROFS images: one image for any number of threads, and what they do to the UUID. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { buildErofs, directory, parseSortFile } from "../../../dist/index.js";
import { makeScratch } from "../../helpers/scratch.ts";
import { makeSortedTree, RULES, SORTED_OPTIONS } from "../../helpers/trees/sorted-tree.ts";

const scratch = makeScratch("sort-threads");
const tree = `${scratch}/tree`;
const image = `${scratch}/image`;
const sort = parseSortFile(Buffer.from(RULES), "rules");

beforeAll(() => makeSortedTree(tree));

describe("a sort file", () => {
  test.each(SORTED_OPTIONS)("gives one image for 1 and 3 threads and for a pipe, with %o", async (options) => {
    const images: Buffer[] = [];
    for (const workers of [1, 3]) {
      await buildErofs(directory(tree), image, { ...options, sort, workers });
      images.push(readFileSync(image));
    }
    const chunks: Uint8Array[] = [];
    const stream = new WritableStream<Uint8Array>({ write: (chunk) => void chunks.push(chunk.slice()) });
    await buildErofs(directory(tree), stream, { ...options, sort });
    expect(images[1]!.equals(images[0]!)).toBe(true);
    expect(Buffer.concat(chunks).equals(images[0]!)).toBe(true);
  });

  test("without rules changes nothing, with some also the UUID", async () => {
    const plain = await buildErofs(directory(tree), image);
    const bytes = readFileSync(image);
    const empty = await buildErofs(directory(tree), image, {
      sort: parseSortFile(Buffer.from("# nothing\n"), "rules"),
    });
    expect(readFileSync(image).equals(bytes)).toBe(true);
    expect(empty.uuid).toBe(plain.uuid);
    expect((await buildErofs(directory(tree), image, { sort })).uuid).not.toBe(plain.uuid);
  });
});
