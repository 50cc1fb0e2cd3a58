/**
 * How much address space this process may take. It is a limit of the process (`ulimit -v`), so what follows from it is
 * known to all of its threads. Columns and WebAssembly reserve a multiple of what they use, which costs nothing where
 * there is no limit; V8 ends the process where a limit is met, so it has to be known before.
 *
 *     | Node | columns | helpers | codecs or the heap |
 */

/** What may be reserved; plain data. */
export interface Room {
  /** Of the largest length that a column may have, the share that it reserves. */
  columnShare: number;
  /** WebAssembly is used where it only saves time. */
  usesWasm: boolean;
}

/** What a process without a limit may do. */
const UNLIMITED: Room = { columnShare: 1, usesWasm: true };

const GIB = 2 ** 30;
/** What all columns of a build reserve, and of each thread that packs a closure. */
const COLUMN_BYTES = 20 * GIB;
const THREAD_COLUMN_BYTES = 10 * GIB;
/** What a thread takes before it does anything. */
const THREAD_BYTES = 0.85 * GIB;
/** What an instance of WebAssembly takes: all that 33 bits can reach, and more, unless Node was told otherwise. */
const INSTANCE_BYTES = 10.25 * GIB;

let current = UNLIMITED;

/** What this process may reserve. */
export function room(): Room {
  return current;
}

/** From here on this thread reserves no more than that. */
export function limitRoom(limit: Room): void {
  current = limit;
}

/**
 * Shares out the address space that is left.
 *
 * @param left bytes, Infinity where there is no limit
 * @param threads how many are wanted
 * @param instances of WebAssembly that each thread needs, and may not do without
 */
export function planRoom(
  left: number,
  threads: number,
  { instances, reservesAll }: { instances: number; reservesAll: boolean },
): { threads: number; room: Room } {
  if (left === Number.POSITIVE_INFINITY) return { threads, room: UNLIMITED };
  const perThread = THREAD_BYTES + (reservesAll ? instances * INSTANCE_BYTES : 0);
  const most = 1 + Math.floor(Math.max(0, left / 2 - (perThread - THREAD_BYTES)) / perThread);
  const allowed = Math.min(threads, most);
  const columns = COLUMN_BYTES + allowed * THREAD_COLUMN_BYTES;
  // codecs take what they need, columns what is left of it
  const forColumns = reservesAll && instances > 0 ? left - allowed * perThread : left;
  const columnShare = Math.min(1, Math.max(forColumns, left / 16) / 4 / columns);
  return { threads: allowed, room: { columnShare, usesWasm: columnShare === 1 } };
}
