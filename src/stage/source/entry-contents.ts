/** Contents of entries that are made in JavaScript: bytes in memory, or whatever the caller reads them from. */
import { type ByteSource, blobSource, bytesSource } from "../../core/byte-source.ts";
import { encodeUtf8, showBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { showValue } from "../../core/options/checks.ts";
import type { Contents } from "../tree/contents.ts";
import type { Tree } from "../tree/tree.ts";
import type { ByteStream, Entry } from "./entry.ts";

/** Reads the contents of entries, by number. */
export class EntryContents implements Contents {
  bytesRead = 0;
  readonly #tree: Tree;
  readonly #sources: ReadonlyMap<number, ByteSource>;

  constructor(tree: Tree, sources: ReadonlyMap<number, ByteSource>) {
    this.#tree = tree;
    this.#sources = sources;
  }

  async read(entry: number, offset: number, length: number, into: Uint8Array, at: number): Promise<void> {
    const source = this.#sources.get(entry)!;
    // nothing is asked for behind the end: what a caller's source does there is its own affair
    for (let done = 0; done < length; ) {
      const got = await this.#readAt(entry, source, into.subarray(at + done, at + length), offset + done);
      if (got === 0) {
        const path = showBytes(this.#tree.path(entry));
        throw new ImageError("CHANGED", `${path}: shrank while it was packed`, { path });
      }
      done += got;
      this.bytesRead += got;
    }
  }

  async #readAt(entry: number, source: ByteSource, into: Uint8Array, offset: number): Promise<number> {
    const path = () => showBytes(this.#tree.path(entry));
    let got: number;
    try {
      got = await source.readAt(into, offset);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ImageError("IO", `${path()}: ${why}`, { path: path(), cause });
    }
    if (Number.isInteger(got) && got >= 0 && got <= into.length) return got;
    const why = `readAt() gave ${showValue(got)}, which is no number of bytes from 0 to the ${into.length} asked for`;
    throw new ImageError("CHANGED", `${path()}: ${why}`, { path: path() });
  }

  close(): void {
    // nothing is left open
  }

  release(): void {
    // nothing is left open
  }
}

/** Whether a {@link ByteSource} can be made of contents at once; what cannot is a stream, which is returned. */
export function streamOf({ contents }: Pick<Entry, "contents">): ByteStream | undefined {
  const isObject = typeof contents === "object" && !(contents instanceof Uint8Array);
  return isObject && !("readAt" in contents) && !isBlob(contents) ? contents : undefined;
}

/** Contents that are no stream, as something that reads them. */
export function toByteSource(contents: NonNullable<Entry["contents"]>): ByteSource {
  if (typeof contents === "string") return bytesSource(encodeUtf8(contents));
  if (contents instanceof Uint8Array) return bytesSource(contents);
  return isBlob(contents) ? blobSource(contents) : (contents as ByteSource);
}

function isBlob(contents: object): contents is Blob {
  return "slice" in contents && "arrayBuffer" in contents;
}
