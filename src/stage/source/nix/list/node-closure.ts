/** Closure lists as sources: whatever Nix prints, from a file, a closureInfo folder or a stream. */
import { createReadStream } from "node:fs";
import { readFile as readBytes, stat } from "node:fs/promises";
import { join } from "node:path";
import { encodeUtf8, latin1FromBytes } from "../../../../core/bytes.ts";
import { ImageError } from "../../../../core/error.ts";
import { systemCode, systemMessage } from "../../../../core/node/node-errors.ts";
import { CallFolder, givenPath, settle } from "../../../../core/node/node-folder.ts";
import { showValue } from "../../../../core/options/checks.ts";
import { findTextStart } from "../../../text/encoding.ts";
import type { StagePolicy } from "../../../tree/policy.ts";
import type { Tree } from "../../../tree/tree.ts";
import { type ClosurePaths, parseClosureList, topPath } from "../../disk/closure.ts";
import { IS_WINDOWS, useSlashes } from "../../disk/node-windows.ts";
import { type FileSource, joinPaths, openTops, type WalkStart } from "../../node-sources.ts";
import type { KnownPath } from "../known-path.ts";
import { tellList } from "./list-kind.ts";

/**
 * A closure list, in any form in which Nix prints one, told by its contents: one path a line (`nix-store -qR`), with the
 * columns of `nix path-info -s -S -h --sigs`; JSON of `nix path-info --json` and of `.attrs.json`; a registration; a graph of
 * exportReferencesGraph; or a closureInfo folder. Where a list says to which paths one refers, all of these have to be in it.
 * With `input`, the list is read from there instead (standard input) and `list` only names it.
 */
export function closure(list: string, input?: AsyncIterable<Uint8Array>): FileSource {
  const folder = CallFolder.now();
  const path = settle(() => {
    checkInput(list, input);
    return input ? list : folder.resolveText(list);
  });
  let isRead = false;
  return {
    isClosure: true,
    isStore: true,
    restore: (error) => folder.restore(error),
    async open(policy, tree) {
      const name = path();
      if (input && isRead) throw new ImageError("INPUT", `${name}: has been read already, and can be read only once`);
      isRead = true;
      const read = input ? { name, text: await readStream(name, input, tree) } : await readFile(name, list, tree);
      const { tops, known } = await parseList(read, folder, tree);
      return { ...openTops({ ...tops, isWindows: IS_WINDOWS }, policy, tree), known };
    },
  };
}

/** Starts a walk of a closure of which all is known. @param where what messages call that which has told */
export function openKnown(known: readonly KnownPath[], where: string, policy: StagePolicy, tree: Tree): WalkStart {
  return {
    ...openTops({ ...placeKnown(known, where, tree), isWindows: IS_WINDOWS }, policy, tree),
    known: async () => known,
  };
}

/** What a list comes to. */
interface ParsedList {
  tops: ClosurePaths;
  known: WalkStart["known"];
}

async function parseList({ text, name, registration }: Read, folder: CallFolder, tree: Tree): Promise<ParsedList> {
  const kind = tellList(text, findTextStart(text, name));
  if (kind === "paths") {
    const tops = anchorTops(parseClosureList(useSlashes(text), name), folder, tree);
    if (registration === undefined) return { tops, known: undefined };
    const read = await readRegistration(registration, true);
    if (read === undefined) return { tops, known: () => readRegistration(registration) };
    await checkListed(tops, read, name);
    return { tops, known: async () => read };
  }
  const { checkReferences, readKnownPaths } = await import("./read-list.ts");
  const known = readKnownPaths(text.slice(), kind, name);
  checkReferences(known, name);
  return { tops: placeKnown(known, name, tree), known: async () => known };
}

