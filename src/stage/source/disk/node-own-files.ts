/**
 * Files that a build must not read, since it is writing them, or is about to replace them: told by device and inode. What
 * other builds are writing at this moment is told by its name, which says whose it is: see node-litter.ts.
 */
import { type BigIntStats, lstatSync } from "node:fs";
import { systemCode } from "../../../core/node/node-errors.ts";
import { fileId } from "../../../core/node/node-identity.ts";
import { isInUse, looksTemporary } from "../../../core/node/node-litter.ts";
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
    return (this.#ids.size > 0 && (this.#names === undefined || this.#names.has(name))) || looksTemporary(name);
  }

  /** Whether what lies at a path is one; `name` is its last part. */
  isAt(path: Buffer, name: string): boolean {
    try {
      const stats = lstatSync(path, { bigint: true });
      return this.isOwn(stats) || (stats.isFile() && isInUse(name));
    } catch (error) {
      // a temporary file may be gone by now; anything else that is wrong will be said when it is to be packed
      return looksTemporary(name) && systemCode(error) === "ENOENT";
    }
  }

  /** Whether a file is one. */
  isOwn(stats: BigIntStats): boolean {
    return this.#ids.size > 0 && this.#ids.has(fileId(stats));
  }
}
