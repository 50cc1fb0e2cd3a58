/** What is decided of inodes while segments are made, by entry. */
import { sharedFloat64, sharedUint32 } from "../../core/shared.ts";
import { NULL_BLOCK } from "../disk/format.ts";

/** The columns; plain data, in shared memory where several threads make segments of one tree. */
export interface InodeColumns {
  /** 0: the inode has no place yet. */
  nids: Float64Array;
  /** First block of its data, or NULL_BLOCK. */
  startBlk: Uint32Array;
  /** Names of a file, 2 + subdirectories of a directory. */
  nlink: Uint32Array;
  /** Bits 0..3 of i_format. */
  formats: Uint8Array;
}

/** Columns for all threads. */
export function shareColumns(entries: number, nlink: Uint32Array): InodeColumns {
  return {
    nids: sharedFloat64(entries),
    startBlk: sharedUint32(entries).fill(NULL_BLOCK),
    nlink,
    formats: new Uint8Array(new SharedArrayBuffer(entries)),
  };
}

/** Columns of one thread, which grow, and are used again. */
export class OwnColumns implements InodeColumns {
  nids = new Float64Array(0);
  startBlk = new Uint32Array(0);
  nlink = new Uint32Array(0);
  formats = new Uint8Array(0);

  /** Makes room for `length` entries. */
  ensure(length: number): void {
    const old = this.nids.length;
    if (length <= old) return;
    const room = Math.max(length, 2 * old, 4096);
    this.nids = grown(new Float64Array(room), this.nids);
    this.startBlk = grown(new Uint32Array(room).fill(NULL_BLOCK), this.startBlk);
    this.nlink = grown(new Uint32Array(room), this.nlink);
    this.formats = grown(new Uint8Array(room), this.formats);
  }

  /** Forgets the first `length` entries, which are all. */
  clear(length: number): void {
    this.nids.fill(0, 0, length);
    this.startBlk.fill(NULL_BLOCK, 0, length);
    this.nlink.fill(0, 0, length);
    this.formats.fill(0, 0, length);
  }
}

function grown<A extends Float64Array | Uint32Array | Uint8Array>(larger: A, numbers: A): A {
  larger.set(numbers);
  return larger;
}
