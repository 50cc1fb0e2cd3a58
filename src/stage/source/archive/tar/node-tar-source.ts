/** Tar archives as a source: from files, from streams, several in order. */
import { showBytes } from "../../../../core/bytes.ts";
import { Column } from "../../../../core/column.ts";
import { ImageError } from "../../../../core/error.ts";
import { CallFolder, givenPath, settle } from "../../../../core/node/node-folder.ts";
import type { TemporaryFiles } from "../../../../core/node/node-temporary.ts";
import { type Checks, FLAG, list, NUMBER, oneOf, record, showValue, TEXT } from "../../../../core/options/checks.ts";
import { type JobContext, threadsFor } from "../../../../core/threads/threads.ts";
import type { StagePolicy } from "../../../tree/policy.ts";
import { FLAG_SPARSE, S_IFREG, type Tree } from "../../../tree/tree.ts";
import type { Xattr } from "../../../tree/xattrs.ts";
import { isWhiteout } from "../../overlay.ts";
import { ArchiveInput } from "../archive-input.ts";
import { MemberTree, type MissingDirectories } from "../member-tree.ts";
import { type ArchiveRanges, createRanges } from "../node-archive-contents.ts";
import type { ArchivePlace } from "../node-archive-file.ts";
import { openArchive } from "../node-archive-stream.ts";
import type { ArchiveCompression } from "../node-decompress.ts";
import type { RangedSource } from "../node-ranged-source.ts";
import { type MemberChoice, MemberChooser } from "./reroot.ts";
import { type TarMember, TarReader } from "./tar-reader.ts";
import { hasHoles } from "./tar-sparse.ts";
import { Whiteouts } from "./whiteouts.ts";

/** A tar archive: the path of a file, or its bytes. */
export type TarInput = string | Uint8Array | Blob | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** How tar archives are read. */
export interface TarOptions extends MemberChoice {
  /** What messages call a stream. Default: `tar`. */
  name?: string | undefined;
  /** How they are compressed. Default: what they begin with tells. */
  compression?: "none" | "gzip" | "zstd" | undefined;
  /** Whiteouts of AUFS, as container layers have them, become those of overlayfs (`--aufs`). Default: they are files. */
  aufs?: boolean | undefined;
  /** `strip` leaves whiteouts and marks of opaque directories out (`--ovlfs-strip`). Default: `keep`. */
  overlay?: "keep" | "strip" | undefined;
  /** Blocks of zeros do not end an archive, as several may be joined (`-ignore-zeros`). Default: false. */
  ignoreZeros?: boolean | undefined;
  /** Directories that no archive describes (`-default-mode` and so on). Default: 0755, of root. */
  missing?: MissingDirectories | undefined;
  /** A file that gets the bytes of the only archive, once they are decompressed (`--ungzip=X`). Default: none. */
  copyTo?: string | undefined;
}

const MISSING: Checks<MissingDirectories> = { mode: NUMBER, uid: NUMBER, gid: NUMBER };

const TAR_CHECKS: Checks<TarOptions> = {
  name: TEXT,
  compression: oneOf("none", "gzip", "zstd"),
  aufs: FLAG,
  overlay: oneOf("keep", "strip"),
  ignoreZeros: FLAG,
  missing: record("key of missing", MISSING),
  copyTo: TEXT,
  rootBecomes: TEXT,
  keepTargets: FLAG,
  excludeMembers: list("an array of patterns", TEXT),
};
const TAR = record("option of tarStream()", TAR_CHECKS);

const MAX_ROWS = 2 ** 28;

/**
 * What tar archives hold, as it would lie in a directory into which they are extracted in order: v7, ustar, GNU and pax
 * archives, with hard links, devices, sparse files and extended attributes; also compressed with gzip, zstd, xz or lzma. An entry
 * that comes later takes the place of one before. Directories that no archive describes are 0755 and root's, of the time
 * of the build.
 *
 * A file that is not compressed is read at random by all threads. All else passes through a temporary file; streams can be
 * read by one build only.
 */
export function tarStream(archives: TarInput | readonly TarInput[], options: TarOptions = {}): RangedSource {
  const folder = CallFolder.now();
  const inputs = settle(() => {
    const fault = TAR.find(options);
    if (fault) throw new ImageError("INPUT", `tarStream(): ${fault.at.slice(1)}: ${fault.why}`);
    const given = Array.isArray(archives) ? (archives as readonly TarInput[]) : [archives as TarInput];
    if (given.length === 0) throw new ImageError("INPUT", "tarStream(): there is no archive");
    return given.map((archive) => toInput(archive, folder, options.name ?? "tar"));
  });
  const copyTo = options.copyTo === undefined ? undefined : settle(() => folder.resolveText(options.copyTo!));
  let isRead = false;
  return {
    isClosure: false,
    restore: (error) => folder.restore(error),
    async stageRanges(tree, policy, job, temporary) {
      const all = inputs();
      if (isRead && all.some(({ isOnce }) => isOnce))
        throw new ImageError("INPUT", "tarStream(): the stream has been read already, and can be read only once");
      isRead = true;
      const stage = new TarStage(tree, policy, options);
      for (const input of all) await stage.add(input, { job, temporary, copyTo: copyTo?.() });
      return stage.finish();
    },
  };
}

