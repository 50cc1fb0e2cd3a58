// Blocks that are decoded as a whole: their contents go where they are wanted, and are what matches reach back to.
import { addOutput, decode, inputAt, isAtEnd, outputAt, resetState, roomForOutput, setRange, takeEnd } from "./decode";
import { setInput, startRange } from "./range";

/** What is wrong: see module.ts. */
const TOO_SHORT: i32 = -1;
const TOO_FAR: i32 = -2;
const TOO_LONG: i32 = -3;
const WRONG_END: i32 = -4;
const NO_SENSE: i32 = -5;

/** What the first byte of a chunk of LZMA2 tells: see lzma2.ts. */
const PLAIN_NEW_DICTIONARY: u32 = 1;
const PLAIN: u32 = 2;
const COMPRESSED: u32 = 0x80;
const NEW_STATE: u32 = 0xa0;
const NEW_PROPERTIES: u32 = 0xc0;

/** lc, lp and pb, as one byte tells them; more than MOST is none, or wants more memory than there is. */
let properties: u32 = 0;
const MOST: u32 = 9 * 5 * 5;
const MOST_CONTEXT_BITS: u32 = 4;

function setProperties(byte: u32): bool {
  properties = byte;
  return byte < MOST && (byte % 9) + ((byte / 9) % 5) <= MOST_CONTEXT_BITS;
}

function forget(): void {
  resetState(properties % 9, (properties / 9) % 5, properties / 45);
}

/** Decodes `length` bytes at most from [from, to), where the range decoder begins; gives whether the end has come, or an error. */
function run(from: u32, to: u32, length: u32, isMicro: bool): i32 {
  setInput(from);
  if (!startRange() && !isMicro) return NO_SENSE;
  const result = decode(length, to);
  if (result < 0) return TOO_FAR;
  return inputAt() > to ? TOO_SHORT : result;
}

/**
 * Decompresses LZMA that stands in [from, to) to `at`: `limit` bytes, or less up to a mark of its end. Only if it is not
 * `partial` is that to be all. Gives the bytes written, or what is wrong.
 *
 * @param byte the properties
 */
export function decompressLzma(byte: u32, from: u32, to: u32, at: u32, limit: u32, partial: bool): i32 {
  return decompress(byte, from, to, at, limit, partial, false);
}

/** The same where the properties, turned over, are the first byte. */
export function decompressMicro(from: u32, to: u32, at: u32, limit: u32, partial: bool): i32 {
  if (from >= to) return TOO_SHORT;
  return decompress(load<u8>(from) ^ 0xff, from, to, at, limit, partial, true);
}

function decompress(byte: u32, from: u32, to: u32, at: u32, limit: u32, partial: bool, isMicro: bool): i32 {
  if (!setProperties(byte)) return NO_SENSE;
  if (from + 5 > to) return TOO_SHORT;
  setRange(at, limit);
  forget();
  const result = run(from, to, limit, isMicro);
  if (result < 0) return result;
  const size = outputAt() - at;
  if (result == 0 && size < limit) return TOO_SHORT;
  if (partial && size == limit) return size;
  if (result == 0 && inputAt() < to && !takeEnd()) return TOO_LONG;
  return inputAt() == to && isAtEnd() ? size : WRONG_END;
}

/** Where the chunks ended. */
let chunksEnd: u32 = 0;
export function endOfChunks(): u32 {
  return chunksEnd;
}

/** The same for chunks of LZMA2 and the byte that ends them; what stands behind that is not looked at. */
export function decompressLzma2(from: u32, to: u32, at: u32, limit: u32, partial: bool): i32 {
  let input = from;
  let needsDictionary = true;
  let needsProperties = true;
  setRange(at, limit);
  for (;;) {
    const output = outputAt();
    if (partial && output == at + limit) return limit;
    if (input >= to) return TOO_SHORT;
    const control = <u32>load<u8>(input);
    if (control == 0) break;
    if (input + 3 > to) return TOO_SHORT;
    const isCompressed = control >= COMPRESSED;
    const isNew = control == PLAIN_NEW_DICTIONARY || control >= 0xe0;
    if ((!isCompressed && control > PLAIN) || (needsDictionary && !isNew)) return NO_SENSE;
    needsDictionary = false;
    const length = (isCompressed ? (control & 0x1f) << 16 : 0) + <u32>bswap<u16>(load<u16>(input, 1)) + 1;
    const room = roomForOutput();
    if (length > room && !partial) return TOO_LONG;
    const taken = min(length, room);
    input += 3;
    if (!isCompressed) {
      if (input + taken > to) return TOO_SHORT;
      memory.copy(output, input, taken);
      addOutput(taken);
      input += length;
      continue;
    }
    if (input + 3 > to) return TOO_SHORT;
    const compressed = <u32>bswap<u16>(load<u16>(input)) + 1;
    input += 2;
    if (control >= NEW_PROPERTIES) {
      if (!setProperties(load<u8>(input++))) return NO_SENSE;
      needsProperties = false;
    }
    if (needsProperties) return NO_SENSE;
    if (control >= NEW_STATE) forget();
    const end = input + compressed;
    if (end > to || compressed < 5) return TOO_SHORT;
    const result = run(input, end, taken, false);
    if (result < 0) return result;
    if (outputAt() - output < taken) return TOO_SHORT;
    if (taken == length && (inputAt() != end || !isAtEnd())) return WRONG_END;
    input = end;
  }
  chunksEnd = input + 1;
  return outputAt() - at;
}
