/** Closures that Nix's database knows: the paths given, and all that they refer to. */
import { realpathSync } from "node:fs";
import { ImageError } from "../../../../core/error.ts";
import { systemMessage } from "../../../../core/node/node-errors.ts";
import { CallFolder, givenPath, settle } from "../../../../core/node/node-folder.ts";
import { type Checks, checkOptions, TEXT } from "../../../../core/options/checks.ts";
import type { FileSource } from "../../node-sources.ts";
import { readSqlite } from "../../sqlite/node-database.ts";
import { openKnown } from "../list/node-closure.ts";
import type { PathInfo } from "../path-info.ts";
import { isStorePath } from "../store-path.ts";
import { NixDatabase } from "./reader.ts";

/** Where Nix has its database. */
export const NIX_DATABASE = "/nix/var/nix/db/db.sqlite";

/** How a closure is found. */
export interface ClosureOfOptions {
  /** Nix's database, which says what paths refer to (`--nix-db-from`). Default: `/nix/var/nix/db/db.sqlite`. */
  database?: string | undefined;
}

const CHECKS: Checks<ClosureOfOptions> = { database: TEXT };

/**
 * The closure of some paths by Nix's database: a store path, something in one, or a link to it, such as `./result`. All
 * paths have to be valid there. A store that is not where its database says, as below the root of another system, is found
 * by where the given paths are: `/mnt/nix/store/…`, with the database of that system.
 */
export function nixClosureOf(roots: string | readonly string[], options: ClosureOfOptions = {}): FileSource {
  checkOptions(options, CHECKS);
  const folder = CallFolder.now();
  const given = settle(() => {
    const list = typeof roots === "string" ? [roots] : roots;
    if (!Array.isArray(list) || list.length === 0) throw new ImageError("INPUT", "nixClosureOf(): no paths are given");
    const texts = list.map((path, index) => Buffer.from(givenPath(`path ${index + 1}`, path)).toString());
    return {
      paths: texts.map((path) => folder.resolveText(path)),
      database: folder.resolveText(options.database ?? NIX_DATABASE),
    };
  });
  return {
    isClosure: true,
    isStore: true,
    restore: (error) => folder.restore(error),
    async open(policy, tree) {
      const { paths, database } = given();
      const { prefix, infos } = readSqlite(database, (opened) =>
        findClosure(new NixDatabase(database, opened), paths, database),
      );
      const onDisk = infos.map((info) => ({ ...info, path: prefix + info.path }));
      return { ...openKnown(onDisk, database, policy, tree), known: async () => infos };
    },
  };
}

/** A closure, and what stands before its paths on this machine. */
interface FoundClosure {
  prefix: string;
  infos: PathInfo[];
}

function findClosure(database: NixDatabase, paths: readonly string[], name: string): FoundClosure {
  const places = paths.map((path) => {
    const place = locate(database, path) ?? locate(database, followLinks(path, name));
    if (place) return { ...place, path };
    throw notValid(path, name);
  });
  const [{ prefix, path }] = places as [(typeof places)[0]];
  const other = places.find((place) => place.prefix !== prefix);
  if (other) throw new ImageError("INPUT", `${other.path}: lies in another store than ${path}`, { path: other.path });
  return { prefix, infos: database.closure(places.map(({ row }) => row)) };
}

/** The store path that a path is, or lies in, as the database names it. */
function locate(database: NixDatabase, path: string): { row: number; prefix: string } | undefined {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  for (let end = 1; end <= names.length; end++) {
    if (!isStorePath(`/${names[end - 1]}`)) continue;
    for (let start = 0; start < end; start++) {
      const row = database.find(`/${names.slice(start, end).join("/")}`);
      const prefix = names.slice(0, start).map((each) => `/${each}`);
      if (row !== undefined) return { row, prefix: prefix.join("") };
    }
  }
  return undefined;
}

function followLinks(path: string, name: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    if (isStorePath(path)) throw notValid(path, name);
    throw new ImageError("INPUT", `${path}: ${systemMessage(cause)}`, { path, cause });
  }
}

function notValid(path: string, name: string): ImageError {
  return new ImageError("INPUT", `${path}: is not valid in ${name}`, { path });
}
