/** Verifies an image: all structures, the order of names, the checksum, and every block of data. */
import { whenAborted } from "../../core/abort.ts";
import { AbortedError } from "../../core/error.ts";
import { defaultThreads } from "../../core/node/node-pool.ts";
import { checkStructure } from "../../inspect/verify/check.ts";
import { PieceDecoder } from "../../inspect/verify/decode-pieces.ts";
import type { Finding } from "../../inspect/verify/finding.ts";
import { countStored, pieceOf, StoredPieces } from "../../inspect/verify/stored-pieces.ts";
import type { DecodeWork } from "../jobs/look/decode.ts";
import { startThreads } from "../start-threads.ts";
import { type ImagePlace, withPlace } from "./image-place.ts";

/** How an image is verified. */
export interface VerifyOptions {
  /** Threads that decode. Default: the processors available. */
  workers?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** What that came to. */
export interface VerifyReport {
  /** What is wrong, as far as it is told. */
  findings: readonly Finding[];
  /** How much is wrong in all. */
  count: number;
  /** Pieces of data, and their bytes as they are stored. */
  pieces: number;
  bytes: number;
}

/**
 * Reads all of an image.
 *
 * @throws ImageError `DAMAGED` where a structure cannot be read, so that no more can be said; `INPUT` where it has what is
 * not read here; `IO`; `ABORTED`
 */
export async function verifyPlace(place: ImagePlace, options: VerifyOptions = {}): Promise<VerifyReport> {
  const { workers = defaultThreads(), signal } = options;
  return withPlace(
    place,
    async (image) => {
      const pieces = new StoredPieces();
      const { findings, showOwner } = await checkStructure(image, pieces);
      if (signal?.aborted) throw new AbortedError(signal.reason);
      const rows = pieces.sorted();
      const count = countStored(rows);
      const failed = new Uint8Array(new SharedArrayBuffer(count));
      let bytes = 0;
      for (let index = 0; index < count; index++) bytes += pieceOf(rows, index).stored;
      await decodeAll({ place, rows, failed, bytes }, workers, signal);
      const decoder = new PieceDecoder(image);
      for (let index = failed.indexOf(1); index >= 0; index = failed.indexOf(1, index + 1)) {
        // once more, as only now it is told what is wrong
        await decoder.decode(rows, index, index + 1, (_, { message, offset }) => {
          findings.add({
            path: showOwner(pieceOf(rows, index).owner),
            ...(offset !== undefined && { offset }),
            message,
          });
        });
      }
      return { findings: findings.list, count: findings.count, pieces: count, bytes };
    },
    signal,
  );
}

async function decodeAll(work: DecodeWork, workers: number, signal: AbortSignal | undefined): Promise<void> {
  const pool = startThreads(workers);
  const forget = signal && whenAborted(signal, () => pool.abort());
  try {
    await pool.run("decode", work);
  } finally {
    forget?.();
    pool.close();
  }
}
