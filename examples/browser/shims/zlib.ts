/** `node:zlib`: what inflates members of zip archives, those that fit into memory at once, and longer ones in parts. */
import { inflateSync } from "fflate";

/** Inflates all that is there; of what is longer than allowed one byte more is given, which is enough to be refused. */
export function inflateRawSync(packed: Uint8Array, { maxOutputLength }: { maxOutputLength: number }): Uint8Array {
  return inflateSync(packed, { out: new Uint8Array(maxOutputLength) });
}

/** Inflates what `pipeline()` of stream.ts gives it. */
export function createInflateRaw(): Inflater {
  return new Inflater();
}

class Inflater implements AsyncIterable<Uint8Array> {
  chunks: Iterable<Uint8Array<ArrayBuffer>> = [];

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const chunks = this.chunks[Symbol.iterator]();
    const packed = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        const { done, value } = chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    });
    const reader = packed.pipeThrough(new DecompressionStream("deflate-raw")).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  }
}
