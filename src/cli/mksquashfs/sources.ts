/** The sources of `ts-mksquashfs`: directories and files, pseudo files, excludes, sort files. */

import { dirname } from "node:path";
import { encodeUtf8, latin1FromBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { absolutePath } from "../../core/node/node-folder.ts";
import type { ExcludeRules, Source } from "../../index.ts";
import { type Action, type LogMode, parseAction } from "../../stage/source/action/actions.ts";
import type { RangedSource } from "../../stage/source/archive/node-ranged-source.ts";
import { readAccounts } from "../../stage/source/list/node-accounts.ts";
import { type PseudoFile, readPseudoFile } from "../../stage/source/list/node-pseudo.ts";
import { type PseudoEntry, parsePseudo, parseXattrWord } from "../../stage/source/list/pseudo.ts";
import { parsePriorities } from "../../stage/source/list/sort-file.ts";
import { amend } from "../../stage/source/node-amend.ts";
import { directory, type FileSource, namedPaths, nothing } from "../../stage/source/node-sources.ts";
import { readLines } from "../../stage/text/line-words.ts";
import type { EntryMeta } from "../../stage/tree/edit.ts";
import type { SortRule } from "../../stage/tree/file-order.ts";
import { S_IFDIR, S_IFMT } from "../../stage/tree/tree.ts";
import type { Xattr } from "../../stage/tree/xattrs.ts";
import { UsageError } from "../shared/getopt.ts";
import { readInput } from "../shared/input.ts";
import { limitBacktracking } from "../shared/program.ts";
import { formatMessage, warnOfSortRules } from "../shared/summary.ts";
import { readPipe } from "../standard-input.ts";
import { type Amendments, amendsTree, amendTree } from "./amendments.ts";
import { readExcludes } from "./excludes.ts";
import {
  imagePaths,
  type Placed,
  placeClosure,
  placeClosureList,
  placeSources,
  placeUnstripped,
  rootOf,
  sortPath,
  withRealPaths,
} from "./places.ts";
import { type ActionText, isClosure, type Settings } from "./settings.ts";

/** What a command line's sources come to. */
export interface OpenedSources {
  source: (signal: AbortSignal) => Promise<Source>;
  exclude: ExcludeRules;
  sort: SortRule[];
  /** Says of rules that are for nothing what they were. */
  warnOfRules: (rules: readonly string[]) => string[];
}

/** Looks at what is to be packed. Throws `INPUT` for what is not there. */
export function openSources(given: readonly string[], image: string, settings: Settings): OpenedSources {
  // "-": there is nothing but pseudo files
  const sources = given.length === 1 && given[0] === "-" ? [] : given;
  const list = settings.manifest !== undefined ? "-manifest" : settings.closure !== undefined ? "-closure" : undefined;
  if (list !== undefined && (given.length !== 1 || given[0] !== "-")) {
    throw new UsageError(`${list}: says what is packed, and SOURCE has to be "-"`);
  }
  const archive = settings.tar ? "-tar" : settings.zip ? "-zip" : undefined;
  if (archive !== undefined) checkArchive(archive, sources, settings);
  const warn = makeWarner(settings);
  checkClosure(sources, settings);
  const places = placeAll(sources, settings, warn);
  const { texts, rules: exclude, inodes } = readExcludes(settings, places);
  if (settings.matching !== "paths" || settings.actions.length > 0) limitBacktracking();
  if (settings.noStrip && sources.length > 0) exclude.only = places.map(({ image }) => image);
  const { files, directory: missing } = readPseudo(settings);
  const xattrs = settings.addedXattrs.map(parseXattr);
  const givesXattrs = xattrs.length > 0 || files.some(({ entries }) => entries.some(({ xattr }) => xattr));
  if (givesXattrs && settings.xattrs === false) {
    throw new UsageError("-no-xattrs: -xattrs-add or a pseudo file gives attributes");
  }
  const toImage = (path: string) => imagePaths(sortPath(decodeLatin1(path), places), places)[0] ?? path;
  const sort = settings.sortFile === undefined ? [] : readSort(settings.sortFile, (path) => latin1(toImage(path)));
  const isLater = isClosure(settings) || archive !== undefined || settings.manifest !== undefined;
  const source = isLater ? undefined : toSource(sources, places, settings);
  const found = new Set<string>();
  const amendments: Amendments = {
    ...{ settings, inodes, found, xattrs, excluded: exclude, pseudo: files, actions: readActions(settings) },
    hasOwnRoot:
      isClosure(settings) ||
      archive !== undefined ||
      places[0]?.image === "" ||
      (settings.noStrip && places.length > 0),
    pseudoDefaults: {
      mtime: settings.timestamp ?? 0,
      directory: missing,
      hasSource: places.length > 0,
      keepsOwners: settings.pseudoOverride,
      warn,
    },
    // what lies in an archive is no file of this machine
    inImage: archive !== undefined ? () => undefined : inImageOf(places),
    out: image === "-" || settings.json || settings.verityRootOut === "-" ? process.stderr : process.stdout,
  };
  if (archive !== undefined && settings.follow !== undefined) {
    throw new UsageError(`${archive}: what links in it lead to is not on this machine`);
  }
  return {
    source: async (signal) =>
      archive !== undefined
        ? amendedArchive(await openArchive(sources, settings, signal), amendments)
        : amended(source ?? (await openLater(sources, settings, signal)), amendments),
    exclude,
    sort,
    warnOfRules: (unmatched) => warnOf(unmatched, { texts, found }, settings, places),
  };
}

/** Where sources go in the image. */
function placeAll(sources: readonly string[], settings: Settings, warn: (message: string) => void): Placed[] {
  const { closure, closureOf, storeDir, noStrip, keepAsDirectory, manifest: list, zip, tar } = settings;
  if (zip || tar) return [{ path: sources[0] ?? "-", image: "" }];
  if (closureOf) return placeClosure(sources, storeDir);
  if (closure !== undefined) return placeClosureList(storeDir);
  if (list !== undefined) return [{ path: settings.manifestBase ?? dirname(list), image: "" }];
  return noStrip ? placeUnstripped(sources) : placeSources(sources, keepAsDirectory, warn);
}

/** Tells what is not as it was asked for; with `-exit-on-error` that ends the build. */
function makeWarner({ exitOnError }: Settings): (message: string) => void {
  return (message) => {
    if (exitOnError) throw new ImageError("INPUT", message);
    process.stderr.write(formatMessage("ts-mksquashfs", `warning: ${message}`));
  };
}

function toSource(sources: readonly string[], places: readonly Placed[], settings: Settings): FileSource {
  if (sources.length === 0) return nothing();
  if (settings.noStrip) return directory(rootOf(sources[0]!) || ".");
  if (places[0]!.image === "") return directory(places[0]!.path);
  return namedPaths(places.map(({ path, image }) => ({ path: absolutePath(path), name: image })));
}

/** Throws for what does not go with closures. */
function checkClosure(sources: readonly string[], { closure, closureOf, noStrip, manifest: list }: Settings): void {
  const name = closure !== undefined ? "-closure" : "-closure-of";
  if (closure === undefined && !closureOf) return;
  if (noStrip) throw new UsageError(`${name}: paths have their names only`);
  if (closure === undefined && sources.length === 0) throw new UsageError("-closure-of: SOURCEs are needed");
  if (closure === undefined) return;
  const other = closureOf ? "-closure-of" : list !== undefined ? "-manifest" : undefined;
  if (other !== undefined) throw new UsageError(`-closure: there can be no ${other} beside it`);
}

/** Throws for what goes with archives and does not. */
function checkArchive(
  name: string,
  sources: readonly string[],
  { closure, closureOf, noStrip, keepAsDirectory, manifest: list, zip }: Settings,
): void {
  const isTar = name === "-tar";
  if (!isTar && sources.length === 0) throw new UsageError("-zip: SOURCEs are needed");
  if (isTar && sources.length > 0)
    throw new UsageError('-tar: the archive is standard input, and SOURCE has to be "-"');
  const given = Object.entries({
    ...{ "-closure": closure, "-closure-of": closureOf, "-no-strip": noStrip, "-keep-as-directory": keepAsDirectory },
    "-manifest": list,
    "-zip": isTar && zip,
  }).find(([, value]) => value);
  if (given !== undefined) throw new UsageError(`${name}: there can be no ${given[0]} beside it`);
}

async function openArchive(sources: readonly string[], settings: Settings, signal: AbortSignal): Promise<RangedSource> {
  if (settings.tar) {
    const { tarStream } = await import("../../stage/source/archive/tar/node-tar-source.ts");
    const { ignoreZeros, missing } = settings;
    return tarStream(readPipe(signal), { name: "standard input", ignoreZeros, missing });
  }
  const { zipArchive } = await import("../../stage/source/archive/zip/node-zip-source.ts");
  return zipArchive(sources);
}

/** What few need is loaded where it is asked for. */
async function openLater(
  sources: readonly string[],
  { closure: paths, manifest: list, manifestBase: base, nixDbFrom }: Settings,
  signal: AbortSignal,
): Promise<FileSource> {
  if (list !== undefined) {
    const { manifest } = await import("../../stage/source/list/manifest/node-manifest.ts");
    return manifest(list, { base });
  }
  if (paths !== undefined) {
    const { closure } = await import("../../stage/source/nix/list/node-closure.ts");
    return paths === "-" ? closure("standard input", readPipe(signal)) : closure(paths);
  }
  const { nixClosureOf } = await import("../../stage/source/nix/database/node-closure-of.ts");
  return nixClosureOf(sources, { database: nixDbFrom });
}

/** Where a path of the disk, a latin1 string without links in it, lies in the image. */
function inImageOf(places: readonly Placed[]): (path: string) => string | undefined {
  let real: Placed[] | undefined;
  return (path) => {
    real ??= withRealPaths(places);
    const found = imagePaths(absolutePath(decodeLatin1(path)), real)[0];
    return found === undefined ? undefined : latin1(found);
  };
}

function amended(source: FileSource, amendments: Amendments): FileSource {
  if (!amendsTree(amendments)) return source;
  return amend(source, amendedDefaults(amendments), (work) => amendTree(work, amendments));
}

async function amendedArchive(source: RangedSource, amendments: Amendments): Promise<Source> {
  if (!amendsTree(amendments)) return source;
  const { amendArchive } = await import("../../stage/source/archive/node-amend-archive.ts");
  return amendArchive(source, amendedDefaults(amendments), (work) => amendTree(work, amendments));
}

/** What directories are like that nobody describes. */
function amendedDefaults({ pseudoDefaults: { mtime } }: Amendments): EntryMeta {
  return { mode: S_IFDIR | 0o755, uid: 0, gid: 0, mtime };
}

function parseXattr(word: string): Xattr {
  return parseXattrWord(latin1(word), (why) => new UsageError(`-xattrs-add ${word}: ${why}`));
}

/** Everything that pseudo files say. */
interface Pseudo {
  files: readonly PseudoFile[];
  directory: PseudoEntry | undefined;
}

function readPseudo({ pseudo, pseudoDirectory }: Settings): Pseudo {
  const accounts = readAccounts();
  const parse = (text: string, where: string) => parsePseudo({ text: latin1(text.trim()), where }, accounts);
  const files = pseudo.map((given) => {
    if ("file" in given) return readPseudoFile(given.file, accounts);
    return { entries: [parse(given.definition, "-p")], data: undefined };
  });
  const directory = pseudoDirectory === undefined ? undefined : parse(`- ${pseudoDirectory}`, "-pd");
  if (directory && (directory.action !== "add" || (directory.mode & S_IFMT) !== S_IFDIR)) {
    throw new UsageError(`-pd: "${pseudoDirectory}" is neither d MODE UID GID nor D TIME MODE UID GID`);
  }
  return { files, directory };
}

/** Says of an exclude rule that it is for nothing where that is so of all that it may mean, and of sort rules. */
function warnOf(
  unmatched: readonly string[],
  { texts, found }: { texts: readonly string[]; found: ReadonlySet<string> },
  settings: Settings,
  places: readonly Placed[],
): string[] {
  const known = new Set<string>();
  const isUnmatched = (path: string) => {
    known.add(path);
    return unmatched.includes(path);
  };
  const warnings = texts.flatMap((exclude) => {
    const meant = settings.matching === "paths" ? imagePaths(exclude, places) : [exclude];
    // all of them: each is one that is known
    return meant.filter(isUnmatched).length === meant.length && !found.has(exclude)
      ? `nothing matches ${exclude}, which is to be excluded`
      : [];
  });
  return [...warnings, ...warnOfSortRules(unmatched.filter((rule) => !known.has(rule)))];
}

/** All actions. Throws UsageError for one that cannot be understood, `INPUT` where it stands in a file. */
function readActions({ actions, blockSize = 131072 }: Settings): Action[] {
  const accounts = readAccounts();
  const parse = (line: string, logs: LogMode, fail: (why: string) => Error) =>
    parseAction(line, { accounts, blockSize, logs, fail });
  return actions.flatMap((given: ActionText) => {
    if ("file" in given) {
      const lines = [...readLines(readInput(given.file), given.file, true)];
      return lines.map(({ text, where }) =>
        parse(text, given.logs, (why) => new ImageError("INPUT", `${where}: ${why}`)),
      );
    }
    const { option, action, logs } = given;
    return [parse(latin1(action), logs, (why) => new UsageError(`${option} ${action}: ${why}`))];
  });
}

function readSort(file: string, toImage: (path: string) => string): SortRule[] {
  return parsePriorities(readInput(file), file, toImage);
}

function latin1(text: string): string {
  return latin1FromBytes(encodeUtf8(text));
}

function decodeLatin1(text: string): string {
  return Buffer.from(text, "latin1").toString();
}
