/** What is found out about an image that does not hold together. */
import { ImageError } from "../../core/error.ts";

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

  /** Does `work`; what that finds damaged is one. @param path whose it is then */
  attempt(work: () => unknown, path: () => string): undefined | Promise<void> {
    const failed = (error: unknown) => {
      if (!(error instanceof ImageError) || error.code !== "DAMAGED") throw error;
      const { offset, message } = error;
      this.add({ path: path(), ...(offset !== undefined && { offset }), message });
    };
    try {
      const working = work();
      return working instanceof Promise ? working.then(() => undefined, failed) : undefined;
    } catch (error) {
      failed(error);
      return undefined;
    }
  }
}

/** What is known of an image once its structure has been gone through. */
export interface CheckedStructure {
  readonly findings: Findings;
  /** The path of a piece's owner, from the root, quoted. */
  showOwner(owner: number): string;
}
