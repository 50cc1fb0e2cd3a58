/** Contents of files that lie in EROFS images, whatever their layout. */

import type { ByteSource } from "../../../core/byte-source.ts";
import { showBytes } from "../../../core/bytes.ts";
import { Column } from "../../../core/column.ts";
import { ImageError } from "../../../core/error.ts";
import type { ArchivePlace } from "../../../stage/source/archive/node-archive-file.ts";
import type { Contents } from "../../../stage/tree/contents.ts";
import type { Tree } from "../../../stage/tree/tree.ts";
import { OpenImage } from "./open-image.ts";

/** Where contents are, by entry: plain data, most of it in shared memory. */
export interface SharedImages {
  places: readonly ArchivePlace[];
  /** Number of the image, by entry. */
  imageOf: SharedArrayBuffer;
  /** NID there, by entry. */
  nids: SharedArrayBuffer;
}

/** Reads contents in images. */
export class ImagesContents implements Contents {
  bytesRead = 0;
  readonly #tree: Tree;
  readonly #places: readonly ArchivePlace[];
  readonly #imageOf: Uint32Array;
  readonly #nids: Float64Array;
  readonly #open = new Map<number, OpenImage>();
  #file: { entry: number; bytes: ByteSource } | undefined;

  constructor(tree: Tree, { places, imageOf, nids }: SharedImages) {
    this.#tree = tree;
    this.#places = places;
    this.#imageOf = new Column(Uint32Array, imageOf).view;
    this.#nids = new Column(Float64Array, nids).view;
  }

  async read(entry: number, offset: number, length: number, into: Uint8Array, at: number): Promise<void> {
    const number = this.#imageOf[entry]!;
    let image = this.#open.get(number);
    image ??= await OpenImage.open(this.#places[number]!);
    this.#open.set(number, image);
    const got = await image.use(async (reader) => {
      if (this.#file?.entry !== entry) {
        this.#file = { entry, bytes: await reader.open(await reader.inode(this.#nids[entry]!)) };
      }
      return this.#file.bytes.readAt(into.subarray(at, at + length), offset);
    });
    this.bytesRead += got;
    if (got === length) return;
    const path = showBytes(this.#tree.path(entry));
    throw new ImageError("CHANGED", `${path}: shrank while it was packed`, { path });
  }

  close(): void {
    try {
      for (const { file } of this.#open.values()) file.check();
    } finally {
      this.release();
    }
  }

  release(): void {
    for (const { file } of this.#open.values()) file.release();
    this.#open.clear();
    this.#file = undefined;
  }
}
