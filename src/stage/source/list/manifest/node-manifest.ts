/** Trees that a manifest describes. What reads it is loaded where one is to be read. */
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { showBytes } from "../../../../core/bytes.ts";
import { ImageError } from "../../../../core/error.ts";
import { systemMessage } from "../../../../core/node/node-errors.ts";
import { CallFolder, givenPath, settle } from "../../../../core/node/node-folder.ts";
import { type Checks, checkOptions, record, showValue, TEXT } from "../../../../core/options/checks.ts";
import type { FileSource } from "../../node-sources.ts";
import { PACK_FILE_DEFAULTS, type PackFileDefaults } from "../node-pack-file.ts";
import type { Manifest } from "./manifest.ts";
import type { GivenManifest } from "./node-manifest-tree.ts";

/** What a manifest does not say. */
export interface ManifestOptions {
  /**
   * The folder in which paths of `source` begin. Default: the one that the manifest lies in; of an object, the current
   * directory.
   */
  base?: string | undefined;
  /**
   * Of the root, and of directories that are not described; the time also of what has none. Default: mode 0755, owner root,
   * the time of the build.
   */
  defaults?: PackFileDefaults | undefined;
}

const MANIFEST_OPTIONS: Checks<ManifestOptions> = { base: TEXT, defaults: record("default", PACK_FILE_DEFAULTS) };

/**
 * The tree that a manifest describes, for what this machine's filesystem cannot hold: modes, owners, times, links and
 * devices are what it says, and contents are those of files. Times that it does not tell are `timestamp`, else the newest
 * that it tells.
 *
 * @param given the path of a JSON file, or what such a file holds
 */
export function manifest(given: string | Uint8Array | Manifest, options: ManifestOptions = {}): FileSource {
  const folder = CallFolder.now();
  const isPath = typeof given === "string" || given instanceof Uint8Array;
  const settled = settle(() => {
    checkOptions(options, MANIFEST_OPTIONS);
    if (!isPath && (typeof given !== "object" || given === null)) {
      throw new ImageError("INPUT", `manifest(): ${showValue(given)} is neither a path nor a manifest`);
    }
    const path = isPath ? showBytes(folder.resolve(givenPath("manifest()", given))) : undefined;
    const base = options.base ?? (path === undefined ? "." : dirname(path));
    return { path, base: folder.resolveText(base) };
  });
  return describedTree(
    () => {
      const { path, base } = settled();
      if (!isPath || path === undefined) return { name: "manifest()", value: given, base };
      const name = showBytes(givenPath("manifest()", given));
      return { name, text: readList(path, name), base };
    },
    options,
    (error) => folder.restore(error),
  );
}

/** The tree that the text of a manifest describes. @param name what messages call it */
export function manifestText(text: () => Promise<Uint8Array>, name: string, options: ManifestOptions = {}): FileSource {
  const folder = CallFolder.now();
  const base = settle(() => folder.resolveText(options.base ?? "."));
  return describedTree(
    async () => ({ name, text: await text(), base: base() }),
    options,
    (error) => folder.restore(error),
  );
}

function describedTree(
  find: () => GivenManifest | Promise<GivenManifest>,
  { defaults = {} }: ManifestOptions,
  restore: FileSource["restore"],
): FileSource {
  return {
    isClosure: false,
    // attributes are what the manifest says
    isBare: true,
    restore,
    async open(policy, arena, temporary) {
      const { openManifest } = await import("./node-manifest-tree.ts");
      return openManifest(await find(), defaults, policy).open(policy, arena, temporary);
    },
  };
}

function readList(path: string, name: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new ImageError("INPUT", `${name}: ${systemMessage(cause)}`, { path: name, cause });
  }
}
