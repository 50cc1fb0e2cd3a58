/** Extended attributes as they are read. Source: Linux fs/squashfs/xattr.c. */
import { decodeStruct } from "../../core/struct.ts";
import { XATTR_ENTRY, XATTR_ID, XATTR_OUT_OF_LINE, XATTR_REFERENCE, XATTR_VALUE } from "../../squashfs/disk/format.ts";
import type { ImageBytes } from "../image.ts";

/** Prefixes by type. */
const PREFIXES = ["user.", "trusted.", "security."];

/** An attribute of a set. */
export interface Pair {
  /** Where its entry starts, where its value does, and where both end. */
  readonly at: number;
  readonly valueAt: number;
  readonly end: number;
  readonly prefix: string;
  readonly name: Uint8Array;
  /** Reference of the value, where that stands elsewhere. */
  readonly valueRef: number | undefined;
}

/** A set: where its first attribute is, by reference, and how many it has. */
export interface XattrSet {
  readonly reference: number;
  readonly count: number;
}

/** Reads the set of a number. */
export async function readXattrSet(table: ImageBytes, number: number): Promise<XattrSet> {
  const at = number * XATTR_ID.byteSize;
  const { xattr, count } = decodeStruct(await table.view(at, XATTR_ID.byteSize), 0, XATTR_ID);
  return { reference: table.toNumber(xattr, at), count };
}

/** The attributes of a set, from the place of its first on. */
export async function* readPairs(table: ImageBytes, at: number, count: number): AsyncGenerator<Pair> {
  let from = at;
  for (let pair = 0; pair < count; pair++) {
    const { type, size } = decodeStruct(await table.view(from, XATTR_ENTRY.byteSize), 0, XATTR_ENTRY);
    const nameAt = from + XATTR_ENTRY.byteSize;
    const name = await table.read(nameAt, size);
    const valueAt = nameAt + size;
    const end = await valueEnd(table, valueAt);
    const isElsewhere = (type & XATTR_OUT_OF_LINE) !== 0;
    if (isElsewhere && end !== valueAt + XATTR_VALUE.byteSize + XATTR_REFERENCE.byteSize) {
      throw table.damaged(valueAt, "a reference to a value has another size");
    }
    const view = isElsewhere ? await table.view(valueAt + XATTR_VALUE.byteSize, XATTR_REFERENCE.byteSize) : undefined;
    const valueRef = view && table.toNumber(view.getU64(0, XATTR_REFERENCE.vref), valueAt);
    const prefix = PREFIXES[type & (XATTR_OUT_OF_LINE - 1)] ?? `(type ${type}).`;
    yield { at: from, valueAt, end, prefix, name, valueRef };
    from = end;
  }
}

/** Where a value ends that starts with its length. */
export async function valueEnd(table: ImageBytes, at: number): Promise<number> {
  const size = (await table.view(at, XATTR_VALUE.byteSize)).getU32(0, XATTR_VALUE.vsize);
  const end = at + XATTR_VALUE.byteSize + size;
  table.check(at, end - at);
  return end;
}
