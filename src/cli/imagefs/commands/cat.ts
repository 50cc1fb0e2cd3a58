/** `ts-imagefs cat`: the contents of files. */
import { kindOfMode } from "../../../core/mode.ts";
import { readerOf } from "../../../inspect/open-image.ts";
import { contentsOf } from "../../../inspect/reader.ts";
import { pathError, resolvePath } from "../../../inspect/resolve.ts";
import type { Look } from "../settings.ts";
import { withImage } from "./open.ts";

/** Prints them one behind the other; in JSON, in base64. */
export const cat: Look = ({ settings, operands: [path = "", ...files] }, { out, signal, version }) =>
  withImage(path, settings, signal, async (image) => {
    const reader = readerOf(image);
    const head = `{"version":${JSON.stringify(version)},"image":${JSON.stringify(path)},"files":[`;
    for (const [index, file] of files.entries()) {
      const { inode } = await resolvePath(reader, file, true);
      if (kindOfMode(inode.mode) !== "file") throw pathError(file, "is no file");
      const text = settings.json ? new Base64() : undefined;
      if (text) {
        const begin = `{"path":${JSON.stringify(file)},"size":${inode.size},"base64":"`;
        await out.write(`${index === 0 ? head : ","}\n${begin}`);
        out.ending = '"}\n]';
      }
      for await (const part of contentsOf(reader, inode)) {
        signal.throwIfAborted();
        await out.write(text?.add(part) ?? part);
      }
      if (text) await out.write(`${text.end()}"}`);
      if (text) out.ending = "\n]";
    }
    if (settings.json) await out.write("\n]}\n");
    out.ending = undefined;
    return 0;
  });

/** Base64 of bytes that come in parts: three go into four letters. */
class Base64 {
  #rest = Buffer.alloc(0);

  /** The letters of what is whole by now. */
  add(bytes: Uint8Array): string {
    const all = Buffer.concat([this.#rest, bytes]);
    const whole = all.length - (all.length % 3);
    this.#rest = all.subarray(whole);
    return all.toString("base64", 0, whole);
  }

  /** The last letters. */
  end(): string {
    return this.#rest.toString("base64");
  }
}
