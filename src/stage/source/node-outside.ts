/** Files of this machine that are put into a tree by name, as `l` of pseudo files does it: each inode once. */
import { NONE, S_IFMT } from "../tree/tree.ts";
import type { Amending } from "./node-amend.ts";

/** Adds files from anywhere. What the tree has already, by device and inode, gets a further name. */
export class OutsideFiles {
  readonly #work: Amending;
  readonly #inImage: (diskPath: string) => string | undefined;
  /** Entries that were added, by device and inode. */
  readonly #added = new Map<string, number>();

  /** @param inImage where a path of the disk, without links in it, lies in the image, if it does */
  constructor(work: Amending, inImage: (diskPath: string) => string | undefined) {
    this.#work = work;
    this.#inImage = inImage;
  }

  /**
   * Adds what lies at `diskPath`, which is no directory, as `path`.
   *
   * @param follow not a symbolic link there, but what it leads to
   * @returns NONE for a file of the build's own, which is left out
   * @throws ImageError `INPUT` for what is not there, and for a path that is taken
   */
  add(path: string, diskPath: string, follow: boolean): number {
    const work = this.#work;
    const real = work.realPath(diskPath, follow);
    const stats = work.stat(real, false);
    const inode = `${stats.dev}:${stats.ino}`;
    const known = work.copiesLinks ? NONE : this.#find(inode, stats, real);
    if (known !== NONE) return work.editor.addLink(path, known);
    const seconds = Number(stats.mtimeNs / 1_000_000_000n);
    const own = { mode: work.mode(real, stats), uid: Number(stats.uid), gid: Number(stats.gid), mtime: seconds };
    const entry = work.addFrom(path, own, real, stats);
    if (entry !== NONE) this.#added.set(inode, entry);
    return entry;
  }

  #find(inode: string, stats: { dev: bigint; ino: bigint; mode: bigint }, real: string): number {
    const added = this.#added.get(inode);
    if (added !== undefined) return added;
    const { editor, tree } = this.#work;
    const linked = editor.findInode(Number(stats.dev), stats.ino);
    const place = linked === NONE ? this.#inImage(real) : undefined;
    const found = place === undefined ? linked : editor.find(place);
    // what lies there now may be something else that a definition has put there
    return found !== NONE && tree.kind(found) === (Number(stats.mode) & S_IFMT) ? found : NONE;
  }
}
