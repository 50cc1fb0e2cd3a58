/** The command line of `ts-gensquashfs`: the grammar of gensquashfs 1.2 and 1.3. */
import { basename } from "node:path";
import { ImageError } from "../../core/error.ts";
import { absolutePath } from "../../core/node/node-folder.ts";
import type { NameOf } from "../../core/options/option-error.ts";
import type { Source, SquashfsOptions } from "../../index.ts";
import { labelEntries, readFileContexts } from "../../stage/source/list/node-file-contexts.ts";
import { packFile } from "../../stage/source/list/node-pack-file.ts";
import { parseSortFile } from "../../stage/source/list/sort-file.ts";
import { parseXattrFile } from "../../stage/source/list/xattr-file.ts";
import { amend } from "../../stage/source/node-amend.ts";
import { directory, type FileSource, namedPaths } from "../../stage/source/node-sources.ts";
import type { SortRule } from "../../stage/tree/file-order.ts";
import { NONE, S_IFDIR } from "../../stage/tree/tree.ts";
import { imagePath, isTaken } from "../image-path.ts";
import { applyWords } from "../shared/command-line.ts";
import { wordsFor } from "../shared/compressor-help.ts";
import { checkCompressorName, parseGensquashfsWords, wordThatSets } from "../shared/compressor-words.ts";
import { getopt, UsageError } from "../shared/getopt.ts";
import { readInput } from "../shared/input.ts";
import { formatSections, usageHint } from "../shared/manual/help.ts";
import { optionsOf } from "../shared/manual/manual.ts";
import { parseEpoch } from "../shared/numbers.ts";
import { listIdle } from "../shared/option.ts";
import { type FieldNames, optionNames } from "../shared/option-names.ts";
import { limitBacktracking, type PageText, type ProgramCommand } from "../shared/program.ts";
import { squashfsJob } from "../shared/squashfs-job.ts";
import { checkPath } from "../shared/value.ts";
import { readPipe } from "../standard-input.ts";
import { takeVerity, VERITY_FIELDS } from "../verity.ts";
import { MANUAL } from "./manual.ts";
import { DEFAULTS, type Settings } from "./settings.ts";
import { optionsFor } from "./table-tar.ts";

/** What `-X help` prints. */
function describeWords(compressor: string, nameOf: NameOf): PageText {
  checkCompressorName(nameOf("compressor"), compressor);
  const entries = wordsFor("gensquashfs", [compressor]).map(
    ({ name, value, help }) => [value === undefined ? name : `${name}=${value}`, help] as const,
  );
  const section = { id: compressor, title: `Words of ${compressor}`, entries };
  return (columns) => formatSections([section], columns);
}

/** The label of what no rule is for. */
const UNLABELED = "system_u:object_r:unlabeled_t:s0";
const OPTIONS = optionsOf(MANUAL);

/** Fields that are called otherwise than the library's options. */
const FIELDS: FieldNames<Settings> = { ...VERITY_FIELDS, "owner.uid": "uid", "owner.gid": "gid", sort: "sortFile" };

/**
 * Reads a command line.
 *
 * @throws UsageError when it cannot be understood, or asks for what is not supported
 */
