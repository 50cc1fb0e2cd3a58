/** A pack file as a source. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, isAbsolute } from "node:path";
import { bytesFromLatin1, latin1FromBytes, showBytes } from "../../../core/bytes.ts";
import { ImageError } from "../../../core/error.ts";
import { systemMessage } from "../../../core/node/node-errors.ts";
import { CallFolder, givenPath, settle } from "../../../core/node/node-folder.ts";
import { type Checks, checkOptions, FLAG, NUMBER, record, TEXT } from "../../../core/options/checks.ts";
import { compileGlob } from "../../text/glob.ts";
import type { EntryMeta } from "../../tree/edit.ts";
import { splitPath } from "../../tree/path.ts";
import { NONE, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK } from "../../tree/tree.ts";
import { systemPath } from "../disk/node-windows.ts";
import { type Amending, amend } from "../node-amend.ts";
import { type FileSource, nothing } from "../node-sources.ts";
import { addHardLinks, locate } from "./hard-links.ts";
import { type PackEntry, parsePackFile } from "./pack-file.ts";

/** What a pack file does not say. */
export interface PackFileOptions {
  /** Where the locations of files begin (`--pack-dir`). Default: the folder that the pack file lies in. */
  packDir?: string | undefined;
  /** Of the root, and of directories that are not described (`--defaults`). Default: mode 0755, the rest 0. */
  defaults?: PackFileDefaults | undefined;
}

/** What {@link PackFileOptions.defaults} may say. */
export interface PackFileDefaults {
  /** Permission bits. */
  mode?: number | undefined;
  /** Owner. */
  uid?: number | undefined;
  /** Group. */
  gid?: number | undefined;
  /** Seconds since 1970. */
  mtime?: number | undefined;
  /** Their owner is this one, whatever all entries get. */
  keepsOwner?: boolean | undefined;
}

/** What may stand in {@link PackFileDefaults}. */
export const PACK_FILE_DEFAULTS: Checks<PackFileDefaults> = {
  mode: NUMBER,
  uid: NUMBER,
  gid: NUMBER,
  mtime: NUMBER,
  keepsOwner: FLAG,
};
const PACK_FILE_CHECKS: Checks<PackFileOptions> = { packDir: TEXT, defaults: record("default", PACK_FILE_DEFAULTS) };

/**
 * The entries that a pack file describes, in the grammar of gensquashfs: `dir`, `file`, `slink`, `link`, `nod`, `pipe`,
 * `sock` and `glob`. All have the time of the defaults.
 */
export function packFile(list: string, options: PackFileOptions = {}): FileSource {
  const folder = CallFolder.now();
  const given = settle(() => {
    checkOptions(options, PACK_FILE_CHECKS);
    const path = folder.resolve(givenPath("packFile()", list));
    const base = options.packDir === undefined ? dirname(showBytes(path)) : folder.resolveText(options.packDir);
    return { path: showBytes(path), base };
  });
  const { mode = 0o755, uid = 0, gid = 0, mtime = 0, keepsOwner } = options?.defaults ?? {};
  const defaults = { mode: S_IFDIR | mode, uid, gid, mtime, keepsOwner };
  const source = amend(nothing(), defaults, (work) => {
    const { path, base } = given();
    const lines = parsePackFile(readList(path), list);
    new PackFileReader(work, latin1FromBytes(Buffer.from(base)), defaults).add(lines);
  });
  return { ...source, isBare: true, restore: (error) => folder.restore(error) };
}

function readList(list: string): Uint8Array {
  try {
    return readFileSync(list);
  } catch (cause) {
    throw new ImageError("INPUT", `${list}: ${systemMessage(cause)}`, { path: list, cause });
  }
}

/** What a `glob` line goes through. */
interface GlobWalk {
  /** The directory that it begins with, and its device. */
  top: string;
  device: bigint;
  /** Where in the image files of several names have been added. */
  inodes: Map<string, string>;
}

class PackFileReader {
  readonly #work: Amending;
  readonly #base: string;
  readonly #defaults: EntryMeta;

  constructor(work: Amending, base: string, defaults: EntryMeta) {
    this.#work = work;
    this.#base = base;
    this.#defaults = defaults;
  }

