/** Makes files and directories of what an image holds. */
import { mkdirSync, readdirSync, realpathSync } from "node:fs";
import { whenAborted } from "../../core/abort.ts";
import { bytesFromLatin1, showBytes } from "../../core/bytes.ts";
import { AbortedError, ImageError } from "../../core/error.ts";
import { type EntryKind, kindOfMode } from "../../core/mode.ts";
import { attempt, systemCode } from "../../core/node/node-errors.ts";
import { defaultThreads } from "../../core/node/node-pool.ts";
import { readerOf } from "../../inspect/open-image.ts";
import type { ImageInode, ImageReader } from "../../inspect/reader.ts";
import { resolvePath } from "../../inspect/resolve.ts";
import type { WalkedEntry } from "../../inspect/walk.ts";
import type { ExtractWork } from "../jobs/look/extract.ts";
import { filesOf, type ImagePlace, withPlace } from "../look/image-place.ts";
import { startThreads } from "../start-threads.ts";
import { AttributeSetter } from "./node-attributes.ts";
import { EntryMaker, type MakeRules } from "./node-maker.ts";
import { makeNode } from "./node-specials.ts";
import { FileRows } from "./plan.ts";
import { selectEntries } from "./select.ts";

const OWNER_WRITES = 0o200;

/** How an image is extracted. */
export interface ExtractOptions {
  /** Entries of the image, each with all below it; none: all. */
  paths?: readonly string[];
  /** What is there is replaced, and directories are joined. Default: the folder must be empty, or new. */
  force?: boolean | undefined;
  workers?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** What was made. */
export interface ExtractReport {
  /** Entries gone through, the root and what is left out too. */
  entries: number;
  /** Bytes of the files' contents. */
  bytes: number;
  /** What could not be made, or not as it is in the image, a line each, attributes in one for all. */
  leftOut: string[];
}

/**
 * Extracts an image into a folder, which is made if it is not there. Owners are set for root alone.
 *
 * @throws ImageError `DAMAGED` where the image does not hold together; `IO`; `INPUT` for a folder that is not empty
 */
export async function extractImage(
  place: ImagePlace,
  to: string,
  options: ExtractOptions = {},
): Promise<ExtractReport> {
  const { force = false, workers = defaultThreads(), signal } = options;
  return withPlace(
    place,
    async (image) => {
      for (const path of options.paths ?? []) await resolvePath(readerOf(image), path, false);
      const folder = prepareFolder(to, force);
      const spared = filesOf(place).map(({ id }) => id);
      const rules: MakeRules = { replaces: force, setsOwners: process.getuid?.() === 0, spared };
      const extraction = new Extraction(readerOf(image), folder, rules);
      const work = { place, files: extraction.files.share(), folder, rules, bytes: image.bytes.size };
      await makeFiles(work, workers, signal, async () => {
        for await (const entry of selectEntries(readerOf(image), options.paths ?? [])) {
          if (signal?.aborted) throw new AbortedError(signal.reason);
          await extraction.add(entry);
        }
        extraction.files.end();
      });
      return await extraction.finish();
    },
    signal,
  );
}

/** Makes the folder, and gives where it is, links followed; throws `INPUT` for one with something in it. */
function prepareFolder(to: string, force: boolean): string {
  return attempt(to, () => {
    try {
      mkdirSync(to);
    } catch (error) {
      // not at once: of a filesystem that cannot be written to it would say that there is no such folder
      if (systemCode(error) !== "ENOENT" && systemCode(error) !== "EEXIST") throw error;
      mkdirSync(to, { recursive: true });
    }
    if (!force && readdirSync(to).length > 0)
      throw new ImageError("INPUT", `${to}: is not empty (--force replaces what is there)`, { path: to });
    return realpathSync(to);
  });
}

/** Makes files, as soon as `list` has told of them. */
async function makeFiles(
  work: ExtractWork,
  workers: number,
  signal: AbortSignal | undefined,
  list: () => Promise<void>,
): Promise<void> {
  const pool = startThreads(workers);
  const forget = signal && whenAborted(signal, () => pool.abort());
  try {
    await pool.run("extract", work, list);
  } finally {
    forget?.();
    pool.close();
  }
}

class Extraction {
  readonly files = new FileRows();
  /** Of the files that are to be made. */
  bytes = 0;
  readonly #reader: ImageReader;
  readonly #folder: string;
  readonly #rules: MakeRules;
  readonly #maker: EntryMaker;
  /** Where the first name of an inode is; those of files come later. */
  readonly #first = new Map<number, string>();
  readonly #hardLinks: { path: string; first: string }[] = [];
  readonly #directories: { path: Buffer; inode: ImageInode }[] = [];
  /** Entries that are to get attributes, once all files are there. */
  readonly #attributed: { path: string; id: number }[] = [];
  /** Files that may be written to only until they have theirs. */
  readonly #readOnly: { path: string; mode: number }[] = [];
  readonly #leftOut: string[] = [];
  #entries = 0;

