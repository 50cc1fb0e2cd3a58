/**
 * Where the row of a tree's entries is cut into segments. Entries come in the order in which they are packed: of each
 * directory first what is no directory, then the directories with all that is in them, then the directory itself.
 *
 *     root's names   a b c    d        e f g     h i
 *     segments       | a b c | d … | d … | e f g | h i |
 *                      small ones   too      the name of g
 *                      share        large    says so
 *
 * Names of the root fall into groups, whose ends the names themselves decide once there is enough in one, so that one name
 * more moves few cuts. In a group small ones share a segment: inodes are packed into blocks, and few of them would fill these badly.
 */

import { S_IFDIR, S_IFMT, S_IFREG } from "../../stage/tree/tree.ts";

/** A group that weighs so much ends behind the next name that says so: one in so many. */
const GROUP_WEIGHT = 1 << 20;
const GROUP_CUT = 4;
/** It ends in any case when it weighs so much. */
const GROUP_MOST = 4 << 20;
/** What a name weighs: a directory as much as if this were its size, since it has not been looked into. */
const DIRECTORY_WEIGHT = 64 * 1024;
const NAME_WEIGHT = 64;

/** A segment that has so much is not for the next name too. */
const ENOUGH_BYTES = 2 << 20;
const ENOUGH_ENTRIES = 384;

/** Most bytes of small files in a segment, each rounded up to blocks, and most of the ends of files and of links. */
export function segmentRoom(blockSize: number): { data: number; tails: number } {
  return { data: Math.max(2 << 20, 64 * blockSize), tails: Math.max(1 << 20, 64 * blockSize) };
}

/** Most entries of a segment. */
export const SEGMENT_ENTRIES = 2048;
/** A file of at least so many bytes is read again when its segment has its place, and not kept until then. */
export const LARGE_FILE = 256 * 1024;
/** Most large files in a segment. */
export const SEGMENT_LARGE = 32;

/**
 * Groups of the root's names, in their order; each is a piece of work. Returns where each group starts, and the end.
 *
 * @param weightOf see {@link weighTop}
 * @param nameOf the bytes of a name, by its place
 */
export function groupTops(
  count: number,
  weightOf: (top: number) => number,
  nameOf: (top: number) => Uint8Array,
): number[] {
  const starts = [0];
  let weight = 0;
  for (let top = 0; top < count; top++) {
    weight += weightOf(top);
    if (weight < GROUP_WEIGHT || (weight < GROUP_MOST && !isCut(nameOf(top)))) continue;
    starts.push(top + 1);
    weight = 0;
  }
  if (starts.at(-1) !== count) starts.push(count);
  return starts;
}

/** What a name of the root weighs, from the mode of its entry, and its size if it is a file. */
export function weighTop(mode: number, size: number): number {
  const kind = mode & S_IFMT;
  return NAME_WEIGHT + (kind === S_IFDIR ? DIRECTORY_WEIGHT : kind === S_IFREG ? size : 0);
}

/** FNV-1a of the name decides. */
function isCut(name: Uint8Array): boolean {
  let hash = 0x811c9dc5;
  for (const byte of name) hash = Math.imul(hash ^ byte, 0x01000193);
  // the lowest bits of FNV are the worst
  return ((hash >>> 3) & (GROUP_CUT - 1)) === 0;
}

/** Says where segments start while entries come. */
export class SegmentCuts {
  readonly #blockSize: number;
  readonly #room: { data: number; tails: number };
  /** What is in the segment. */
  #entries = 0;
  #bytes = 0;
  #data = 0;
  #tails = 0;
  #large = 0;
  #isFirstOfTop = false;

  constructor(blockSize: number) {
    this.#blockSize = blockSize;
    this.#room = segmentRoom(blockSize);
  }

  /** What comes next belongs to another name of the root. */
  startTop(): void {
    this.#isFirstOfTop = true;
  }

  /** What comes next is in another group: it starts a segment. */
  startGroup(): void {
    this.#empty();
  }

  /** Takes the next entry: of `size` bytes if it is a file or a link, else 0. Returns whether a segment starts with it. */
  add(size: number): boolean {
    const isLarge = size >= LARGE_FILE;
    const data = isLarge ? 0 : Math.ceil(size / this.#blockSize) * this.#blockSize;
    const tail = size % this.#blockSize;
    const isEnough = this.#bytes >= ENOUGH_BYTES || this.#entries >= ENOUGH_ENTRIES;
    const isFull =
      this.#data + data > this.#room.data ||
      this.#tails + tail > this.#room.tails ||
      this.#entries >= SEGMENT_ENTRIES ||
      (isLarge && this.#large >= SEGMENT_LARGE);
    const isCut = isFull || (this.#isFirstOfTop && isEnough);
    if (isCut) this.#empty();
    this.#isFirstOfTop = false;
    this.#entries++;
    this.#bytes += size;
    this.#data += data;
    this.#tails += tail;
    if (isLarge) this.#large++;
    return isCut;
  }

  #empty(): void {
    this.#entries = 0;
    this.#bytes = 0;
    this.#data = 0;
    this.#tails = 0;
    this.#large = 0;
  }
}
