/** Decodes data that is stored, to know that it can be. */
import { ImageError } from "../../core/error.ts";
import type { ErofsReader } from "../erofs/reader.ts";
import type { OpenedImage } from "../open-image.ts";
import type { SquashfsReader } from "../squashfs/reader.ts";
import { pieceOf, RAW, type StoredPiece } from "./stored-pieces.ts";

/** For what is not compressed, which only has to be there. */
const RAW_BYTES = 1 << 20;

/** Decodes pieces, with memory for what is not compressed. */
export class PieceDecoder {
  readonly #image: OpenedImage;
  readonly #raw = new Uint8Array(RAW_BYTES);

  constructor(image: OpenedImage) {
    this.#image = image;
  }

  /**
   * The pieces `[from, to)` of what {@link StoredPieces.sorted} gives.
   *
   * @param failed is told of each that cannot be decoded
   * @throws ImageError of another code than `DAMAGED`
   */
  async decode(
    rows: Float64Array,
    from: number,
    to: number,
    failed: (index: number, error: ImageError) => void,
  ): Promise<void> {
    for (let index = from; index < to; index++) {
      try {
        const decoding = this.#decode(pieceOf(rows, index));
        if (decoding !== undefined) await decoding;
      } catch (error) {
        if (!(error instanceof ImageError) || error.code !== "DAMAGED") throw error;
        failed(index, error);
      }
    }
  }

  #decode(piece: StoredPiece): undefined | Promise<unknown> {
    if (piece.method === RAW) return this.#read(piece);
    const { format, reader } = this.#image;
    return format === "erofs" ? decodeErofs(reader, piece) : decodeSquashfs(reader, piece);
  }

  async #read({ space, at, stored }: StoredPiece): Promise<void> {
    const { format, bytes, reader } = this.#image;
    const from = format === "erofs" ? reader.spaceOf(space) : bytes;
    for (let done = 0; done < stored; done += RAW_BYTES) {
      const loading = from.fill(this.#raw.subarray(0, Math.min(RAW_BYTES, stored - done)), at + done);
      if (loading !== undefined) await loading;
    }
  }
}

function decodeErofs(reader: ErofsReader, piece: StoredPiece): undefined | Promise<unknown> {
  const { at, stored, length, method: algorithm, isPartial } = piece;
  // written out: an object that is spread takes as long as a small pcluster
  return reader.checkExtent({
    start: 0,
    length,
    source: piece.isSpecial ? "inode" : "blocks",
    device: 0,
    space: reader.spaceOf(piece.space),
    at,
    stored,
    algorithm,
    isPartial,
    isTurned: false,
  });
}

async function decodeSquashfs(reader: SquashfsReader, { at, stored, length, isSpecial }: StoredPiece): Promise<void> {
  const most = isSpecial ? reader.image.blockSize : length;
  await reader.data.decode({ at, stored, isRaw: false }, most, length);
}
