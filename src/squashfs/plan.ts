/**
 * The plan of the data: which blocks there are, in which order, and how they are cut into pieces of work: see items.ts. It
 * follows from sizes and from what is shared; where a block lies is known only when all before it have been compressed.
 */
import { latin1FromBytes } from "../core/bytes.ts";
import { sharedUint32, shareFloat64, shareUint32 } from "../core/shared.ts";
import { FILE_ANY_TAIL, FILE_NO_FRAGMENT, FILE_SMALL_TAIL, type FileOrder } from "../stage/tree/file-order.ts";
import { NONE, type Tree } from "../stage/tree/tree.ts";
import { COMPRESSORS } from "./disk/compressors.ts";
import { FragmentFiller, type Fragments, type ItemRow, ItemRowBuilder } from "./items.ts";
import type { SquashfsSettings } from "./options.ts";

/** Everything about data blocks; what grows with the tree lies in shared memory, results included. */
export interface DataPlan extends ItemRow, Fragments {
  /** Files without contents: they must have none still when the image is made. */
  empty: Uint32Array;
  /** FILE_ bits by entry, see file-order.ts; undefined where none is set. */
  flags: Uint8Array | undefined;
  /** By entry: bytes at its end that lie in a fragment. */
  tailLen: Uint32Array;
  /** By entry: the item of its blocks, shared ones too, or NONE. */
  item: Uint32Array;
  /** Result: where the next block goes. */
  position: Float64Array;
  /** Bytes that will be read. */
  contentBytes: number;
  savedByDedupe: number;
}

/** Whose data is stored once; by entry, undefined where nothing is shared. */
export interface SharedData {
  /** The file that has the same blocks. */
  blocks: Uint32Array | undefined;
  /** The file that has the same end. */
  tails: Uint32Array | undefined;
}

/** Bytes at the end of a file of `size`, with these FILE_ bits, that go into a fragment. */
export function tailBytes(
  { blockSize, fragments }: Pick<SquashfsSettings, "blockSize" | "fragments">,
  size: number,
  flags = 0,
): number {
  const wanted = (flags & FILE_ANY_TAIL) !== 0 ? "all" : (flags & FILE_SMALL_TAIL) !== 0 ? "small" : fragments;
  if (wanted === "none" || (wanted === "small" && size >= blockSize)) return 0;
  return (flags & FILE_NO_FRAGMENT) !== 0 ? 0 : size % blockSize;
}

const DOT = 0x2e;

/** What a name ends with, from its last dot on; empty where there is none, or in front only. */
function suffixOf(name: Uint8Array): string {
  const dot = name.lastIndexOf(DOT);
  return dot > 0 ? latin1FromBytes(name.subarray(dot)) : "";
}

/** Plans the data of an image, the first block of which goes to `firstOff`. Throws `LIMIT` where there is too much. */
export function planData(
  tree: Tree,
  { files, flags }: FileOrder,
  settings: SquashfsSettings,
  shared: SharedData,
  firstOff: number,
): DataPlan {
  const size = tree.size.view;
  const row = new ItemRowBuilder(settings.blockSize);
  const kindOf = COMPRESSORS[settings.compression.compressor].putsKindsTogether
    ? (entry: number) => suffixOf(tree.name(entry))
    : undefined;
  const filler = new FragmentFiller(row, settings.blockSize, tree.length, kindOf);
  const tailLen = sharedUint32(tree.length);
  const item = sharedUint32(tree.length).fill(NONE);
  const empty: number[] = [];
  let contentBytes = 0;
  let savedByDedupe = 0;
  for (const entry of files) {
    if (size[entry] === 0) empty.push(entry);
    const tail = tailBytes(settings, size[entry]!, flags?.[entry]);
    const body = size[entry]! - tail;
    tailLen[entry] = tail;
    const ownTail = originalOf(shared.tails, entry) === NONE ? tail : 0;
    const ownBody = originalOf(shared.blocks, entry) === NONE ? body : 0;
    if (ownTail > 0) filler.add(entry, ownTail, body === 0, tree.hasStorage ? tree.storage(entry).group : 0);
    if (ownBody > 0) item[entry] = row.add(entry, ownBody);
    contentBytes += ownTail + ownBody;
    savedByDedupe += size[entry]! - ownTail - ownBody;
  }
  // fragments that are still open become items
  const fragments = filler.finish();
  shareItems(files, shared, item, fragments);
  return {
    ...row.finish(),
    ...fragments,
    empty: shareUint32(empty),
    flags,
    tailLen,
    item,
    position: shareFloat64([firstOff]),
    contentBytes,
    savedByDedupe,
  };
}

/** Files without data of their own get the places of those that they share it with. */
function shareItems(
  files: Uint32Array,
  shared: SharedData,
  item: Uint32Array,
  { fragment, fragmentOff }: Fragments,
): void {
  for (const entry of files) {
    const blocksOf = originalOf(shared.blocks, entry);
    if (blocksOf !== NONE) item[entry] = item[blocksOf]!;
    const tailOf = originalOf(shared.tails, entry);
    if (tailOf === NONE) continue;
    fragment[entry] = fragment[tailOf]!;
    fragmentOff[entry] = fragmentOff[tailOf]!;
  }
}

function originalOf(sharesWith: Uint32Array | undefined, entry: number): number {
  return sharesWith?.[entry] ?? NONE;
}
