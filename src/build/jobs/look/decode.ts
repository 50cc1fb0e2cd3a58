/** The job that decodes all data of an image, to know that it can be. */
import { type Job, type JobContext, threadsFor } from "../../../core/threads/threads.ts";
import { PieceDecoder } from "../../../inspect/verify/decode-pieces.ts";
import { countStored } from "../../../inspect/verify/stored-pieces.ts";
import { type ImagePlace, withPlace } from "../../look/image-place.ts";

/** What is to be decoded. */
export interface DecodeWork {
  place: ImagePlace;
  /** See StoredPieces.sorted. */
  rows: Float64Array;
  /** In shared memory, by piece: 1 where one could not be decoded. */
  failed: Uint8Array;
  /** Bytes that are stored, for what threads are worth. */
  bytes: number;
}

/** Pieces that a thread takes at once. */
const BATCH = 64;

/** Decodes pieces. */
export const decode: Job<DecodeWork> = {
  threads: ({ rows, bytes }) => Math.min(Math.ceil(countStored(rows) / BATCH), threadsFor({ bytes: 4 * bytes })),
  run: (job: JobContext, { place, rows, failed }) =>
    withPlace(place, async (image) => {
      const decoder = new PieceDecoder(image);
      const count = countStored(rows);
      for (const batch of job.pieces(Math.ceil(count / BATCH))) {
        const end = Math.min((batch + 1) * BATCH, count);
        await decoder.decode(rows, batch * BATCH, end, (index) => {
          failed[index] = 1;
        });
        const breathing = job.breathe(end - batch * BATCH);
        if (breathing !== undefined) await breathing;
      }
    }),
};
