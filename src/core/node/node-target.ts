/** Images as files: written beside the target and renamed over it, so that the target is whole or untouched. */
import {
  chmodSync,
  chownSync,
  close,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { isatty } from "node:tty";
import { ImageError } from "../error.ts";
import { attempt } from "./node-errors.ts";
import { type FileIdentity, identifyPath } from "./node-identity.ts";
import { TemporaryFiles } from "./node-temporary.ts";
import { checkWindowsTarget, replaceFile } from "./node-windows-target.ts";

/** Bytes of a file that it takes the system milliseconds to free. */
const LONG_TO_FREE = 16 << 20;

/** A target path while its image is being made. */
export interface Target {
  /** Where threads write. */
  path: string;
  /** Whether writing goes to the target itself (a device), so that the head must come last. */
  inPlace: boolean;
  /** The target is a FIFO, or a pipe: it can be written front to back only. */
  isPipe: boolean;
  /** Makes what else has to be kept in files meanwhile. */
  temporary: TemporaryFiles;
  /** All is durable: puts the image in its place. */
  commit(): void;
  /** Nothing but the target stays, as it was or as {@link commit} has left it. */
  close(): void;
}

/**
 * What has to be kept in files while a target is made, where nothing lists the folder that it is in: making them there
 * changes the folder's time. Where the environment says, if it does; else beside a target that is a file, as there is room
 * for an image; else where the system has such files.
 */
export function spoolFor(target: string): TemporaryFiles {
  const isSaid = ["TMPDIR", "TMP", "TEMP"].some((name) => process.env[name]);
  try {
    const { existing, final } = follow(target);
    if (!isSaid && (!existing || existing.isFile())) return TemporaryFiles.beside(final, target);
  } catch {
    // opening it will say why it cannot be
  }
  return TemporaryFiles.ofSystem(target);
}

/**
 * Before anything is listed: removes what killed builds of a target have left beside it. Returns the file that is there and
 * is to be replaced, if there is one.
 */
export function prepareTarget(target: string): FileIdentity | undefined {
  try {
    TemporaryFiles.beside(follow(target).final, target).removeLitter();
  } catch {
    // opening it will say why it cannot be
  }
  return identifyPath(target);
}

/** Whether two targets are one file, by whatever paths, be it there or not. */
export function areOneTarget(first: string, second: string): boolean {
  try {
    return finalPath(first) === finalPath(second);
  } catch {
    // opening them will say why that cannot be
    return false;
  }
}

/** Whether a target is a FIFO, or a pipe that has a path. */
export function isPipe(target: string): boolean {
  return statSync(target, { throwIfNoEntry: false })?.isFIFO() === true;
}

/** How `target` is called from the folder of `file`, with slashes: as it is where it is absolute. */
export function pathFrom(file: string, target: string): string {
  if (isAbsolute(target)) return target;
  return relative(resolve(dirname(file)), resolve(target))
    .split(sep)
    .join("/");
}

function finalPath(target: string): string {
  const { existing, final } = follow(target);
  return existing ? final : join(realpathSync(dirname(final)), basename(final));
}

/** Prepares to write a target: a temporary file beside a regular file, or a device or a FIFO itself. */
export function openTarget(target: string): Target {
  checkWindowsTarget(target);
  const { existing, final } = follow(target);
  const isPipe = existing?.isFIFO() === true;
  if (existing?.isCharacterDevice()) refuseTerminal(target);
  if (isPipe || existing?.isBlockDevice() || existing?.isCharacterDevice()) {
    const temporary = TemporaryFiles.ofSystem(target);
    return { path: target, inPlace: true, isPipe, temporary, commit: () => undefined, close: () => temporary.remove() };
  }
  if (existing?.isDirectory()) throw new ImageError("INPUT", `${target}: is a directory`, { path: target });
  if (existing && !existing.isFile())
    throw new ImageError("INPUT", `${target}: neither a file, a device nor a FIFO`, { path: target });
  const temporary = TemporaryFiles.beside(final, target);
  try {
    const path = temporary.create(0o666);
    if (existing) takeOver(path, target, existing);
    const commit = () => {
      const letGo = holdOld(final, existing);
      try {
        attempt(target, () => replaceFile(path, final));
      } finally {
        letGo();
      }
      temporary.release(path);
      syncDirectory(dirname(final));
    };
    return { path, inPlace: false, isPipe, temporary, commit, close: () => temporary.remove() };
  } catch (error) {
    temporary.remove();
    throw error;
  }
}

/** Throws `INPUT` for a terminal, which would show the image, and takes some bytes for orders. */
function refuseTerminal(target: string): void {
  const descriptor = attempt(target, () => openSync(target, constants.O_WRONLY | constants.O_NOCTTY));
  const isTerminal = isatty(descriptor);
  closeSync(descriptor);
  if (isTerminal) throw new ImageError("INPUT", `${target}: is a terminal, which takes no image`, { path: target });
}

/** A symbolic link stays one: what it names is replaced, or made. */
function follow(target: string): { existing: Stats | undefined; final: string } {
  const existing = attempt(target, () => statSync(target, { throwIfNoEntry: false }));
  if (existing) return { existing, final: attempt(target, () => realpathSync(target)) };
  const link = attempt(target, () => lstatSync(target, { throwIfNoEntry: false }));
  return link?.isSymbolicLink() ? follow(resolve(dirname(target), readlinkSync(target))) : { existing, final: target };
}

/** Gives the new file the mode of the one it replaces, and its owner where that is allowed. */
function takeOver(path: string, target: string, existing: Stats): void {
  try {
    chownSync(path, existing.uid, existing.gid);
  } catch {
    // only root may give files away; anyone else's file is their own
  }
  attempt(target, () => chmodSync(path, existing.mode & 0o7777));
}

/**
 * Keeps a file that is about to be replaced for a moment longer, if it is large: it would be freed then and there, which
 * takes Linux 70 ms for 800 MB in memory. Returns what lets another thread free it, beside the end of the build.
 */
function holdOld(path: string, stats: Stats | undefined): () => void {
  if (stats === undefined || stats.size < LONG_TO_FREE || process.platform === "win32") return () => undefined;
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    // it may be for writing only: then it is freed when it is replaced
    return () => undefined;
  }
  return () => close(descriptor, () => undefined);
}

/**
 * Makes the rename durable. Not every system can open a directory, and not every directory may be read; the image is
 * in its place all the same.
 */
function syncDirectory(directory: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(directory, constants.O_RDONLY);
  } catch {
    return;
  }
  try {
    fsyncSync(descriptor);
  } catch {
    // as above: filesystems that cannot sync a directory say so
  } finally {
    closeSync(descriptor);
  }
}
