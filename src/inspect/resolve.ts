/** Follows paths within an image, as a process does whose root it is. */
import { latin1FromBytes, pathBytes, showBytes } from "../core/bytes.ts";
import { ImageError } from "../core/error.ts";
import { isDirectoryMode, kindOfMode } from "../core/mode.ts";
import type { ImageInode, ImageReader } from "./reader.ts";
import type { WalkedEntry } from "./walk.ts";

/** Links that are followed on one path, as Linux has it. */
const MOST_LINKS = 40;

/**
 * The entry that a path leads to, with the path that it has without links.
 *
 * @param followsLast whether a link at the end is followed too
 * @throws ImageError `INPUT`, naming the path, where there is none
 */
export async function resolvePath<I extends ImageInode>(
  reader: ImageReader<I>,
  path: string | Uint8Array,
  followsLast: boolean,
): Promise<WalkedEntry<I>> {
  const rest = splitPath(latin1FromBytes(pathBytes(path))).reverse();
  const way: WalkedEntry<I>[] = [{ path: "", id: reader.rootId, inode: await reader.inode(reader.rootId) }];
  let links = 0;
  for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
    const directory = way.at(-1)!;
    if (!isDirectoryMode(directory.inode.mode)) throw pathError(path, "leads through what is no directory");
    if (name === "..") {
      if (way.length > 1) way.pop();
      continue;
    }
    const id = await lookUp(reader, directory.inode, name);
    if (id === undefined) throw pathError(path, "is not in the image");
    const inode = await reader.inode(id);
    if (kindOfMode(inode.mode) !== "symlink" || (rest.length === 0 && !followsLast)) {
      way.push({ path: directory.path === "" ? name : `${directory.path}/${name}`, id, inode });
      continue;
    }
    if (++links > MOST_LINKS) throw pathError(path, "leads through too many links");
    const target = latin1FromBytes(await reader.target(inode));
    if (target.startsWith("/")) way.length = 1;
    rest.push(...splitPath(target).reverse());
  }
  return way.at(-1)!;
}

/** An error about a path of an image. */
export function pathError(path: string | Uint8Array, why: string): ImageError {
  const shown = showBytes(pathBytes(path));
  return new ImageError("INPUT", `${shown === "" ? "/" : shown}: ${why}`, { path: shown });
}

function splitPath(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

async function lookUp<I extends ImageInode>(
  reader: ImageReader<I>,
  directory: I,
  name: string,
): Promise<number | undefined> {
  for await (const entry of reader.entries(directory)) if (latin1FromBytes(entry.name) === name) return entry.id;
  return undefined;
}
