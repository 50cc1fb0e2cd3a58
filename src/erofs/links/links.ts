/**
 * Links: ranges of files that are not compressed again, but refer to the extents of an equal range in front of them.
 * What extents a source has shows when it is compressed; they are noted in slots, which links look at when it is their
 * turn.
 *
 *     source   ...|==========================|...      it has slots, one for each extent that starts in it
 *     extents  |     0     |     1     |     2     |
 *     target        ...|==========================|... a link
 *     extents  | own  |own |     1     |  2   | own    own up to the first that can be referred to; of the last a part
 */
import { roundUp } from "../../core/bytes.ts";
import { sharedUint32, shareFloat64 } from "../../core/shared.ts";
import type { Tree } from "../../stage/tree/tree.ts";
import { LCLUSTER_INDEX } from "../disk/format.ts";
import { COMPRESS_FIELDS, countCompressPieces } from "../plan/pieces.ts";
import {
  RUN_AFTER,
  RUN_BEFORE,
  RUN_FIELDS,
  RUN_LENGTH,
  RUN_SOURCE,
  RUN_SOURCE_OFF,
  RUN_TARGET,
  RUN_TARGET_OFF,
} from "./runs.ts";

/** Numbers of one link: offset in the file, bytes, offset in the file of its source, number of the source. */
export const LINK_FIELDS = 4;
/** Numbers of one source: offset in the file, bytes, piece, first slot, number of slots there are. */
export const SOURCE_FIELDS = 5;

/** Most slots of all sources. */
const SLOTS = 1 << 21;
/** What a link is worth, as a share of its bytes beyond {@link LOST_PCLUSTERS}: most contents shrink to more than that. */
const LINK_WORTH = 0.25;
/** Bytes of a link, in pclusters, that are lost at its ends. */
const LOST_PCLUSTERS = 2;
/** A source is cut where so many bytes of links start, in pclusters, if another cut is so far away. */
const CUT_WORTH = 4;
const CUT_APART = 1;

/** All links, and the slots of their sources; plain data in shared memory. */
export interface SharedLinks {
  /** By index of a file: its first link; the last number is that of all links. */
  linkAt: Uint32Array;
  /** Records of LINK_FIELDS, by file and offset. */
  links: Float64Array;
  /** The same of sources. */
  sourceAt: Uint32Array;
  sources: Float64Array;
  /** The same of the offsets where extents should start, so that others can refer to them. */
  cutAt: Uint32Array;
  cuts: Float64Array;
  /** By source: slots that are used. */
  used: Uint32Array;
  /** By slot: where the extent starts in the source, its bytes, its units of what is stored * 8 + flags. */
  starts: Uint32Array;
  lengths: Uint32Array;
  words: Uint32Array;
  /** By slot: the unit in which the extent starts, once the source's piece is placed. */
  starting: Float64Array;
  /** By piece: 1 when all its extents are in their slots. */
  done: Int32Array;
}

/**
 * Makes links of runs that have been compared; undefined where none of them is worth it.
 *
 * @param pclusterSizeOf tells how long the pclusters of a file are, by its index
 */
export function planLinks(
  tree: Tree,
  files: Uint32Array,
  pieces: Float64Array,
  runs: Float64Array,
  blockSize: number,
  pclusterSizeOf: (index: number) => number,
): SharedLinks | undefined {
  const chosen = chooseLinks(tree, files, runs, blockSize, pclusterSizeOf);
  if (chosen.links.length === 0) return undefined;
  const cuts = chooseCuts(chosen, files.length, pclusterSizeOf);
  const { sourceAt, sources } = joinSources(chosen, files.length, pieces);
  const count = sources.length / SOURCE_FIELDS;
  let slots = 0;
  for (let at = 0; at < sources.length; at += SOURCE_FIELDS) {
    // an extent starts in each block at most
    const wanted = roundUp(sources[at + 1]!, blockSize) / blockSize + 1;
    sources[at + 3] = slots;
    sources[at + 4] = Math.min(wanted, SLOTS - slots);
    slots += sources[at + 4]!;
  }
  const linkAt = sharedUint32(files.length + 1);
  linkAt.set(chosen.linkAt);
  return {
    linkAt,
    links: shareFloat64(chosen.links),
    sourceAt,
    sources: shareFloat64(sources),
    cutAt: cuts.cutAt,
    cuts: shareFloat64(cuts.cuts),
    used: sharedUint32(count),
    starts: sharedUint32(slots),
    lengths: sharedUint32(slots),
    words: sharedUint32(slots),
    starting: new Float64Array(new SharedArrayBuffer(8 * slots)),
    done: new Int32Array(new SharedArrayBuffer(4 * countCompressPieces(pieces))),
  };
}

/** Links as they are collected; the number of the source's file stands where that of the source will. */
interface ChosenLinks {
  linkAt: Uint32Array;
  links: number[];
}

