/** Which definitions of pseudo files count, in which order. */
import { describe, expect, test } from "vitest";
import { parseAccounts } from "../../../../src/stage/source/list/accounts.ts";
import { parsePseudo } from "../../../../src/stage/source/list/pseudo.ts";
import { orderPseudo } from "../../../../src/stage/source/list/pseudo-order.ts";

function order(definitions: readonly string[], hasSource = true) {
  const accounts = parseAccounts("", "");
  const parsed = definitions.map((text, index) => parsePseudo({ text, where: `${index}` }, accounts));
  const ignored: string[] = [];
  const ordered = orderPseudo(parsed, hasSource, ({ where }, why) => ignored.push(`${where}: ${why}`));
  const places = (list: readonly { where: string }[]) => list.map(({ where }) => Number(where));
  return { entries: places(ordered.entries), links: places(ordered.links), xattrs: places(ordered.xattrs), ignored };
}

describe("definitions", () => {
  test("of directories come before those of what lies in them", () => {
    const { entries, ignored } = order(["a/b/c d 755 0 0", "a/b d 755 0 0", "x s 777 0 0 y", "a d 755 0 0"]);
    expect([entries, ignored]).toEqual([[2, 3, 1, 0], []]);
  });

  test("come before links, links before attributes", () => {
    expect(order(["a x user.a=b", "b L a", "a f 644 0 0 true"])).toMatchObject({
      entries: [2],
      links: [1],
      xattrs: [0],
    });
  });

  test.each([
    [["a d 755 0 0", "/a d 700 0 0"], [0], "1: a is defined already"],
    [["a d 755 0 0", "a m 700 0 0"], [0], "1: a is defined already"],
    [["a f 644 0 0 true", "a/b d 755 0 0"], [0], "1: a is defined as what holds nothing"],
    [["a l x", "a/b/c d 755 0 0"], [0], "1: a is defined as what holds nothing"],
    [["a/b d 755 0 0", "a f 644 0 0 true"], [0], "1: a has to be a directory"],
    [["/ d 700 0 0"], [], "0: / is that of the source"],
    [["/ m 700 0 0"], [], "0: / is a directory"],
  ] as const)("%j: the rest is ignored", (definitions, entries, why) => {
    expect(order(definitions)).toMatchObject({ entries, ignored: [why] });
  });

  test.each([
    [["a m 755 0 0", "a/b d 755 0 0"]],
    [["a/b d 755 0 0", "a m 755 0 0"]],
    [["a/b d 755 0 0", "a D 5 755 0 0"]],
  ])("%j: both count", (definitions) => {
    expect(order(definitions).ignored).toEqual([]);
  });

  test("of the root count where there is no source, the last of them", () => {
    expect(order(["/ d 700 0 0", "a d 755 0 0", "/ d 711 0 0"], false)).toMatchObject({ entries: [2, 1], ignored: [] });
  });
});
