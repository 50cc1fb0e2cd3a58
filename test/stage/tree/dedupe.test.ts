/** Equal files are found by their bytes. */
import { expect, test } from "vitest";
import { entries } from "../../../src/stage/source/entries.ts";
import { compareCandidates, findCandidates } from "../../../src/stage/tree/dedupe.ts";
import { orderInodes } from "../../../src/stage/tree/order.ts";
import { resolvePolicy } from "../../../src/stage/tree/policy.ts";
import { NONE, Tree } from "../../../src/stage/tree/tree.ts";
import { soloContext } from "../../helpers/context.ts";

test("files that collide in xxh64 are told apart by their bytes, whatever their size", async () => {
  const size = 8191;
  const files = Array.from({ length: 300 }, (_, index) => {
    const contents = new Uint8Array(size);
    new DataView(contents.buffer).setUint32(0, index);
    return { path: `f${String(index).padStart(4, "0")}`, contents };
  });
  const tree = Tree.create();
  const { contents } = await entries(files).stage(tree, resolvePolicy({}, false), soloContext());
  const candidates = findCandidates(tree, orderInodes(tree), 4096);
  const collide = { h64Raw: () => 0n } as unknown as Parameters<typeof compareCandidates>[4];
  await compareCandidates(soloContext(), tree, candidates, contents, collide);
  expect(candidates.entries.length).toBe(300);
  expect(candidates.sharesWith.every((original) => original === NONE)).toBe(true);
});
