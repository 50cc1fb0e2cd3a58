/** The page of `ts-imagefs usage --html`: what stands in it, and what its script draws. */
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildErofs, type Entry, entries } from "../../../dist/index.js";
import { ImageFile } from "../../../src/build/look/node-image-file.ts";
import { pageNodes } from "../../../src/cli/imagefs/usage-page/nodes.ts";
import { usagePage } from "../../../src/cli/imagefs/usage-page/page.ts";
import { squarify } from "../../../src/cli/imagefs/usage-page/squarify.ts";
import { openReader } from "../../../src/inspect/open-image.ts";
import type { Usage } from "../../../src/inspect/usage/ledger.ts";
import { measureUsage } from "../../../src/inspect/usage/usage.ts";
import { TinyPage } from "../../helpers/browser/tiny-dom.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { noise } from "../../helpers/trees/noise.ts";

const scratch = makeScratch("usage-page");

async function usageOf(list: readonly Entry[]): Promise<Usage> {
  await buildErofs(entries(list), `${scratch}/image`, {});
  const file = new ImageFile(`${scratch}/image`);
  try {
    return await measureUsage(await openReader(file));
  } finally {
    file.release();
  }
}

const LIST: Entry[] = [
  { path: "a/deep/large", contents: noise(1, 200_000) },
  { path: "a/deep/small", contents: noise(2, 20_000) },
  { path: "a/other", contents: noise(3, 50_000) },
  { path: "b", contents: noise(4, 100_000) },
  { path: "<!--<script>&\n", contents: noise(5, 30_000) },
];

describe("rectangles", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 60 });
  const side = fc.integer({ min: 20, max: 2000 });

  test("have areas as the numbers are, lie inside, and do not overlap", () => {
    fc.assert(
      fc.property(sizes, side, side, (list, width, height) => {
        const sorted = list.toSorted((a, b) => b - a);
        const found = squarify(sorted, { x: 10, y: 20, width, height });
        const scale = (width * height) / sorted.reduce((sum, size) => sum + size, 0);
        expect(found).toHaveLength(sorted.length);
        for (const [index, { x, y, width: wide, height: high }] of found.entries()) {
          expect(wide * high).toBeCloseTo(sorted[index]! * scale, 4);
          expect(x >= 10 - 1e-6 && y >= 20 - 1e-6).toBe(true);
          expect(x + wide <= 10 + width + 1e-6 && y + high <= 20 + height + 1e-6).toBe(true);
          for (const other of found.slice(index + 1)) {
            const across = Math.min(x + wide, other.x + other.width) - Math.max(x, other.x);
            const down = Math.min(y + high, other.y + other.height) - Math.max(y, other.y);
            expect(across < 1e-6 || down < 1e-6).toBe(true);
          }
        }
      }),
    );
  });

  test("of equal numbers are nearly squares", () => {
    const found = squarify(new Array(16).fill(1), { x: 0, y: 0, width: 400, height: 400 });
    for (const { width, height } of found) expect([width, height].map(Math.round)).toEqual([100, 100]);
  });

  test("of nothing have no area", () => {
    expect(squarify([0, 0], { x: 0, y: 0, width: 9, height: 9 }).map(({ width, height }) => width * height)).toEqual([
      0, 0,
    ]);
    expect(squarify([], { x: 0, y: 0, width: 9, height: 9 })).toEqual([]);
  });
});

describe("paths of the page", () => {
  test("have all bytes of the image, however few are told one by one", async () => {
    const usage = await usageOf(LIST);
    for (const most of [1, 2, 3, 5, 100]) {
      const { names, parents, data, metadata, unused, entries: counts } = pageNodes(usage, most);
      const total = (node: number) => data[node]! + metadata[node]! + unused[node]!;
      expect(total(0)).toBe(usage.bytes);
      for (let node = 0; node < names.length; node++) {
        expect(parents[node]).toBeLessThan(node);
        const children = [...names.keys()].filter((child) => parents[child] === node);
        const below = children.reduce((sum, child) => sum + total(child), 0);
        expect(below).toBeLessThanOrEqual(total(node));
        const count = children.reduce((sum, child) => sum + counts[child]!, 1);
        if (children.length > 0) expect(counts[node]).toBe(count);
      }
      expect(names.filter((name) => /^\(\d+ smaller\)$/.test(name)).length > 0).toBe(most < 100);
    }
  });

  test("are the largest ones", async () => {
    expect(pageNodes(await usageOf(LIST), 4).names).toEqual([
      "/",
      "(no path)",
      "a",
      "deep",
      "large",
      "(2 smaller)",
      "(1 smaller)",
      "(1 smaller)",
    ]);
  });
});

