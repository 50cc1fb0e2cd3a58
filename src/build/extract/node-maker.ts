/**
 * Makes entries in a folder. Nothing is followed and nothing is replaced but what was asked to be: each entry is new, or an
 * error; so what an image holds cannot lead out of the folder.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  ftruncateSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  rmSync,
  type Stats,
  statSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { showBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { attempt } from "../../core/node/node-errors.ts";
import { fileId } from "../../core/node/node-identity.ts";
import type { ImageInode, ImagePiece } from "../../inspect/reader.ts";
import { withShortPath } from "../../stage/source/disk/node-paths.ts";

/** Without Windows, which has no such flags, a link that someone puts there meanwhile is not followed. */
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
/** Whose what this process makes is. */
const [OWN_UID, OWN_GID] = [process.geteuid?.(), process.getegid?.()];
const IS_WINDOWS = process.platform === "win32";
/** What no name of Windows has. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are among it
const NOT_ON_WINDOWS = /[\x00-\x1f<>:"|?*\\]|[ .]$/;

/** What it takes to fill a directory. */
const ALL_OF_OWNER = 0o700;

/** Permissions, owner and time of what is made. */
export type Metadata = Pick<ImageInode, "mode" | "uid" | "gid" | "mtime" | "mtimeNsec">;

/** What may be done besides making what is new. */
export interface MakeRules {
  /** What is there already is replaced, and directories are joined. */
  replaces: boolean;
  /** Owners are given to entries: who is not root cannot. */
  setsOwners: boolean;
  /** {@link fileId} of files that are read, and not to be replaced. */
  spared: readonly string[];
}

/** Makes entries below a folder; paths are relative to it. */
export class EntryMaker {
  readonly #prefix: Buffer;
  readonly #rules: MakeRules;
  /** Whether what is new in the folder has the group of this process, although a folder may hand on its own. */
  readonly #hasOwnGroup: boolean;

  constructor(folder: string, rules: MakeRules) {
    this.#prefix = Buffer.from(`${folder}/`);
    this.#rules = rules;
    this.#hasOwnGroup = attempt(folder, () => statSync(folder)).gid === OWN_GID;
  }

  /** Where a path is on this machine. */
  place(path: Uint8Array): Buffer {
    return path.length === 0 ? this.#prefix.subarray(0, -1) : Buffer.concat([this.#prefix, path]);
  }

  /** A directory that can be filled; {@link finishDirectory} gives it what it is to have. */
  makeDirectory(path: Uint8Array): void {
    const at = this.place(path);
    // one that is there is joined, but never one that a link leads to
    const there = this.#rules.replaces ? attempt(at, () => withShortPath(at, statsOf)) : undefined;
    if (there?.isDirectory() !== true) this.#make(path, (short) => mkdirSync(short, ALL_OF_OWNER));
    // as after an earlier extraction of the same
    else if ((there.mode & ALL_OF_OWNER) !== ALL_OF_OWNER) {
      attempt(at, () => withShortPath(at, (short) => chmodSync(short, ALL_OF_OWNER)));
    }
  }

  /** The permissions, owner and time of a directory in which all is. */
  finishDirectory(path: Uint8Array, metadata: Metadata): void {
    const at = this.place(path);
    attempt(at, () => {
      if (IS_WINDOWS) return;
      const descriptor = withShortPath(at, (short) => openSync(short, constants.O_RDONLY | constants.O_NOFOLLOW));
      try {
        this.#finish(descriptor, metadata);
      } finally {
        closeSync(descriptor);
      }
    });
  }

