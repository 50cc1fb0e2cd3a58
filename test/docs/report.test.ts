/** The page of the report against what it describes: its fields are those that the library and the commands give. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { buildErofs, buildSquashfs, directory, type PrintedError } from "../../dist/index.js";
import { runCommand } from "../helpers/commands.ts";
import { makeScratch } from "../helpers/scratch.ts";

const scratch = makeScratch("report-page");
const page = readFileSync(new URL("../../docs/report.md", import.meta.url), "utf8");

beforeAll(() => {
  mkdirSync(`${scratch}/tree`);
  writeFileSync(`${scratch}/tree/file`, "text\n");
});

/** First cells of the tables' rows, with the other cells. */
const rows = page.split("\n").flatMap((line) => {
  const [, name, ...cells] = line.split("|").map((cell) => cell.trim());
  const field = name?.match(/^`(\S+)`$/)?.[1];
  return field === undefined ? [] : [{ field, cells }];
});
const described = (...places: string[]) =>
  rows.flatMap(({ field, cells }) => (places.includes(cells[0]!) ? field : [])).sort();

/** Names of all fields, `a.b` for those of an object in it. */
function fieldsOf(report: object): string[] {
  return Object.entries(report)
    .flatMap(([key, value]) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? fieldsOf(value).map((field) => `${key}.${field}`)
        : key,
    )
    .sort();
}

describe.each(["EROFS", "SquashFS"] as const)("the report of an image of %s", (format) => {
  test("has the fields of the page, in the library", async () => {
    const build = format === "EROFS" ? buildErofs : buildSquashfs;
    const report = await build(directory(`${scratch}/tree`), `${scratch}/image`, { verity: true });
    expect(fieldsOf(report)).toEqual(described("both", format));
  });

  test("and as JSON", () => {
    const options = [
      "--json",
      "--digest",
      "--mount-point=/x",
      "--verity=tree.verity",
      `--format=${format.toLowerCase()}`,
    ];
    const { out } = runCommand(scratch, "mkerofs", [...options, "image", "tree"]);
    expect(fieldsOf(JSON.parse(out))).toEqual(described("both", "commands", format));
  });
});

test("an error is the one that is shown, and has the fields of the page", () => {
  const { out } = runCommand(scratch, "mkerofs", ["--json", "image", "missing"]);
  const [, shown] = page.match(/^```json\n([\s\S]*?)^```$/m)!;
  const told = JSON.parse(out) as PrintedError;
  expect(told).toEqual({ ...JSON.parse(shown!), version: told.version });
  const errors = rows.map(({ field }) => field).filter((field) => field.startsWith("error."));
  expect(fieldsOf(told)).toEqual(["version", ...errors].sort());
});
