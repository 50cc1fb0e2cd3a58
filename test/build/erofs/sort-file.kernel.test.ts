/** Sort files of EROFS images: they move contents, plain and compressed, and change nothing else; Linux reads it all. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, directory, parseSortFile } from "../../../dist/index.js";
import { compareTrees } from "../../helpers/compare/compare.ts";
import { failureOf } from "../../helpers/faults.ts";
import { canMountErofs, fsckErofs, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { CONTENTS, makeSortedTree, RULES, SORTED_OPTIONS } from "../../helpers/trees/sorted-tree.ts";

const kernel = oracle("kernel EROFS mount", canMountErofs());
const fsck = oracle("fsck.erofs", hasCommand("fsck.erofs"));
const scratch = makeScratch("sort-erofs");
const tree = `${scratch}/tree`;
const image = `${scratch}/image`;
const sort = parseSortFile(Buffer.from(RULES), "rules");

beforeAll(() => makeSortedTree(tree));

/** Where the first block of each file lies. */
async function offsets(options: BuildOptions): Promise<Map<string, number>> {
  await buildErofs(directory(tree), image, options);
  const bytes = readFileSync(image);
  return new Map(CONTENTS.map(([path, contents]) => [path, bytes.indexOf(contents.subarray(0, 2048))]));
}

describe("a sort file", () => {
  test.each(SORTED_OPTIONS)("orders the contents with %o", async (options) => {
    const found = await offsets({ ...options, sort });
    const at = (path: string) => {
      expect(found.get(path), path).toBeGreaterThan(0);
      return found.get(path)!;
    };
    expect(at("m/large")).toBeLessThan(at("m/small"));
    // equal files lie where the first of them by the rules does
    expect(at("m/small")).toBeLessThan(at("zz/last"));
    expect(at("zz/last")).toBeLessThan(at("aa/large"));
    expect(at("aa/large")).toBeLessThan(at("aa/first"));
    // version 1.5 knows neither fragments nor other algorithms
    if (fsck && (options.compress === undefined || options.fragments === undefined))
      expect(fsckErofs(image)).toMatchObject({ ok: true });
    if (kernel) expect(await withMount(image, (mounted) => compareTrees(tree, mounted))).toEqual([]);
  });

  test("keeps a file from being compressed; other flags say nothing here", async () => {
    const rules = (text: string) => parseSortFile(Buffer.from(text), "rules");
    const compress = { algorithm: "lz4" } as const;
    const text = CONTENTS.at(-1)![1].subarray(0, 40_000);
    await buildErofs(directory(tree), image, { compress });
    expect(readFileSync(image).includes(text)).toBe(false);
    await buildErofs(directory(tree), image, { compress, sort: rules("0 [dont_compress] zz/text") });
    expect(readFileSync(image).includes(text)).toBe(true);
    if (kernel) expect(await withMount(image, (mounted) => compareTrees(tree, mounted))).toEqual([]);
    // of equal files, the one whose data is stored is not the one that the rule names
    writeFileSync(`${tree}/zz/twin`, CONTENTS.at(-1)![1]);
    await buildErofs(directory(tree), image, { compress, sort: rules("0 [dont_compress] zz/twin") });
    rmSync(`${tree}/zz/twin`);
    expect(readFileSync(image).includes(text)).toBe(true);
    for (const [flag, options] of [
      ["dont_compress", {}],
      ["nosparse", { compress }],
    ] as const) {
      const error = await failureOf(buildErofs(directory(tree), image, { ...options, sort: rules(`0 [${flag}] a b`) }));
      expect(error).toMatchObject({ code: "INPUT", message: `sort rule for a b: ${flag} says nothing here` });
    }
  });
});
