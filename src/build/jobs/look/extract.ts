/** The job that makes files of an image's, while the main thread still goes through its directories. */
import { type Job, threadsFor } from "../../../core/threads/threads.ts";
import { readerOf } from "../../../inspect/open-image.ts";
import { EntryMaker, type MakeRules } from "../../extract/node-maker.ts";
import { FileRows, type SharedFileRows } from "../../extract/plan.ts";
import { type ImagePlace, withPlace } from "../../look/image-place.ts";

/** What is to be made. */
export interface ExtractWork {
  place: ImagePlace;
  files: SharedFileRows;
  /** Where to. */
  folder: string;
  rules: MakeRules;
  /** Of the image. */
  bytes: number;
}

/** Files that a thread takes at once: neighbours, which may share blocks. */
const BATCH = 64;

/** Makes files. */
export const extract: Job<ExtractWork> = {
  threads: ({ bytes }) => threadsFor({ bytes: 8 * bytes }),
  run: (job, { place, files, folder, rules }) =>
    withPlace(place, async (image) => {
      const reader = readerOf(image);
      const maker = new EntryMaker(folder, rules);
      const rows = new FileRows(files);
      for (const { from, to } of rows.take(job, BATCH)) {
        for (let index = from; index < to; index++) {
          const { id, path, size, ...metadata } = rows.get(index);
          const pieces = reader.pieces(await reader.inode(id));
          await maker.makeFile(path, pieces, size, metadata, (bytes) => job.breathe(bytes));
        }
      }
    }),
};
