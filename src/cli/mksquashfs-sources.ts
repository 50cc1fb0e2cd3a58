/** The sources of `ts-mksquashfs`: directories and files, pseudo files, excludes, sort files. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { encodeUtf8, latin1FromBytes, showBytes } from "../core/bytes.ts";
import { ImageError } from "../core/error.ts";
import { systemMessage } from "../core/node-errors.ts";
import type { ExcludeRules, Source } from "../index.ts";
import { type Amending, amend } from "../stage/node-amend.ts";
import { applyPseudo } from "../stage/node-pseudo.ts";
import { directory, type FileSource, nothing, topsOf } from "../stage/node-sources.ts";
import type { ComponentRule } from "../stage/policy.ts";
import { type PseudoEntry, parsePseudo, parsePseudoFile } from "../stage/pseudo.ts";
import { parsePriorities, type SortRule } from "../stage/sort-file.ts";
import { S_IFDIR } from "../stage/tree.ts";
import type { MksquashfsSettings, PseudoText } from "./mksquashfs-settings.ts";
import { limitBacktracking } from "./program.ts";
import { print } from "./streams.ts";
import { formatMessage } from "./summary.ts";

/** What a command line's sources come to. */
export interface OpenedSources {
  source: () => Promise<Source>;
  exclude: ExcludeRules;
  sort: SortRule[];
}

/** A source, and where it goes: `""` is the root itself. */
interface Placed {
  path: string;
  image: string;
}

/** mksquashfs's mode of a root that it has to make up. */
const ROOT_MODE = 0o777;

/** Looks at what is to be packed. Throws `INPUT` for what is not there. */
export function openSources(given: readonly string[], image: string, settings: MksquashfsSettings): OpenedSources {
  // "-": there is nothing but pseudo files
  const sources = given.length === 1 && given[0] === "-" ? [] : given;
  const places = settings.noStrip ? placeUnstripped(sources) : placeSources(sources, settings.keepAsDirectory);
  const rules = readExcludes(settings);
  const exclude = toRules(rules, settings, places);
  if (settings.matching !== "paths") limitBacktracking();
  if (settings.noStrip && sources.length > 0) exclude.only = places.map(({ image }) => image);
  const pseudo = readPseudo(settings.pseudo);
  const toImage = (path: string) => imagePaths(sortPath(decodeLatin1(path), places), places)[0] ?? path;
  const sort = settings.sortFile === undefined ? [] : readSort(settings.sortFile, (path) => latin1(toImage(path)));
  const info = settings.info ? (image === "-" ? process.stderr : process.stdout) : undefined;
  const source = toSource(sources, places, settings);
  return { source: async () => amended(source, settings, places, pseudo, info), exclude, sort };
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
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
  const isAbsolute = sources[0]?.startsWith("/") ?? false;
  return sources.map((path) => {
    isDirectory(path);
    const names = path.split("/").filter((name) => name !== "" && name !== ".");
    if (names.includes("..")) throw new ImageError("INPUT", `${path}: with -no-strip no path may hold ..`, { path });
    if (path.startsWith("/") !== isAbsolute) {
      throw new ImageError("INPUT", `${path}: with -no-strip either all paths begin with / or none`, { path });
    }
    return { path, image: names.join("/") };
  });
}

function toSource(sources: readonly string[], places: readonly Placed[], settings: MksquashfsSettings): FileSource {
  if (sources.length === 0) return nothing();
  if (settings.noStrip) return directory(sources[0]!.startsWith("/") ? "/" : ".");
  if (places[0]!.image === "") return directory(places[0]!.path);
  return topsOf(
    places.map(({ path }) => resolve(path)),
    false,
  );
}

