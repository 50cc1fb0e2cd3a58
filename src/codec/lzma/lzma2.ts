/** LZMA2: chunks of LZMA with their lengths, and chunks that are not compressed. */
import { ImageError } from "../../core/error.ts";
import type { ByteInput } from "./byte-input.ts";
import type { LzmaDecoder } from "./decoder.ts";

/** What the first byte of a chunk tells: of those that are compressed the upper three bits, and bits of the length. */
const END = 0x00;
const PLAIN_NEW_DICTIONARY = 0x01;
const PLAIN = 0x02;
const COMPRESSED = 0x80;
const NEW_STATE = 0xa0;
const NEW_PROPERTIES = 0xc0;
const NEW_DICTIONARY = 0xe0;

/**
 * Decodes chunks up to their end, with a decoder that has its dictionary. Parts are good until the next is asked for.
 *
 * @throws ImageError `DAMAGED` for what is not well-formed
 */
export async function* decodeLzma2(input: ByteInput, decoder: LzmaDecoder): AsyncGenerator<Uint8Array> {
  let needsDictionary = true;
  let needsProperties = true;
  for (;;) {
    const control = await input.byte();
    if (control === END) return;
    const isCompressed = control >= COMPRESSED;
    if (!isCompressed && control > PLAIN) throw new ImageError("DAMAGED", `there is no chunk of kind ${control}`);
    if (control >= NEW_DICTIONARY || control === PLAIN_NEW_DICTIONARY) {
      decoder.resetDictionary();
      needsDictionary = false;
      needsProperties = true;
    }
    if (needsDictionary) throw new ImageError("DAMAGED", "its first chunk goes on with one before it");
    const [high = 0, low = 0] = await input.read(2);
    const length = (isCompressed ? (control & 0x1f) << 16 : 0) + (high << 8) + low + 1;
    if (!isCompressed) {
      yield* passPlain(input, decoder, length);
      continue;
    }
    const [compressedHigh = 0, compressedLow = 0] = await input.read(2);
    if (control >= NEW_PROPERTIES) {
      decoder.setProperties(await input.byte());
      needsProperties = false;
    } else if (needsProperties) {
      throw new ImageError("DAMAGED", "a chunk has no properties, nor has one before it");
    } else if (control >= NEW_STATE) {
      decoder.resetState();
    }
    yield* decodeChunk(input, decoder, (compressedHigh << 8) + compressedLow + 1, length);
  }
}

async function* passPlain(input: ByteInput, decoder: LzmaDecoder, length: number): AsyncGenerator<Uint8Array> {
  for (let left = length; left > 0; ) {
    const room = decoder.room(left);
    await input.fill(room);
    decoder.add(room.length);
    left -= room.length;
    yield room;
  }
}

async function* decodeChunk(
  input: ByteInput,
  decoder: LzmaDecoder,
  compressed: number,
  length: number,
): AsyncGenerator<Uint8Array> {
  await input.fill(decoder.input.subarray(0, compressed));
  decoder.startInput(0);
  for (let left = length; left > 0; ) {
    const { bytes, isEnd } = decoder.decode(left, compressed);
    if (isEnd || bytes.length === 0) throw new ImageError("DAMAGED", "a chunk ends too early");
    left -= bytes.length;
    yield bytes;
  }
  if (decoder.inputAt !== compressed || !decoder.isAtEnd) {
    throw new ImageError("DAMAGED", "a chunk's end is not where it should be");
  }
}
