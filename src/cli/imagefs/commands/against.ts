/** What an image is compared with: a directory, a list of store paths, or an archive, told by what it is. */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { ImageError } from "../../../core/error.ts";
import { attempt } from "../../../core/node/node-errors.ts";
import { directory } from "../../../stage/source/node-sources.ts";
import type { Source } from "../../../stage/source/source.ts";

/** Bytes that tell what a file is. */
const HEAD_BYTES = 2048;
const MAGIC_OF_SQUASHFS = "hsqs";
/** An archive that begins with two blocks of zeros is empty, as such an image seems to be. */
const [MAGIC_OF_EROFS, SUPER_OFFSET] = ["\xe2\xe1\xf5\xe0", 1024] as const;
const MAGIC_OF_ZIP = "PK";
/** A NAR begins with the length of its magic, and that. */
const MAGIC_OF_NAR = "\r\0\0\0\0\0\0\0nix-archive-1";
/** A list of store paths begins with a path, or is JSON. */
const LIST = /^\s*(?:\/[\x21-\x7e]+\s|[[{])/;

/** Opens it. */
export async function openAgainst(path: string): Promise<Source> {
  const stats = attempt(path, () => statSync(path));
  if (stats.isDirectory()) return directory(path);
  // what it is stands in its first bytes, which no pipe has twice
  if (!stats.isFile()) throw new ImageError("INPUT", `${path}: is neither a directory nor a file`, { path });
  const head = readHead(path);
  if (head.startsWith(MAGIC_OF_SQUASHFS) || head.startsWith(MAGIC_OF_EROFS, SUPER_OFFSET)) {
    throw new ImageError("INPUT", `${path}: is an image: diff compares two`, { path });
  }
  if (head.startsWith(MAGIC_OF_ZIP)) {
    const { zipArchive } = await import("../../../stage/source/archive/zip/node-zip-source.ts");
    return zipArchive(path);
  }
  if (head.startsWith(MAGIC_OF_NAR)) {
    const { narFile } = await import("../../../stage/source/nix/nar/node-nar-source.ts");
    return narFile(path);
  }
  if (LIST.test(head)) {
    const { closure } = await import("../../../stage/source/nix/list/node-closure.ts");
    return closure(path);
  }
  const { tarStream } = await import("../../../stage/source/archive/tar/node-tar-source.ts");
  return tarStream(path);
}

/** The first bytes of a file, as latin1. */
function readHead(path: string): string {
  return attempt(path, () => {
    const descriptor = openSync(path, "r");
    try {
      const bytes = Buffer.alloc(HEAD_BYTES);
      return bytes.toString("latin1", 0, readSync(descriptor, bytes, 0, HEAD_BYTES, 0));
    } finally {
      closeSync(descriptor);
    }
  });
}
