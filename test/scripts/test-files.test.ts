/** Tests mirror the source: each stands in the folder of what it tests, and says by its name whether it asks a judge. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { expect, test } from "vitest";

const root = new URL("../../", import.meta.url);
const files = readdirSync(new URL("test/", root), { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".ts"));
const tests = files.filter((path) => path.endsWith(".test.ts"));
const textOf = (path: string) => readFileSync(new URL(`test/${path}`, root), "utf8");

/** Folders without one of the source: of what is no source (`nix` is a folder beside it), and what all builds have in common. */
const OTHERS = ["docs", "examples", "fuzz", "nix", "package", "scripts", "build/faults", "build/golden"];

test("a folder of tests is one of src, or one of its modules", () => {
  const folders = new Set(tests.map((path) => posix.dirname(path)));
  const astray = [...folders].filter((folder) => {
    const inSrc = (path: string) => existsSync(new URL(`src/${path}`, root));
    return !OTHERS.includes(folder) && !inSrc(folder) && !inSrc(`${folder}.ts`);
  });
  expect(astray).toEqual([]);
});

test("tests that ask what no one here wrote are in files of their own: *.kernel.test.ts, and *.wine.test.ts", () => {
  const asks = (path: string) => /\boracle\(|helpers\/mount\.ts"/.test(textOf(path));
  const isNamedSo = (path: string) => /\.(kernel|wine)\.test\.ts$/.test(path);
  const own = tests.filter((path) => path !== "scripts/test-files.test.ts");
  expect(own.filter((path) => asks(path) !== isNamedSo(path))).toEqual([]);
});

test("no file has more than 400 lines, no folder more than 16 files", () => {
  expect(files.filter((path) => textOf(path).split("\n").length > 401)).toEqual([]);
  const folders = files.map((path) => posix.dirname(path));
  const isFull = (folder: string) => folders.filter((other) => other === folder).length > 16;
  expect([...new Set(folders)].filter(isFull)).toEqual([]);
});
