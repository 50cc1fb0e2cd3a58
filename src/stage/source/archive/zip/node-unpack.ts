/**
 * Has the contents of members of zip archives where they can be read at random: those that are stored lie in the archive,
 * the others are decompressed into one temporary file, by all threads at once. All of them are checked.
 */
import { showBytes } from "../../../../core/bytes.ts";
import { ImageError } from "../../../../core/error.ts";
import { SpillFile } from "../../../../core/node/node-spill.ts";
import type { JobContext } from "../../../../core/threads/threads.ts";
import { type SharedTree, Tree } from "../../../tree/tree.ts";
import { type ArchiveRanges, RangeNotes } from "../node-archive-contents.ts";
import { ArchiveFile, type ArchivePlace } from "../node-archive-file.ts";
import { findData, readData, streamData, type ZipData } from "./node-zip-data.ts";

/** What is to be unpacked: plain data, in shared memory. A column has an element for each member. */
export interface UnpackWork {
  tree: SharedTree;
  /** Where contents lie in the end: the archives, and behind them the temporary file. */
  ranges: ArchiveRanges;
  /** Entries that members have become, in the order in which their data lies in the archives. */
  entries: Uint32Array;
  /** The archive that each lies in, its local header and the bytes of its data there. */
  archives: Uint32Array;
  headerOffs: Float64Array;
  packedLens: Float64Array;
  crc32s: Uint32Array;
  /** Where it goes in the temporary file; -1: it is stored as it is, and stays where it is. */
  spillOffs: Float64Array;
  /** Members that a thread takes at once: where each row of them starts, and at last where the last one ends. */
  rows: Uint32Array;
}

/** Bytes of members that are taken at once, packed or not: what a thread has in memory. Larger ones come in parts. */
const ROW_BYTES = 1 << 20;
const ROW_MEMBERS = 256;

/** Cuts members into rows. @param lens bytes of each, packed or not, whatever is more */
export function cutRows(lens: readonly number[] | Float64Array): number[] {
  const rows = [0];
  let bytes = 0;
  lens.forEach((length, member) => {
    const count = member - rows.at(-1)!;
    if (count > 0 && (bytes + length > ROW_BYTES || count === ROW_MEMBERS)) {
      rows.push(member);
      bytes = 0;
    }
    bytes += length;
  });
  return [...rows, lens.length];
}

/** Unpacks members until none is left; run by every thread at once. */
export async function unpackMembers(job: JobContext, work: UnpackWork): Promise<void> {
  const unpacker = new Unpacker(work);
  job.keep(unpacker);
  for (const row of job.pieces(work.rows.length - 1)) {
    await unpacker.unpack(job, work.rows[row]!, work.rows[row + 1]!);
    const breathing = job.breathe();
    if (breathing !== undefined) await breathing;
  }
  unpacker.finish();
}

class Unpacker {
  readonly #work: UnpackWork;
  readonly #tree: Tree;
  readonly #notes: RangeNotes;
  readonly #spill: SpillFile | undefined;
  /** Of what is decompressed: the rows of small members that are written at once. */
  readonly #buffer = new Uint8Array(ROW_BYTES);
  #open: { archive: number; file: ArchiveFile } | undefined;

  constructor(work: UnpackWork) {
    this.#work = work;
    this.#tree = Tree.attach(work.tree);
    this.#notes = new RangeNotes(work.ranges);
    const place = this.#spillPlace;
    this.#spill = place && new SpillFile(place.path, place.shownPath);
  }

  get #spillPlace(): ArchivePlace | undefined {
    return this.#work.spillOffs.some((offset) => offset >= 0) ? this.#work.ranges.places.at(-1) : undefined;
  }

  /** Unpacks members in a row. */
  async unpack(job: JobContext, from: number, to: number): Promise<void> {
    const { entries, archives, spillOffs, ranges } = this.#work;
    let start = -1;
    let filled = 0;
    for (let member = from; member < to; member++) {
      const entry = entries[member]!;
      const refuse = (why: string) => this.#refuse(member, why);
      const file = this.#fileOf(archives[member]!);
      const data = this.#dataOf(member);
      const spillOff = spillOffs[member]!;
      job.countRead(data.packedLen);
      job.advance(1);
      if (spillOff < 0) {
        this.#notes.note(entry, archives[member]!, findData(file, data, refuse));
        await streamData(file, data, refuse, () => job.breathe());
        continue;
      }
      this.#notes.note(entry, ranges.places.length - 1, spillOff);
      if (Math.max(data.size, data.packedLen) > ROW_BYTES) {
        await streamData(file, data, refuse, (bytes, offset) => {
          this.#spill!.writeAt(bytes, spillOff + offset);
          return job.breathe();
        });
        continue;
      }
      if (start < 0) start = spillOff;
      this.#buffer.set(readData(file, data, refuse), spillOff - start);
      filled = spillOff - start + data.size;
    }
    if (filled > 0) this.#spill!.writeAt(this.#buffer.subarray(0, filled), start);
  }

  #dataOf(member: number): ZipData {
    const { entries, headerOffs, packedLens, crc32s, spillOffs } = this.#work;
    return {
      ...{ isDeflated: spillOffs[member]! >= 0, headerOff: headerOffs[member]!, packedLen: packedLens[member]! },
      ...{ size: this.#tree.size.view[entries[member]!]!, crc32: crc32s[member]! },
    };
  }

  #fileOf(archive: number): ArchiveFile {
    if (this.#open?.archive === archive) return this.#open.file;
    this.finish();
    this.#open = { archive, file: new ArchiveFile(this.#work.ranges.places[archive]!) };
    return this.#open.file;
  }

  #refuse(member: number, why: string): ImageError {
    const { shownPath: path } = this.#work.ranges.places[this.#work.archives[member]!]!;
    const shown = showBytes(this.#tree.path(this.#work.entries[member]!));
    return new ImageError("INPUT", `${path}: ${shown}: ${why}`, { path });
  }

  /** The archive must be as it was. */
  finish(): void {
    this.#open?.file.check();
    this.#open?.file.release();
    this.#open = undefined;
  }

  release(): void {
    this.#open?.file.release();
    this.#open = undefined;
    this.#spill?.release();
  }
}
