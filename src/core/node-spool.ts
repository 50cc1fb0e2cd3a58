/** A temporary file for what cannot be sent on before it is whole. */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ImageError } from "./error.ts";
import { systemMessage } from "./node-errors.ts";

/** Bytes that are read at once. */
const CHUNK = 1 << 20;

/** Gives `use` the path of an empty file in the system's folder for temporary files; it is gone in the end. */
export async function withSpool<R>(use: (path: string) => Promise<R>): Promise<R> {
  let folder: string;
  try {
    folder = mkdtempSync(join(tmpdir(), "ts-mkerofs-"));
  } catch (cause) {
    throw new ImageError("IO", `${tmpdir()}: ${systemMessage(cause)}`, { path: tmpdir(), cause });
  }
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  try {
    const path = join(folder, "image");
    writeFileSync(path, "");
    return await use(path);
  } finally {
    process.off("exit", remove);
    remove();
  }
}

/** Reads a file front to back, in chunks that the next one overwrites. */
export function* readSpool(path: string): Generator<Uint8Array> {
  const buffer = new Uint8Array(CHUNK);
  const descriptor = openSync(path, "r");
  try {
    for (let at = 0; ; ) {
      const got = readSync(descriptor, buffer, 0, CHUNK, at);
      if (got === 0) return;
      yield buffer.subarray(0, got);
      at += got;
    }
  } finally {
    closeSync(descriptor);
  }
}
