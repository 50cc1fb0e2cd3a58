/** Arrays in shared memory, that other threads see without a copy. */

/** A zeroed array that other threads can see. */
export function sharedUint32(length: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(4 * length));
}

/** A zeroed array that other threads can see. */
export function sharedFloat64(length: number): Float64Array {
  return new Float64Array(new SharedArrayBuffer(8 * length));
}

/** A copy that other threads can see. */
export function shareUint32(numbers: ArrayLike<number>): Uint32Array {
  const copy = sharedUint32(numbers.length);
  copy.set(numbers);
  return copy;
}

/** A copy that other threads can see. */
export function shareFloat64(numbers: ArrayLike<number>): Float64Array {
  const copy = sharedFloat64(numbers.length);
  copy.set(numbers);
  return copy;
}
