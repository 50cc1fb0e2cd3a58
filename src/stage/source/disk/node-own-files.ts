/** Files that a build must not read, since it is writing them, or is about to replace them: told by device and inode. */
import { type BigIntStats, lstatSync } from "node:fs";
import { fileId } from "../../../core/node/node-identity.ts";
import type { OwnFiles } from "../../tree/policy.ts";

/** Tells a build's own files from others. A file whose name is none of theirs need not be asked for. */
export class OwnFileFilter {
  readonly #ids: ReadonlySet<string>;
  /** Undefined: any name may be one of theirs. */
  readonly #names: ReadonlySet<string> | undefined;

  constructor({ ids, names }: OwnFiles) {
    this.#ids = new Set(ids);
    this.#names = names && new Set(names);
  }

  /** Whether a file of this name, a latin1 string, may be one. */
  suspects(name: string): boolean {
    return this.#ids.size > 0 && (this.#names === undefined || this.#names.has(name));
  }

  /** Whether what lies at a path is one. */
  isAt(path: Buffer): boolean {
    try {
      return this.isOwn(lstatSync(path, { bigint: true }));
    } catch {
      // what is wrong will be said when it is to be packed
      return false;
    }
  }

  /** Whether a file is one. */
  isOwn(stats: BigIntStats): boolean {
    return this.#ids.size > 0 && this.#ids.has(fileId(stats));
  }
}
