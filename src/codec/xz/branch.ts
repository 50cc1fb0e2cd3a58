/**
 * Filters of programs' code: the addresses of calls and jumps, relative in the instructions, are made absolute before
 * compression, so that calls of one function look alike, and turned back behind decompression. After Igor Pavlov's and Lasse
 * Collin's description of the filters of .xz.
 */

/**
 * Turns all instructions that are wholly there.
 *
 * @param bytes changed in place
 * @param at the position of the first of them, of 32 bits
 * @returns so many are done; the rest comes again with what follows
 */
export type BranchFilter = (bytes: Uint8Array, at: number) => number;

/** What is done with a position: added to an address before compression, or taken from it behind decompression. */
export type Direction = 1 | -1;
/** Before compression. */
export const ENCODE: Direction = 1;
/** Behind decompression. */
export const DECODE: Direction = -1;

/** Makes a filter, which is good for one row of bytes. */
export type BranchKind = (direction: Direction) => BranchFilter;

/** Goes through instructions of one length; `offset` is what is added to addresses. */
function each(
  unit: number,
  size: number,
  change: (bytes: Uint8Array, from: number, offset: number) => void,
  ahead = 0,
): BranchKind {
  return (direction) => (bytes, at) => {
    let from = 0;
    for (; from + size <= bytes.length; from += unit) change(bytes, from, direction * (at + from + ahead));
    return from;
  };
}

/** 32 bits, the lowest byte first. */
export function littleEndian(bytes: Uint8Array, from: number): number {
  return bytes[from]! | (bytes[from + 1]! << 8) | (bytes[from + 2]! << 16) | (bytes[from + 3]! << 24);
}

/** Puts 32 bits, the lowest byte first. */
export function putLittleEndian(bytes: Uint8Array, from: number, value: number): void {
  for (let byte = 0; byte < 4; byte++) bytes[from + byte] = value >>> (8 * byte);
}

/** 32 bits, the highest byte first. */
export function bigEndian(bytes: Uint8Array, from: number): number {
  return (bytes[from]! << 24) | (bytes[from + 1]! << 16) | (bytes[from + 2]! << 8) | bytes[from + 3]!;
}

/** Puts 32 bits, the highest byte first. */
export function putBigEndian(bytes: Uint8Array, from: number, value: number): void {
  for (let byte = 0; byte < 4; byte++) bytes[from + byte] = value >>> (24 - 8 * byte);
}

/** PowerPC, big-endian: `bl` with a relative address. */
export const powerpc: BranchKind = each(4, 4, (bytes, from, offset) => {
  const instruction = bigEndian(bytes, from);
  if (instruction >>> 26 !== 0x12 || (instruction & 3) !== 1) return;
  putBigEndian(bytes, from, (0x48 << 24) | (((instruction & 0x03fffffc) + offset) & 0x03fffffc) | 1);
});

/** ARM: `bl` that is always taken; the program counter is two instructions ahead. */
export const arm: BranchKind = each(
  4,
  4,
  (bytes, from, offset) => {
    if (bytes[from + 3] !== 0xeb) return;
    const target = (littleEndian(bytes, from) << 2) + offset;
    putLittleEndian(bytes, from, ((target >>> 2) & 0xffffff) | (0xeb << 24));
  },
  8,
);

/** ARM Thumb: `bl` of two halves; the program counter is four bytes ahead. */
export const armThumb: BranchKind = (direction) => (bytes, at) => {
  let from = 0;
  for (; from + 4 <= bytes.length; from += 2) {
    const high = bytes[from]! | (bytes[from + 1]! << 8);
    const low = bytes[from + 2]! | (bytes[from + 3]! << 8);
    if (high >>> 11 !== 0x1e || low >>> 11 !== 0x1f) continue;
    const target = ((((high & 0x7ff) << 11) | (low & 0x7ff)) << 1) + direction * (at + from + 4);
    putLittleEndian(bytes, from, 0xf800f000 | ((target >>> 12) & 0x7ff) | (((target >>> 1) & 0x7ff) << 16));
    from += 2;
  }
  return from;
};

/** SPARC: `call` with an address that has 22 bits and their sign. */
export const sparc: BranchKind = each(4, 4, (bytes, from, offset) => {
  const top = ((bytes[from]! << 8) | bytes[from + 1]!) >>> 6;
  if (top !== 0x100 && top !== 0x1ff) return;
  const target = ((bigEndian(bytes, from) << 2) + offset) >>> 2;
  const sign = (target & 0x400000) === 0 ? 0 : 0x3fc00000;
  putBigEndian(bytes, from, 0x40000000 | sign | (target & 0x3fffff));
});

