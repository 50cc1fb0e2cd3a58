/** `ts-imagefs tree`: all names, drawn as a tree. */
import { showBytes } from "../../../core/bytes.ts";
import { isDirectoryMode, kindOfMode } from "../../../core/mode.ts";
import { readerOf } from "../../../inspect/open-image.ts";
import type { ImageEntry, ImageInode, ImageReader } from "../../../inspect/reader.ts";
import { resolvePath } from "../../../inspect/resolve.ts";
import { DirectoryGuard } from "../../../inspect/walk.ts";
import type { Look } from "../settings.ts";
import { ls } from "./ls.ts";
import { withImage } from "./open.ts";
import { showName } from "./show.ts";

/** A directory that is being drawn: what is left of it, the next one last. */
interface OpenDirectory {
  readonly left: ImageEntry[];
  readonly indent: string;
}

/** Prints it; in JSON what `ls -R` has. */
export const tree: Look = (line, context) => {
  const { settings, operands } = line;
  const [path = "", start = ""] = operands;
  if (settings.json) return ls({ settings: { ...settings, isRecursive: true }, operands }, context);
  const { out, signal } = context;
  return withImage(path, settings, signal, async (image) => {
    const reader = readerOf(image);
    const { id, inode: top } = await resolvePath(reader, start, true);
    await out.write(`${start === "" ? "/" : showName(start)}\n`);
    const guard = new DirectoryGuard(reader, id);
    const open: OpenDirectory[] = [];
    let [directories, others] = [0, 0];
    const enter = async (directory: ImageInode, indent: string) => {
      directories++;
      open.push({ left: await namesOf(reader, guard, directory), indent });
    };
    if (isDirectoryMode(top.mode)) await enter(top, "");
    else others++;
    for (let directory = open.at(-1); directory !== undefined; directory = open.at(-1)) {
      signal.throwIfAborted();
      const entry = directory.left.pop();
      if (entry === undefined) {
        open.pop();
        continue;
      }
      const inode = await reader.inode(entry.id);
      const isDirectory = isDirectoryMode(inode.mode);
      if (isDirectory) guard.enter(entry.id, entry.name);
      const isLast = directory.left.length === 0;
      await out.write(`${directory.indent}${isLast ? "└── " : "├── "}${await nameOf(reader, entry, inode)}\n`);
      if (isDirectory) await enter(inode, `${directory.indent}${isLast ? "    " : "│   "}`);
      else others++;
    }
    await out.write(`\n${directories} directories, ${others} others\n`);
    return 0;
  });
};

/** The names in a directory, the next one last. */
async function namesOf(reader: ImageReader, guard: DirectoryGuard, directory: ImageInode): Promise<ImageEntry[]> {
  const names: ImageEntry[] = [];
  for await (const entry of reader.entries(directory)) {
    guard.read(entry.name);
    names.push(entry);
  }
  return names.reverse();
}

async function nameOf(reader: ImageReader, { name }: ImageEntry, inode: ImageInode): Promise<string> {
  const shown = showName(showBytes(name));
  return kindOfMode(inode.mode) === "symlink"
    ? `${shown} -> ${showName(showBytes(await reader.target(inode)))}`
    : shown;
}
