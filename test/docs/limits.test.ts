/** The page of limits names tests that there are. */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("../../", import.meta.url);
const page = readFileSync(new URL("docs/limits.md", root), "utf8");
/** The last cells of the tables: files, each with titles behind it. */
const proofs = page
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| limit |"))
  .map((line) => line.split(" | ").at(-1)!.replace(/ \|$/, ""));

test("every limit is proved by a test, and each is there under its title", () => {
  expect(proofs.length).toBeGreaterThan(25);
  const missing: string[] = [];
  for (const proof of proofs) {
    const named = [...proof.matchAll(/`([^`]+)` ((?:"[^"]+"(?:, )?)+)/g)];
    if (named.length === 0 && !proof.startsWith("the same")) missing.push(`nothing proves: ${proof}`);
    for (const [, file = "", titles = ""] of named) {
      const path = new URL(`test/${file}`, root);
      const code = existsSync(path) ? readFileSync(path, "utf8") : "";
      for (const [, title = ""] of titles.matchAll(/"([^"]+)"/g)) {
        if (!code.includes(`"${title}"`)) missing.push(`${file}: ${title}`);
      }
    }
  }
  expect(missing).toEqual([]);
});

test("no line of a table has a cell too many or too few", () => {
  for (const section of page.split("\n## ").slice(1)) {
    const rows = section.split("\n").filter((line) => line.startsWith("|"));
    const cells = new Set(rows.map((row) => row.split("|").length));
    // one section is prose
    expect([...cells]).toHaveLength(section.startsWith("What stays out") ? 0 : 1);
  }
});
