/** Reads the attributes of a tree's entries once they have been listed: every thread takes some of the entries. */
import { bytesFromLatin1 } from "../../../core/bytes.ts";
import { sourceError } from "../../../core/node/node-errors.ts";
import type { JobContext } from "../../../core/threads.ts";
import type { StagePolicy } from "../../tree/policy.ts";
import { type SharedTree, Tree } from "../../tree/tree.ts";
import { type SharedPaths, withShortPath } from "../disk/node-paths.ts";
import { FoundSets } from "./found-sets.ts";
import { XattrNames } from "./names.ts";
import { EntryPaths } from "./node-entry-paths.ts";
import type { XattrReader } from "./node-reader.ts";
import { type CallingReader, loadReader } from "./node-readers.ts";

/** Entries that a thread takes at a time: siblings stand in a row. */
const PIECE_ENTRIES = 512;

/** Parameters of {@link readSets}: plain data and shared memory. */
export interface XattrParams {
  tree: SharedTree;
  /** Entries that there are. */
  entries: number;
  paths: SharedPaths;
  policy: StagePolicy;
  reader: CallingReader;
  counts: SharedArrayBuffer;
}

/** Reads until no entry is left; run by every thread at once. */
export async function readSets(job: JobContext, params: XattrParams): Promise<void> {
  const { paths, policy, reader, counts, entries } = params;
  const tree = Tree.attach(params.tree);
  const found = new FoundSets(tree, counts);
  const builder = new EntryPaths(tree, paths, policy);
  let setReader: SetReader | undefined;
  for (const piece of job.pieces(Math.ceil(entries / PIECE_ENTRIES))) {
    // only now: a thread for which nothing is left loads no code that is not JavaScript
    setReader ??= new SetReader(loadReader(reader), new XattrNames(policy), found);
    const from = piece * PIECE_ENTRIES;
    for (let entry = from; entry < Math.min(from + PIECE_ENTRIES, entries); entry++) {
      const path = builder.path(entry);
      if (path !== undefined) setReader.read(entry, path);
    }
    const breathing = job.breathe();
    if (breathing !== undefined) await breathing;
  }
}

/** Reads sets of attributes, one after another. */
class SetReader {
  readonly #reader: XattrReader;
  readonly #names: XattrNames;
  readonly #found: FoundSets;
  /** Lists of names as they are stored, by what the reader has given. */
  readonly #bytes = new Map<string, Uint8Array>();

  constructor(reader: XattrReader, names: XattrNames, found: FoundSets) {
    this.#reader = reader;
    this.#names = names;
    this.#found = found;
  }

  /** Reads the set of an entry, which lies at `path`. */
  read(entry: number, path: Buffer): void {
    try {
      withShortPath(path, this.#read, entry);
    } catch (cause) {
      throw sourceError(path, cause);
    }
  }

  readonly #read = (path: Buffer, entry: number): void => {
    const names = this.#reader.list(path);
    if (names === undefined) this.#found.skip(entry);
    else if (names.length > 0) this.#take(entry, names);
  };

  #take(entry: number, names: readonly string[]): void {
    let isHomeless = false;
    for (const name of names.length > 1 ? [...names].sort() : names) {
      const fate = this.#names.fate(name);
      if (fate === "homeless") isHomeless = true;
      if (fate !== "taken") continue;
      const value = this.#reader.value(name);
      if (value !== undefined) this.#found.add(this.#spell(name), value);
    }
    this.#found.store(entry);
    if (isHomeless) this.#found.leaveOut(entry);
  }

  #spell(name: string): Uint8Array {
    let bytes = this.#bytes.get(name);
    if (bytes === undefined) {
      bytes = bytesFromLatin1(name);
      this.#bytes.set(name, bytes);
    }
    return bytes;
  }
}
