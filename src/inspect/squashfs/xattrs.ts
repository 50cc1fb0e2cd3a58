/** Extended attributes as they are read. Source: Linux fs/squashfs/xattr.c. */
import { concatBytes, encodeUtf8 } from "../../core/bytes.ts";
import { decodeStruct } from "../../core/struct.ts";
import { XATTR_SIZE_MAX } from "../../core/xattr.ts";
import { XATTR_ENTRY, XATTR_ID, XATTR_OUT_OF_LINE, XATTR_REFERENCE, XATTR_VALUE } from "../../squashfs/disk/format.ts";
import { type ImageBytes, viewOf } from "../image.ts";
import { XattrBounds } from "../rules/xattr-bounds.ts";
import type { MetaTable } from "./metadata.ts";

/** Prefixes by type. */
const PREFIXES = ["user.", "trusted.", "security."];
/** The same as bytes. */
const SHOWN = PREFIXES.map((prefix) => encodeUtf8(prefix));

/** An attribute of a set. */
export interface Pair {
  /** Where its entry starts, where its value does, and where both end. */
  readonly at: number;
  readonly valueAt: number;
  readonly end: number;
  readonly type: number;
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

/** An attribute that Linux shows. */
export interface ShownXattr {
  /** Its whole name. */
  readonly name: Uint8Array;
  /** Where its value is, and how many bytes that has. */
  readonly valueAt: number;
  readonly valueLen: number;
}

/** Reads the set of a number. */
export async function readXattrSet(table: ImageBytes, number: number): Promise<XattrSet> {
  const at = number * XATTR_ID.byteSize;
  const { xattr, count } = decodeStruct(await table.view(at, XATTR_ID.byteSize), 0, XATTR_ID);
  return { reference: table.toNumber(xattr, at), count };
}

/**
 * The attributes of a set that Linux shows, up to as many as it lists.
 *
 * @throws ImageError `DAMAGED` where it lists none of them, or where they come to more than there is
 */
export async function* shownXattrs(
  sets: ImageBytes,
  attributes: MetaTable,
  number: number,
): AsyncGenerator<ShownXattr> {
  const { bytes } = attributes;
  const { reference, count } = await readXattrSet(sets, number);
  const bounds = new XattrBounds(bytes.size, (why) => sets.damaged(number * XATTR_ID.byteSize, why));
  for await (const { type, name, valueAt: at, end, valueRef } of readPairs(
    bytes,
    attributes.placeOf(reference),
    count,
  )) {
    const prefix = shownPrefix(type);
    if (prefix === undefined) continue;
    bounds.addName(prefix.length + name.length);
    const valueHeadAt = valueRef === undefined ? at : attributes.placeOf(valueRef);
    const valueAt = valueHeadAt + XATTR_VALUE.byteSize;
    const valueLen = (valueRef === undefined ? end : await valueEnd(bytes, valueHeadAt)) - valueAt;
    if (valueLen > XATTR_SIZE_MAX) throw bytes.damaged(valueHeadAt, `a value of ${valueLen} bytes`);
    bounds.addPlace(valueAt, valueLen);
    yield { name: concatBytes(prefix, name), valueAt, valueLen };
  }
}

/** The prefix of a type; undefined: Linux shows no attribute that has it. */
function shownPrefix(type: number): Uint8Array | undefined {
  return SHOWN[type & ~XATTR_OUT_OF_LINE];
}

/** The attributes of a set, from the place of its first on. */
export async function* readPairs(table: ImageBytes, at: number, count: number): AsyncGenerator<Pair> {
  let from = at;
  for (let pair = 0; pair < count; pair++) {
    // what is known at once is not waited for
    const head = table.borrow(from, XATTR_ENTRY.byteSize);
    const { type, size } = decodeStruct(viewOf(head instanceof Promise ? await head : head), 0, XATTR_ENTRY);
    const nameAt = from + XATTR_ENTRY.byteSize;
    const borrowed = table.borrow(nameAt, size);
    const name = (borrowed instanceof Promise ? await borrowed : borrowed).slice();
    const valueAt = nameAt + size;
    const ending = valueEnd(table, valueAt);
    const end = ending instanceof Promise ? await ending : ending;
    const isElsewhere = (type & XATTR_OUT_OF_LINE) !== 0;
    if (isElsewhere && end !== valueAt + XATTR_VALUE.byteSize + XATTR_REFERENCE.byteSize) {
      throw table.damaged(valueAt, "a reference to a value has another size");
    }
    const view = isElsewhere ? await table.view(valueAt + XATTR_VALUE.byteSize, XATTR_REFERENCE.byteSize) : undefined;
    const valueRef = view && table.toNumber(view.getU64(0, XATTR_REFERENCE.vref), valueAt);
    const prefix = PREFIXES[type & ~XATTR_OUT_OF_LINE] ?? `(type ${type}).`;
    yield { at: from, valueAt, end, type, prefix, name, valueRef };
    from = end;
  }
}

/** Where a value ends that starts with its length. */
export function valueEnd(table: ImageBytes, at: number): number | Promise<number> {
  const head = table.borrow(at, XATTR_VALUE.byteSize);
  const endOf = (bytes: Uint8Array) => {
    const length = XATTR_VALUE.byteSize + viewOf(bytes).getU32(0, XATTR_VALUE.vsize);
    table.check(at, length);
    return at + length;
  };
  return head instanceof Promise ? head.then(endOf) : endOf(head);
}
