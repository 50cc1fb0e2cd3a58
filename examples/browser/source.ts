/** What files of a page are as a tree: a zip archive as it is extracted, anything else as it lies in its folder. */
import { type Entry, entries, type Source, zipArchive } from "../../src/index.ts";
import { isProgram } from "../../src/stage/source/disk/node-modes.ts";
import type { Given } from "./messages.ts";

/** The bytes that say whether a file is a program. */
const HEAD_BYTES = 8;

/** A source of the library. Browsers tell neither modes nor owners nor links: modes are as on Windows, the owner is root. */
export function sourceOf(given: readonly Given[]): Source {
  const [first, ...more] = given;
  if (first?.file && more.length === 0 && /\.zip$/i.test(first.path))
    return zipArchive(first.file, { name: first.path });
  return entries(list(given));
}

async function* list(given: readonly Given[]): AsyncGenerator<Entry> {
  const newest = given.reduce((time, { file }) => Math.max(time, file?.lastModified ?? 0), 0);
  const mtime = new Date(newest);
  // no directory has a time of its own
  const directories = new Set(given.flatMap(({ path, file }) => foldersOf(file ? path : `${path}/`)));
  for (const path of directories) yield { path, kind: "directory", mtime };
  for (const { path, file } of given) {
    if (!file) continue;
    const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
    yield { path, contents: file, mode: isProgram(head) ? 0o755 : 0o644, mtime: new Date(file.lastModified) };
  }
}

/** The folders that a path lies in, the root first: `a/b/c` lies in the root, in `a` and in `a/b`. */
function foldersOf(path: string): string[] {
  const names = path.split("/").slice(0, -1);
  return ["", ...names.map((_, index) => names.slice(0, index + 1).join("/"))];
}
