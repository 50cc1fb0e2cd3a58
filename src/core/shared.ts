/** Arrays in shared memory, that other threads see without a copy. */

/** A zeroed array that other threads can see. */
export function sharedUint32(length: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(4 * length));
}
