/** docs/api.md is what the comments in the types say. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import * as library from "../../dist/index.js";
import { makeScratch } from "../helpers/scratch.ts";

const scratch = makeScratch("api-page");
const root = new URL("../../", import.meta.url);
const page = readFileSync(new URL("docs/api.md", root), "utf8");

test("docs/api.md is that of these types: `npm run build:api` writes it", () => {
  const made = `${scratch}/api.md`;
  execFileSync(process.execPath, [fileURLToPath(new URL("scripts/build-api.mjs", root)), made]);
  expect(page).toBe(readFileSync(made, "utf8"));
});

test("it has all that is exported, and no link in it leads nowhere", () => {
  const titles = [...page.matchAll(/^### (\w+)$/gm)].map(([, name]) => name!);
  expect(Object.keys(library).filter((name) => !titles.includes(name))).toEqual([]);
  const anchors = titles.map((name) => name.toLowerCase());
  const links = [...page.matchAll(/\]\(#(\w+)\)/g)].map(([, anchor]) => anchor!);
  expect(links.length).toBeGreaterThan(20);
  expect(links.filter((anchor) => !anchors.includes(anchor))).toEqual([]);
});
