/** Streams that are made of bytes, and back. */

/** Bytes as they come from a pipe: in pieces, which are all in one buffer, so that each is good until the next. */
export async function* inPieces(bytes: Uint8Array, piece: number): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.alloc(Math.max(1, Math.min(piece, bytes.length)));
  for (let at = 0; at < bytes.length; at += buffer.length) {
    const part = bytes.subarray(at, at + buffer.length);
    buffer.set(part);
    yield buffer.subarray(0, part.length);
    buffer.fill(0xff);
  }
}

/** All that a stream gives. */
export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(new Uint8Array(part));
  return Buffer.concat(parts);
}
