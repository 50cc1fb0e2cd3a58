/** Which entries of an image are meant by paths: each with all below it, and the directories that lead there. */
import { bytesFromLatin1 } from "../../core/bytes.ts";
import type { ImageReader } from "../../inspect/reader.ts";
import { resolvePath } from "../../inspect/resolve.ts";
import { type WalkedEntry, walkImage } from "../../inspect/walk.ts";

/** All of them, directories before what is in them, each once; without paths, everything. */
export function selectEntries(reader: ImageReader, paths: readonly string[]): AsyncGenerator<WalkedEntry> {
  return paths.length === 0 ? walkImage(reader) : entriesBelow(reader, paths);
}

async function* entriesBelow(reader: ImageReader, paths: readonly string[]): AsyncGenerator<WalkedEntry> {
  const known = new Set<string>();
  for (const path of paths) {
    const found = await resolvePath(reader, path, false);
    for (const parent of parentsOf(found.path)) {
      if (known.has(parent)) continue;
      known.add(parent);
      const { id, inode } = await resolvePath(reader, bytesFromLatin1(parent), false);
      yield { path: parent, id, inode };
    }
    for await (const entry of walkImage(reader, found.id)) {
      const whole = joinPaths(found.path, entry.path);
      if (known.has(whole)) continue;
      known.add(whole);
      yield { ...entry, path: whole };
    }
  }
}

/** The directories above a path, the root first. */
function parentsOf(path: string): string[] {
  if (path === "") return [];
  const names = path.split("/");
  return names.map((_, length) => names.slice(0, length).join("/"));
}

function joinPaths(directory: string, below: string): string {
  return directory === "" || below === "" ? directory + below : `${directory}/${below}`;
}
