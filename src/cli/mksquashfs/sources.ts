/** The sources of `ts-mksquashfs`: directories and files, pseudo files, excludes, sort files. */
import { existsSync, lstatSync } from "node:fs";
import { basename, isAbsolute, parse, relative, resolve } from "node:path";
import { encodeUtf8, latin1FromBytes, showBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { systemMessage } from "../../core/node/node-errors.ts";
import type { ExcludeRules, Source } from "../../index.ts";
import { withSlashes } from "../../stage/source/disk/node-windows.ts";
import { readAccounts } from "../../stage/source/list/node-accounts.ts";
import { applyPseudo, type PseudoFile, readPseudoFile } from "../../stage/source/list/node-pseudo.ts";
import { type PseudoEntry, parsePseudo, parseXattrWord } from "../../stage/source/list/pseudo.ts";
import { parsePriorities } from "../../stage/source/list/sort-file.ts";
import { type Amending, amend } from "../../stage/source/node-amend.ts";
import { directory, type FileSource, nothing, topsOf } from "../../stage/source/node-sources.ts";
import { latin1Text } from "../../stage/text/encoding.ts";
import type { ComponentRule } from "../../stage/tree/exclude.ts";
import type { SortRule } from "../../stage/tree/file-order.ts";
import { S_IFDIR, S_IFMT, S_IFREG } from "../../stage/tree/tree.ts";
import type { Xattr } from "../../stage/tree/xattrs.ts";
import { UsageError } from "../shared/getopt.ts";
import { readInput } from "../shared/input.ts";
import { limitBacktracking } from "../shared/program.ts";
import { print } from "../shared/streams.ts";
import { formatMessage, warnOfSortRules } from "../shared/summary.ts";
import type { Settings } from "./settings.ts";

/** What a command line's sources come to. */
export interface OpenedSources {
  source: () => Promise<Source>;
  exclude: ExcludeRules;
  sort: SortRule[];
  /** Says of rules that are for nothing what they were. */
  warnOfRules: (rules: readonly string[]) => string[];
}

/** A source, and where it goes: `""` is the root itself. */
interface Placed {
  path: string;
  image: string;
}

/** mksquashfs's mode of a root that it has to make up. */
const ROOT_MODE = 0o777;

/** Looks at what is to be packed. Throws `INPUT` for what is not there. */
export function openSources(given: readonly string[], image: string, settings: Settings): OpenedSources {
  // "-": there is nothing but pseudo files
  const sources = given.length === 1 && given[0] === "-" ? [] : given;
  const places = settings.noStrip ? placeUnstripped(sources) : placeSources(sources, settings.keepAsDirectory);
  const rules = readExcludes(settings);
  const exclude = toRules(rules, settings, places);
  if (settings.matching !== "paths") limitBacktracking();
  if (settings.noStrip && sources.length > 0) exclude.only = places.map(({ image }) => image);
  const pseudo = readPseudo(settings);
  const xattrs = settings.addedXattrs.map(parseXattr);
  const givesXattrs = xattrs.length > 0 || pseudo.files.some(({ entries }) => entries.some(({ xattr }) => xattr));
  if (givesXattrs && settings.xattrs === false) {
    throw new UsageError("-no-xattrs: -xattrs-add or a pseudo file gives attributes");
  }
  const toImage = (path: string) => imagePaths(sortPath(decodeLatin1(path), places), places)[0] ?? path;
  const sort = settings.sortFile === undefined ? [] : readSort(settings.sortFile, (path) => latin1(toImage(path)));
  const info = settings.info ? (image === "-" ? process.stderr : process.stdout) : undefined;
  const source = toSource(sources, places, settings);
  return {
    source: async () => amended(source, settings, places, pseudo, xattrs, info),
    exclude,
    sort,
    warnOfRules: (unmatched) => warnOf(unmatched, rules, settings, places),
  };
}

/** A source that is a symbolic link is packed as one. */
function isDirectory(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch (cause) {
    throw new ImageError("INPUT", `${path}: ${systemMessage(cause)}`, { path, cause });
  }
}

function placeSources(sources: readonly string[], keepAsDirectory: boolean): Placed[] {
  const [only] = sources;
  if (sources.length === 1 && !keepAsDirectory && isDirectory(only!)) return [{ path: only!, image: "" }];
  return sources.map((path) => ({ path, image: basename(resolve(path)) }));
}

/** With `-no-strip` a source keeps the directories of its path. */
function placeUnstripped(sources: readonly string[]): Placed[] {
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
function rootOf(path: string): string {
  const { root } = parse(path);
  // `C:a` is relative to the folder that the drive is in
  return isAbsolute(path) ? withSlashes(root) : "";
}

function toSource(sources: readonly string[], places: readonly Placed[], settings: Settings): FileSource {
  if (sources.length === 0) return nothing();
  if (settings.noStrip) return directory(rootOf(sources[0]!) || ".");
  if (places[0]!.image === "") return directory(places[0]!.path);
  return topsOf(
    places.map(({ path }) => resolve(path)),
    false,
  );
}

/** The source with its root's own metadata, the pseudo files, and the list of `-info`. */
function amended(
  source: FileSource,
  settings: Settings,
  places: readonly Placed[],
  pseudo: Pseudo,
  xattrs: readonly Xattr[],
  info: NodeJS.WriteStream | undefined,
): FileSource {
  const { root, fileMode, directoryMode } = settings;
  const hasOwnRoot = places[0]?.image === "" || (settings.noStrip && places.length > 0);
  const time = settings.timestamp ?? 0;
  const defaults = { mode: S_IFDIR | 0o755, uid: 0, gid: 0, mtime: time };
  const changes = [...Object.keys(root), ...pseudo.files, ...xattrs, fileMode, directoryMode, info];
  if (hasOwnRoot && changes.every((change) => change === undefined)) return source;
  return amend(source, defaults, async (work) => {
    if (!hasOwnRoot) work.editor.setMeta(0, { mode: S_IFDIR | ROOT_MODE, uid: 0, gid: 0, mtime: time });
    const inImage = (path: string) => {
      const found = imagePaths(resolve(decodeLatin1(path)), places)[0];
      return found === undefined ? undefined : latin1(found);
    };
    for (const file of pseudo.files) applyPseudo(work, file, { mtime: time, directory: pseudo.directory, inImage });
    setRoot(work, settings);
    changeAll(work, settings, xattrs);
    if (info) await print(info, listTree(work));
  });
}

function setRoot({ editor, tree }: Amending, { root, uidOffset = 0, gidOffset = 0 }: Settings): void {
  if (Object.keys(root).length === 0) return;
  const { mode: change, ...given } = root;
  const mode = tree.mode.view[0]!;
  // what is set is offset again
  const kept = {
    uid: tree.uid.view[0]! - uidOffset,
    gid: tree.gid.view[0]! - gidOffset,
    mtime: tree.mtime.view[0]!,
  };
  editor.setMeta(0, { ...kept, ...given, mode: change?.(mode) ?? mode });
}

/** Modes and attributes that all entries get; attributes of users belong to files and directories only. */
function changeAll(work: Amending, { fileMode, directoryMode }: Settings, xattrs: readonly Xattr[]): void {
  if (!fileMode && !directoryMode && xattrs.length === 0) return;
  const { mode } = work.tree;
  const changed = new Set<number>();
  for (const [, entry] of work.entries()) {
    if (changed.has(entry)) continue;
    const kind = work.tree.kind(entry);
    const change = kind === S_IFDIR ? directoryMode : fileMode;
    for (const name of work.editor.namesOf(entry)) {
      changed.add(name);
      if (change) mode.view[name] = change(mode.view[name]!);
    }
    for (const xattr of xattrs) {
      const isUsers = latin1FromBytes(xattr.name).startsWith("user.");
      if (!isUsers || kind === S_IFDIR || kind === S_IFREG) work.addXattr(entry, xattr);
    }
  }
}

function parseXattr(word: string): Xattr {
  return parseXattrWord(latin1(word), (why) => new UsageError(`-xattrs-add ${word}: ${why}`));
}

/** The path of everything that is packed, one a line. */
function listTree(work: Amending): string {
  const lines: string[] = [];
  for (const [path, entry] of work.entries()) {
    if (entry !== 0) lines.push(formatMessage("packing", showBytes(Buffer.from(path, "latin1"))));
  }
  return lines.join("");
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

function readSort(file: string, toImage: (path: string) => string): SortRule[] {
  return parsePriorities(readInput(file), file, toImage);
}

function readExcludes({ excludes, excludeFiles }: Settings): string[] {
  const fromFiles = excludeFiles.flatMap((file) =>
    decodeLatin1(latin1Text(readInput(file), file))
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "" && !line.startsWith("#")),
  );
  return [...excludes, ...fromFiles];
}

/** Says of an exclude rule that it is for nothing where that is so of all that it may mean, and of sort rules. */
function warnOf(
  unmatched: readonly string[],
  excludes: readonly string[],
  settings: Settings,
  places: readonly Placed[],
): string[] {
  const known = new Set<string>();
  const isUnmatched = (path: string) => {
    known.add(path);
    return unmatched.includes(path);
  };
  const warnings = excludes.flatMap((exclude) => {
    const meant = settings.matching === "paths" ? imagePaths(exclude, places) : [exclude];
    // all of them: each is one that is known
    return meant.filter(isUnmatched).length === meant.length
      ? `nothing matches ${exclude}, which is to be excluded`
      : [];
  });
  return [...warnings, ...warnOfSortRules(unmatched.filter((rule) => !known.has(rule)))];
}

function toRules(
  excludes: readonly string[],
  { matching }: Settings,
  places: readonly Placed[],
): { -readonly [K in keyof ExcludeRules]: ExcludeRules[K] } {
  if (excludes.length === 0) return {};
  if (matching === "paths") return { paths: excludes.flatMap((path) => imagePaths(path, places)) };
  return { components: excludes.map((pattern) => toComponents(pattern, matching === "wildcards" ? "glob" : "regex")) };
}

/** Each name of a path has a pattern of its own; `... ` before them: they may begin in any directory. */
function toComponents(pattern: string, kind: ComponentRule["kind"]): ComponentRule {
  const isSticky = /^\.\.\.[ \t]+/.test(pattern);
  const parts = pattern
    .replace(/^\.\.\.[ \t]+/, "")
    .split("/")
    .filter((part) => part !== "" && part !== ".");
  if (parts.length === 0) throw new ImageError("INPUT", `exclude "${pattern}": names nothing`);
  return { parts, kind, isAnchored: !isSticky, text: pattern };
}

/** Where a path given beside sources lies in the image: below one of them, or meant to be below each. */
function imagePaths(path: string, places: readonly Placed[]): string[] {
  const below = (image: string, rest: string) => [image, rest].filter((part) => part !== "").join("/");
  const given = withSlashes(path);
  if (!isAbsolute(path) && !/^\.\.?(?:\/|$)/.test(given)) {
    return places.map(({ image }) => below(image, given.replace(/\/+$/, "")));
  }
  return places.flatMap((place) => {
    const way = withSlashes(relative(place.path, path));
    if (way === "") return place.image === "" ? [] : [place.image];
    return way === ".." || way.startsWith("../") || isAbsolute(way) ? [] : [below(place.image, way)];
  });
}

/** A path of a sort file: below a source, or else where the command is run. `DIRECTORY/*` is all that lies in it. */
function sortPath(given: string, places: readonly Placed[]): string {
  const path = given.replace(/\/\*$/, "");
  const isBelow = places.some((place) => existsSync(`${place.path}/${path}`));
  return isBelow || !existsSync(path) ? path : resolve(path);
}

function latin1(text: string): string {
  return latin1FromBytes(encodeUtf8(text));
}

function decodeLatin1(text: string): string {
  return Buffer.from(text, "latin1").toString();
}