describe("the page", () => {
  const IDS = ["kinds", "legend", "crumbs", "map", "told", "search", "count", "titles", "rows"];

  /** Runs the page's own script, as it stands in it. */
  async function open(hash = ""): Promise<{ page: TinyPage; html: string; texts: () => Record<string, string> }> {
    const html = usagePage("<image>.img", await usageOf(LIST));
    const scripts = [...html.matchAll(/<script( [^>]*)?>([\s\S]*?)<\/script>/g)].map(([, , text]) => text!);
    expect(scripts).toHaveLength(2);
    const page = new TinyPage([...IDS, "data"], hash);
    for (const id of IDS) expect(html).toContain(`id="${id}"`);
    page.elements.get("data")!.textContent = scripts[0]!;
    runInNewContext(scripts[1]!, page.globals);
    const texts = () => Object.fromEntries(IDS.map((id) => [id, page.elements.get(id)!.textContent]));
    return { page, html, texts };
  }

  const rowsOf = (page: TinyPage) =>
    page.elements
      .get("rows")!
      .all("tr")
      .map((row) => row.all("td")[0]!.textContent);

  test("needs nothing from elsewhere, and shows names as they are", async () => {
    const { html } = await open();
    expect(html).not.toMatch(/https?:|\bsrc=|\bhref=|@import|url\(/);
    expect(html).toContain("<title>&#60;image&#62;.img: what it is used for</title>");
  });

  test("draws what is in the root: boxes, crumbs, a table, kinds", async () => {
    const { page, texts } = await open();
    expect(rowsOf(page)).toEqual(["a/", "b", "<!--<script>&\\x0a", "(no path)"]);
    expect(texts()).toMatchObject({
      crumbs: "/",
      count: "4 rows",
      told: expect.stringMatching(/^\/: 39\d\.\d KiB, 100\.00 %, 8 entries$/),
    });
    expect(texts().legend).toContain("data ");
    const boxes = page.elements.get("map")!.all("box");
    expect(boxes.map((box) => box.tag)).toContain("button");
    expect(boxes.map((box) => box.textContent.replace(/[\d.]+ KiB/, ""))).toEqual(
      expect.arrayContaining(["a", "deep", "large", "b"]),
    );
  });

  test("goes into what is clicked, and out of it again", async () => {
    const { page, texts } = await open();
    const click = (name: string) => {
      const box = page.elements
        .get("map")!
        .all("box")
        .find((each) => each.textContent.startsWith(name))!;
      page.elements.get("map")!.dispatch("click", { target: box, detail: 1 });
    };
    click("a");
    expect(page.hash).toBe("#a");
    expect(rowsOf(page)).toEqual(["deep/", "other"]);
    // of a file the directory that it is in
    click("large");
    expect([page.hash, texts().crumbs]).toEqual(["#a/deep", "/a/deep"]);
    page.elements.get("crumbs")!.all("button")[1]!.dispatch("click");
    expect(page.hash).toBe("#a");
    page.press("Escape");
    expect(page.hash).toBe("");
    expect(rowsOf(page)).toContain("b");
    page.press("Escape");
    expect(page.hash).toBe("");
  });

  test("begins where its address says, or as near as there is something", async () => {
    expect(rowsOf((await open("#a/deep")).page)).toEqual(["large", "small"]);
    expect(rowsOf((await open("#a/none/deep")).page)).toEqual(["deep/", "other"]);
    expect(rowsOf((await open("#%")).page)).toHaveLength(4);
  });

  test("sorts by what is clicked, and turns round", async () => {
    const { page } = await open();
    const click = (title: string) =>
      page.elements
        .get("titles")!
        .all("button")
        .find((each) => each.textContent.startsWith(title))!
        .dispatch("click");
    click("Size");
    expect(rowsOf(page)).toEqual(["(no path)", "<!--<script>&\\x0a", "b", "a/"]);
    click("Path");
    expect(rowsOf(page)).toEqual(["(no path)", "<!--<script>&\\x0a", "a/", "b"]);
    click("Entries");
    expect(rowsOf(page)[0]).toBe("a/");
    expect(
      page.elements
        .get("titles")!
        .all("th")
        .map((cell) => cell.attributes.get("aria-sort"))[7],
    ).toBe("descending");
  });

  test("finds paths by a part of them", async () => {
    const { page, texts } = await open();
    const search = page.elements.get("search")!;
    search.value = "DEEP/";
    search.dispatch("input");
    expect(rowsOf(page)).toEqual(["a/deep/large", "a/deep/small"]);
    expect(texts().count).toBe("2 rows");
  });
});
