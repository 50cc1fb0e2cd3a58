/** `ts-imagefs dump`: every byte of an image, in order. */
import { dumpOpened } from "../../../inspect/dump.ts";
import type { Look } from "../settings.ts";
import { JsonList } from "./json-list.ts";
import { withImage } from "./open.ts";

/** Prints a structure a line. */
export const dump: Look = ({ settings, operands: [path = ""] }, { out, signal, version }) =>
  withImage(path, settings, signal, async (image) => {
    const list = settings.json ? new JsonList(out, { version, image: path }, "lines") : undefined;
    for await (const line of dumpOpened(image)) {
      signal.throwIfAborted();
      await (list ? list.add(line) : out.write(`${line}\n`));
    }
    await list?.end();
    return 0;
  });
