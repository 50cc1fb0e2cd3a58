/**
 * The registration of a closure that is packed without being listed first: its paths are hashed as they are packed, and it
 * is written when all of them are in the image.
 */
import { encodeUtf8, latin1FromBytes, toHex } from "../../core/bytes.ts";
import { sharedUint32, shareUint32 } from "../../core/shared.ts";
import type { SharedPaths } from "../../stage/source/disk/node-paths.ts";
import { checkReferences } from "../../stage/source/nix/known-path.ts";
import { formatRegistration } from "../../stage/source/nix/list/registration.ts";
import { createHashWork, type HashWork } from "../../stage/source/nix/nar/node-hash-paths.ts";
import type { PathInfo } from "../../stage/source/nix/path-info.ts";
import type { StagePolicy } from "../../stage/tree/policy.ts";
import { FLAG_LATE, NONE, S_IFREG, type Tree } from "../../stage/tree/tree.ts";
import type { ClosureHash } from "../closure-segments.ts";
import type { NixOptions } from "../options.ts";
import { namePaths, REGISTRATION } from "./named-paths.ts";
import type { OpenPart } from "./part.ts";

const HASH_BYTES = 32;
const SLASH = 0x2f;

/** What is to be found out of a closure, and what is made of it. */
export class StraightNix {
  /** The file's name in the root; undefined: it is written beside the image alone. */
  readonly #fileName: Uint8Array | undefined;
  /** Its place among the tops; undefined: it has none. */
  #fileTop: number | undefined;
  /** What is known of each path of the closure, in their order. */
  readonly #infos: readonly PathInfo[];
  /** Of these the ones that are to be hashed, in this order. */
  readonly #unknown: readonly number[];
  readonly #work: HashWork;
  #registration: Uint8Array | undefined;

  private constructor(infos: readonly PathInfo[], fileName: string | undefined) {
    this.#infos = infos;
    this.#fileName = fileName === undefined ? undefined : encodeUtf8(fileName);
    this.#unknown = infos.flatMap(({ narHash, narSize }, path) => (narHash === "" || narSize === 0 ? [path] : []));
    this.#work = createHashWork(sharedUint32(this.#unknown.length));
  }

  /** Undefined where more has to be known of the tree, or where something is wrong, which is said when it is. */
  static async plan(
    { excluded, stores }: OpenPart,
    { exclude }: StagePolicy,
    { nixDatabase = false, registration, scanReferences, storeDir }: NixOptions,
  ): Promise<StraightNix | undefined> {
    // what is left out of a path is not in its hash, whatever is known of that
    const isWhole = excluded === 0 && exclude.met.length === 0 && stores.length === 1;
    if (!isWhole || nixDatabase !== false || scanReferences) return undefined;
    const named = await namePaths(stores[0]!, storeDir);
    if (named.length === 0 || named.some(({ known }) => known?.references === undefined)) return undefined;
    const name = registration === true ? REGISTRATION : registration || undefined;
    const isTop = name === undefined || !(/\/|~nix~case~hack~/.test(name) || named.some((each) => each.name === name));
    if (!isTop) return undefined;
    const infos = named.map(({ path, known }): PathInfo => {
      const { line: _, narHash = "", narSize = 0, references = [], ...rest } = known!;
      return { ...rest, path, references, narHash, narSize };
    });
    checkReferences(infos, "the closure");
    return new StraightNix(infos, name);
  }

  /** The tops with the file among them, which has no path but its name; to be called once. */
  addFile(tree: Tree, tops: SharedPaths): SharedPaths {
    const name = this.#fileName;
    if (name === undefined) return tops;
    const shown = latin1FromBytes(name);
    const nameOf = (top: number) => latin1FromBytes(topName(tree, tops, top));
    const behind = Array.from(tops.from, (_, top) => top).findIndex((top) => nameOf(top) > shown);
    const at = behind < 0 ? tops.from.length : behind;
    const from = tree.allocateName(name.length);
    tree.names.view.set(name, from);
    this.#fileTop = at;
    const insert = (list: Uint32Array, value: number) =>
      shareUint32([...list.subarray(0, at), value, ...list.subarray(at)]);
    return { ...tops, from: insert(tops.from, from), to: insert(tops.to, from + name.length) };
  }

  /** Says of the file's top what it is. */
  markFile(tree: Tree): void {
    if (this.#fileTop === undefined) return;
    tree.flags.view[this.#fileTop + 1] = FLAG_LATE;
    tree.mode.view[this.#fileTop + 1] = S_IFREG;
  }

  /** What is to be hashed of the tops, the file among them. */
  get hash(): ClosureHash | undefined {
    if (this.#unknown.length === 0) return undefined;
    const places = sharedUint32(this.#infos.length + 1).fill(NONE);
    for (const [place, path] of this.#unknown.entries()) places[this.#topOf(path)] = place;
    return { work: this.#work, places };
  }

  #topOf(path: number): number {
    return this.#fileTop === undefined || path < this.#fileTop ? path : path + 1;
  }

  /** The registration, once all has been hashed. */
  get registration(): Uint8Array {
    this.#registration ??= this.#format();
    return this.#registration;
  }

  #format(): Uint8Array {
    const infos = [...this.#infos];
    const { hashes, sizes } = this.#work;
    for (const [place, path] of this.#unknown.entries()) {
      const narHash = toHex(hashes.subarray(HASH_BYTES * place, HASH_BYTES * (place + 1)));
      infos[path] = { ...infos[path]!, narHash, narSize: sizes[place]! };
    }
    return encodeUtf8(formatRegistration(infos.sort((a, b) => (a.path < b.path ? -1 : 1))));
  }
}

/** The bytes of a top's name. */
function topName({ names }: Tree, { from, to }: SharedPaths, top: number): Uint8Array {
  const path = names.view.subarray(from[top]!, to[top]!);
  return path.subarray(path.lastIndexOf(SLASH) + 1);
}
