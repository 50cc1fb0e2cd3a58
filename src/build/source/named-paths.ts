/** The store paths of a source by the names that Nix has for them. */
import type { KnownPath } from "../../stage/source/nix/known-path.ts";
import { checkStorePath } from "../../stage/source/nix/nix-hash.ts";
import { storeFolder } from "./nix-options.ts";
import type { StorePaths } from "./part.ts";

/** The file that a registration is in, where nothing else is said. */
export const REGISTRATION = "nix-path-registration";

/** A store path of a source. */
export interface NamedPath {
  /** Its name on disk. */
  name: string;
  path: string;
  /** What is known of it; undefined: nothing. */
  known: KnownPath | undefined;
}

/** The paths of a store, in the order in which the source has them. @param storeDir the store's folder in the image */
export async function namePaths(store: StorePaths, storeDir: string | undefined): Promise<NamedPath[]> {
  const infos = new Map((await store.known())?.map((each) => [baseName(each.path), each]));
  return store.paths().map((given) => {
    const name = baseName(given);
    const known = infos.get(name);
    const path = known?.path ?? (storeDir === undefined ? given : `${storeFolder(storeDir)}/${name}`);
    return { name, path: checkStorePath(path, "registration"), known };
  });
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
