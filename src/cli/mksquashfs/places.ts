/** Where the sources of `ts-mksquashfs` go in the image, and where paths beside them lie in it. */

import { existsSync, lstatSync, realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, parse, relative } from "node:path";
import { ImageError } from "../../core/error.ts";
import { systemMessage } from "../../core/node/node-errors.ts";
import { absolutePath } from "../../core/node/node-folder.ts";
import { withSlashes } from "../../stage/source/disk/node-windows.ts";

/** A source, and where it goes: `""` is the root itself. */
export interface Placed {
  path: string;
  image: string;
}

/** A source that is a symbolic link is packed as one. */
function isDirectory(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch (cause) {
    throw new ImageError("INPUT", `${path}: ${systemMessage(cause)}`, { path, cause });
  }
}

/**
 * One directory is the root, unless it is to be kept; else sources have their base names, with `_1` and so on behind those
 * that are taken. Throws `INPUT` for what is not there, and for
 * relative ones where the current directory has been removed.
 *
 * @param warn is told of other names
 */
export function placeSources(
  sources: readonly string[],
  keepAsDirectory: boolean,
  warn: (message: string) => void,
): Placed[] {
  const [only] = sources;
  for (const path of sources) absolutePath(path);
  if (sources.length === 1 && !keepAsDirectory && isDirectory(only!)) return [{ path: only!, image: "" }];
  const taken = new Set<string>();
  return sources.map((path) => {
    isDirectory(path);
    const base = basename(absolutePath(path));
    let image = base;
    for (let count = 1; taken.has(image); count++) image = `${base}_${count}`;
    taken.add(image);
    if (image !== base) warn(`${path}: ${base} is another source already, so this one is ${image}`);
    return { path, image };
  });
}

/**
 * A closure's paths lie in the store that the first one lies in: the root of the image, or a folder. Throws `INPUT` for one
 * that is not there.
 */
export function placeClosure([path = ""]: readonly string[], storeDir = ""): Placed[] {
  try {
    return [{ path: dirname(realpathSync(path)), image: inRoot(storeDir) }];
  } catch (cause) {
    throw new ImageError("INPUT", `${path}: ${systemMessage(cause)}`, { path, cause });
  }
}

/** The paths of a list, which is read later, lie in Nix's store. */
export function placeClosureList(storeDir = ""): Placed[] {
  return [{ path: "/nix/store", image: inRoot(storeDir) }];
}

/** A folder of the image without slashes around it. */
function inRoot(storeDir: string): string {
  return storeDir
    .split("/")
    .filter((name) => name !== "" && name !== ".")
    .join("/");
}

/** With `-no-strip` a source keeps the directories of its path. Throws `INPUT` for paths that do not go together. */
export function placeUnstripped(sources: readonly string[]): Placed[] {
  const root = rootOf(sources[0] ?? "");
  return sources.map((path) => {
    isDirectory(path);
    const below = withSlashes(path).slice(rootOf(path).length);
    const names = below.split("/").filter((name) => name !== "" && name !== ".");
    if (names.includes("..")) throw new ImageError("INPUT", `${path}: with -no-strip no path may hold ..`, { path });
    if (rootOf(path).toLowerCase() !== root.toLowerCase()) {
      const all =
        root === "" || rootOf(path) === "" ? "either all paths begin with / or none" : `all begin with ${root}`;
      throw new ImageError("INPUT", `${path}: with -no-strip ${all}`, { path });
    }
    return { path, image: names.join("/") };
  });
}

/** What a path is absolute by, with slashes: `/`; on Windows `C:/` or `//server/share/`. Empty for a relative one. */
export function rootOf(path: string): string {
  const { root } = parse(path);
  // `C:a` is relative to the folder that the drive is in
  return isAbsolute(path) ? withSlashes(root) : "";
}

/** The sources by paths without symbolic links in their directories. */
export function withRealPaths(places: readonly Placed[]): Placed[] {
  const real = ({ path }: Placed) =>
    lstatSync(path).isSymbolicLink()
      ? join(realpathSync(dirname(absolutePath(path))), basename(path))
      : realpathSync(path);
  return places.map((place) => ({ ...place, path: real(place) }));
}

/** A path beside sources is relative to each of them, unless it begins with `/`, `./` or `../`. */
export function isBelowSources(path: string): boolean {
  return !isAbsolute(path) && !/^\.\.?(?:\/|$)/.test(withSlashes(path));
}

/** Where a path given beside sources lies in the image: below one of them, or meant to be below each. */
export function imagePaths(path: string, places: readonly Placed[]): string[] {
  const below = (image: string, rest: string) => [image, rest].filter((part) => part !== "").join("/");
  if (isBelowSources(path)) {
    return places.map(({ image }) => below(image, withSlashes(path).replace(/\/+$/, "")));
  }
  return places.flatMap((place) => {
    const way = withSlashes(relative(place.path, path));
    if (way === "") return place.image === "" ? [] : [place.image];
    return way === ".." || way.startsWith("../") || isAbsolute(way) ? [] : [below(place.image, way)];
  });
}

/** A path of a sort file: below a source, or else where the command is run. `DIRECTORY/*` is all that lies in it. */
export function sortPath(given: string, places: readonly Placed[]): string {
  const path = given.replace(/\/\*$/, "");
  const isBelow = places.some((place) => existsSync(`${place.path}/${path}`));
  return isBelow || !existsSync(path) ? path : absolutePath(path);
}
