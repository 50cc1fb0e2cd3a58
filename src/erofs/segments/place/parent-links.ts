/**
 * Which inode ".." names in a directory whose parent has no place yet. A directory follows all that is in it, so its
 * subdirectories may be in segments that were written before: what they say of their parent is filled in later.
 */
import { Column } from "../../../core/column.ts";
import { StructView } from "../../../core/struct.ts";
import type { Tree } from "../../../stage/tree/tree.ts";
import { DIRENT } from "../../disk/format.ts";

const MOST = 2 ** 26;
/** Numbers of one record: image offset of the entry "..", and the directory that it is to name. */
const FIELDS = 2;

/** What threads have left to be filled in. */
export interface SharedParentLinks {
  count: Int32Array;
  records: SharedArrayBuffer;
}

/** Nothing yet. */
export function shareParentLinks(): SharedParentLinks {
  return {
    count: new Int32Array(new SharedArrayBuffer(4)),
    records: Column.create(Float64Array, FIELDS * MOST).buffer,
  };
}

/** What one thread has to fill in. */
export class ParentLinks {
  readonly #tree: Tree;
  readonly #columns: { readonly nids: Float64Array };
  readonly #records: number[] = [];
  #firstNid = 0;
  #endNid = 0;

  constructor(tree: Tree, columns: { readonly nids: Float64Array }) {
    this.#tree = tree;
    this.#columns = columns;
  }

  /** What comes next is of the segment whose inodes have these numbers. */
  open(firstNid: number, endNid: number): void {
    this.#firstNid = firstNid;
    this.#endNid = endNid;
  }

  /** The number of a directory's parent, as far as its segment tells: the root's, or one in it; else 0. */
  nid(directory: number): number {
    const parent = this.#tree.parent.view[directory]!;
    const nid = this.#columns.nids[parent]!;
    // another thread may have given the parent its place by now: what is written must not depend on that
    return parent === 0 || (nid >= this.#firstNid && nid < this.#endNid) ? nid : 0;
  }

  /** Notes where the image has a directory's "..". */
  note(directory: number, direntOff: number): void {
    if (this.nid(directory) === 0) this.#records.push(direntOff, this.#tree.parent.view[directory]!);
  }

  /** Fills in all that has been noted; the parents have their places. */
  settle(image: { writeAt(bytes: Uint8Array, offset: number): void }): void {
    if (this.#records.length === 0) return;
    const bytes = new Uint8Array(8);
    const view = new StructView(bytes.buffer);
    for (let at = 0; at < this.#records.length; at += FIELDS) {
      view.setU64(0, DIRENT.nid, this.#columns.nids[this.#records[at + 1]!]!);
      image.writeAt(bytes, this.#records[at]! + DIRENT.nid);
    }
    this.#records.length = 0;
  }

  /** Leaves what has been noted to whoever settles it when all threads are done. */
  leave({ count, records }: SharedParentLinks): void {
    const length = this.#records.length;
    if (length === 0) return;
    const at = Atomics.add(count, 0, length);
    new Column(Float64Array, records).ensure(at + length).set(this.#records, at);
    this.#records.length = 0;
  }

  /** Takes over what other threads have left. */
  takeOver({ count, records }: SharedParentLinks): void {
    const length = Atomics.load(count, 0);
    for (const number of new Column(Float64Array, records).ensure(length).subarray(0, length))
      this.#records.push(number);
  }
}