/** Throws `INPUT` where a path that is listed refers, as the file beside the list says, to one that is not. */
async function checkListed(tops: ClosurePaths, known: readonly KnownPath[], name: string): Promise<void> {
  const { checkReferences } = await import("./read-list.ts");
  const listed = new Set<string>();
  for (let top = 0; top < tops.from.length; top++) listed.add(baseName(latin1FromBytes(topPath(tops, top))));
  checkReferences(
    known.filter(({ path }) => listed.has(baseName(path))),
    name,
  );
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Puts the paths of a list into the arena. */
function placeKnown(known: readonly KnownPath[], name: string, tree: Tree): ClosurePaths {
  const tops = joinPaths(
    known.map(({ path }) => encodeUtf8(path)),
    tree,
  );
  const hasLines = known[0]?.line !== undefined;
  if (hasLines) tops.line.set(known.map(({ line = 0 }) => line));
  return { ...tops, where: hasLines ? `${name}:` : `${name}: path ` };
}

function checkInput(list: string, input: AsyncIterable<Uint8Array> | undefined): void {
  givenPath("closure()", list);
  if (typeof list !== "string") throw new ImageError("INPUT", "closure(): the path of a list is a string");
  if (input === undefined || (typeof input === "object" && input !== null && Symbol.asyncIterator in input)) return;
  throw new ImageError("INPUT", `${list}: ${showValue(input)} is no stream of bytes`);
}

/** The paths of a list with relative ones made absolute. */
function anchorTops(given: ClosurePaths, folder: CallFolder, tree: Tree): ClosurePaths {
  const tops = { ...given, from: given.from.slice(), to: given.to.slice() };
  for (let top = 0; top < tops.from.length; top++) {
    const path = topPath(given, top);
    const anchored = folder.resolve(path);
    if (anchored === path) continue;
    const at = tree.allocateName(anchored.length);
    tops.from[top] = at;
    tops.to[top] = at + anchored.length;
    tree.names.view.set(anchored, at);
  }
  useSlashes(tree.names.view);
  return { ...tops, bytes: tree.names.view };
}

/** Reads a list, or the one of a closureInfo folder. @param shown what messages call it */
async function readFile(list: string, shown: string, tree: Tree): Promise<Read> {
  let name = shown;
  try {
    if (!(await stat(list)).isDirectory()) return { name, text: await readAll(createReadStream(list), tree) };
    name = join(shown, "store-paths");
    const text = await readAll(createReadStream(join(list, "store-paths")), tree);
    return { name, text, registration: join(list, "registration") };
  } catch (cause) {
    if (cause instanceof ImageError) throw cause;
    throw new ImageError("INPUT", `${name}: ${systemMessage(cause)}`, { path: name, cause });
  }
}

/** The text of a list, and what messages call it. */
interface Read {
  name: string;
  text: Uint8Array;
  /** A file that says more of its paths, if it is there. */
  registration?: string;
}

/**
 * What a registration beside a list says; undefined where there is none.
 *
 * @param isUnasked what is no registration by its contents counts as none, as nobody has asked for one
 */
async function readRegistration(path: string, isUnasked = false): Promise<KnownPath[] | undefined> {
  const { readKnownPaths } = await import("./read-list.ts");
  try {
    const bytes = await readBytes(path);
    if (isUnasked && tellList(bytes, findTextStart(bytes, path)) !== "registration") return undefined;
    return readKnownPaths(bytes, "registration", path);
  } catch (cause) {
    if (cause instanceof ImageError) throw cause;
    if (systemCode(cause) === "ENOENT") return undefined;
    throw new ImageError("INPUT", `${path}: ${systemMessage(cause)}`, { path, cause });
  }
}

async function readStream(name: string, input: AsyncIterable<Uint8Array>, tree: Tree): Promise<Uint8Array> {
  try {
    return await readAll(input, tree);
  } catch (cause) {
    if (cause instanceof ImageError) throw cause;
    throw new ImageError("IO", `${name}: ${systemMessage(cause)}`, { path: name, cause });
  }
}

/** All of a list, in the arena of a tree that has nothing else there yet. */
async function readAll(input: AsyncIterable<Uint8Array>, tree: Tree): Promise<Uint8Array> {
  let length = 0;
  for await (const given of input) {
    // a stream that decodes what it reads gives strings
    const chunk = typeof given === "string" ? encodeUtf8(given) : given;
    if (!(chunk instanceof Uint8Array)) throw new ImageError("INPUT", `${showValue(given)} is no part of a list`);
    const at = tree.allocateName(chunk.length);
    tree.names.view.set(chunk, at);
    length += chunk.length;
  }
  return tree.names.view.subarray(0, length);
}
