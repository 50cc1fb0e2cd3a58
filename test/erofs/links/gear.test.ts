/** Where files are cut into grains. */
import { expect, test } from "vitest";
import { nextCut } from "../../../src/erofs/links/gear.ts";
import { incompressible } from "../../helpers/trees/contents.ts";

test("cuts depend on the last 32 bytes alone", () => {
  const settings = { min: 512, max: 16384, bits: 10 };
  const bytes = incompressible(200_000, 80);
  const cuts = (from: number) => {
    const list: number[] = [];
    for (let at = from; at < bytes.length; ) {
      at = nextCut(bytes, at, bytes.length, settings);
      list.push(at);
    }
    return list;
  };
  const all = cuts(0);
  for (const from of [1, 777, 5000]) {
    const some = cuts(from);
    const joined = some.findIndex((cut) => all.includes(cut));
    expect(some[joined]).toBeLessThan(from + 20_000);
    expect(some.slice(joined)).toEqual(all.slice(all.indexOf(some[joined]!)));
  }
});
