/**
 * Hashes store paths while segments are made of them: what a segment holds is not read again.
 *
 *     order      | … files of a/ | … files of a/b/ | a/b/ | a/ | …       segments end anywhere in it
 *     archive    entries of a/ and of a/b/ in the order of their names
 *
 * So when a segment ends the archive is written as far as its entries have come by then. Those that come in it later than in
 * the order are read again where their segment is gone; so are large files, which no segment holds.
 */
import type { JobContext } from "../../core/threads/threads.ts";
import type { SegmentFollower } from "../../erofs/segments/builder.ts";
import type { EntryFollower } from "../../erofs/segments/make-segments.ts";
import { type HashWork, PathHasher } from "../../stage/source/nix/nar/node-hash-paths.ts";
import type { Contents } from "../../stage/tree/contents.ts";
import { S_IFDIR, type Tree } from "../../stage/tree/tree.ts";

type Held = Parameters<SegmentFollower["attach"]>[0];

/** One thread's. */
export class SegmentHasher implements EntryFollower {
  readonly #tree: Tree;
  readonly #hasher: PathHasher;
  /** By entry: the place in the work of a path of which not all has come. */
  readonly #pieceOf = new Map<number, number>();
  /** Paths of which other threads pack a part. */
  readonly #cut = new Set<number>();
  /** The path that is being hashed, and of which not all is there yet; or -1. */
  #piece = -1;
  /** By entry: how many had come when it had; 0: it has not. */
  #places = new Uint32Array(4096);
  /** How many have come, and how many of them before the open segment. */
  #count = 0;
  #before = 0;
  /** The entry that has come last. */
  #last = 0;
  #held!: Held;

  /** @param tree to which entries may come meanwhile */
  constructor(job: JobContext, tree: Tree, contents: Contents, work: HashWork) {
    this.#tree = tree;
    // what has been read for the segment has been counted
    this.#hasher = new PathHasher(tree, contents, work, () => job.breathe(), this.#heldOf);
  }

  /**
   * What lies at an entry is to be hashed when all of it has come: a directory comes behind what is in it.
   *
   * @param isCut other threads may pack a part of it: then it is hashed by the one to which it comes itself
   */
  expect(entry: number, piece: number, isCut = false): void {
    this.#pieceOf.set(entry, piece);
    if (isCut) this.#cut.add(entry);
  }

  /** Forgets all entries, whose numbers are used again. */
  clear(): void {
    this.#places.fill(0);
    this.#count = 0;
    this.#before = 0;
    this.#last = 0;
  }

  attach(builder: Held): void {
    this.#held = builder;
  }

  follow(entry: number): Promise<void> | undefined {
    if (entry >= this.#places.length) this.#grow(entry + 1);
    this.#places[entry] = ++this.#count;
    this.#last = entry;
    const piece = this.#pieceOf.get(entry);
    return piece === undefined ? undefined : this.#finish(piece, entry);
  }

  #grow(length: number): void {
    const larger = new Uint32Array(Math.max(length, 2 * this.#places.length));
    larger.set(this.#places);
    this.#places = larger;
  }

  async #finish(piece: number, entry: number): Promise<void> {
    if (this.#piece !== piece) this.#hasher.start(piece, entry);
    await this.#hasher.advance();
    this.#piece = -1;
    this.#pieceOf.delete(entry);
  }

  close(): Promise<void> | undefined {
    const path = this.#pathAbove(this.#last);
    if (path !== 0) return this.#goOn(this.#pieceOf.get(path)!, path);
    this.#before = this.#count;
    return undefined;
  }

  /** Hashes as much as has come of a path that goes on in the next segment. */
  async #goOn(piece: number, path: number): Promise<void> {
    if (this.#piece !== piece) this.#hasher.start(piece, path);
    this.#piece = piece;
    await this.#hasher.advance(this.#isKnown);
    this.#before = this.#count;
  }

  readonly #isKnown = (entry: number) =>
    this.#tree.kind(entry) === S_IFDIR ? this.#tree.ref.view[entry] !== 0 : this.#placeOf(entry) > 0;

  /** The path that an entry is inside of, and of which more is to come, to this thread alone; 0: there is none. */
  #pathAbove(entry: number): number {
    let above = entry;
    while (above !== 0) {
      above = this.#tree.parent.view[above]!;
      if (this.#pieceOf.has(above)) return this.#cut.has(above) ? 0 : above;
    }
    return 0;
  }

  #placeOf(entry: number): number {
    return this.#places[entry] ?? 0;
  }

  readonly #heldOf = (entry: number) => {
    const item = this.#placeOf(entry) - 1 - this.#before;
    return item < 0 ? undefined : this.#held.held(item);
  };
}
