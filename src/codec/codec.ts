/**
 * What every compression looks like to the formats. A codec owns two windows of memory and works between them:
 *
 *   plain   | ........ [from, to) ........ |     file contents, read straight into here
 *                 |  compress   ^ decompress
 *                 v             |
 *   compressed  | ...... [at, at + limit) .... |     compressed data, written straight from here
 *
 * so that contents are moved once for many files, not once for each compressed block. The windows stay where they
 * are for the codec's life and are the caller's between calls. A call writes only to the range that it is given; of that
 * range, also what it did not need may be overwritten.
 *
 * Compressed data is never empty, also where there are no contents. What EROFS is to hold does not start with a zero byte:
 * readers take zeros for what stands in front of it.
 *
 * The same calls give the same bytes on every machine, and depend on the calls before them by their {@link FillNotes} alone.
 */

/**
 * What fixed-output compressions of a row of contents learn, each for the next one: where to begin with a search. They
 * have an influence on the output, so they must follow from the file alone too.
 */
export interface FillNotes {
  /** Bytes of contents for each byte of output, the last time; 0: not known. */
  ratio: number;
  /** Bytes of output for each that a quicker way gives, the last time; 0: not known. */
  share: number;
  /** The way of searching that was best, the codec's own number for it; 0: not known. */
  search: number;
  /** So many outputs go by what is known of {@link search}, before others are tried again; how often none was better. */
  rest: number;
  failed: number;
  /** It is known that what comes repeats itself. */
  repeats: boolean;
}

/** Nothing is known. */
export function blankNotes(): FillNotes {
  return { ratio: 0, share: 0, search: 0, rest: 0, failed: 0, repeats: false };
}

/** Reads one kind of compressed data. */
export interface Decoder {
  /** What it is, as the command line spells it: `lz4`, or `lz4hc,9` with a level. */
  readonly name: string;
  /** Window of contents. */
  readonly plain: Uint8Array;
  /** Window of compressed data. */
  readonly compressed: Uint8Array;
  /**
   * Decompresses `compressed[from, to)`, the whole of it, to `plain` at `at`. What does not tell its length, `lzma`, is
   * `limit` bytes long.
   *
   * @returns how many bytes it gave, at most `limit`
   * @throws ImageError `DAMAGED` when it is not well-formed, or longer than `limit`
   */
  decompress(from: number, to: number, at: number, limit: number): number;
  /**
   * Decompresses the first `limit` bytes of `compressed[from, to)`, or all if it has less; what comes after them need not be
   * there.
   *
   * @returns how many bytes it gave
   * @throws ImageError `DAMAGED` when what is needed for them is not well-formed
   */
  decompressStart(from: number, to: number, at: number, limit: number): number;
}

/** Writes and reads one kind of compressed data. */
export interface Codec extends Decoder {
  /** How many bytes of `plain` the last compression has used up; 0 if it gave nothing. */
  readonly consumed: number;
  /**
   * Fixed-output compression: as much of `plain[from, to)` as fits into `limit` bytes of `compressed` at `at`; see
   * {@link Codec.consumed}. What stands behind the consumed bytes can have an influence on the output, so `to` must
   * follow from the file alone.
   *
   * @param notes of what stands in front of `from`, if there are any; updated
   * @returns how many bytes it gave; they decompress by themselves
   */
  compressInto(from: number, to: number, at: number, limit: number, notes?: FillNotes): number;
  /**
   * Compresses all of `plain[from, to)`.
   *
   * @returns how many bytes it gave, or 0 if they would be more than `limit`
   */
  compress(from: number, to: number, at: number, limit: number): number;
}

/** How large a codec's windows are to be, in bytes, up to {@link MAX_WINDOW} each. */
export interface CodecWindows {
  /** Default 2 MiB. */
  plainLen?: number | undefined;
  /** Default 1 MiB, the largest pcluster of EROFS. */
  compressedLen?: number | undefined;
}

/** The largest window that a codec can be asked for: a pcluster of EROFS decodes to 12 MiB at most. */
export const MAX_WINDOW = 0x1000000;
