/**
 * Which byte of an image belongs to what. Structures are noted as they are found, in whatever order; then the image is
 * gone through from its start, and each byte belongs to one structure, or of a gap:
 *
 *     | superblock | gap | inode | inode | … | data of a, and of b | gap |
 *
 * What two structures claim is damage, unless both may share it.
 */
import type { ImageBytes } from "./image.ts";

/** A kind of structure. */
export interface StructureKind {
  /** What it is called. */
  readonly name: string;
  /**
   * What else may lie in the same place: nothing; the same structure for another owner; anything that shares in this way,
   * also in it.
   */
  readonly sharing: "none" | "same" | "any";
}

/** A structure in its place. */
export interface Tile<P extends StructureKind> {
  readonly isGap: false;
  readonly kind: P;
  /** Where it starts and ends. */
  readonly at: number;
  readonly end: number;
  /** Whose it is, and one more number; what they mean is the business of the kind. */
  readonly owner: number;
  readonly detail: number;
  /** How often it was noted: for how many owners. */
  readonly owners: number;
}

/** A structure as one of its owners has it. */
export interface Claim<P extends StructureKind> extends Omit<Tile<P>, "owners"> {
  /** From here on, up to its end, it is the first to claim bytes; those in front of that belong to one before it. */
  readonly from: number;
  /** The one before it is the same, for another owner. */
  readonly isAgain: boolean;
}

/** Bytes between structures. */
export interface Gap {
  readonly isGap: true;
  readonly at: number;
  readonly end: number;
}

/** Numbers kept of a structure: start, end, kind, owner, detail. */
const ROW = 5;
const [AT, END, KIND, OWNER, DETAIL] = [0, 1, 2, 3, 4] as const;

/** The structures of a space of bytes. */
export class Tiles<P extends StructureKind> {
  readonly #space: ImageBytes;
  readonly #kinds: P[] = [];
  #rows = new Float64Array(64 * ROW);
  #count = 0;
  /** Bytes of structures that share with none: never more than there are. */
  #exclusive = 0;

  constructor(space: ImageBytes) {
    this.#space = space;
  }

  /**
   * Notes a structure; nothing if it has no bytes.
   *
   * @throws ImageError `DAMAGED` where it is not in the space, or where structures take more bytes than it has
   */
  add(kind: P, at: number, end: number, owner = 0, detail = 0): void {
    this.#space.check(at, end - at);
    if (at === end) return;
    if (kind.sharing === "none") this.#exclusive += end - at;
    if (this.#exclusive > this.#space.size)
      throw this.#space.damaged(at, `${kind.name} lies where something else does`);
    let index = this.#kinds.indexOf(kind);
    if (index < 0) index = this.#kinds.push(kind) - 1;
    if ((this.#count + 1) * ROW > this.#rows.length) {
      const grown = new Float64Array(this.#rows.length * 2);
      grown.set(this.#rows);
      this.#rows = grown;
    }
    const [rows, row] = [this.#rows, this.#count++ * ROW];
    rows[row + AT] = at;
    rows[row + END] = end;
    rows[row + KIND] = index;
    rows[row + OWNER] = owner;
    rows[row + DETAIL] = detail;
  }

  /**
   * Goes through the space. A structure that lies inside another that it shares with comes behind that.
   *
   * @throws ImageError `DAMAGED` where two structures overlap that share nothing
   */
  *inOrder(): Generator<Tile<P> | Gap> {
    let last: Claim<P> | undefined;
    let owners = 0;
    for (const next of this.claims()) {
      if (!next.isGap && next.isAgain) {
        owners++;
        continue;
      }
      if (last) yield toTile(last, owners);
      last = next.isGap ? undefined : next;
      owners = 1;
      if (next.isGap) yield next;
    }
    if (last) yield toTile(last, owners);
  }

  /** The same with a structure of several owners once for each, in the order in which they were noted. */
  *claims(): Generator<Claim<P> | Gap> {
    let covered = 0;
    let coveredBy: P | undefined;
    let before = -1;
    for (const index of this.#sort()) {
      const row = index * ROW;
      const [at, end] = [this.#rows[row + AT]!, this.#rows[row + END]!];
      const kind = this.#kinds[this.#rows[row + KIND]!]!;
      const isAgain = before >= 0 && this.#compare(before, index) === 0;
      before = index;
      const mayOverlap = kind.sharing === "any" && coveredBy?.sharing === "any";
      if (isAgain ? kind.sharing === "none" : at < covered && !mayOverlap) {
        throw this.#space.damaged(at, `${kind.name} lies where ${isAgain ? "another" : coveredBy!.name} does`);
      }
      if (at > covered) yield { isGap: true, at: covered, end: at };
      const from = Math.min(Math.max(at, covered), end);
      const [owner, detail] = [this.#rows[row + OWNER]!, this.#rows[row + DETAIL]!];
      yield { isGap: false, kind, at, from, end, owner, detail, isAgain };
      if (end <= covered) continue;
      covered = end;
      coveredBy = kind;
    }
    if (covered < this.#space.size) yield { isGap: true, at: covered, end: this.#space.size };
  }

  /** The rows by place: of those that start together the longest first. */
  #sort(): Uint32Array {
    const order = Uint32Array.from({ length: this.#count }, (_, row) => row);
    return order.sort((a, b) => this.#compare(a, b) || a - b);
  }

  #compare(a: number, b: number): number {
    const rows = this.#rows;
    const [first, second] = [a * ROW, b * ROW];
    return (
      rows[first + AT]! - rows[second + AT]! ||
      rows[second + END]! - rows[first + END]! ||
      rows[first + KIND]! - rows[second + KIND]!
    );
  }
}

function toTile<P extends StructureKind>({ kind, at, end, owner, detail }: Claim<P>, owners: number): Tile<P> {
  return { isGap: false, kind, at, end, owner, detail, owners };
}
