/** Store paths of a binary cache that is a folder (`nix copy --to file://…`), with all that they refer to. */
import { closeSync, existsSync, openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeUtf8, latin1FromBytes } from "../../../../core/bytes.ts";
import { ImageError } from "../../../../core/error.ts";
import { systemCode, systemMessage } from "../../../../core/node/node-errors.ts";
import { CallFolder, givenPath, settle } from "../../../../core/node/node-folder.ts";
import { type Checks, checkOptions, list, showValue, TEXT } from "../../../../core/options/checks.ts";
import { compileExcludes } from "../../../tree/exclude.ts";
import type { StagePolicy } from "../../../tree/policy.ts";
import { checkCompression } from "../../archive/node-decompress.ts";
import { READ_FLAGS } from "../../disk/node-files.ts";
import type { ArchiveSource } from "../nar/node-archive-source.ts";
import { hashPart } from "../nix-hash.ts";
import { isStorePath } from "../store-path.ts";
import { type CachedPath, parseNarInfo, toKnown } from "./narinfo.ts";
import { checkSignatures, readTrustedKeys, type TrustedKeys } from "./node-signatures.ts";

/** What {@link binaryCache} can be told. */
export interface BinaryCacheOptions {
  /**
   * Public keys, `NAME:BASE64` each: every path must be signed by one of them (`--trusted-public-keys`). Default: signatures
   * are not looked at. Hashes are checked in any case.
   */
  trustedPublicKeys?: readonly string[] | undefined;
}

const CACHE_CHECKS: Checks<BinaryCacheOptions> = { trustedPublicKeys: list("an array of keys", TEXT) };

/** Longest `.narinfo` that is read: of real ones the longest have some thousand references. */
const MOST_BYTES = 2 ** 24;

/**
 * Store paths with all that they refer to, out of a binary cache that is a folder: archives as they are, or compressed with
 * gzip, zstd or xz. Each must have the hash that the cache says.
 *
 * @param cache its path, or `file://` URL
 * @param roots store paths, or the names of such
 */
export function binaryCache(cache: string, roots: readonly string[], options: BinaryCacheOptions = {}): ArchiveSource {
  const folder = CallFolder.now();
  const given = settle(() => {
    checkOptions(options, CACHE_CHECKS);
    givenPath("binaryCache()", cache);
    if (!Array.isArray(roots) || roots.length === 0 || !roots.every((root) => typeof root === "string")) {
      throw new ImageError("INPUT", `binaryCache(): ${showValue(roots)} is no array of store paths`);
    }
    const strange = roots.find((root) => !isStorePath(`/${rootName(root)}`));
    if (strange !== undefined)
      throw new ImageError("INPUT", `${showValue(strange)} is no store path, and no name of one`, { path: strange });
    const { trustedPublicKeys: keys } = options;
    return { path: folder.resolveText(cachePath(cache)), keys: keys && readTrustedKeys(keys), roots: [...roots] };
  });
  return {
    isClosure: true,
    isStore: true,
    restore: (error) => folder.restore(error),
    async openArchives(policy) {
      const { path, keys, roots: from } = given();
      const paths = takeAllowed(readClosure(path, from, keys), policy);
      const asked = new Set(from.map(rootName));
      return {
        names: paths.map(({ name }) => name),
        archives: paths.map(({ info }) => {
          const { url, narSize, narHash } = info;
          const file = join(path, url);
          const compression = checkCompression(info.compression || "none", file);
          return { path: file, shownPath: file, compression, narSize, narHash, isOwn: false };
        }),
        known: async () => paths.map(({ info, name }) => ({ ...toKnown(info), isRoot: asked.has(name) })),
      };
    },
  };
}

function cachePath(cache: string): string {
  if (!/^[a-z][a-z0-9+.-]+:\/\//.test(cache)) return cache;
  const url = new URL(cache);
  if (url.protocol === "file:") return fileURLToPath(`file://${url.pathname}`);
  throw new ImageError("INPUT", `${cache}: nothing is read from the network: copy it into a folder first`, {
    path: cache,
  });
}

/** A path, and the name that it has in the image. */
interface Named {
  info: CachedPath;
  name: string;
}

/** What is not excluded, in byte order of the names. */
function takeAllowed(infos: readonly CachedPath[], policy: StagePolicy): Named[] {
  const isExcluded = compileExcludes(policy.exclude);
  const named = infos.map((info) => ({ info, name: latin1FromBytes(encodeUtf8(baseName(info.path))) }));
  const allowed = named.filter(({ name }) => !isExcluded?.([...policy.below, name].join("/")));
  return allowed.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What a root is called in the cache. */
function rootName(root: string): string {
  return baseName(root.replace(/\/+$/, ""));
}

/** All that roots refer to, and themselves. Throws `INPUT` for what is not in the cache, naming what refers to it. */
function readClosure(cache: string, roots: readonly string[], keys: TrustedKeys | undefined): CachedPath[] {
  const found = new Map<string, CachedPath>();
  const pending = roots.map((root) => ({ name: rootName(root), from: "" }));
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { name, from } = next;
    if (found.has(name)) continue;
    const info = readInfo(cache, name, from);
    if (keys) checkSignatures(info, keys, cache);
    found.set(name, info);
    for (const reference of info.references) pending.push({ name: baseName(reference), from: info.path });
  }
  return [...found.values()];
}

function readWhole(file: string): Buffer {
  const descriptor = openSync(file, READ_FLAGS);
  try {
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function readInfo(cache: string, name: string, from: string): CachedPath {
  const file = join(cache, `${hashPart(name)}.narinfo`);
  let text: Buffer;
  try {
    const stats = statSync(file);
    if (!stats.isFile() || stats.size > MOST_BYTES)
      throw new ImageError("INPUT", `${file}: is no .narinfo`, { path: file });
    text = readWhole(file);
  } catch (cause) {
    if (cause instanceof ImageError) throw cause;
    if (systemCode(cause) !== "ENOENT")
      throw new ImageError("INPUT", `${file}: ${systemMessage(cause)}`, { path: file, cause });
    if (!existsSync(cache)) throw new ImageError("INPUT", `${cache}: ${systemMessage(cause)}`, { path: cache, cause });
    const why =
      from === ""
        ? `${name} is not in this binary cache`
        : `${from} refers to ${name}, which is not in this binary cache`;
    throw new ImageError("INPUT", `${cache}: ${why}`, { path: cache, cause });
  }
  const info = parseNarInfo(text.toString("latin1"), file);
  if (baseName(info.path) === name) return info;
  throw new ImageError("INPUT", `${file}: is about ${info.path} and not ${name}`, { path: file });
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
