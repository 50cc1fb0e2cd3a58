/**
 * The order of what the packed inode holds. Fragments are gathered in the order of the files; those that are alike
 * compress better beside each other. Files that are beside each other often are alike too, more than a sketch tells: one
 * comes forward only where it is much more alike than the one that is next. Each changes its place by so little that what
 * is read together still lies together:
 *
 *     gathered   | a.c | a.h | b.c | c.h | d.c |
 *     arranged   | a.c | b.c | d.c | a.h | c.h |
 */
import { sharedFloat64 } from "../../core/shared.ts";
import type { SharedStored } from "../plan/stored.ts";
import { countEqualCells, SKETCH_WORDS } from "./sketch.ts";

/** The next fragment is one of so many: no fragment comes forward by more. */
const AHEAD = 128;
/** No fragment moves back by more. */
const PATIENCE = 512;
/**
 * A fragment comes forward if so many more cells of its sketch are equal: fewer are chance, among texts of one kind, which
 * begin with one licence. A large pcluster holds several fragments that follow each other: being next is worth less there.
 */
const MORE_CELLS = { inBlocks: 6, inLarge: 7 } as const;
/** One that is as long as this keeps its place: a sketch is of its start, and it may share anything with its neighbours. */
const LONG = 1 << 16;

/** Where the packed inode's bytes come from; in shared memory. */
export interface Arrangement {
  /** Offsets in the packed inode, ascending: up to the next one, or to `end`, bytes lie one behind the other. */
  starts: Float64Array;
  /** By the same index: where they were gathered. */
  sources: Float64Array;
  /** Bytes that are arranged; what follows lies where it was gathered. */
  end: number;
}

/**
 * Arranges fragments, and tells their files where they lie now.
 *
 * @param files in the order in which their fragments were gathered; some may have one that was there already
 * @param pclusterSize of the packed inode, in bytes
 */
export function arrangeFragments(stored: SharedStored, files: Uint32Array, pclusterSize: number): Arrangement {
  const { fragmentLen, fragmentOff } = stored;
  let end = 0;
  const owners = files.filter((entry) => {
    if (fragmentLen[entry] === 0 || fragmentOff[entry] !== end) return false;
    end += fragmentLen[entry]!;
    return true;
  });
  const gathered = Float64Array.from(owners, (entry) => fragmentOff[entry]!);
  const moreCells = pclusterSize > stored.blockSize ? MORE_CELLS.inLarge : MORE_CELLS.inBlocks;
  const order = orderBySimilarity(stored, owners, moreCells);
  const arrangement = { starts: sharedFloat64(owners.length), sources: sharedFloat64(owners.length), end };
  const moved = new Float64Array(owners.length);
  let start = 0;
  order.forEach((owner, index) => {
    arrangement.starts[index] = moved[owner] = start;
    arrangement.sources[index] = gathered[owner]!;
    start += fragmentLen[owners[owner]!]!;
  });
  for (const entry of files) {
    if (fragmentLen[entry] === 0) continue;
    const owner = findStart(gathered, fragmentOff[entry]!);
    fragmentOff[entry]! += moved[owner]! - gathered[owner]!;
  }
  return arrangement;
}

/** The indices of fragments, given the entries they belong to: each followed by the next one, or one much more like it. */
function orderBySimilarity(
  { sketches, fragmentLen }: SharedStored,
  owners: Uint32Array,
  moreCells: number,
): Uint32Array {
  const isShort = (index: number) => fragmentLen[owners[index]!]! < LONG;
  const order = new Uint32Array(owners.length);
  // indices that are next, ascending
  const waiting = new Uint32Array(AHEAD);
  let waits = 0;
  let next = 0;
  for (let placed = 0; placed < order.length; placed++) {
    while (waits < AHEAD && next < owners.length) waiting[waits++] = next++;
    let best = 0;
    if (placed > 0 && placed - waiting[0]! < PATIENCE && isShort(waiting[0]!)) {
      const last = owners[order[placed - 1]!]! * SKETCH_WORDS;
      const alike = (at: number) => countEqualCells(sketches, last, sketches, owners[waiting[at]!]! * SKETCH_WORDS);
      let most = alike(0) + moreCells - 1;
      for (let at = 1; at < waits; at++) {
        const equal = alike(at);
        if (equal > most && isShort(waiting[at]!)) {
          most = equal;
          best = at;
        }
      }
    }
    order[placed] = waiting[best]!;
    waiting.copyWithin(best, best + 1, waits--);
  }
  return order;
}

/** The index of the last of the ascending `starts` that is no more than `offset`. */
export function findStart(starts: Float64Array, offset: number): number {
  let low = 0;
  for (let high = starts.length; high - low > 1; ) {
    const middle = (low + high) >>> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle;
  }
  return low;
}
