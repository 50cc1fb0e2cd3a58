/**
 * A closure of so many entries that what threads know of them is forgotten in between, and numbers are used again. It was a
 * bug that a large file was then looked for where the one before had been whose directory had its directory's number.
 */
import { createHash } from "node:crypto";
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { buildErofs } from "../../../dist/index.js";
import { groupTops, LARGE_FILE, weighTop } from "../../../src/erofs/segments/cuts.ts";
import { ImageReader } from "../../helpers/image-reader.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const scratch = makeScratch("closure-emptied");
const GROUPS = 3;
/** In a group: more than a tree is emptied after. */
const ENTRIES = 9000;
const names = Array.from({ length: 80 }, (_, nr) => `${createHash("md5").update(`${nr}`).digest("hex")}-p`).sort();
const starts = groupTops(
  names.length,
  () => weighTop(0o040755, 0),
  (top) => new TextEncoder().encode(names[top]!),
);
const tops = names.slice(0, starts[GROUPS]);
const isFirst = (top: number) => starts.includes(top);
/** What large files hold; the holes of one are left out of the image. */
const largeOf = (top: number) => Buffer.alloc(LARGE_FILE + 4096 * top, `large of ${top}, `);
const SPARSE = { size: 6 << 20, at: 3 << 20 };

/** Each group has as many entries as the others, and the first path of each a large file, a sparse one and small ones. */
beforeAll(() => {
  tops.forEach((name, top) => {
    const folder = `${scratch}/${name}`;
    mkdirSync(folder);
    if (!isFirst(top)) return;
    writeFileSync(`${folder}/large`, largeOf(top));
    const sparse = openSync(`${folder}/sparse`, "w");
    writeSync(sparse, `sparse of ${top}`, SPARSE.at);
    ftruncateSync(sparse, SPARSE.size);
    closeSync(sparse);
    for (let nr = 0; nr < ENTRIES; nr++) writeFileSync(`${folder}/${nr}`, nr % 3 === 0 ? `${nr % 100} in ${top}` : "");
  });
});

test.each([1, 2, 3, 9])(
  "has the same image with %i threads, in which every file has its own contents",
  async (workers) => {
    const image = `${scratch}/${workers}.img`;
    const report = await buildErofs(
      tops.map((name) => `${scratch}/${name}`),
      image,
      { workers },
    );
    expect(report.savedByHoles).toBe(GROUPS * (SPARSE.size - 4096));
    const files = new ImageReader(readFileSync(image)).tree();
    const contents = (top: number, name: string | number) => files.get(`${tops[top]}/${name}`)!.contents;
    for (let group = 0; group < GROUPS; group++) {
      const top = starts[group]!;
      expect(contents(top, "large").equals(largeOf(top))).toBe(true);
      const sparse = contents(top, "sparse");
      expect(sparse.length).toBe(SPARSE.size);
      expect(sparse.toString("latin1").replaceAll("\0", "")).toBe(`sparse of ${top}`);
      for (const nr of [0, 3, 8997]) expect(contents(top, nr).toString()).toBe(`${nr % 100} in ${top}`);
    }
    const one = await buildErofs(
      tops.map((name) => `${scratch}/${name}`),
      `${scratch}/one.img`,
      { workers: 1 },
    );
    expect(report.uuid).toEqual(one.uuid);
    expect(readFileSync(image).equals(readFileSync(`${scratch}/one.img`))).toBe(true);
  },
);
