/** Temporary files that have no name: they are there until they are let go of, beside other work. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { TemporaryFiles } from "../../src/core/node/node-temporary.ts";
import { makeScratch } from "../helpers/scratch.ts";

const folder = makeScratch("temporary");

test.skipIf(process.platform !== "linux")(
  "what nobody reads any more is freed while the build goes on, and others are made",
  async () => {
    const files = TemporaryFiles.beside(`${folder}/a.img`, "a.img");
    const { path } = files.createHidden();
    writeFileSync(path, "gone soon");
    files.letGo();
    await expect.poll(() => existsSync(path)).toBe(false);
    const { path: next } = files.createHidden();
    writeFileSync(next, "still there");
    expect(readFileSync(next, "utf8")).toBe("still there");
    files.remove();
    expect(existsSync(next)).toBe(false);
    // once more there is nothing to let go of
    files.letGo();
    files.remove();
  },
);
