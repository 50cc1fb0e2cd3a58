// The output: bits, the first in the lowest bit of the first byte. Callers know beforehand that what they write fits.

/** Bits that are not yet in memory, how many of them there are, and where they go. */
let pending: u64 = 0;
let count: u32 = 0;
let out: u32 = 0;
/** The ends of the range that may be written to. */
let start: u32 = 0;
let end: u32 = 0;
/** Bit position of the last block's header. */
let lastBlock: u32 = 0;

/** Starts a stream in [at, end). */
export function startBits(at: u32, end_: u32): void {
  pending = 0;
  count = 0;
  out = at;
  start = at;
  end = end_;
  lastBlock = 0;
}

/** How many bits are written. */
export function bitPosition(): u32 {
  return ((out - start) << 3) + count;
}

/** Adds `size` bits; 57 at most between two flushes. */
@inline
export function putBits(bits: u64, size: u32): void {
  pending |= bits << count;
  count += size;
}

/** Moves whole bytes to memory. */
@inline
export function flushBits(): void {
  if (out + 8 <= end) {
    store<u64>(out, pending);
    out += count >>> 3;
    pending >>= count & ~7;
    count &= 7;
  } else flushSlowly();
}

/** The same near the end of the range, behind which nothing may be overwritten. */
function flushSlowly(): void {
  for (; count >= 8; count -= 8) {
    store<u8>(out++, <u8>pending);
    pending >>= 8;
  }
}

/** Writes the three bits that a block starts with. */
export function putBlockStart(kind: u32, isLast: bool): void {
  flushBits();
  lastBlock = bitPosition();
  putBits(<u64>((kind << 1) | <u32>isLast), 3);
}

/** Writes the bits up to the next whole byte, as zeros, save for the first byte of a stream, which is never zero. */
export function alignBits(): void {
  // EROFS skips zeros to find where a stream starts; nothing reads the bits between a stored block's type and its length
  if (out == start && pending == 0) pending = 1 << 3;
  count = (count + 7) & ~7;
  flushBits();
}

/** Copies bytes to the output, which must be aligned. */
export function putBytes(from: u32, size: u32): void {
  flushBits();
  memory.copy(out, from, size);
  out += size;
}

/** Makes the last block that was written the last one of the stream. */
export function markLastBlock(): void {
  alignBits();
  const place = start + (lastBlock >>> 3);
  store<u8>(place, <u32>load<u8>(place) | (1 << (lastBlock & 7)));
}

/** Ends the stream; gives its size in bytes. */
export function finishBits(): u32 {
  alignBits();
  return out - start;
}