/** The source with its root's own metadata, the pseudo files, and the list of `-info`. */
function amended(
  source: FileSource,
  settings: MksquashfsSettings,
  places: readonly Placed[],
  pseudo: readonly PseudoEntry[],
  info: NodeJS.WriteStream | undefined,
): FileSource {
  const { root, options } = settings;
  const hasOwnRoot = places.length === 1 && places[0]!.image === "";
  const time = options.timestamp ?? 0;
  const defaults = { mode: S_IFDIR | 0o755, uid: 0, gid: 0, mtime: time };
  if (hasOwnRoot && Object.keys(root).length === 0 && pseudo.length === 0 && !info) return source;
  return amend(source, defaults, async (work) => {
    const { tree, editor } = work;
    const kept = hasOwnRoot
      ? {
          mode: tree.mode.view[0]! & 0o7777,
          uid: tree.uid.view[0]!,
          gid: tree.gid.view[0]!,
          mtime: tree.mtime.view[0]!,
        }
      : { mode: ROOT_MODE, uid: 0, gid: 0, mtime: time };
    const own = { ...kept, ...root };
    editor.setMeta(0, { ...own, mode: S_IFDIR | own.mode });
    applyPseudo(work, pseudo, time);
    if (info) await print(info, listTree(work));
  });
}

/** The path of everything that is packed, one a line. */
function listTree({ tree, editor }: Amending): string {
  const lines: string[] = [];
  const pending: [path: string, entry: number][] = [["", 0]];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const [path, entry] = next;
    if (entry !== 0) lines.push(formatMessage("packing", showBytes(Buffer.from(path, "latin1"))));
    if (tree.kind(entry) !== S_IFDIR) continue;
    const children = [...editor.children(entry)].sort(([a], [b]) => (a < b ? 1 : -1));
    for (const [name, child] of children) pending.push([path === "" ? name : `${path}/${name}`, child]);
  }
  return lines.join("");
}

function readPseudo(texts: readonly PseudoText[]): PseudoEntry[] {
  return texts.flatMap((given) => {
    if ("file" in given) return parsePseudoFile(readInput(given.file), given.file);
    return [parsePseudo({ text: latin1(given.definition.trim()), where: "-p" })];
  });
}

function readSort(file: string, toImage: (path: string) => string): SortRule[] {
  return parsePriorities(readInput(file), file, toImage);
}

function readExcludes({ excludes, excludeFiles }: MksquashfsSettings): string[] {
  const fromFiles = excludeFiles.flatMap((file) =>
    decodeLatin1(latin1FromBytes(readInput(file)))
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "" && !line.startsWith("#")),
  );
  return [...excludes, ...fromFiles];
}

function toRules(
  excludes: readonly string[],
  { matching }: MksquashfsSettings,
  places: readonly Placed[],
): ExcludeRules & { only?: readonly string[] } {
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
  return { parts, kind, isAnchored: !isSticky };
}

/** Where a path given beside sources lies in the image: below one of them, or meant to be below each. */
function imagePaths(path: string, places: readonly Placed[]): string[] {
  const below = (image: string, rest: string) => [image, rest].filter((part) => part !== "").join("/");
  if (!/^(?:\/|\.\.?(?:\/|$))/.test(path)) return places.map(({ image }) => below(image, path.replace(/\/+$/, "")));
  const absolute = resolve(path);
  return places.flatMap((place) => {
    const top = resolve(place.path);
    if (absolute === top) return place.image === "" ? [] : [place.image];
    const prefix = top === "/" ? "/" : `${top}/`;
    return absolute.startsWith(prefix) ? [below(place.image, absolute.slice(prefix.length))] : [];
  });
}

/** A path of a sort file: below a source, or else where the command is run. `DIRECTORY/*` is all that lies in it. */
function sortPath(given: string, places: readonly Placed[]): string {
  const path = given.replace(/\/\*$/, "");
  const isBelow = places.some((place) => existsSync(`${place.path}/${path}`));
  return isBelow || !existsSync(path) ? path : resolve(path);
}

function readInput(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new ImageError("INPUT", `${path}: ${systemMessage(cause)}`, { path, cause });
  }
}

function latin1(text: string): string {
  return latin1FromBytes(encodeUtf8(text));
}

function decodeLatin1(text: string): string {
  return Buffer.from(text, "latin1").toString();
}
