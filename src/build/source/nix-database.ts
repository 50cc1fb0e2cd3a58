/** Nix's database as files of an image, made of what is known of its store paths. */
import { latin1FromBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { type DerivationOutput, parseDerivationOutputs } from "../../stage/source/nix/database/derivation.ts";
import { type InfoFile, listDatabaseFiles } from "../../stage/source/nix/database/image-files.ts";
import { DATABASE_PATH } from "../../stage/source/nix/database/places.ts";
import type { PathInfo } from "../../stage/source/nix/path-info.ts";
import { S_IFREG } from "../../stage/tree/tree.ts";
import { openUnshared } from "../contents.ts";
import type { NixOptions } from "../options.ts";
import { storeFolder } from "./nix-options.ts";
import type { Staged } from "./part.ts";

/**
 * The files that have Nix know the paths.
 *
 * @param infos what is known of them so far
 * @param entryOf where each path lies in the tree
 * @param time when they became valid, in seconds since 1970
 */
export async function databaseFiles(
  staged: Staged,
  infos: readonly PathInfo[],
  entryOf: ReadonlyMap<string, number>,
  { nixDatabase, gcroot, storeDir }: NixOptions,
  time: number,
): Promise<InfoFile[]> {
  const paths = [...entryOf.keys()].sort();
  checkStore(paths, storeDir);
  const path = typeof nixDatabase === "string" ? nixDatabase : DATABASE_PATH;
  const outputs = await readOutputs(staged, entryOf);
  const registrationTime = Math.max(1, Math.floor(time));
  return listDatabaseFiles(infos, { path, gcroot, registrationTime, outputs });
}

/** Throws `INPUT` for a path of another store than the one that the image has: Nix would look for it there. */
function checkStore(paths: readonly string[], storeDir: string | undefined): void {
  if (storeDir === undefined) return;
  const store = storeFolder(storeDir);
  const path = paths.find((each) => each.slice(0, each.lastIndexOf("/")) !== store);
  if (path === undefined) return;
  throw new ImageError("INPUT", `${path}: is no path of ${store}, the store of the image`, { path });
}

/** What derivations say of their outputs, which Nix keeps in a table of its own. */
async function readOutputs(
  { tree, contents }: Staged,
  entryOf: ReadonlyMap<string, number>,
): Promise<Map<string, DerivationOutput[]>> {
  const outputs = new Map<string, DerivationOutput[]>();
  const derivations = [...entryOf].filter(([path]) => path.endsWith(".drv"));
  if (derivations.length === 0) return outputs;
  const opened = await openUnshared(tree, contents);
  try {
    for (const [path, entry] of derivations) {
      if (tree.kind(entry) !== S_IFREG) continue;
      const size = tree.size.view[entry]!;
      const bytes = new Uint8Array(size + 1);
      await opened.read(entry, 0, size, bytes, 0, true);
      outputs.set(path, parseDerivationOutputs(latin1FromBytes(bytes, 0, size), path));
    }
    opened.close();
  } finally {
    opened.release();
  }
  return outputs;
}
