/** The job that makes files of an image's. */
import { type Job, threadsFor } from "../../../core/threads.ts";
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
  /** Bytes of the files. */
  bytes: number;
}

/** Files that a thread takes at once: neighbours, which may share blocks. */
const BATCH = 64;

/** Makes files. */
export const extract: Job<ExtractWork> = {
  threads: ({ files, bytes }) =>
    Math.min(Math.ceil(files.count / BATCH), threadsFor({ bytes: 2 * bytes, entries: 2 * files.count })),
  run: (job, { place, files, folder, rules }) =>
    withPlace(place, async (image) => {
      const reader = readerOf(image);
      const maker = new EntryMaker(folder, rules);
      const rows = FileRows.attach(files);
      for (const batch of job.pieces(Math.ceil(rows.count / BATCH))) {
        const end = Math.min((batch + 1) * BATCH, rows.count);
        for (let index = batch * BATCH; index < end; index++) {
          const { id, path, size, ...metadata } = rows.get(index);
          const pieces = reader.pieces(await reader.inode(id));
          await maker.makeFile(path, pieces, size, metadata, (bytes) => job.breathe(bytes));
        }
      }
    }),
};