/** An archive that has been given. */
interface GivenArchive {
  bytes: string | AsyncIterable<Uint8Array>;
  shownPath: string;
  /** It can be read only once. */
  isOnce: boolean;
}

function toInput(archive: TarInput, folder: CallFolder, name: string): GivenArchive {
  if (typeof archive === "string") {
    const path = folder.resolveText(showBytes(givenPath("tarStream()", archive)));
    return { bytes: path, shownPath: path, isOnce: false };
  }
  const isObject = typeof archive === "object" && archive !== null;
  if (archive instanceof Uint8Array) return { bytes: once(archive), shownPath: name, isOnce: false };
  if (isObject && "stream" in archive)
    return {
      bytes: { [Symbol.asyncIterator]: () => archive.stream()[Symbol.asyncIterator]() },
      shownPath: name,
      isOnce: false,
    };
  if (isObject && Symbol.asyncIterator in archive)
    return { bytes: archive as AsyncIterable<Uint8Array>, shownPath: name, isOnce: true };
  throw new ImageError("INPUT", `tarStream(): ${showValue(archive)} is neither a path nor bytes`);
}

function once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  return {
    async *[Symbol.asyncIterator]() {
      yield bytes;
    },
  };
}

/** What reading takes from a build. */
interface Reading {
  job: JobContext;
  temporary: TemporaryFiles;
  copyTo: string | undefined;
}

/** Puts archives into a tree, one after the other. */
class TarStage {
  readonly #options: TarOptions;
  readonly #tree: Tree;
  readonly #members: MemberTree;
  readonly #whiteouts: Whiteouts;
  readonly #chooser: MemberChooser;
  readonly #places: ArchivePlace[] = [];
  readonly #holdsContents: boolean;
  /** Of contents, so far. */
  #bytes = 0;
  readonly #placeOf: Column<Uint32Array>;
  readonly #offsets: Column<Float64Array>;
  readonly #rows: Column<Float64Array>;
  #rowsEnd = 0;

  constructor(tree: Tree, policy: StagePolicy, options: TarOptions) {
    this.#options = options;
    this.#holdsContents = policy.holdsContents;
    this.#tree = tree;
    const { placeOf, offsets } = createRanges();
    this.#placeOf = new Column(Uint32Array, placeOf);
    this.#offsets = new Column(Float64Array, offsets);
    this.#rows = Column.create(Float64Array, MAX_ROWS);
    this.#members = new MemberTree(tree, policy, [this.#placeOf, this.#offsets], options.missing);
    this.#whiteouts = new Whiteouts(this.#members, options);
    this.#chooser = new MemberChooser(options);
  }

  async add({ bytes, shownPath }: GivenArchive, { job, temporary, copyTo }: Reading): Promise<void> {
    const compression: ArchiveCompression | undefined = this.#options.compression;
    const archive = await openArchive(bytes, { shownPath, compression, copyTo }, temporary);
    try {
      this.#members.startArchive(shownPath);
      const input = new ArchiveInput(archive.stream);
      const { ignoreZeros = false } = this.#options;
      const reader = new TarReader(input, shownPath, { ignoreZeros, headersOnly: false });
      for (let member = await reader.next(); member; member = await reader.next()) {
        this.#add(member);
        if (this.#holdsContents) job.recruit(threadsFor({ bytes: this.#bytes, entries: this.#tree.length }));
        const breathing = job.breathe(1);
        if (breathing !== undefined) await breathing;
      }
      // whoever writes into a pipe is to come to an end
      await input.drain();
      this.#places.push(archive.place());
    } finally {
      archive.release();
    }
  }

  #add(given: TarMember): void {
    const chosen = this.#chooser.take(given);
    const member = chosen && this.#whiteouts.take(chosen);
    if (member === undefined) return;
    const entry = this.#members.add(member);
    if (member.kind !== S_IFREG) return;
    this.#bytes += member.size;
    this.#placeOf.view[entry] = this.#places.length;
    this.#offsets.view[entry] = member.rows ? this.#addRows(member, member.rows) : member.offset;
    if (member.rows && hasHoles(member.rows, member.size)) this.#tree.flags.view[entry] = FLAG_SPARSE;
  }

  #addRows({ offset }: TarMember, rows: readonly number[]): number {
    const at = this.#rowsEnd;
    this.#rowsEnd += 2 + rows.length;
    const view = this.#rows.ensure(this.#rowsEnd);
    view[at] = rows.length;
    view[at + 1] = offset;
    view.set(rows, at + 2);
    return -1 - at;
  }

  finish(): { ranges: ArchiveRanges; xattrs: Xattr[][] } {
    const tree = this.#tree;
    this.#whiteouts.finish();
    const strips = this.#options.overlay === "strip";
    const leavesOut = (entry: number) => isWhiteout(tree, entry);
    const xattrs = this.#members.finish(strips ? leavesOut : undefined);
    const [placeOf, offsets, rows] = [this.#placeOf.buffer, this.#offsets.buffer, this.#rows.buffer];
    return { ranges: { places: this.#places, placeOf, offsets, rows }, xattrs };
  }
}
