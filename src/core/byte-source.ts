/** Where bytes are read from, at any offset. */

/** A readable row of bytes. */
export interface ByteSource {
  /** Bytes in all. */
  readonly size: number;
  /** Fills `into` from byte `offset`; returns the number of bytes read, fewer than asked only at the end. */
  readAt(into: Uint8Array, offset: number): number | Promise<number>;
}

/** One that is read at once, without a promise. */
export interface SyncSource extends ByteSource {
  readAt(into: Uint8Array, offset: number): number;
}

/** Bytes in memory. */
export function bytesSource(bytes: Uint8Array): SyncSource {
  return {
    size: bytes.length,
    readAt(into, offset) {
      const part = bytes.subarray(offset, offset + into.length);
      into.set(part);
      return part.length;
    },
  };
}

/** The bytes of a Blob, of which no more is read than is asked for. */
export function blobSource(blob: Blob): ByteSource {
  return {
    size: blob.size,
    async readAt(into, offset) {
      const part = new Uint8Array(await blob.slice(offset, offset + into.length).arrayBuffer());
      into.set(part);
      return part.length;
    },
  };
}
