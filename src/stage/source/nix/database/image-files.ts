/**
 * What makes an image a store that Nix knows, as files of the image:
 *
 *     nix/var/nix/db/db.sqlite           the database
 *     nix/var/nix/db/schema              its version, without which Nix takes the database for a new one
 *     nix/var/nix/gcroots/NAME           links to what the first collection of garbage has to keep
 *     nix/var/nix/gcroots/profiles       a link that Nix makes only where gcroots/ is missing
 */
import type { Entry } from "../../entry.ts";
import type { PathInfo } from "../path-info.ts";
import { checkRoot, splitFile } from "./places.ts";
import { SCHEMA_VERSION } from "./schema.ts";
import { type NixDatabaseOptions, writeNixDatabase } from "./writer.ts";

/** What is to be in the image. */
export interface DatabaseFilesOptions extends NixDatabaseOptions {
  /** Where the database goes, from the image's root. */
  path: string;
  /**
   * What the links are called by which the closure is kept: to paths that were asked for, and those that no other refers to;
   * undefined: there are none.
   */
  gcroot?: string | undefined;
}

/** A file that says of paths what Nix is to know of them. */
export interface InfoFile {
  /** Without contents, if it has `bytesOf`. */
  entry: Entry;
  /** What it holds, once all is known of the paths; undefined: nothing in it hangs on their hashes. */
  bytesOf?: (infos: readonly PathInfo[]) => Uint8Array;
}

/**
 * The files, below the image's root. Throws `INPUT` for paths that cannot be those of files there.
 *
 * @param infos what is known so far: to what paths refer, and which are roots
 */
export function listDatabaseFiles(infos: readonly PathInfo[], options: DatabaseFilesOptions): InfoFile[] {
  const names = splitFile("nixDatabase", options.path);
  const folder = names.slice(0, -1);
  const files: InfoFile[] = [
    { entry: { path: names.join("/") }, bytesOf: (known) => writeNixDatabase(known, options) },
    { entry: { path: [...folder, "schema"].join("/"), contents: SCHEMA_VERSION } },
  ];
  if (options.gcroot === undefined) return files;
  const roots = listRoots(infos, folder.slice(0, -1), checkRoot(options.gcroot, options.path));
  return [...files, ...roots.map((entry) => ({ entry }))];
}

/** @param state names of the folder that Nix keeps its state in */
function listRoots(infos: readonly PathInfo[], state: readonly string[], name: readonly string[]): Entry[] {
  const link = (names: readonly string[], target: string): Entry => ({
    path: [...state, "gcroots", ...names].join("/"),
    kind: "symlink",
    target,
  });
  const needed = new Set(infos.flatMap(({ path, references }) => references.filter((each) => each !== path)));
  const roots = infos.filter(({ path, isRoot }) => isRoot || !needed.has(path));
  const profiles = link(["profiles"], `/${[...state, "profiles"].join("/")}`);
  if (roots.length === 1) return [profiles, link(name, roots[0]!.path)];
  return [profiles, ...roots.map(({ path }) => link([...name, path.slice(path.lastIndexOf("/") + 1)], path))];
}
