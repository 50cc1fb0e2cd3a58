/** `ts-imagefs ls`: the names in directories. */
import { bytesFromLatin1, showBytes } from "../../../core/bytes.ts";
import { isDirectoryMode } from "../../../core/mode.ts";
import { readerOf } from "../../../inspect/open-image.ts";
import type { ImageReader } from "../../../inspect/reader.ts";
import { resolvePath } from "../../../inspect/resolve.ts";
import { type WalkedEntry, walkImage } from "../../../inspect/walk.ts";
import type { Look, LookLine } from "../settings.ts";
import { describeEntry, longLine } from "./entry.ts";
import { JsonList } from "./json-list.ts";
import { withImage } from "./open.ts";
import { showName } from "./show.ts";

/** Prints an entry a line; of several PATHs, and with -R, with their whole paths. */
export const ls: Look = (line, { out, version, signal }) => {
  const { settings, operands } = line;
  const [path = ""] = operands;
  return withImage(path, settings, signal, async (image) => {
    const reader = readerOf(image);
    const list = settings.json ? new JsonList(out, { version, image: path }, "entries") : undefined;
    for await (const entry of entriesOf(reader, line)) {
      signal.throwIfAborted();
      if (list) await list.add(await describeEntry(reader, entry));
      else if (settings.isLong) await out.write(await longLine(reader, entry));
      else await out.write(`${showName(showBytes(bytesFromLatin1(entry.path)))}\n`);
    }
    await list?.end();
    return 0;
  });
};

async function* entriesOf(reader: ImageReader, { settings, operands }: LookLine): AsyncGenerator<WalkedEntry> {
  const [, ...asked] = operands;
  const isWhole = asked.length > 1 || settings.isRecursive === true;
  for (const path of asked.length === 0 ? [""] : asked) {
    const found = await resolvePath(reader, path, true);
    const below = found.path === "" || !isWhole ? "" : `${found.path}/`;
    if (!isDirectoryMode(found.inode.mode)) yield found;
    else if (settings.isRecursive === true) {
      for await (const entry of walkImage(reader, found.id)) {
        if (entry.path !== "") yield { ...entry, path: below + entry.path };
      }
    } else {
      for await (const { name, id } of reader.entries(found.inode)) {
        yield { path: below + Buffer.from(name).toString("latin1"), id, inode: await reader.inode(id) };
      }
    }
  }
}
