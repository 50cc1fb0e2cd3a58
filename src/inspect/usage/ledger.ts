/** What the bytes of an image are for, and whose they are: each is entered once, so that the sums are the image's size. */
import type { Paths } from "../paths.ts";

/** Columns of an account by what bytes are for. */
const COLUMNS = {
  superblock: "metadata",
  tables: "metadata",
  inodes: "metadata",
  directories: "metadata",
  attributes: "metadata",
  indexes: "metadata",
  hashes: "metadata",
  data: "data",
  tails: "data",
  fragments: "data",
  padding: "unused",
  unknown: "unused",
} as const;

/** What bytes are for. */
export type UsageKind = keyof typeof COLUMNS;

/** All of that. */
export const USAGE_KINDS = Object.keys(COLUMNS) as UsageKind[];

/** Whose bytes are that belong to no entry: the image's. */
export const NOBODY = -1;

/** What some entries cost. */
export interface Account {
  /** Contents of files, and targets of links that have a place of their own. */
  readonly data: number;
  /** All that says what there is, and where. */
  readonly metadata: number;
  /** What fills up, and what nothing leads to. */
  readonly unused: number;
  /** What more there would be if nothing were shared. */
  readonly saved: number;
}

/** An account for each entry, and one for the image. */
export class Ledger {
  /** Bytes by what they are for. */
  readonly kinds: Record<UsageKind, number>;
  /** Bytes by entry; the first are nobody's. */
  readonly #columns: Readonly<Record<keyof Account, Float64Array>>;

  constructor(entries: number) {
    this.kinds = Object.fromEntries(USAGE_KINDS.map((kind) => [kind, 0])) as Record<UsageKind, number>;
    const column = () => new Float64Array(entries + 1);
    this.#columns = { data: column(), metadata: column(), unused: column(), saved: column() };
  }

  /** Enters bytes of an entry, or of nobody. */
  charge(kind: UsageKind, owner: number, bytes: number): void {
    this.kinds[kind] += bytes;
    const column = this.#columns[COLUMNS[kind]];
    column[owner + 1] = column[owner + 1]! + bytes;
  }

  /** Enters bytes that an entry has too, and that are charged to another. */
  share(owner: number, bytes: number): void {
    const { saved } = this.#columns;
    saved[owner + 1] = saved[owner + 1]! + bytes;
  }

  /** What stands in a column, by entry. */
  column(name: keyof Account): Float64Array {
    return this.#columns[name].subarray(1);
  }

  /** What is nobody's. */
  get nobody(): Account {
    const { data, metadata, unused, saved } = this.#columns;
    return { data: data[0]!, metadata: metadata[0]!, unused: unused[0]!, saved: saved[0]! };
  }
}

/** What all bytes are for. */
export interface Usage {
  readonly format: "erofs" | "squashfs";
  /** Of all that was opened. */
  readonly bytes: number;
  readonly paths: Paths;
  /** By number of {@link paths}. */
  readonly ledger: Ledger;
}
