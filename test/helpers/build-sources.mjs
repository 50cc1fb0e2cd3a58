// Builds images of sources of several kinds, and prints their hashes as JSON: the same code in Node and in what is like it.
//   RUNTIME test/helpers/build-sources.mjs FOLDER ZIP IMAGE
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { buildErofs, buildSquashfs, directory, entries, openImage, zipArchive } from "../../dist/library.js";

const [folder, zip, image] = process.argv.slice(2);
const sources = {
  directory: () => directory(folder),
  entries: () =>
    entries([
      { path: "a/text", contents: "again and again\n".repeat(5000), mtime: 12.5 },
      { path: "link", kind: "symlink", target: "a" },
      { path: "blob", contents: new Blob(["x".repeat(9999)]) },
    ]),
  zip: () => zipArchive(zip),
};
const builds = {
  plain: (source, options) => buildErofs(source, image, options),
  zstd: (source, options) => buildErofs(source, image, { ...options, compress: "zstd" }),
  lzma: (source, options) => buildErofs(source, image, { ...options, compress: "lzma", verify: true }),
  squashfs: (source, options) => buildSquashfs(source, image, { ...options, compressor: "xz" }),
};
const hashes = {};
for (const [source, make] of Object.entries(sources)) {
  for (const [name, build] of Object.entries(builds)) {
    for (const workers of [1, 3]) {
      await build(make(), source === "directory" ? { timestamp: 0, workers } : { workers });
      const opened = await openImage(image);
      const names = (await opened.readdir("")).map((entry) => String(entry.name)).join();
      opened.close();
      const hash = createHash("sha256").update(readFileSync(image)).digest("hex");
      hashes[`${source}, ${name}, ${workers}`] = `${hash} ${names}`;
    }
  }
}
console.log(JSON.stringify(hashes));