/** Runs with all that is equal around them, of the files for which they are worth a full index. */
function chooseLinks(
  tree: Tree,
  files: Uint32Array,
  runs: Float64Array,
  blockSize: number,
  pclusterSizeOf: (index: number) => number,
): ChosenLinks {
  const linkAt = new Uint32Array(files.length + 1);
  const links: number[] = [];
  let run = 0;
  for (let index = 0; index < files.length; index++) {
    linkAt[index] = links.length / LINK_FIELDS;
    const first = links.length;
    const lost = LOST_PCLUSTERS * pclusterSizeOf(index);
    let worth = 0;
    let end = 0;
    for (; run < runs.length && runs[run + RUN_TARGET] === index; run += RUN_FIELDS) {
      if (runs[run + RUN_LENGTH] === 0) continue;
      const start = runs[run + RUN_TARGET_OFF]! - runs[run + RUN_BEFORE]!;
      const from = Math.max(start, end);
      const to = runs[run + RUN_TARGET_OFF]! + runs[run + RUN_LENGTH]! + runs[run + RUN_AFTER]!;
      if (to - from < blockSize) continue;
      const sourceFrom = runs[run + RUN_SOURCE_OFF]! - runs[run + RUN_BEFORE]! + from - start;
      links.push(from, to - from, sourceFrom, runs[run + RUN_SOURCE]!);
      worth += Math.max(0, to - from - lost) * LINK_WORTH;
      end = to;
    }
    const size = tree.size.view[files[index]!]!;
    // a compact index has at least two bytes for each block
    const costs = (LCLUSTER_INDEX.byteSize - 2) * Math.ceil(size / blockSize);
    if (worth <= costs) links.length = first;
  }
  linkAt[files.length] = links.length / LINK_FIELDS;
  return { linkAt, links };
}

/** The links by their sources. */
function orderBySource(links: readonly number[]): number[] {
  const order = Array.from({ length: links.length / LINK_FIELDS }, (_, link) => link * LINK_FIELDS);
  return order.sort((a, b) => links[a + 3]! - links[b + 3]! || links[a + 2]! - links[b + 2]! || a - b);
}

/** Where sources are to be cut: where links start that are worth it, not too near to each other. */
function chooseCuts({ links }: ChosenLinks, files: number, pclusterSizeOf: (index: number) => number) {
  const cutAt = sharedUint32(files + 1);
  const cuts: number[] = [];
  let file = -1;
  let last = 0;
  const order = orderBySource(links);
  for (let at = 0; at < order.length; ) {
    const index = links[order[at]! + 3]!;
    const offset = links[order[at]! + 2]!;
    const pclusterSize = pclusterSizeOf(index);
    let worth = 0;
    for (; at < order.length && links[order[at]! + 3] === index && links[order[at]! + 2] === offset; at++) {
      worth += links[order[at]! + 1]!;
    }
    if (file !== index) last = 0;
    for (; file < index; file++) cutAt[file + 1] = cuts.length;
    if (worth < CUT_WORTH * pclusterSize || offset - last < CUT_APART * pclusterSize) continue;
    cuts.push(offset);
    last = offset;
  }
  for (; file < files; file++) cutAt[file + 1] = cuts.length;
  return { cutAt, cuts };
}

/** Joins the sources of all links into sources, and puts their numbers in the place of their files'. */
function joinSources({ links }: ChosenLinks, files: number, pieces: Float64Array) {
  const pieceOf = findPieces(files, pieces);
  const order = orderBySource(links);
  const sourceAt = sharedUint32(files + 1);
  const sources: number[] = [];
  let last = -1;
  let file = -1;
  for (const link of order) {
    const index = links[link + 3]!;
    const offset = links[link + 2]!;
    const end = offset + links[link + 1]!;
    const piece = pieceOf(index, offset);
    if (file !== index || sources[last + 2] !== piece || offset > sources[last]! + sources[last + 1]!) {
      for (; file < index; file++) sourceAt[file + 1] = sources.length / SOURCE_FIELDS;
      last = sources.length;
      sources.push(offset, 0, piece, 0, 0);
    }
    sources[last + 1] = Math.max(sources[last + 1]!, end - sources[last]!);
    links[link + 3] = last / SOURCE_FIELDS;
  }
  for (; file < files; file++) sourceAt[file + 1] = sources.length / SOURCE_FIELDS;
  return { sourceAt, sources };
}

/** Tells the piece in which a place of a file lies. */
function findPieces(files: number, pieces: Float64Array): (index: number, offset: number) => number {
  const first = new Uint32Array(files);
  for (let at = pieces.length - COMPRESS_FIELDS; at >= 0; at -= COMPRESS_FIELDS) {
    first.fill(at / COMPRESS_FIELDS, pieces[at]!, pieces[at + 1]!);
  }
  return (index, offset) => {
    let piece = first[index]!;
    // parts of one file come one behind the other
    for (
      let at = piece * COMPRESS_FIELDS;
      pieces[at + 3]! > 0 && offset >= pieces[at + 2]! + pieces[at + 3]!;
      piece++
    ) {
      at += COMPRESS_FIELDS;
    }
    return piece;
  };
}
