/** Symbolic links replaced by what they lead to on disk, with all that lies in it: `-dereference` and its relatives. */
import { readdirSync, statSync } from "node:fs";
import { bytesFromLatin1, latin1FromBytes, showBytes } from "../../../core/bytes.ts";
import { ImageError } from "../../../core/error.ts";
import { systemCode, systemMessage } from "../../../core/node/node-errors.ts";
import type { Excluder } from "../../tree/exclude.ts";
import { S_IFDIR, S_IFLNK, S_IFMT } from "../../tree/tree.ts";
import type { Amending } from "../node-amend.ts";
import type { OutsideFiles } from "../node-outside.ts";

/** What links are followed with. */
export interface FollowHost {
  /** What is left out of directories that links lead to. */
  readonly excluded: Excluder | undefined;
  /** Is told of each link that cannot be followed. */
  readonly warn: (message: string) => void;
}

/** Follows links. */
export class LinkFollower {
  readonly #work: Amending;
  readonly #outside: OutsideFiles;
  readonly #host: FollowHost;

  constructor(work: Amending, outside: OutsideFiles, host: FollowHost) {
    this.#work = work;
    this.#outside = outside;
    this.#host = host;
  }

  /** Follows all links of the tree. */
  followAll(keep: boolean): void {
    const links = [...this.#work.entries()].filter(([, entry]) => this.#work.tree.kind(entry) === S_IFLNK);
    for (const [, entry] of links) this.follow(entry, keep);
  }

  /**
   * Replaces a link by what it leads to; links in that are followed too.
   *
   * @param keep it stays where it leads nowhere, or to a directory that it lies in; else it is left out
   */
  follow(entry: number, keep: boolean): void {
    const work = this.#work;
    const path = latin1FromBytes(work.tree.path(entry));
    const disk = work.diskPath(entry);
    const why = this.#replace(path, disk, this.#above(entry), keep, () => work.editor.remove(entry));
    if (why === undefined) return;
    this.#tell(path, why, keep);
    if (keep) return;
    work.editor.remove(entry);
    work.tree.addExcluded(1);
  }

  #tell(path: string, why: string, keep: boolean): void {
    const shown = showBytes(bytesFromLatin1(path));
    this.#host.warn(`${shown}: the link ${why}: it is ${keep ? "kept" : "left out"}`);
  }

  /** The directories on disk that an entry lies in, by device and inode. */
  #above(entry: number): Set<string> {
    const { tree } = this.#work;
    const above = new Set<string>();
    for (let at = entry; at !== 0; ) {
      at = tree.parent.view[at]!;
      const isOnDisk = at < this.#work.firstAdded && this.#work.hasDiskPath(at);
      if (isOnDisk) above.add(inodeOf(this.#work.stat(this.#work.diskPath(at), at === 0)));
    }
    return above;
  }

  /** Puts what `disk` leads to at `path`, once `makeRoom` has been called; gives the reason where it cannot. */
  #replace(path: string, disk: string, above: Set<string>, keep: boolean, makeRoom: () => void): string | undefined {
    const stats = this.#stat(disk);
    if (typeof stats === "string") return stats;
    if ((Number(stats.mode) & S_IFMT) !== S_IFDIR) {
      makeRoom();
      this.#outside.add(path, disk, true);
      return undefined;
    }
    const inode = inodeOf(stats);
    if (above.has(inode)) return "leads to a directory that it lies in";
    makeRoom();
    const real = this.#work.realPath(disk, true);
    const meta = { uid: Number(stats.uid), gid: Number(stats.gid), mtime: Number(stats.mtimeNs / 1_000_000_000n) };
    this.#work.addFrom(path, { mode: this.#work.mode(real, stats), ...meta }, real, stats);
    this.#fill(path, real, new Set([...above, inode]), keep);
    return undefined;
  }

  #stat(disk: string) {
    try {
      return statSync(Buffer.from(bytesFromLatin1(disk)), { bigint: true });
    } catch (error) {
      const code = systemCode(error);
      if (code === "ENOENT" || code === "ENOTDIR") return "leads nowhere";
      if (code === "ELOOP") return "leads to itself";
      const path = showBytes(bytesFromLatin1(disk));
      throw new ImageError("INPUT", `${path}: ${systemMessage(error)}`, { path, cause: error });
    }
  }

  #fill(directory: string, disk: string, above: Set<string>, keep: boolean): void {
    for (const name of readdirSync(Buffer.from(bytesFromLatin1(disk)), "latin1").sort()) {
      const path = `${directory}/${name}`;
      if (this.#host.excluded?.(path)) {
        this.#work.tree.addExcluded(1);
        continue;
      }
      const below = `${disk}/${name}`;
      const why = this.#replace(path, below, above, keep, () => undefined);
      if (why === undefined) continue;
      this.#tell(path, why, keep);
      if (keep) this.#outside.add(path, below, false);
    }
  }
}

function inodeOf({ dev, ino }: { dev: bigint; ino: bigint }): string {
  return `${dev}:${ino}`;
}
