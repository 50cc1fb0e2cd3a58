/** Reads a row of SquashFS metadata blocks by their headers alone. */
import type { Decoder } from "../../src/codec/codec.ts";

/** The bytes of a stream, and where its blocks start in it. */
export function readStream(stored: Uint8Array, codec: Decoder | undefined) {
  const raw: Buffer[] = [];
  const starts = new Map<number, number>();
  for (let at = 0; at < stored.length; ) {
    const header = stored[at]! | (stored[at + 1]! << 8);
    const length = header & 0x7fff;
    starts.set(
      at,
      raw.reduce((sum, { length }) => sum + length, 0),
    );
    const body = stored.subarray(at + 2, at + 2 + length);
    if (header & 0x8000) raw.push(Buffer.from(body));
    else {
      codec!.compressed.set(body);
      raw.push(Buffer.from(codec!.plain.slice(0, codec!.decompress(0, length, 0, 8192))));
    }
    at += 2 + length;
  }
  return { raw: Buffer.concat(raw), blocks: raw.map(({ length }) => length), starts };
}
