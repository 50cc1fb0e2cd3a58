// The decoder's input, bit by bit where speed is of no matter: headers. decode.as keeps these variables in its own ones
// while it goes through a block. Behind the last byte zeros are read; that they were needed shows in hasOverrun().

/** The next bits, the first lowest; bits above `count` are 0 or those that come next anyway. */
export let bits: u64 = 0;
/** How many of them have been taken from memory. */
export let count: u32 = 0;
/** The next byte, and the end of the input. */
export let ip: u32 = 0;
export let inputEnd: u32 = 0;
/** How many bytes have been read that are not there. */
export let overrun: u32 = 0;

/** Starts the input [from, to). */
export function startInput(from: u32, to: u32): void {
  saveInput(0, 0, from, 0);
  inputEnd = to;
}

/** Sets the position. */
@inline
export function saveInput(bits_: u64, count_: u32, ip_: u32, overrun_: u32): void {
  bits = bits_;
  count = count_;
  ip = ip_;
  overrun = overrun_;
}

/** Sees to it that there are 56 bits at least. */
export function refill(): void {
  for (; count < 56; count += 8) {
    if (ip < inputEnd) bits |= <u64>load<u8>(ip++) << count;
    else overrun++;
  }
}

/** Whether bits have been used that are not there. */
export function hasOverrun(): bool {
  return count < overrun << 3;
}

/** The next bits as a number; refill() must have seen to them. */
@inline
export function takeBits(size: u32): u32 {
  const value = <u32>bits & ((1 << size) - 1);
  bits >>= size;
  count -= size;
  return value;
}

/** Drops the bits up to the next whole byte, and gives its address; false if that is behind the end. */
export function alignInput(): bool {
  if (hasOverrun()) return false;
  saveInput(0, 0, ip - ((count >>> 3) - overrun), 0);
  return true;
}
