/** What a stream of .xz begins with, and what it ends with. */

/** Behind it: flags, u16, and the CRC-32 of them. */
export const MAGIC: readonly number[] = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];
/** In front of it: the CRC-32 of what follows it, the length of the index, flags. */
export const END_MAGIC: readonly number[] = [0x59, 0x5a];
/** Bytes of the beginning with all that. */
export const HEADER_SIZE = 12;
/** Bytes of the end with all that. */
export const FOOTER_SIZE = 12;
