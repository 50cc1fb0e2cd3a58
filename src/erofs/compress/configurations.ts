/** What a superblock says of the ways in which files have been compressed: which algorithms, and what readers must know. */
import { type AlgorithmChoice, type Compression, hasPackedInode } from "../compress-options.ts";
import { ALGORITHMS, encodeConfiguration } from "../disk/algorithms.ts";
import {
  INCOMPAT_48BIT,
  INCOMPAT_COMPR_CFGS,
  INCOMPAT_FRAGMENTS,
  INCOMPAT_ZERO_PADDING,
  INCOMPAT_ZTAILPACKING,
  isCompressed,
} from "../disk/format.ts";
import type { SuperCompression } from "../disk/superblock.ts";
import { type Method, PACKED, SCATTERED, type SharedStored } from "../plan/stored.ts";

/** The methods by which something has been compressed. */
export function listUsedMethods({ blocks, inlineLen, method, methods, packed }: SharedStored): Method[] {
  const used = new Set<number>();
  packed.forEach((flags, entry) => {
    // a file that is a fragment as a whole is compressed in the packed inode's way
    const isOwn = blocks[entry]! > 0 || inlineLen[entry]! > 0;
    if (isOwn && (flags & PACKED) !== 0) used.add(method[entry]!);
  });
  return [...used].map((index) => methods[index]!);
}

/** INCOMPAT_ bits: what a reader must know, given that something is compressed. */
export function requiredFeatures(compression: Compression, used: readonly Method[], stored: SharedStored): number {
  const { blockSize, formats, inlineLen, packed } = stored;
  const isScattered = packed.some((flags) => (flags & SCATTERED) !== 0);
  const hasTails = inlineLen.some((length, entry) => length > 0 && isCompressed(formats[entry]!));
  return (
    INCOMPAT_ZERO_PADDING |
    (needsConfigurations(compression, used, blockSize) ? INCOMPAT_COMPR_CFGS : 0) |
    (hasTails ? INCOMPAT_ZTAILPACKING : 0) |
    (compression.extentRecords ? INCOMPAT_48BIT : 0) |
    // it also tells that uncompressed blocks are interlaced, and that several extents may be one pcluster
    (hasPackedInode(compression) || isScattered ? INCOMPAT_FRAGMENTS : 0)
  );
}

/** Whether readers need configurations: they know the first algorithm, in pclusters of one block, without. */
function needsConfigurations({ algorithms }: Compression, methods: readonly Method[], blockSize: number): boolean {
  return methods.some(
    ({ algorithm, pclusterSize }) => pclusterSize > blockSize || !ALGORITHMS[algorithms[algorithm]!.algorithm].isFirst,
  );
}

/** Describes methods, of which there is at least one. */
export function describeMethods(
  compression: Compression,
  methods: readonly Method[],
  blockSize: number,
  packedNid: number,
): SuperCompression {
  const choices = methods.map(({ algorithm }) => compression.algorithms[algorithm]!);
  if (!needsConfigurations(compression, methods, blockSize)) {
    return { algorithms: largestDictionary(choices), configurations: [], packedNid };
  }
  const pclusterBlocks = Math.max(1, ...methods.map(({ pclusterSize }) => pclusterSize / blockSize));
  const rowOf = ({ algorithm }: AlgorithmChoice) => ALGORITHMS[algorithm];
  const ids = [...new Set(choices.map((choice) => rowOf(choice).id))].sort((a, b) => a - b);
  const configurations = ids.map((id) => {
    const same = choices.filter((choice) => rowOf(choice).id === id);
    return encodeConfiguration(rowOf(same[0]!), { dictSize: largestDictionary(same), pclusterBlocks });
  });
  return { algorithms: ids.reduce((bits, id) => bits | (1 << id), 0), configurations, packedNid };
}

function largestDictionary(choices: readonly AlgorithmChoice[]): number {
  return Math.max(...choices.map(({ dictSize }) => dictSize));
}
