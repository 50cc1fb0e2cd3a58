/**
 * The compression of files, by all threads: each takes the next piece, compresses it and gives it its place when all
 * pieces before it have theirs. See OrderedOutput.
 */
import { createCodec } from "../../codec/names.ts";
import { OrderedOutput } from "../../core/ordered.ts";
import type { JobContext } from "../../core/threads.ts";
import { loadXxHash } from "../../core/xxhash.ts";
import type { Contents } from "../../stage/tree/contents.ts";
import type { Tree } from "../../stage/tree/tree.ts";
import { ALGORITHMS, type AlgorithmChoice, type Compression, isInterlaced } from "../compress-options.ts";
import { Linker } from "../links/linker.ts";
import type { SharedLinks } from "../links/links.ts";
import { COMPRESS_FIELDS, pieceRoom } from "../plan/pieces.ts";
import { type SharedStored, StoredFiles } from "../plan/stored.ts";
import type { Arrangement } from "./arrange.ts";
import { FoundBytes, type SharedFound } from "./found.ts";
import { PieceOutput, type PieceTargets } from "./piece-output.ts";
import { type PartInput, Squeezer } from "./squeeze.ts";

/** Bytes of results that may wait in a thread. */
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
  stored: SharedStored;
  /** Where equal pclusters and fragments are looked for, if they are. */
  found: { pclusters: SharedFound; fragments: SharedFound } | undefined;
  /** Ranges of files that are not compressed again, if there are any. */
  links: SharedLinks | undefined;
  /** In which order the packed inode has what was gathered for it, if that is what is compressed, and it is another. */
  arrangement: Arrangement | undefined;
}

/** Compresses pieces until none is left; run by every thread at once. */
export async function compressPieces(
  job: JobContext,
  tree: Tree,
  work: CompressWork,
  contents: Contents,
  targets: PieceTargets,
): Promise<void> {
  const { compression, files, methods, pieces, stored } = work;
  const store = new StoredFiles(stored);
  const settings = {
    blockSize: stored.blockSize,
    maxExtentBytes: compression.maxExtentBytes,
    interlaced: isInterlaced(compression),
    unit: stored.unit,
  };
  const quick = await createCodec({ name: "lz4", plainLen: QUICK_BYTES });
  const linker = work.links && new Linker(job, work.links, stored.blockSize);
  const squeezers = new Map<string, Squeezer>();
  // made when it is needed: a codec takes some megabytes
  const squeezerFor = async ({ algorithm: name, level, dictSize }: AlgorithmChoice) => {
    const key = `${name},${level},${dictSize}`;
    let squeezer = squeezers.get(key);
    if (!squeezer) {
      const codec = await createCodec({ name, level });
      // a frame's window is its contents, and the superblock says how large that can be
      const maxExtentBytes = name === "zstd" ? Math.min(dictSize, settings.maxExtentBytes) : settings.maxExtentBytes;
      // LZ4 itself is as quick as a look; and who asks for the smallest image has the time
      const skipsRandom = name !== "lz4" && !compression.dedupeExtents;
      squeezer = new Squeezer(job, codec, quick, contents, { ...settings, maxExtentBytes, skipsRandom }, linker);
      squeezers.set(key, squeezer);
    }
    return squeezer;
  };
  const xxhash = await loadXxHash();
  const found = work.found && {
    pclusters: new FoundBytes(work.found.pclusters, xxhash),
    fragments: new FoundBytes(work.found.fragments, xxhash),
  };
  const room = pieceRoom(compression.maxPclusterSize, stored.blockSize);
  const free: PieceOutput[] = [];
  const ordered = new OrderedOutput(job, WAITING_BYTES);
  const count = pieces.length / COMPRESS_FIELDS;
  for (const piece of job.pieces(count)) {
    const output = free.pop() ?? new PieceOutput(room, store, targets, found, work.links, (done) => free.push(done));
    const record = piece * COMPRESS_FIELDS;
    const first = pieces[record]!;
    const end = pieces[record + 1]!;
    const from = pieces[record + 2]!;
    const length = pieces[record + 3]!;
    for (let index = first; index < end; index++) {
      const entry = files[index]!;
      const method = methods[index]!;
      const { algorithm, pclusterSize } = stored.methods[method]!;
      const size = tree.size.view[entry]!;
      const part: PartInput = {
        entry,
        index,
        piece,
        method,
        algorithm: ALGORITHMS[compression.algorithms[algorithm]!.algorithm],
        pclusterSize,
        size,
        from,
        length: length === 0 ? size : length,
        // what is not to be compressed is not to be a fragment either
        end: pclusterSize === 0 ? "block" : work.end,
        inlineRoom: work.inlineRoom[index]!,
        flatRoom: work.flatRoom[index]!,
      };
      const squeezer = await squeezerFor(compression.algorithms[algorithm]!);
      await squeezer.squeeze(part, output);
    }
    linker?.finish(piece);
    output.seal();
    await ordered.add(piece, output);
  }
  await ordered.finish();
  contents.close();
}
