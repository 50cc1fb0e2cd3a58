/**
 * What is different about the paths of Windows. Inside this package a path has slashes on every system; what the system
 * is asked for is the path in its own spelling, and the targets of links are turned into what a Linux guest can follow.
 */
import { win32 } from "node:path";

/** Whether this is such a system. */
export const IS_WINDOWS = process.platform === "win32";
const SLASH = 0x2f;
const BACKSLASH = 0x5c;

/** The byte that stands between the names of a path given to the system. */
export const SEPARATOR = IS_WINDOWS ? BACKSLASH : SLASH;

/** Paths as they are spelled inside this package, in place: with slashes, where a backslash can be no part of a name. */
export function useSlashes(bytes: Uint8Array): Uint8Array {
  if (!IS_WINDOWS) return bytes;
  for (let at = bytes.indexOf(BACKSLASH); at >= 0; at = bytes.indexOf(BACKSLASH, at + 1)) bytes[at] = SLASH;
  return bytes;
}

/** The same for a path of a command line. */
export function withSlashes(path: string): string {
  return IS_WINDOWS ? path.replaceAll("\\", "/") : path;
}

/**
 * A path as the system is given it. On Windows it gets the prefix that has it taken as it stands: longer than 260
 * characters, with a dot or a blank at the end of a name, with names such as `aux`, all of which may lie in a tree that
 * another system has made.
 */
export function systemPath(path: Buffer): Buffer {
  return IS_WINDOWS ? Buffer.from(toVerbatim(path.toString())) : path;
}

/** `C:/a/./b` as `\\?\C:\a\b`, `//server/share/a` as `\\?\UNC\server\share\a`. */
export function toVerbatim(path: string): string {
  const resolved = win32.resolve(path);
  return resolved.startsWith(VERBATIM) ? resolved : win32.toNamespacedPath(resolved);
}

const VERBATIM = "\\\\?\\";

/** Where a link lies on this machine, and what the image's root is there: undefined where nothing is. */
export interface LinkPlace {
  link: Uint8Array;
  root: Uint8Array | undefined;
}

/** The target that a link of this machine has in the image; on other systems than Windows, the one that it has. */
export function imageTarget(target: Buffer, findPlace: () => LinkPlace): Buffer {
  if (!IS_WINDOWS) return target;
  const { link, root } = findPlace();
  return Buffer.from(fromWindowsTarget(target.toString(), text(link), root && text(root)));
}

function text(path: Uint8Array): string {
  return Buffer.from(path).toString();
}

/**
 * The target of a Windows link for a Linux guest, with slashes. A junction's is always absolute, and so is that of some
 * symbolic links: what leads to something below the image's root becomes relative to the link, so that it leads there
 * in the image too. What leads elsewhere is kept with its drive (`C:/x`), which is nowhere on Linux: without the drive it
 * could be something else there. A target that begins with a slash alone is meant for the guest already.
 */
export function fromWindowsTarget(target: string, link: string, root: string | undefined): string {
  const plain = target.replace(/^\\\\\?\\(?:UNC(?=\\)|(?=[a-z]:))/i, (prefix) => (prefix.length > 4 ? "\\" : ""));
  const isFull = /^(?:[a-z]:)?[\\/]/i.test(plain) && !/^[\\/](?![\\/])/.test(plain);
  if (isFull && root !== undefined && isInside(plain, root)) {
    return win32.relative(win32.dirname(win32.resolve(link)), plain).replaceAll("\\", "/") || ".";
  }
  const slashes = plain.replaceAll("\\", "/");
  // junctions end with a slash
  return isFull ? slashes.replace(/(?<=[^/:])\/+$/, "") : slashes;
}

function isInside(path: string, directory: string): boolean {
  const way = win32.relative(directory, path);
  return way !== ".." && !way.startsWith("..\\") && !win32.isAbsolute(way);
}
