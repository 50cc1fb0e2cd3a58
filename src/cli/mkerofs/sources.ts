/** What a command line of `ts-mkerofs` takes to pack. */
import { realpathSync } from "node:fs";
import { basename } from "node:path";
import { withSlashes } from "../../stage/source/disk/node-windows.ts";
import { closure } from "../../stage/source/nix/list/node-closure.ts";
import { isStorePath } from "../../stage/source/nix/store-path.ts";
import { besides, directory } from "../../stage/source/node-sources.ts";
import type { Source } from "../../stage/source/source.ts";
import { limitBacktracking } from "../shared/program.ts";
import { readPipe } from "../standard-input.ts";
import { areImages } from "./images.ts";
import type { BuildCommand, TarSources } from "./options.ts";

/** What of a command says where things come from. */
type Sources = Pick<
  BuildCommand,
  | (
      | "binaryCache"
      | "trustedKeys"
      | "closure"
      | "closureOf"
      | "nixDbFrom"
      | "nar"
      | "manifest"
      | "manifestBase"
      | "tar"
      | "zip"
    )
  | ("hasRegexes" | "keepAsDirectory" | "sources" | "copiesImages")
>;

/** Opens it; what few need is loaded where it is asked for. */
export async function openSource(command: Sources, signal: AbortSignal): Promise<Source | string[]> {
  const { sources, keepAsDirectory } = command;
  if (command.hasRegexes) limitBacktracking();
  if (command.binaryCache !== undefined) {
    const { binaryCache } = await import("../../stage/source/nix/cache/node-binary-cache.ts");
    return binaryCache(command.binaryCache, sources, { trustedPublicKeys: command.trustedKeys });
  }
  if (command.closureOf) {
    const { nixClosureOf } = await import("../../stage/source/nix/database/node-closure-of.ts");
    return nixClosureOf(sources, { database: command.nixDbFrom });
  }
  if (command.manifest !== undefined) return openManifest(command.manifest, command.manifestBase, signal);
  if (command.tar !== undefined) return openTar(sources, command.tar, signal);
  if (command.zip) return openZip(sources, signal);
  if (hasImages(command)) {
    const { erofsImages } = await import("../../build/source/images/images-source.ts");
    return erofsImages(sources, { data: command.copiesImages ? "copy" : "refer" });
  }
  const main = await openMain(command, signal);
  if (main === undefined) return sources.length === 1 && !keepAsDirectory ? directory(sources[0]!) : sources;
  if (sources.length === 0) return main;
  const { merge } = await import("../../stage/source/merge.ts");
  return merge(main, besides(sources));
}

async function openManifest(path: string, base: string | undefined, signal: AbortSignal): Promise<Source> {
  const { manifest, manifestText } = await import("../../stage/source/list/manifest/node-manifest.ts");
  if (path !== "-") return manifest(path, { base });
  const { buffer } = await import("node:stream/consumers");
  return manifestText(() => buffer(readStandardInput(signal)), "standard input", { base });
}

async function openTar(sources: readonly string[], tar: TarSources, signal: AbortSignal): Promise<Source> {
  const { tarStream } = await import("../../stage/source/archive/tar/node-tar-source.ts");
  const archives = sources.map((path) => (path === "-" ? readPipe(signal) : path));
  const { aufs, overlay, copyTo } = tar;
  return tarStream(archives, { name: "standard input", aufs, overlay, copyTo });
}

async function openZip(sources: readonly string[], signal: AbortSignal): Promise<Source> {
  const { zipArchive } = await import("../../stage/source/archive/zip/node-zip-source.ts");
  const archives = sources.map((path) => (path === "-" ? readStandardInput(signal) : path));
  return zipArchive(archives, { name: "standard input" });
}

/** What sources go beside. */
async function openMain(command: Sources, signal: AbortSignal): Promise<Source | undefined> {
  const name = command.closure ?? command.nar;
  const input = name === "-" ? readStandardInput(signal) : undefined;
  const shown = name === "-" ? "standard input" : name;
  if (command.closure !== undefined) return closure(shown!, input);
  if (command.nar === undefined) return undefined;
  const { narFile } = await import("../../stage/source/nix/nar/node-nar-source.ts");
  return narFile(shown!, input);
}

function readStandardInput(signal: AbortSignal): NodeJS.ReadStream {
  const { stdin } = process;
  signal.addEventListener("abort", () => stdin.destroy()); // or its reader would wait for its end
  return stdin;
}

/** Whether what is packed is a directory, which becomes the root, or EROFS images: as mkfs.erofs packs them. */
export function isDirectory(command: Sources): boolean {
  return isPlain(command) && (command.sources.length === 1 || areImages(command.sources));
}

/** Whether SOURCEs are EROFS images, which are merged. */
function hasImages(command: Sources): boolean {
  return isPlain(command) && areImages(command.sources);
}

/** Whether SOURCEs are what they are without a word about them. */
function isPlain(command: Sources): boolean {
  const others = [command.closure, command.nar, command.manifest, command.tar, command.binaryCache];
  return !command.keepAsDirectory && !command.closureOf && !command.zip && others.every((each) => each === undefined);
}

/** Says of a single source that is a store path what becomes of it: its name, which others refer to, is lost. */
export function noteStore(command: Sources): string[] {
  const [source] = command.sources;
  if (source === undefined || !isDirectory(command) || hasImages(command) || !liesInStore(source)) return [];
  const what = "--closure-of or --keep-as-directory packs the path itself";
  return [`${source} lies in a store, and what is in it becomes the root of the image; ${what}`];
}

function liesInStore(source: string): boolean {
  try {
    return isStorePath(`/${basename(withSlashes(realpathSync(source)))}`);
  } catch {
    // why it cannot be packed is said when it is to be
    return false;
  }
}
