/**
 * Archives that are changed once they have been read: entries of theirs have no place on disk, those that are added may have
 * one. Which is which, and what of the archive an entry holds, is told by its number: see Origins.
 */
import { sharedUint32 } from "../../../core/shared.ts";
import type { EntryMeta } from "../../tree/edit.ts";
import { NONE } from "../../tree/tree.ts";
import { XattrSets } from "../../tree/xattrs.ts";
import type { SharedPaths } from "../disk/node-paths.ts";
import type { Origins } from "../merge.ts";
import { Amending, type Amendment } from "../node-amend.ts";
import type { RangedSource } from "./node-ranged-source.ts";

/** The parts of what such a source holds. */
const ARCHIVE = 0;
const DISK = 1;

/** An archive whose tree `amendment` changes. `defaults`: of directories that nobody has described. */
export function amendArchive(source: RangedSource, defaults: EntryMeta, amendment: Amendment): RangedSource {
  return {
    isClosure: source.isClosure,
    readsDisk: true,
    restore: (error) => source.restore(error),
    async stageRanges(tree, policy, job, temporary) {
      const staged = await source.stageRanges(tree, policy, job, temporary);
      const paths: SharedPaths = { from: sharedUint32(0), to: sharedUint32(0), isDirectory: false, exactStats: true };
      const sets = new XattrSets(staged.xattrs);
      const archived = tree.length;
      /** By entry that is a copy of one of the archive: that one. */
      const originals = new Map<number, number>();
      const originOf = (entry: number) => originals.get(entry) ?? (entry < archived ? entry : NONE);
      const copied = (from: number, to: number) => {
        const origin = originOf(from);
        if (origin !== NONE) originals.set(to, origin);
      };
      const work = new Amending(tree, policy, { paths, defaults, sets, temporary, readXattrs: undefined, copied });
      await amendment(work);
      job.control.check();
      work.editor.finish();
      return { ...staged, xattrs: sets.sets, amended: { paths, origins: originsOf(tree.length, originOf) } };
    },
  };
}

function originsOf(entries: number, originOf: (entry: number) => number): Origins {
  const origins = { part: sharedUint32(entries), entry: sharedUint32(entries) };
  for (let entry = 0; entry < entries; entry++) {
    const origin = originOf(entry);
    origins.part[entry] = origin === NONE ? DISK : ARCHIVE;
    origins.entry[entry] = origin === NONE ? entry : origin;
  }
  return origins;
}
