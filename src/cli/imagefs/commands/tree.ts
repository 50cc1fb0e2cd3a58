/** `ts-imagefs tree`: all names, drawn as a tree. */
import { showBytes } from "../../../core/bytes.ts";
import { isDirectoryMode, kindOfMode } from "../../../core/mode.ts";
import { readerOf } from "../../../inspect/open-image.ts";
import type { ImageEntry, ImageInode, ImageReader } from "../../../inspect/reader.ts";
import { resolvePath } from "../../../inspect/resolve.ts";
import { manyTimes } from "../../../inspect/walk.ts";
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
  return withImage(path, settings, async (image) => {
    const reader = readerOf(image);
    const { id, inode: top } = await resolvePath(reader, start, true);
    await out.write(`${start === "" ? "/" : showName(start)}\n`);
    const known = new Set([id]);
    const drawing = new Drawing(reader);
    const open: OpenDirectory[] = isDirectoryMode(top.mode) ? [await drawing.open(top, "")] : [];
    let others = 0;
    for (let directory = open.at(-1); directory !== undefined; directory = open.at(-1)) {
      signal.throwIfAborted();
      const entry = directory.left.pop();
      if (entry === undefined) {
        open.pop();
        continue;
      }
      const inode = await reader.inode(entry.id);
      const isLast = directory.left.length === 0;
      await out.write(`${directory.indent}${isLast ? "└── " : "├── "}${await nameOf(reader, entry, inode)}\n`);
      if (!isDirectoryMode(inode.mode)) others++;
      else if (!known.has(entry.id)) {
        known.add(entry.id);
        open.push(await drawing.open(inode, `${directory.indent}${isLast ? "    " : "│   "}`));
      }
    }
    await out.write(`\n${known.size} directories, ${others} others\n`);
    return 0;
  });
};

class Drawing {
  readonly #reader: ImageReader;
  /** Bytes of names that an image of this size can still have: directories may lie in the same blocks, again and again. */
  #left: number;

  constructor(reader: ImageReader) {
    this.#reader = reader;
    this.#left = reader.mostDirectoryBytes;
  }

  async open(directory: ImageInode, indent: string): Promise<OpenDirectory> {
    const left: ImageEntry[] = [];
    for await (const entry of this.#reader.entries(directory)) {
      this.#left -= entry.name.length;
      if (this.#left < 0) throw manyTimes(entry.name, true);
      left.push(entry);
    }
    return { left: left.reverse(), indent };
  }
}

async function nameOf(reader: ImageReader, { name }: ImageEntry, inode: ImageInode): Promise<string> {
  const shown = showName(showBytes(name));
  return kindOfMode(inode.mode) === "symlink"
    ? `${shown} -> ${showName(showBytes(await reader.target(inode)))}`
    : shown;
}
