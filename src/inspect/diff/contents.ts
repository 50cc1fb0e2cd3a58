/** Where the contents of two files begin to differ. */
import { Interruption } from "../../core/abort.ts";
import { equalBytes } from "../../core/bytes.ts";
import type { ImageBytes } from "../image.ts";
import type { ImagePiece } from "../reader.ts";

/** The first byte in which two rows of pieces differ, or at which one of them ends; undefined: they are equal. */
export async function firstDifference(
  first: AsyncIterable<ImagePiece>,
  second: AsyncIterable<ImagePiece>,
  interruption: Interruption = new Interruption(undefined),
): Promise<number | undefined> {
  const [a, b] = [new Pieces(first), new Pieces(second)];
  for (let at = 0; ; ) {
    await interruption.check();
    const length = Math.min(await a.ready(), await b.ready());
    if (length === 0) {
      const isSame = (await a.ready()) === (await b.ready());
      await Promise.all([a.close(), b.close()]);
      return isSame ? undefined : at;
    }
    const difference = differenceOf(a.take(length), b.take(length), length);
    if (difference !== undefined) {
      await Promise.all([a.close(), b.close()]);
      return at + difference;
    }
    at += length;
  }
}

/** Whether two images have the same bytes. */
export async function areSameBytes(a: ImageBytes, b: ImageBytes, signal?: AbortSignal): Promise<boolean> {
  if (a.size !== b.size) return false;
  const interruption = new Interruption(signal);
  for (let at = 0; at < a.size; ) {
    await interruption.check();
    const first = await a.borrowSome(at, a.size - at);
    const second = await b.borrowSome(at, first.length);
    if (!equalBytes(first.subarray(0, second.length), second)) return false;
    at += second.length;
  }
  return true;
}

/** Pieces of which any number of bytes is taken. */
class Pieces {
  readonly #pieces: AsyncIterator<ImagePiece>;
  #piece: ImagePiece = { zeros: 0 };

  constructor(pieces: AsyncIterable<ImagePiece>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** How many bytes there are of the piece that is taken from; 0 at the end. */
  async ready(): Promise<number> {
    while (lengthOf(this.#piece) === 0) {
      const next = await this.#pieces.next();
      if (next.done === true) return 0;
      this.#piece = next.value;
    }
    return lengthOf(this.#piece);
  }

  /** Bytes, or undefined for zeros. */
  take(length: number): Uint8Array | undefined {
    if (!(this.#piece instanceof Uint8Array)) {
      this.#piece = { zeros: this.#piece.zeros - length };
      return undefined;
    }
    const taken = this.#piece.subarray(0, length);
    this.#piece = this.#piece.subarray(length);
    return taken;
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }
}

function lengthOf(piece: ImagePiece): number {
  return piece instanceof Uint8Array ? piece.length : piece.zeros;
}

function differenceOf(a: Uint8Array | undefined, b: Uint8Array | undefined, length: number): number | undefined {
  if (a === undefined && b === undefined) return undefined;
  if (a && b && equalBytes(a, b)) return undefined;
  for (let at = 0; at < length; at++) if ((a?.[at] ?? 0) !== (b?.[at] ?? 0)) return at;
  return undefined;
}