export function parseGensquashfs(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ProgramCommand {
  const { settings, given, operands, asks } = applyWords(getopt(argv, optionsFor(argv, OPTIONS)), DEFAULTS);
  if (asks !== undefined) return { action: asks === "version" ? "version" : "help" };
  const names = optionNames(given, FIELDS);
  const nameOf: NameOf = (option) => {
    const word = wordThatSets("gensquashfs", settings.compressor, option);
    return word === undefined ? names(option) : `${names("extra")} ${word}`;
  };
  if (settings.extra?.split(",").includes("help")) {
    return { action: "print", text: describeWords(settings.compressor, nameOf) };
  }
  const [target, ...more] = operands;
  if (target === undefined) throw new UsageError("IMAGE is missing", usageHint(MANUAL));
  const { closureOf } = settings;
  if (more.length > 0 && !closureOf) throw new UsageError(`"${more[0]}" is too much`, usageHint(MANUAL));
  checkSources(settings, more.length);
  const mtime = settings.defaults.mtime ?? (env.SOURCE_DATE_EPOCH ? parseEpoch(env.SOURCE_DATE_EPOCH) : 0);
  const image = imagePath(checkPath("IMAGE", target, "path"));
  return squashfsJob({
    image,
    nameOf,
    warnings: listIdle(given, settings),
    source: async (signal) => {
      checkImage(image, settings.force);
      return openSource(settings, more, mtime, signal);
    },
    options: toOptions(settings, mtime, nameOf),
    quiet: settings.quiet,
    json: settings.json,
    progress: "auto",
  });
}

/** The option by which store paths are packed, with Nix's policy. */
function closureOption({ closure, closureOf }: Settings): string | undefined {
  return closureOf ? "--closure-of" : closure === undefined ? undefined : "--closure";
}

function checkSources(settings: Settings, paths: number): void {
  const { packFile, manifest, packDir, closure, closureOf, keepAsDirectory, zip, tar } = settings;
  if (zip !== undefined || tar !== undefined) {
    checkArchive(settings, paths);
    return;
  }
  const list = packFile !== undefined ? "pack file" : manifest !== undefined ? "manifest" : undefined;
  if (packFile !== undefined && manifest !== undefined) {
    throw new UsageError("--manifest: there can be no --pack-file beside it");
  }
  if (list !== undefined && keepAsDirectory) {
    throw new UsageError(`--keep-as-directory: a ${list} says itself what goes where`);
  }
  const hasOther = list !== undefined || packDir !== undefined;
  const name = closureOption(settings);
  if (name === undefined) {
    if (hasOther) return;
    const all = "--pack-file, --manifest, --tar, --zip, --pack-dir, --closure and --closure-of";
    throw new UsageError(`one of ${all} is needed`);
  }
  if (hasOther) {
    throw new UsageError(`${name}: there can be no --pack-file, no --manifest and no --pack-dir beside it`);
  }
  if (closureOf && closure !== undefined) throw new UsageError("--closure-of: there can be no --closure beside it");
  if (closureOf && paths === 0) throw new UsageError("PATH is missing", usageHint(MANUAL));
}

/** An archive is packed as it is. */
function checkArchive(settings: Settings, paths: number): void {
  const { tar, zip } = settings;
  const name = tar === undefined ? "--zip" : "--tar";
  const { packFile, manifest, packDir, closure, closureOf, keepAsDirectory, xattrFile, contextsFile, defaults } =
    settings;
  const given = Object.entries({
    ...{ "--pack-file": packFile, "--manifest": manifest, "--pack-dir": packDir, "--xattr-file": xattrFile },
    ...{
      "--closure": closure,
      "--closure-of": closureOf,
      "--keep-as-directory": keepAsDirectory || undefined,
      "--selinux": contextsFile,
    },
    ...(tar === undefined
      ? { "--defaults uid": defaults.uid, "--defaults gid": defaults.gid, "--defaults mode": defaults.mode }
      : { "--zip": zip }),
  }).find(([, value]) => value !== undefined);
  if (given !== undefined) throw new UsageError(`${name}: there can be no ${given[0]} beside it`);
  if (paths > 0) throw new UsageError(`${name}: takes one archive`);
}

function checkImage(image: string, force: boolean): void {
  if (force || !isTaken(image)) return;
  throw new ImageError("INPUT", `${image}: is there already (--force overwrites it)`, { path: image });
}

function toOptions(settings: Settings, mtime: number, nameOf: NameOf): SquashfsOptions {
  const { blockSize, exportable, oneFileSystem, padding, uid, gid, workers, digest, verify, sortFile } = settings;
  return {
    ...{ blockSize, exportable, oneFileSystem, padding, workers, digest, verify },
    verity: takeVerity(settings, "--verity").verity,
    ...nixOptions(settings),
    ...parseGensquashfsWords(settings.compressor, settings.extra, {
      compressor: nameOf("compressor"),
      extra: nameOf("extra"),
    }),
    fragments: settings.noTailPacking ? "small" : "all",
    xattrs: settings.noXattrs ? false : "marked",
    xattrReader: settings.keepXattrs && settings.packFile === undefined ? (settings.xattrReader ?? "auto") : "none",
    hardLinks: settings.noHardLinks || closureOption(settings) ? "copy" : "keep",
    owner: uid !== undefined || gid !== undefined ? { uid, gid } : closureOption(settings) ? "root" : "keep",
    timestamp: mtime,
    times: !settings.noKeepTime && (hasList(settings) || settings.keepTime) ? "keep" : "fixed",
    mkfsTime: Math.min(mtime, 0xffffffff),
    sort: sortFile === undefined ? undefined : readSort(sortFile),
  };
}

/** Whether entries, and their times, are what a list says. */
function hasList({ packFile, manifest, zip, tar }: Settings): boolean {
  return [packFile, manifest, zip, tar].some((file) => file !== undefined);
}

/** What Nix is to know. Throws UsageError for a database that goes nowhere. */
function nixOptions({ storeDir, registration, nixDatabase, gcroot }: Settings): SquashfsOptions {
  if (nixDatabase === true && storeDir === undefined) {
    throw new UsageError(
      "--nix-db: without --store-dir the image is the store itself, so it needs a path, --nix-db=PATH",
    );
  }
  return { storeDir, registration, nixDatabase, gcroot: nixDatabase === undefined ? undefined : gcroot };
}

/** The directory as the root, or as an entry of it. */
function openDirectory(path: string, { keepAsDirectory }: Settings): FileSource {
  if (!keepAsDirectory) return directory(path);
  const whole = absolutePath(path);
  return namedPaths([{ path: whole, name: basename(whole) }]);
}

function readSort(path: string): SortRule[] {
  limitBacktracking();
  return parseSortFile(readInput(path), path);
}

async function openSource(
  settings: Settings,
  roots: readonly string[],
  mtime: number,
  signal: AbortSignal,
): Promise<Source> {
  if (settings.tar !== undefined) {
    const { tarStream } = await import("../../stage/source/archive/tar/node-tar-source.ts");
    const archive = settings.tar === "-" ? readPipe(signal) : settings.tar;
    const { mode, uid, gid } = settings.defaults;
    const { rootBecomes, keepTargets, excludeMembers } = settings;
    return tarStream(archive, {
      ...{ name: "standard input", missing: { mode, uid, gid }, rootBecomes, keepTargets, excludeMembers },
    });
  }
  if (settings.zip !== undefined) {
    const { zipArchive } = await import("../../stage/source/archive/zip/node-zip-source.ts");
    return zipArchive(settings.zip);
  }
  const { packDir, defaults, xattrFile, contextsFile } = settings;
  const { mode = 0o755, uid = 0, gid = 0 } = defaults;
  // what all entries belong to the root does not, unless it is described
  const meta = { mode: S_IFDIR | mode, uid, gid, mtime, keepsOwner: true };
  if (settings.packFile !== undefined || contextsFile !== undefined) limitBacktracking();
  const source =
    (await openList(settings, mtime)) ??
    // the root is not that of the directory
    amend(
      packDir === undefined ? await openClosure(roots, settings, signal) : openDirectory(packDir, settings),
      meta,
      ({ editor }) => editor.setMeta(0, meta),
    );
  if (xattrFile === undefined && contextsFile === undefined) return source;
  const paths = xattrFile === undefined ? [] : parseXattrFile(readInput(xattrFile), xattrFile);
  const contexts = contextsFile === undefined ? undefined : readFileContexts(contextsFile);
  return amend(source, meta, (work) => {
    for (const { path, where, xattrs } of paths) {
      const entry = work.editor.find(path);
      if (entry === NONE) throw new ImageError("INPUT", `${where}: ${path} is not in the image`);
      for (const xattr of xattrs) work.addXattr(entry, xattr);
    }
    if (contexts) labelEntries(work, contexts, UNLABELED);
  });
}

/** What a list describes; undefined: there is none. */
async function openList({ packFile: list, manifest: described, ...settings }: Settings, mtime: number) {
  const defaults = { ...settings.defaults, mtime, keepsOwner: true };
  if (list !== undefined) return packFile(list, { packDir: settings.packDir, defaults });
  if (described === undefined) return undefined;
  const { manifest } = await import("../../stage/source/list/manifest/node-manifest.ts");
  return manifest(described, { base: settings.packDir, defaults });
}

async function openClosure(
  roots: readonly string[],
  { closure: list, nixDbFrom }: Settings,
  signal: AbortSignal,
): Promise<FileSource> {
  if (list !== undefined) {
    const { closure } = await import("../../stage/source/nix/list/node-closure.ts");
    return list === "-" ? closure("standard input", readPipe(signal)) : closure(list);
  }
  const { nixClosureOf } = await import("../../stage/source/nix/database/node-closure-of.ts");
  return nixClosureOf(roots, { database: nixDbFrom });
}