  add(entries: readonly PackEntry[]): void {
    this.#work.editor.setMeta(0, this.#defaults);
    for (const entry of entries) locate(entry.where, () => this.#addEntry(entry));
    const links = entries.filter(({ keyword }) => keyword === "link");
    addHardLinks(this.#work.editor, links);
    this.#work.leaveOutExcluded();
  }

  #addEntry(entry: PackEntry): void {
    const { editor } = this.#work;
    const { keyword, path } = entry;
    if (keyword === "dir") editor.add(path, this.#meta(entry, S_IFDIR));
    else if (keyword === "pipe") editor.add(path, this.#meta(entry, S_IFIFO));
    else if (keyword === "sock") editor.add(path, this.#meta(entry, S_IFSOCK));
    else if (keyword === "slink") editor.setTarget(editor.add(path, this.#meta(entry, S_IFLNK)), entry.target);
    else if (keyword === "nod") this.#work.addDevice(path, this.#meta(entry, entry.kind), entry.major, entry.minor);
    else if (keyword === "file") {
      this.#work.addFile(path, this.#meta(entry, S_IFREG), this.#diskPath(entry.target, entry.target === path));
    } else if (keyword === "glob") this.#glob(entry);
  }

  #meta({ mode, uid, gid }: PackEntry, kind: number): EntryMeta {
    return { mode: kind | permissions(kind, mode ?? 0), uid: uid ?? 0, gid: gid ?? 0, mtime: this.#defaults.mtime };
  }

  /** A location; the path of the image, where it stands for one, has no root of its own. */
  #diskPath(location: string, isImagePath: boolean): string {
    if (isAbsolute(location) && !isImagePath) return location;
    const path = isImagePath ? splitPath(location).join("/") : location;
    return this.#base === "." ? path : `${this.#base}/${path}`;
  }

  #glob(entry: PackEntry): void {
    const location = this.#diskPath(entry.target, false);
    const stats = this.#work.stat(location, true);
    if ((Number(stats.mode) & S_IFMT) !== S_IFDIR) {
      throw new ImageError("INPUT", `${entry.where}: ${entry.target} is not a directory`);
    }
    const { editor } = this.#work;
    const top = splitPath(entry.path).join("/");
    if (editor.find(top) === NONE) editor.addImplied(top);
    const { name, path } = entry.glob!;
    const hasName = name === undefined ? undefined : compileGlob(name);
    const hasPath = path === undefined ? undefined : compileGlob(path, { pathname: true });
    const walk: GlobWalk = { top: location, device: stats.dev, inodes: new Map() };
    const pending = [{ image: top, disk: location }];
    for (let next = pending.pop(); next; next = pending.pop()) {
      for (const child of this.#names(next.disk)) {
        const image = next.image === "" ? child : `${next.image}/${child}`;
        const disk = `${next.disk}/${child}`;
        const isMatch = (hasName?.(child) ?? true) && (hasPath?.(image) ?? true);
        if (this.#globEntry(entry, image, disk, isMatch, walk)) pending.push({ image, disk });
      }
    }
  }

  #names(directory: string): string[] {
    try {
      return readdirSync(systemPath(Buffer.from(bytesFromLatin1(directory))), "latin1").sort();
    } catch (cause) {
      const path = showBytes(bytesFromLatin1(directory));
      throw new ImageError("INPUT", `${path}: ${systemMessage(cause)}`, { path, cause });
    }
  }

  /** Adds what was found, if it is wanted; returns whether to look into it. */
  #globEntry(
    entry: PackEntry,
    image: string,
    disk: string,
    isMatch: boolean,
    { top, device, inodes }: GlobWalk,
  ): boolean {
    const { editor } = this.#work;
    const { hardLinks, kinds, keepTime, recursive, sameDevice } = entry.glob!;
    const stats = this.#work.stat(disk, false);
    if (this.#work.leavesOut(stats, disk)) return false;
    const kind = Number(stats.mode) & S_IFMT;
    const present = editor.find(image);
    const isDirectory = kind === S_IFDIR;
    if (isMatch && (kinds === undefined || kinds.includes(kind)) && !(isDirectory && present !== NONE)) {
      const meta = {
        mode: kind | permissions(kind, entry.mode ?? this.#work.mode(disk, stats) & 0o7777),
        uid: entry.uid ?? Number(stats.uid),
        gid: entry.gid ?? Number(stats.gid),
        mtime: keepTime ? Math.floor(Number(stats.mtimeMs) / 1000) : this.#defaults.mtime,
      };
      const inode = hardLinks && !isDirectory && stats.nlink > 1n ? `${stats.dev}:${stats.ino}` : undefined;
      const first = inode && inodes.get(inode);
      if (inode && !first) inodes.set(inode, image);
      if (first) editor.addLink(image, editor.find(first));
      else this.#work.addFrom(image, meta, disk, stats, top);
    }
    // a directory that is not wanted, and that nothing else has put there, hides what is in it
    return isDirectory && recursive && !(sameDevice && stats.dev !== device) && editor.find(image) !== NONE;
  }
}

/** Those of symbolic links are always the same. */
function permissions(kind: number, mode: number): number {
  return kind === S_IFLNK ? 0o777 : mode;
}
