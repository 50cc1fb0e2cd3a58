/**
 * Compressed EROFS images pinned by SHA-256. A test that fails here says that bytes have changed; that must be meant, and
 * is a release note.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildErofs, entries } from "../../../dist/index.js";
import { makeScratch } from "../../helpers/scratch.ts";
import { COMPRESSED_FORMS, compressedTree } from "../../helpers/trees/compressed-tree.ts";

const scratch = makeScratch("compressed-golden");
const image = `${scratch}/image`;

const PINS: Record<string, string> = {
  lz4: "17d00a16a631bacb0cbad5ba5d8e6b788a407b7ba6c23e3146434c54c1802ff4",
  lz4hc: "d3b459d6370c18a59e0335bd717bbf77ceb52a7d430cf4bd204fb61e15ad3f6e",
  "lz4hc, 64 KiB": "8e46fc9b6f3dc66b74901ec297102c4816610d0aae71a20f8f57a82327eb0514",
  "lz4, tail packing": "2c4d8725abeb566b832e45509b3f9e88c29160d5fe0d7a52b6aa38dff881e5ae",
  "lz4hc, fragments": "b87140834370e6651b02e80f55cda1613448c9a72b282059da87fb9c85ecc00e",
  "lz4, all fragments": "3a728fbdb098e2d14e049ce5a63ef5fe6345b51ea7b20442ed6f72bc6fda3a8d",
  "lz4, full indexes": "04cd491aefcb47ce8d5a17296ecd0f0326bb44bb39407c3284adf9e0a21be7fc",
  "deflate, 64 KiB": "17b0c98359e9d082a82d1b1f3881b0272229aede43f7170c5447adb643bb961b",
  "zstd, 64 KiB": "737901517a8938f3ab14611ca2ed26aaded2f51d8383e42bab42debcb8bfa0ae",
  "lz4hc, extents anywhere": "3cc4e452d8e899c84efca98d90f337f41531d7a2cdfdd7b652daa16ec2505cbc",
  "lz4, dedupe": "8b6bd4af07e3b0df13d3283794e7db3175baf65d24834d5de419df371fb0026c",
  "zstd, fragments": "c47127d63a77cdcb901ef59a384c6db93cffd3bd43eb8f111b818389b145ba28",
};

test.each(COMPRESSED_FORMS)("%s: the image is the pinned one", async (name, options) => {
  await buildErofs(entries(compressedTree()), image, { ...options, timestamp: 0 });
  expect(createHash("sha256").update(readFileSync(image)).digest("hex")).toBe(PINS[name]);
});
