/** `ts-imagefs extract --tar`: a tar archive of what an image holds. */
import { tarOf } from "../../../build/extract/tar.ts";
import { type PutBytes, writeStream } from "../../../build/extract/write-stream.ts";
import { readerOf } from "../../../inspect/open-image.ts";
import { UsageError } from "../../shared/getopt.ts";
import type { LookContext } from "../../shared/program.ts";
import type { LookLine } from "../settings.ts";
import { withImage } from "./open.ts";

/** Writes it to standard output, or to a file, which is there once it is whole. */
export async function extractTar({ settings, operands }: LookLine, to: string, context: LookContext): Promise<number> {
  const [path = "", ...paths] = operands;
  const { out, signal, complain, version } = context;
  if (to === "-" && out.isTerminal) throw new UsageError("standard output is a terminal, which takes no archive");
  return withImage(path, settings, signal, async (image) => {
    const leftOut: string[] = [];
    const archive = tarOf(readerOf(image), paths, (line) => leftOut.push(line));
    let bytes = 0;
    const write = async (put: PutBytes) => {
      for await (const piece of archive) {
        signal.throwIfAborted();
        bytes += piece.length;
        await put(piece);
      }
    };
    if (to === "-") await write((piece) => out.write(piece));
    else await writeStream(to, [path, ...settings.devices], write);
    for (const line of leftOut) await complain(`left out: ${line}`);
    if (to !== "-" && settings.json) {
      await out.write(`${JSON.stringify({ version, image: path, tar: to, bytes, leftOut }, undefined, 2)}\n`);
    }
    return leftOut.length === 0 ? 0 : 1;
  });
}
