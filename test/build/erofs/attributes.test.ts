/** Attributes in images: which are shared, and that nothing is stored that nobody refers to. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { buildErofs, entries } from "../../../dist/index.js";
import { checkTiling, ImageReader } from "../../helpers/image-reader.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { ALL_KINDS, ALL_KINDS_OPTIONS } from "../../helpers/trees/all-kinds.ts";

const scratch = makeScratch("attributes");

describe.each(ALL_KINDS_OPTIONS)("all kinds, with attributes, built with %j", (options) => {
  const image = `${scratch}/image`;
  beforeAll(async () => {
    await buildErofs(entries(ALL_KINDS), image, options);
  });

  test("attributes of enough inodes are stored once, 255 an inode, the rest beside it", () => {
    const tree = new ImageReader(readFileSync(image)).tree();
    const sharedOf = (path: string) => tree.get(path)!.extents.filter(({ sharedAs }) => sharedAs === "attribute");
    const all = options.xattrTolerance === 0;
    expect(sharedOf("d/many").length).toBe(all ? 255 : 0);
    expect(Object.keys(tree.get("d/many")!.xattrs).length).toBe(300);
    expect(sharedOf("d/s1").length).toBe(all ? 3 : 2);
    const inBoth = sharedOf("d/s1").filter(({ from }) => sharedOf("d/s3").some((other) => other.from === from));
    expect(inBoth.length).toBe(2);
  });

  test("nothing is stored that nobody refers to", () => {
    const reader = new ImageReader(readFileSync(image));
    checkTiling(reader.image, reader.blockSize, reader.tree().values(), options.dsunit ?? 1);
  });
});
