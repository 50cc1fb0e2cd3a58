/** What is asked of a database in an image together with other options, and what cannot be. */
import { expect, test } from "vitest";
import { buildErofs } from "../../../src/build/erofs.ts";
import type { BuildOptions, SquashfsOptions } from "../../../src/build/options.ts";
import { buildSquashfs } from "../../../src/build/squashfs.ts";
import type { Sink } from "../../../src/core/sink.ts";
import { directory } from "../../../src/stage/source/node-sources.ts";

const nowhere: Sink = { writeAt() {}, truncate() {}, close() {} };
const FOLDER = "/nix/store/00000000000000000000000000000000-nothing";

test.each<[string, BuildOptions & SquashfsOptions]>([
  ["nixDatabase: without storeDir the image is the store itself, so its path has to be given", { nixDatabase: true }],
  ["gcroot: is for nixDatabase, which is not asked for", { gcroot: "image", storeDir: "/nix/store" }],
  ["gcroot: is for nixDatabase, which is not asked for", { gcroot: "image", nixDatabase: false }],
])("%s", async (message, options) => {
  for (const build of [buildErofs, buildSquashfs])
    await expect(build([FOLDER], nowhere, options)).rejects.toMatchObject({ code: "INPUT", message });
});

test("a directory has no store paths to be known", async () => {
  const message = "nixDatabase: the source has no store paths, as a closure has";
  await expect(buildErofs(directory("/tmp"), nowhere, { nixDatabase: "db.sqlite" })).rejects.toThrow(message);
});