  /** A symbolic link. */
  makeLink(path: Uint8Array, target: Uint8Array, { uid, gid, mtime, mtimeNsec }: Metadata): void {
    this.#make(path, (at) => {
      symlinkSync(Buffer.from(target), at);
      if (this.#isToGive(uid, gid)) lchownSync(at, uid, gid);
      const time = timeOf({ mtime, mtimeNsec });
      lutimesSync(at, time, time);
    });
  }

  /** Another name of a file. */
  makeHardLink(path: Uint8Array, first: Uint8Array): void {
    this.#make(path, (at) => withShortPath(this.place(first), (from) => linkSync(from, at)));
  }

  /** What a program makes: a device, or a FIFO. */
  makeSpecial(path: Uint8Array, make: (at: Buffer, shown: Buffer) => void, metadata: Metadata): void {
    const { mode, uid, gid, mtime, mtimeNsec } = metadata;
    this.#make(path, (at) => {
      make(at, this.place(path));
      // to open it would wait for someone
      if (this.#rules.setsOwners) lchownSync(at, uid, gid);
      chmodSync(at, this.#permissions(mode));
      const time = timeOf({ mtime, mtimeNsec });
      lutimesSync(at, time, time);
    });
  }

  /** Other permissions of a file that is there. */
  changeMode(path: Uint8Array, mode: number): void {
    const at = this.place(path);
    attempt(at, () => withShortPath(at, (short) => chmodSync(short, this.#permissions(mode))));
  }

  /** A file with its contents, which come in pieces; holes stay holes. It is not there if that fails. */
  async makeFile(
    path: Uint8Array,
    pieces: AsyncIterable<ImagePiece>,
    size: number,
    metadata: Metadata,
    written: (bytes: number) => Promise<void> | undefined,
  ): Promise<void> {
    const place = this.place(path);
    let isWhole = false;
    const descriptor = this.#make(path, (at) => openSync(at, NEW_FILE, 0o600));
    try {
      let at = 0;
      let end = 0;
      for await (const piece of pieces) {
        if (piece instanceof Uint8Array) {
          attempt(place, () => writeAll(descriptor, piece, at));
          at += piece.length;
          end = at;
          const breathing = written(piece.length);
          if (breathing !== undefined) await breathing;
        } else at += piece.zeros;
      }
      attempt(place, () => {
        if (end < size) ftruncateSync(descriptor, size);
        this.#finish(descriptor, metadata);
      });
      isWhole = true;
    } finally {
      closeSync(descriptor);
      if (!isWhole) attempt(place, () => withShortPath(place, (short) => rmSync(short, { force: true })));
    }
  }

  #finish(descriptor: number, { mode, uid, gid, mtime, mtimeNsec }: Metadata): void {
    // a change of the owner takes set-id bits away
    if (this.#isToGive(uid, gid)) fchownSync(descriptor, uid, gid);
    fchmodSync(descriptor, this.#permissions(mode));
    const time = timeOf({ mtime, mtimeNsec });
    futimesSync(descriptor, time, time);
  }

  /** Whether what is made does not belong to these by itself. In a directory that was there its group may be another. */
  #isToGive(uid: number, gid: number): boolean {
    const { setsOwners, replaces } = this.#rules;
    return setsOwners && (replaces || !this.#hasOwnGroup || uid !== OWN_UID || gid !== OWN_GID);
  }

  /** Without owners no set-id bits: a program would run as whoever has extracted it. */
  #permissions(mode: number): number {
    return mode & (this.#rules.setsOwners ? 0o7777 : 0o1777);
  }

  /** Makes something new; what is there is removed before, where it may be. */
  #make<R>(path: Uint8Array, make: (at: Buffer) => R): R {
    const at = this.place(path);
    if (IS_WINDOWS) checkName(path, showBytes(at));
    return attempt(at, () =>
      withShortPath(at, (short) => {
        if (this.#rules.replaces) this.#remove(short, at);
        return make(short);
      }),
    );
  }

  /** Removes what is there, but no directory. */
  #remove(short: Buffer, at: Buffer): void {
    const stats = lstatSync(short, { bigint: true, throwIfNoEntry: false });
    if (stats === undefined || stats.isDirectory()) return;
    if (this.#rules.spared.includes(fileId(stats))) {
      const path = showBytes(at);
      throw new ImageError("INPUT", `${path}: is the image that is read`, { path });
    }
    rmSync(short);
  }
}

/** A time as Node's functions take it: of a number below zero they make the time that it is. */
function timeOf({ mtime, mtimeNsec }: Pick<Metadata, "mtime" | "mtimeNsec">): string {
  return String(mtime + mtimeNsec / 1e9);
}

function statsOf(at: Buffer): Stats | undefined {
  return lstatSync(at, { throwIfNoEntry: false });
}

function writeAll(descriptor: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done, bytes.length - done, at + done);
}

/** Throws `INPUT` for a name that Windows cannot have. */
function checkName(path: Uint8Array, shown: string): void {
  for (const name of Buffer.from(path).toString("latin1").split("/")) {
    if (!NOT_ON_WINDOWS.test(name)) continue;
    throw new ImageError("INPUT", `${shown}: Windows has no such name`, { path: shown });
  }
}
