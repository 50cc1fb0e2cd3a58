/** What a superblock says of the ways in which files are compressed: which algorithms, and what these need. */
import type { AlgorithmChoice, Compression } from "../compress-options.ts";
import { ALGORITHMS, encodeConfiguration } from "../disk/algorithms.ts";
import type { SuperCompression } from "../disk/superblock.ts";
import type { Method } from "../plan/stored.ts";

/** Whether readers need configurations: they know the first algorithm, in pclusters of one block, without. */
export function needsConfigurations(
  { algorithms }: Compression,
  methods: readonly Method[],
  blockSize: number,
): boolean {
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
