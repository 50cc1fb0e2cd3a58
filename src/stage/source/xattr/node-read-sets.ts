/** Reads the attributes of a tree's entries, as the walk comes to them. */
import { bytesFromLatin1, hasHead } from "../../../core/bytes.ts";
import type { StagePolicy } from "../../tree/policy.ts";
import type { Tree } from "../../tree/tree.ts";
import { FoundSets } from "./found-sets.ts";
import { XattrNames } from "./names.ts";
import type { XattrReader } from "./node-reader.ts";
import { type CallingReader, loadReader } from "./node-readers.ts";

/** What reads attributes, and counts what it could not: plain data and shared memory. */
export interface XattrParams {
  reader: CallingReader;
  counts: SharedArrayBuffer;
}

/** An attribute that goes into the image. */
interface Taken {
  name: string;
  /** Its name as it is stored. */
  bytes: Uint8Array;
  /** Of the entry that was read last; undefined: it had gone. */
  value: Uint8Array | undefined;
}

/** Reads sets of attributes, one after another; every thread has its own. */
export class SetReader {
  readonly #name: CallingReader;
  readonly #names: XattrNames;
  readonly #found: FoundSets;
  #reader: XattrReader | undefined;
  /** The names of the last entry that had attributes, as the reader has given them. */
  #last: readonly string[] = [];
  /** What of these is taken, in its order. */
  #taken: readonly Taken[] = [];
  /** Whether images have no place for one of them. */
  #isHomeless = false;

  constructor(tree: Tree, policy: StagePolicy, { reader, counts }: XattrParams) {
    this.#name = reader;
    this.#names = new XattrNames(policy);
    this.#found = new FoundSets(tree, counts);
  }

  /** Reads the set of an entry, which lies at `path`, short enough for the system. Throws what the system answers. */
  read(entry: number, path: Buffer): void {
    // only now: a thread for which there is nothing to do loads no code that is not JavaScript
    this.#reader ??= loadReader(this.#name);
    const names = this.#reader.list(path);
    if (names === undefined) this.#found.skip(entry);
    else if (names.length > 0) this.#take(this.#reader, entry, names);
  }

  #take(reader: XattrReader, entry: number, names: readonly string[]): void {
    let isRepeated = names === this.#last;
    if (!isRepeated) this.#choose(names);
    for (const taken of this.#taken) if (!isLikeLast(reader, taken)) isRepeated = false;
    if (isRepeated) this.#found.repeat(entry);
    else this.#store(entry);
    if (this.#isHomeless) this.#found.leaveOut(entry);
  }

  #choose(names: readonly string[]): void {
    this.#last = names;
    this.#isHomeless = names.some((name) => this.#names.fate(name) === "homeless");
    const taken = names.filter((name) => this.#names.fate(name) === "taken").sort();
    this.#taken = taken.map((name) => ({ name, bytes: bytesFromLatin1(name), value: undefined }));
  }

  #store(entry: number): void {
    for (const { bytes, value } of this.#taken) if (value !== undefined) this.#found.add(bytes, value);
    this.#found.store(entry);
  }
}

/** Reads a value; true: it is that of the entry before. */
function isLikeLast(reader: XattrReader, taken: Taken): boolean {
  const value = reader.value(taken.name);
  const last = taken.value;
  if (value !== undefined && value.length === last?.length && hasHead(value, last)) return true;
  taken.value = value?.slice();
  return value === last;
}
