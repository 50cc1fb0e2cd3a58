/** What a file begins with that `lzma` has written (.lzma): 13 bytes, of which none says that it is one. */

/** Bytes of it. */
export const HEADER_SIZE = 13;
/** A length that is not known. */
export const UNKNOWN_LENGTH: bigint = 2n ** 64n - 1n;
/** What is taken for a length, and not for the beginning of something else: less than 256 GiB. */
const LIKELY_LENGTH = 2n ** 38n;

/** What the header tells. */
export interface AloneHeader {
  /** The numbers of bits that contexts are made of, as one number. */
  properties: number;
  /** Bytes that matches may reach back. */
  dictionary: number;
  /** Bytes of contents, or {@link UNKNOWN_LENGTH}. */
  length: bigint;
}

/** Reads a header. */
export function readHeader(head: Uint8Array): AloneHeader {
  const view = new DataView(head.buffer, head.byteOffset, HEADER_SIZE);
  return { properties: view.getUint8(0), dictionary: view.getUint32(1, true), length: view.getBigUint64(5, true) };
}

/**
 * Whether a file that begins so is likely one. What is asked for is what `file` and liblzma ask for: a dictionary of 2^n or
 * 2^n + 2^(n-1) bytes, and a length that is likely.
 */
export function isLzmaAlone(head: Uint8Array): boolean {
  if (head.length < HEADER_SIZE) return false;
  const { properties, dictionary, length } = readHeader(head);
  if (properties >= 9 * 5 * 5 || dictionary < 4096) return false;
  const half = 2 ** (31 - Math.clz32(dictionary));
  const isRound = dictionary === half || dictionary === half + half / 2 || dictionary === 0xffffffff;
  return isRound && (length === UNKNOWN_LENGTH || length < LIKELY_LENGTH);
}
