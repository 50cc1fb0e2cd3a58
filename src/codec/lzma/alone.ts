/** Files as `lzma` writes them (.lzma): a header of 13 bytes, then LZMA up to a length or to a mark of its end. */
import { ImageError } from "../../core/error.ts";
import { ByteInput } from "./byte-input.ts";
import { LzmaDecoder } from "./decoder.ts";
import { HEADER_SIZE, readHeader, UNKNOWN_LENGTH } from "./header.ts";

/** Bytes that the decoder may need for what it does next. */
const MARGIN = 32;
/** Bytes that are decoded before others may go on. */
const STEP = 1 << 18;

/**
 * Decompresses a stream. Parts are good until the next is asked for.
 *
 * @throws ImageError `DAMAGED` for what is not well-formed, `LIMIT` for a dictionary that is too large
 */
export async function* unpackLzmaAlone(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = new ByteInput(stream);
  try {
    const { properties, dictionary, length } = readHeader(await input.read(HEADER_SIZE));
    const decoder = new LzmaDecoder();
    const isKnown = length !== UNKNOWN_LENGTH;
    // where all is shorter than the dictionary, no more of it is of use
    decoder.setDictionary(isKnown && length < dictionary ? Number(length) : dictionary);
    decoder.setProperties(properties);
    yield* decodeAll(input, decoder, isKnown ? Number(length) : Number.POSITIVE_INFINITY);
  } finally {
    await input.end();
  }
}

async function* decodeAll(input: ByteInput, decoder: LzmaDecoder, length: number): AsyncGenerator<Uint8Array> {
  const window = decoder.input;
  let filled = await input.readSome(window);
  let isLast = filled < window.length;
  let left = length;
  let isEnd = false;
  decoder.startInput(0);
  for (;;) {
    const from = decoder.inputAt;
    if (!isLast && filled - from < window.length / 2) {
      window.copyWithin(0, from, filled);
      filled -= from;
      const got = await input.readSome(window.subarray(filled));
      filled += got;
      isLast = filled < window.length;
      decoder.inputAt = 0;
    }
    if (isEnd || (left === 0 && decoder.isAtEnd && decoder.inputAt === filled)) break;
    // once all is there, what is left is the mark of the end
    const step = decoder.decode(left === 0 ? 1 : Math.min(left, STEP), isLast ? filled : filled - MARGIN);
    if (decoder.inputAt > filled) throw new ImageError("DAMAGED", "it ends too early");
    if (step.bytes.length > left) throw new ImageError("DAMAGED", "it is longer than its header says");
    if (step.bytes.length === 0 && !step.isEnd) throw new ImageError("DAMAGED", "it ends too early");
    left -= step.bytes.length;
    isEnd = step.isEnd;
    yield step.bytes;
  }
  if (Number.isFinite(left) && left > 0) throw new ImageError("DAMAGED", "it ends too early");
  if (!decoder.isAtEnd || decoder.inputAt !== filled || !isLast) {
    throw new ImageError("DAMAGED", "something follows its end");
  }
}