  constructor(reader: ImageReader, folder: string, rules: MakeRules) {
    this.#reader = reader;
    this.#folder = folder;
    this.#rules = rules;
    this.#maker = new EntryMaker(folder, rules);
  }

  /** Makes an entry, but for the contents of files. */
  async add({ path, id, inode }: WalkedEntry): Promise<void> {
    this.#entries++;
    const kind = kindOfMode(inode.mode);
    const first = this.#first.get(id);
    if (first !== undefined && kind !== "directory") {
      this.#hardLinks.push({ path, first });
      return;
    }
    const hasAttributes = await this.#reader.hasXattrs(inode);
    if (kind === "file") this.#addFile(path, id, inode, hasAttributes);
    else if (!(await this.#makeOther(Buffer.from(path, "latin1"), kind, inode))) return;
    if (kind !== "directory" && inode.nlink > 1) this.#first.set(id, path);
    if (hasAttributes) this.#attributed.push({ path, id });
  }

  /** What can be done once all files are there. */
  async finish(): Promise<ExtractReport> {
    for (const { path, first } of this.#hardLinks) {
      this.#maker.makeHardLink(bytesFromLatin1(path), bytesFromLatin1(first));
    }
    const setter = new AttributeSetter(this.#folder);
    for (const { path, id } of this.#attributed) {
      setter.add(path, await this.#reader.xattrs(await this.#reader.inode(id)));
    }
    const why = setter.end();
    if (why !== undefined) this.#leftOut.push(why);
    for (const { path, mode } of this.#readOnly) this.#maker.changeMode(bytesFromLatin1(path), mode);
    for (const { path, inode } of this.#directories.reverse()) this.#maker.finishDirectory(path, inode);
    return { entries: this.#entries, bytes: this.bytes, leftOut: this.#leftOut };
  }

  #addFile(path: string, id: number, inode: ImageInode, hasAttributes: boolean): void {
    const { mode, uid, gid, mtime, mtimeNsec, size } = inode;
    // who is not root gives attributes only to what he may write to
    const isReadOnly = hasAttributes && !this.#rules.setsOwners && (mode & OWNER_WRITES) === 0;
    if (isReadOnly) this.#readOnly.push({ path, mode });
    this.files.add({ id, mode: isReadOnly ? mode | OWNER_WRITES : mode, uid, gid, mtime, mtimeNsec, size }, path);
    this.bytes += size;
  }

  /** Makes what is no file; false: it is left out. */
  async #makeOther(path: Buffer, kind: EntryKind | undefined, inode: ImageInode): Promise<boolean> {
    switch (kind) {
      case "directory":
        if (path.length > 0) this.#maker.makeDirectory(path);
        this.#directories.push({ path, inode });
        return true;
      case "symlink":
        this.#maker.makeLink(path, await this.#reader.target(inode), inode);
        return true;
      case "char":
      case "block":
      case "fifo":
        return this.#makeSpecial(path, kind, inode);
      default:
        this.#leaveOut(path, kind === "socket" ? "is a socket" : `has the mode ${inode.mode.toString(8)}`);
        return false;
    }
  }

  #makeSpecial(path: Buffer, kind: "char" | "block" | "fifo", inode: ImageInode): boolean {
    try {
      this.#maker.makeSpecial(path, (at, whole) => makeNode(at, whole, kind, this.#reader.device(inode)), inode);
      return true;
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      this.#leaveOut(path, error.message);
      return false;
    }
  }

  #leaveOut(path: Buffer, why: string): void {
    this.#leftOut.push(`${showBytes(path)}: ${why}`);
  }
}
