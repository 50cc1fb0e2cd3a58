/** Paths that are longer than the system takes. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { withShortPath } from "../../../../src/stage/source/disk/node-paths.ts";
import { makeScratch } from "../../../helpers/scratch.ts";

const scratch = makeScratch("long-paths");
const read = (path: string) => withShortPath(Buffer.from(path), (short) => readFileSync(short, "utf8"));

test.runIf(process.platform === "linux")("are gone along part by part", () => {
  let folder = scratch;
  const name = "n".repeat(200);
  for (let depth = 0; depth < 30; depth++) {
    withShortPath(Buffer.from(`${folder}/${name}`), (short) => mkdirSync(short));
    folder = `${folder}/${name}`;
  }
  withShortPath(Buffer.from(`${folder}/file`), (short) => writeFileSync(short, "there"));
  expect(read(`${folder}/file`)).toBe("there");
});

// Was a bug: the directory in front of such a name was opened again and again.
test.each([4095, 4096, 9000])("a name of %d bytes is one that the system refuses", (length) => {
  expect(() => read(`${scratch}/${"n".repeat(length)}`)).toThrow("ENAMETOOLONG");
  expect(() => read("n".repeat(length))).toThrow("ENAMETOOLONG");
});
