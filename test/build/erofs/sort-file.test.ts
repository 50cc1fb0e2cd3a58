/** Sort files of EROFS images: one image for any number of threads, and what they do to the UUID. */
import { appendFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { buildErofs, directory, entries, parseSortFile } from "../../../dist/index.js";
import { ImageReader } from "../../helpers/image-reader.ts";
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

  // Was a bug: holes were counted twice, and the inode of a file that shared data with holes was any thread's guess.
  test("and holes in equal files", async () => {
    const folder = `${scratch}/holes`;
    for (const name of ["a", "m", "z"]) mkdirSync(`${folder}/${name}`, { recursive: true });
    for (let index = 0; index < 3000; index++) writeFileSync(`${folder}/m/${index}`, `${index}`);
    for (const path of [`${folder}/a/sparse`, `${folder}/z/sparse`]) {
      writeFileSync(path, "start");
      truncateSync(path, 3_000_000);
      appendFileSync(path, "end");
    }
    const holes = parseSortFile(Buffer.from("-5 z/sparse\n"), "rules");
    const { savedByHoles } = await buildErofs(directory(folder), image, { dedupe: "none" });
    const images: Buffer[] = [];
    for (const workers of [1, 2, 5]) {
      const report = await buildErofs(directory(folder), image, { sort: holes, workers });
      expect(report.savedByHoles).toBe(savedByHoles / 2);
      expect(report.savedByDedupe).toBe(2 * 4096);
      images.push(readFileSync(image));
    }
    for (const other of images) expect(other.equals(images[0]!)).toBe(true);
  });

  // Was a bug: a file took over from an equal one that its end is beside the inode, where its own leaves no room for it;
  // and what equal files share was not reported.
  test("and equal files whose inodes are of different sizes", async () => {
    const contents = Buffer.alloc(4096 + 4060, "equal");
    const source = () =>
      entries([
        { path: "a", contents },
        { path: "b", contents, uid: 70000 },
        { path: "c", contents },
      ]);
    const options = { timestamp: 0 };
    const report = await buildErofs(source(), image, { ...options, sort });
    // known before the first inode, so the end of none is beside it
    expect(report.savedByDedupe).toBe(2 * 2 * 4096);
    expect((await buildErofs(source(), image, options)).savedByDedupe).toBe(4096);
  });

  // Was a bug: the data was written for one name of an inode, and the inode, which is packed under another, had none.
  test("and hard links that are packed under another name than the tree's first", async () => {
    const contents = Buffer.alloc(3 * 4096, "linked");
    const link = { path: "a/link", kind: "hardlink", target: "b" } as const;
    const report = await buildErofs(entries([{ path: "b", contents }, link, { path: "c", contents }]), image, { sort });
    expect(report.savedByDedupe).toBe(contents.length);
    const read = new ImageReader(readFileSync(image)).tree();
    for (const path of ["a/link", "b", "c"]) expect(read.get(path)!.contents.equals(contents)).toBe(true);
    expect(read.get("b")!.nlink).toBe(2);
  });
});
