/**
 * The compression of files, by all threads: each takes the next piece, compresses it and gives it its place when all
 * pieces before it have theirs. See OrderedOutput.
 */
import { createCodec } from "../../codec/names.ts";
import { loadXxHash } from "../../core/hash/xxhash.ts";
import { OrderedOutput } from "../../core/threads/ordered.ts";
import type { JobContext } from "../../core/threads/threads.ts";
import type { Contents } from "../../stage/tree/contents.ts";
import type { Tree } from "../../stage/tree/tree.ts";
import { type AlgorithmChoice, type Compression, isInterlaced } from "../compress-options.ts";
import { ALGORITHMS, USUAL_EXTENT } from "../disk/algorithms.ts";
import { Linker } from "../links/linker.ts";
import type { SharedLinks } from "../links/links.ts";
import { COMPRESS_FIELDS, countCompressPieces, pieceBytes, pieceRoom } from "../plan/pieces.ts";
import { type SharedStored, StoredFiles } from "../plan/stored.ts";
import { FoundBytes, type SharedFound } from "./found.ts";
import { PieceOutput } from "./piece-output.ts";
import { type FoundTables, PiecePlacer, type PieceTargets } from "./piece-placer.ts";
import type { PartInput } from "./squeeze/part-input.ts";
import { Squeezer } from "./squeeze/squeeze.ts";
import { isTail, storeTail } from "./squeeze/tails.ts";

/**
 * Bytes of results that may wait in a thread: as much as the longest part of a file, which another one compresses meanwhile.
 * With half of it two threads waited for a sixth of the time; with more of it memory grows faster than that falls.
 */
const WAITING_BYTES = 16 << 20;

/** Largest end of a file that is looked at quickly. */
const QUICK_BYTES = 1 << 18;

/** What is to be compressed, and how; plain data, most of it in shared memory. */
export interface CompressWork {
  compression: Compression;
  /** Files in the order in which they are stored. */
  files: Uint32Array;
  /** By index into `files`: index into the methods, rooms behind the index and behind the inode (see PartInput). */
  methods: Uint8Array;
  inlineRoom: Uint16Array;
  flatRoom: Uint16Array;
  /** Records of COMPRESS_FIELDS. */
  pieces: Float64Array;
  end: PartInput["end"];
  /** What is stored starts at multiples of this many bytes: whole blocks, or anywhere. */
  unit: number;
  stored: SharedStored;
  /** Where equal pclusters and fragments are looked for, if they are. */
  found: { pclusters: SharedFound; fragments: SharedFound | undefined } | undefined;
  /** Ranges of files that are not compressed again, if there are any. */
  links: SharedLinks | undefined;
}

/** Compresses pieces until none is left; run by every thread at once. */
export async function compressPieces(
  job: JobContext,
  tree: Tree,
  work: CompressWork,
  contents: Contents,
  targets: PieceTargets,
): Promise<void> {
  const { pieces, stored, links } = work;
  const placer = new PiecePlacer(new StoredFiles(stored), targets, await openFound(work.found), links);
  const linker = links && new Linker(job, links, stored.blockSize, work.unit);
  let squeezers: SqueezerSet | undefined;
  const room = pieceRoom(stored.blockSize);
  const free: PieceOutput[] = [];
  const ordered = new OrderedOutput(job, WAITING_BYTES);
  for (const piece of job.pieces(countCompressPieces(pieces))) {
    const output =
      takeFitting(free, pieceBytes(pieces, piece)) ?? new PieceOutput(room, placer, (done) => free.push(done));
    for (const part of partsOf(tree, work, piece)) {
      if (linker === undefined && isTail(part)) {
        const storing = storeTail(job, part, output, contents, stored.blockSize);
        if (storing !== undefined) await storing;
        continue;
      }
      // codecs take some megabytes: they are made when there is something for them
      squeezers ??= await SqueezerSet.create(job, work, contents, linker);
      const squeezer = await squeezers.get(part.method);
      await squeezer.squeeze(part, output);
    }
    linker?.finish(piece);
    output.seal();
    await ordered.add(piece, output);
  }
  await ordered.finish();
  contents.close();
}

/**
 * Takes an output out of those that are free, if any is: the one that holds least memory of those that hold as much as is
 * needed, else the one that holds most. So small pieces leave what large ones have touched to large ones.
 */