/** ARM64: `bl`, in instructions, and `adrp` within 512 MiB, in pages of 4 KiB. */
export const arm64: BranchKind = each(4, 4, (bytes, from, offset) => {
  const instruction = littleEndian(bytes, from);
  if (instruction >>> 26 === 0x25) {
    const target = (instruction & 0x03ffffff) + (offset >> 2);
    putLittleEndian(bytes, from, 0x94000000 | (target & 0x03ffffff));
  } else if ((instruction & 0x9f000000) >>> 0 === 0x90000000) {
    const page = ((instruction >>> 29) & 3) | ((instruction >>> 3) & 0x1ffffc);
    if (((page + 0x20000) & 0x1c0000) !== 0) return;
    const target = page + pagesOf(offset);
    const sign = (target & 0x20000) === 0 ? 0 : 0xe00000;
    const fields = ((target & 3) << 29) | ((target & 0x3fffc) << 3) | sign;
    putLittleEndian(bytes, from, (instruction & 0x9000001f) | fields);
  }
});

/** Whole pages of an offset; a position of them is what counts, whether it is added or taken away. */
function pagesOf(offset: number): number {
  return offset < 0 ? -(-offset >>> 12) : offset >>> 12;
}

/** Itanium: which of a bundle's three slots may have a branch, by the kind of bundle, a bit a slot. */
const BRANCH_SLOTS = [...Array<number>(16).fill(0), 4, 4, 6, 6, 0, 0, 7, 7, 4, 4, 0, 0, 4, 4, 0, 0];
const SLOT_BITS = 41;

/** Itanium: branches in bundles of 16 bytes: five bits of kind, three slots. */
export const ia64: BranchKind = each(16, 16, (bytes, from, offset) => {
  const slots = BRANCH_SLOTS[bytes[from]! & 31]!;
  for (let slot = 0; slot < 3; slot++) {
    if (((slots >>> slot) & 1) !== 0) turnSlot(bytes, from, 5 + SLOT_BITS * slot, offset);
  }
});

function turnSlot(bytes: Uint8Array, from: number, bits: number, offset: number): void {
  const first = from + (bits >>> 3);
  const shift = BigInt(bits & 7);
  let whole = 0n;
  for (let byte = 5; byte >= 0; byte--) whole = (whole << 8n) | BigInt(bytes[first + byte]!);
  const slot = whole >> shift;
  if (((slot >> 37n) & 15n) !== 5n || ((slot >> 9n) & 7n) !== 0n) return;
  // 20 bits, and their sign far above; in bundles
  const address = Number((slot >> 13n) & 0xfffffn) | (Number((slot >> 36n) & 1n) << 20);
  const target = BigInt((((address << 4) + offset) >>> 4) & 0x1fffff);
  const kept = slot & ~((0xfffffn << 13n) | (1n << 36n));
  const turned = kept | ((target & 0xfffffn) << 13n) | ((target >> 20n) << 36n);
  whole = (whole & ((1n << shift) - 1n)) | (turned << shift);
  for (let byte = 0; byte < 6; byte++) bytes[first + byte] = Number((whole >> BigInt(8 * byte)) & 0xffn);
}

/** Whether the highest byte of an address is one that only its sign has made. */
const isSign = (byte: number) => byte === 0 || byte === 0xff;
/** Of the last bytes in front, which looked like a call, by bits: whether the address behind them may be turned … */
const MAY_TURN = [true, true, true, false, true, false, false, false];
/** … and which of its bytes must then be no sign, too. */
const DOUBTFUL_BYTE = [0, 1, 2, 2, 3, 3, 3, 3];

/**
 * x86: `call` and `jmp` with 32 bits. They stand anywhere, so what looks like one may be part of another: those of the four
 * bytes before that did are remembered.
 */
export function x86(direction: Direction): BranchFilter {
  let recent = 0;
  let last = -5 >>> 0;
  return (bytes, at) => {
    if ((at - last) >>> 0 > 5) last = (at - 5) >>> 0;
    let from = 0;
    while (from + 5 <= bytes.length) {
      if ((bytes[from]! & 0xfe) !== 0xe8) {
        from++;
        continue;
      }
      const position = (at + from) >>> 0;
      const distance = (position - last) >>> 0;
      last = position;
      if (distance > 5) recent = 0;
      for (let passed = distance > 5 ? 0 : distance; passed > 0; passed--) recent = (recent & 0x77) << 1;
      const high = bytes[from + 4]!;
      if (isSign(high) && recent >>> 1 < 0x10 && MAY_TURN[(recent >>> 1) & 7]) {
        turnCall(bytes, from, direction * (position + 5), recent);
        from += 5;
        recent = 0;
      } else {
        from++;
        recent |= isSign(high) ? 0x11 : 1;
      }
    }
    return from;
  };
}

function turnCall(bytes: Uint8Array, from: number, offset: number, recent: number): void {
  let address = littleEndian(bytes, from + 1);
  let target = 0;
  for (;;) {
    target = (address + offset) | 0;
    if (recent === 0) break;
    const shift = 8 * DOUBTFUL_BYTE[recent >>> 1]!;
    if (!isSign((target >>> (24 - shift)) & 0xff)) break;
    address = target ^ ((1 << (32 - shift)) - 1);
  }
  putLittleEndian(bytes, from + 1, target);
  bytes[from + 4] = (target & 0x01000000) === 0 ? 0 : 0xff;
}
