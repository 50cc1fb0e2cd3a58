/** Writes what comes in order to a file, which is there once it is whole, or to a FIFO. */
import { ImageError } from "../../core/error.ts";
import { areOneTarget } from "../../core/node/node-target.ts";
import { withPipe } from "../target/node-pipe.ts";
import { withFileSink, writeFileTarget } from "../target/target.ts";

/** Takes bytes, which may be reused once that is awaited. */
export type PutBytes = (bytes: Uint8Array) => Promise<void> | void;

/**
 * Has `work` write to `path`.
 *
 * @param sources the files that are read meanwhile
 * @throws ImageError `INPUT` where it is one of these; `IO`
 */
export async function writeStream(
  path: string,
  sources: readonly string[],
  work: (put: PutBytes) => Promise<void>,
): Promise<void> {
  if (sources.some((source) => areOneTarget(path, source)))
    throw new ImageError("INPUT", `${path}: is the image that is read`, { path });
  await writeFileTarget(path, 0, async (file) => {
    if (file.isPipe) {
      await withPipe(file.path, async (stream) => {
        const writer = stream.getWriter();
        await work((bytes) => writer.write(bytes.slice()));
        await writer.close();
      });
      return;
    }
    await withFileSink(file, async (sink) => {
      let at = 0;
      await work((bytes) => {
        sink.writeAt(bytes, at);
        at += bytes.length;
      });
      sink.truncate(at);
      sink.sync();
    });
  });
}
