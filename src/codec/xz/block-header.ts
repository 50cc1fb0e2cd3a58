/**
 * The header of a block of .xz:
 *
 *     | size u8 | flags u8 | lengths, if told | filters, LZMA2 the last | zeros | CRC-32 |
 */
import { ImageError } from "../../core/error.ts";
import { readNumber } from "./number.ts";

const LZMA2 = 0x21;
/** Flags: how many filters besides the first, what lengths it tells, and bits that are for later. */
const FILTERS = 0x03;
const HAS_COMPRESSED = 0x40;
const HAS_PLAIN = 0x80;
const RESERVED = 0x3c;
const CRC_SIZE = 4;

const damaged = (what: string) => new ImageError("DAMAGED", what);

/** A filter, by its number. */
export interface FilterFlags {
  readonly id: number;
  readonly properties: Uint8Array;
}

/** What a block's header tells. */
export interface BlockHeader {
  /** Bytes of it. */
  readonly size: number;
  /** Bytes of LZMA2, and of contents; undefined: they are not told. */
  readonly compressed: number | undefined;
  readonly plain: number | undefined;
  /** Bytes that matches reach back. */
  readonly dictionary: number;
  /** Besides LZMA2, in the order in which they are undone. */
  readonly filters: readonly FilterFlags[];
}

/**
 * Reads a header.
 *
 * @param bytes without the checksum
 * @throws ImageError `DAMAGED`
 */
export function readBlockHeader(bytes: Uint8Array): BlockHeader {
  const flags = bytes[1]!;
  if ((flags & RESERVED) !== 0) throw damaged("a block has flags that are not known");
  const at = { at: 2 };
  const compressed = (flags & HAS_COMPRESSED) === 0 ? undefined : readNumber(bytes, at);
  const plain = (flags & HAS_PLAIN) === 0 ? undefined : readNumber(bytes, at);
  const filters: FilterFlags[] = [];
  for (let filter = flags & FILTERS; filter > 0; filter--) filters.unshift(readFilter(bytes, at));
  const last = readFilter(bytes, at);
  if (last.id !== LZMA2 || last.properties.length !== 1) throw damaged("a block is not compressed with LZMA2");
  if (bytes.subarray(at.at).some((byte) => byte !== 0)) throw damaged("a block's header has bytes that mean nothing");
  const dictionary = dictionaryOf(last.properties[0]!);
  return { size: bytes.length + CRC_SIZE, compressed, plain, dictionary, filters };
}

function readFilter(bytes: Uint8Array, at: { at: number }): FilterFlags {
  const id = readNumber(bytes, at);
  const length = readNumber(bytes, at);
  const properties = bytes.slice(at.at, at.at + length);
  if (properties.length < length) throw damaged("a block's header ends too early");
  at.at += length;
  return { id, properties };
}

/** Bytes of a dictionary: 2 or 3 times a power of two. */
function dictionaryOf(byte: number): number {
  if (byte > 40) throw damaged("a block has a dictionary that is none");
  return byte === 40 ? 2 ** 32 - 1 : (2 + (byte & 1)) * 2 ** ((byte >>> 1) + 11);
}

/**
 * Makes a header that tells no lengths, with zeros where the checksum goes.
 *
 * @param dictionary bytes that matches reach back
 * @param filters the numbers of filters without properties that are applied before compression
 */
export function makeBlockHeader(dictionary: number, filters: readonly number[]): Uint8Array {
  let byte = 0;
  while (dictionaryOf(byte) < dictionary) byte++;
  const content = [filters.length, ...filters.flatMap((id) => [id, 0]), LZMA2, 1, byte];
  const size = (1 + content.length + CRC_SIZE + 3) & ~3;
  const bytes = new Uint8Array(size);
  bytes.set([size / 4 - 1, ...content]);
  return bytes;
}
