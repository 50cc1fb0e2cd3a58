/** Which files the page is given: chosen, or dropped with the folders that they lie in. */
import type { Given } from "./messages.ts";

/** What was chosen; of a folder its contents. */
export function chosenFiles(files: Iterable<File>): Given[] {
  return Array.from(files, (file) => ({ path: file.webkitRelativePath.replace(/^[^/]*\//, "") || file.name, file }));
}

/** What was dropped; of one folder alone its contents. To be called while the event is handled: later nothing is there. */
export async function droppedFiles(items: Iterable<DataTransferItem>): Promise<Given[]> {
  const roots = (await Promise.all(Array.from(items, open))).filter((root) => root !== undefined);
  const [only, ...more] = roots;
  const found: Given[] = [];
  const tops = only && "list" in only && more.length === 0 ? await only.list() : roots;
  for (const top of tops) await walk(top, "", found);
  return found;
}

/** A file or a folder, and how to read it. */
type Dropped = { name: string; file(): Promise<File> } | { name: string; list(): Promise<Dropped[]> };

async function walk(dropped: Dropped, folder: string, found: Given[]): Promise<void> {
  const path = `${folder}${dropped.name}`;
  if ("file" in dropped) {
    found.push({ path, file: await dropped.file() });
    return;
  }
  found.push({ path, file: undefined });
  for (const child of await dropped.list()) await walk(child, `${path}/`, found);
}

/** What Chromium has, and TypeScript does not know yet. */
interface WithHandle {
  getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
}

/** Of a page that comes from a disk Chromium lists folders by handles alone, which others do not have. */
async function open(item: DataTransferItem & WithHandle): Promise<Dropped | undefined> {
  if (item.kind !== "file") return undefined;
  if (location.protocol === "file:" && item.getAsFileSystemHandle) {
    const handle = await item.getAsFileSystemHandle();
    return handle ? ofHandle(handle) : undefined;
  }
  const entry = item.webkitGetAsEntry();
  return entry ? ofEntry(entry) : undefined;
}

function ofHandle(handle: FileSystemHandle): Dropped {
  const { name } = handle;
  if (handle.kind === "file") return { name, file: () => (handle as FileSystemFileHandle).getFile() };
  return {
    name,
    async list() {
      const all: Dropped[] = [];
      for await (const child of (handle as FileSystemDirectoryHandle).values()) all.push(ofHandle(child));
      return all;
    },
  };
}

function ofEntry(entry: FileSystemEntry): Dropped {
  const { name } = entry;
  if (entry.isFile) {
    return { name, file: () => new Promise((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)) };
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const read = () => new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
  return {
    name,
    async list() {
      const all: Dropped[] = [];
      // a folder is listed in parts, the last of which is empty
      for (let part = await read(); part.length > 0; part = await read()) all.push(...part.map(ofEntry));
      return all;
    },
  };
}
