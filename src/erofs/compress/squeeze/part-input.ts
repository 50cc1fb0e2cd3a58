/** What a Squeezer goes by. */

/** What is known of a part of a file before it is compressed. */
export interface PartInput {
  entry: number;
  /** Number of the file among those that are compressed, and of the piece of work. */
  index: number;
  piece: number;
  /** Index of the method, which is noted. */
  method: number;
  /** As in available_compr_algs. */
  algorithm: number;
  /** Most bytes of a pcluster, whole blocks; 0: nothing is compressed. */
  pclusterSize: number;
  /** Bytes of the file, and of the part. */
  size: number;
  from: number;
  length: number;
  /**
   * What becomes of the file's last bytes where they fill no pcluster; `whole`: the file is a fragment; `indexed`: a block,
   * or behind the index where there is room, and the file has an index in any case.
   */
  end: "block" | "inline" | "fragment" | "whole" | "indexed";
  /** Most bytes that fit behind the inode's index, and directly behind the inode. */
  inlineRoom: number;
  flatRoom: number;
}

/** What is the same for all parts. */
export interface SqueezeSettings {
  blockSize: number;
  /** Most bytes of a file in one extent. */
  maxExtentBytes: number;
  /** Bytes of uncompressed blocks stand where their offsets in the file say, modulo a block. */
  interlaced: boolean;
  /** Equal blocks of a file that has an index are stored once. */
  sharesBlocks: boolean;
  /** What is stored starts at multiples of this many bytes: whole blocks, or anywhere. */
  unit: number;
  /** Bytes of a raw extent, where files stay rows of these; 0: a block, and a file of these alone needs no extents. */
  rawLen: number;
  /** Whether to look at bytes before any attempt to compress them. */
  skipsRandom: boolean;
  /** How far back the codec looks. */
  distance: number;
  /** See AlgorithmRow. */
  fillsAtOnce: boolean;
  /** Extents may refer to those in front of them in their part, also where there is no link: see OneByteExtent. */
  refersBack: boolean;
  /** What stands behind an inode is compressed there, so a file that saves no block is better off uncompressed. */
  compressesTails: boolean;
}