function takeFitting(free: PieceOutput[], bytes: number): PieceOutput | undefined {
  let best = 0;
  for (let index = 1; index < free.length; index++) {
    const [held, least] = [free[index]!.heldBytes, free[best]!.heldBytes];
    const isBetter = held >= bytes ? least < bytes || held < least : held > least;
    if (isBetter) best = index;
  }
  return free.splice(best, 1)[0];
}

async function openFound(found: CompressWork["found"]): Promise<FoundTables | undefined> {
  if (found === undefined) return undefined;
  const xxhash = await loadXxHash();
  return {
    pclusters: new FoundBytes(found.pclusters, xxhash),
    fragments: found.fragments && new FoundBytes(found.fragments, xxhash),
  };
}

/** The files of a piece, or the part of a file that it is. */
function* partsOf(tree: Tree, work: CompressWork, piece: number): Generator<PartInput> {
  const { compression, files, methods, pieces, stored } = work;
  const record = piece * COMPRESS_FIELDS;
  const end = pieces[record + 1]!;
  const from = pieces[record + 2]!;
  const length = pieces[record + 3]!;
  for (let index = pieces[record]!; index < end; index++) {
    const entry = files[index]!;
    const method = methods[index]!;
    const { algorithm, pclusterSize } = stored.methods[method]!;
    const size = tree.size.view[entry]!;
    yield {
      entry,
      index,
      piece,
      method,
      algorithm: ALGORITHMS[compression.algorithms[algorithm]!.algorithm].id,
      pclusterSize,
      size,
      from,
      length: length === 0 ? size : length,
      // what is not to be compressed is not to be a fragment either
      end: pclusterSize === 0 ? "block" : work.end,
      inlineRoom: work.inlineRoom[index]!,
      flatRoom: work.flatRoom[index]!,
    };
  }
}

/** The squeezers of one thread. Each is made when it is needed: a codec takes some megabytes. */
class SqueezerSet {
  readonly #make: (choice: AlgorithmChoice) => Promise<Squeezer>;
  readonly #choices: AlgorithmChoice[];
  readonly #made = new Map<AlgorithmChoice, Squeezer>();

  private constructor(choices: AlgorithmChoice[], make: (choice: AlgorithmChoice) => Promise<Squeezer>) {
    this.#choices = choices;
    this.#make = make;
  }

  static async create(
    job: JobContext,
    work: CompressWork,
    contents: Contents,
    linker: Linker | undefined,
  ): Promise<SqueezerSet> {
    const { compression, stored, unit, found, end } = work;
    const { blockSize, methods } = stored;
    const quick = await createCodec({ name: "lz4", plainLen: QUICK_BYTES });
    const choices = methods.map(({ algorithm }) => compression.algorithms[algorithm]!);
    return new SqueezerSet(choices, async ({ algorithm: name, level, dictSize, contexts }) => {
      const row = ALGORITHMS[name];
      const plainLen = USUAL_EXTENT + Math.max(compression.maxExtentBytes, USUAL_EXTENT);
      const codec = await createCodec({ name: row.codec, level, dictSize, ...contexts, plainLen });
      return new Squeezer(
        job,
        codec,
        quick,
        contents,
        {
          blockSize,
          maxExtentBytes: compression.maxExtentBytes,
          interlaced: isInterlaced(compression),
          sharesBlocks: found !== undefined && end !== "whole" && unit === blockSize && !stored.sharesChunks,
          unit,
          rawLen: stored.sharesChunks && end !== "indexed" ? stored.chunkBytes : 0,
          // who asks for the smallest image has the time
          skipsRandom: row.skipsRandom && !compression.dedupeExtents,
          distance: dictSize,
          fillsAtOnce: row.fillsAtOnce,
          // an end behind an inode or in a fragment costs less, and what has an index already has room for that one only
          refersBack: compression.dedupeExtents === true && end === "block" && unit === blockSize,
          compressesTails: compression.metabox !== undefined,
        },
        linker,
      );
    });
  }

  /** The squeezer for a method of the plan. */
  async get(method: number): Promise<Squeezer> {
    const choice = this.#choices[method]!;
    let squeezer = this.#made.get(choice);
    if (!squeezer) {
      squeezer = await this.#make(choice);
      this.#made.set(choice, squeezer);
    }
    return squeezer;
  }
}
