/** What a block of .xz ends with: a checksum of its contents. */
import { ImageError } from "../../core/error.ts";
import type { LzmaDecoder } from "../lzma/decoder.ts";

/** A SHA-256 that is made by whoever has one. */
export interface Sha256 {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** A checksum of contents, as they come. */
export interface Check {
  add(bytes: Uint8Array): void;
  /** As it stands in the file. */
  result(): Uint8Array;
}

/** A kind of checksum: its bytes, and how it is made. */
export interface CheckKind {
  readonly size: number;
  create(decoder: LzmaDecoder, sha256: () => Sha256): Check;
}

function words(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  for (const [at, value] of values.entries()) view.setUint32(4 * at, value, true);
  return bytes;
}

const KINDS: Readonly<Record<number, CheckKind>> = {
  0: { size: 0, create: () => ({ add: () => undefined, result: () => words() }) },
  1: {
    size: 4,
    create(decoder) {
      let crc = 0;
      const add = (bytes: Uint8Array) => {
        crc = decoder.crc32(bytes, crc);
      };
      return { add, result: () => words(crc) };
    },
  },
  4: {
    size: 8,
    create(decoder) {
      decoder.startCrc64();
      return { add: (bytes) => decoder.addCrc64(bytes), result: () => words(...decoder.crc64) };
    },
  },
  10: {
    size: 32,
    create(_, sha256) {
      const hash = sha256();
      return { add: (bytes) => hash.update(bytes), result: () => hash.digest() };
    },
  },
};

/** The kind of a number. Throws `DAMAGED` for one that is not known. */
export function checkKind(id: number): CheckKind {
  const kind = KINDS[id];
  if (!kind) throw new ImageError("DAMAGED", `its checksums are of a kind that is not known: ${id}`);
  return kind;
}
