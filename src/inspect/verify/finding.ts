/** What is found out about an image that does not hold together. */

/** Something that is wrong with an image. */
export interface Finding {
  /** Whose it is, from the root, quoted; undefined: the image's. */
  readonly path?: string;
  /** Where, in bytes of the image, if that is known. */
  readonly offset?: number;
  readonly message: string;
}

/** Collects what is wrong, and counts what is too much to be told. */
export class Findings {
  readonly list: Finding[] = [];
  /** How many there are in all. */
  count = 0;
  readonly #most: number;

  /** @param most are kept */
  constructor(most = 100) {
    this.#most = most;
  }

  /** Adds one. */
  add(finding: Finding): void {
    this.count++;
    if (this.list.length < this.#most) this.list.push(finding);
  }
}

/** What is known of an image once its structure has been gone through. */
export interface CheckedStructure {
  readonly findings: Findings;
  /** The path of a piece's owner, from the root, quoted. */
  showOwner(owner: number): string;
}
