/** What has been measured, as one page. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { makeScratch } from "../helpers/scratch.ts";

const scratch = makeScratch("bench-page");
const bench = fileURLToPath(new URL("../../bench/", import.meta.url));
const results = readdirSync(bench).filter((name) => /^RESULTS.*\.md$/.test(name));
let page: string;

beforeAll(() => {
  execFileSync(process.execPath, [`${bench}page.mjs`, `${scratch}/page.html`]);
  page = readFileSync(`${scratch}/page.html`, "utf8");
});

test("it has every page of results, and every row of their tables", () => {
  expect(page.match(/<section>/g)).toHaveLength(results.length);
  const lines = results.flatMap((name) => readFileSync(`${bench}${name}`, "utf8").split("\n"));
  const rows = lines.filter((line) => line.startsWith("|") && !/^[|: -]+$/.test(line));
  expect(page.match(/<tr/g)).toHaveLength(rows.length);
});

test("each time with a range has a bar, none longer than its column", () => {
  const widths = [...page.matchAll(/class="bar" style="width:([\d.]+)%"/g)].map(([, width]) => Number(width));
  expect(widths.length).toBeGreaterThan(50);
  expect(Math.max(...widths)).toBeLessThanOrEqual(100);
  expect(page.match(/class="range"/g)).toHaveLength(widths.length);
});

test("it needs nothing besides itself", () => {
  expect(page).not.toMatch(/<(?:script|img|link)|https?:|@import|url\(/);
});
