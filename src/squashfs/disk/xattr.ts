/**
 * Extended attributes. Equal sets are stored once; an inode holds the number of its set.
 *
 *     pairs   | type | name length | name without prefix | value length | value | …     metadata stream
 *     sets    | reference to the first pair | number of pairs | bytes |                 metadata stream
 *     head    | start of the pairs | number of sets | starts of the blocks of sets … |
 *
 * A value that was stored before, or that is long, stands elsewhere: in its place there is the reference to it.
 */

import type { Codec } from "../../codec/codec.ts";
import { compareBytes, encodeUtf8, latin1FromBytes, showBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { StructView } from "../../core/struct.ts";
import { XATTR_SIZE_MAX } from "../../core/xattr.ts";
import type { Xattr } from "../../stage/tree/xattrs.ts";
import { orderSet } from "../../stage/tree/xattrs.ts";
import {
  ABSENT,
  MAX_NAME,
  XATTR_ENTRY,
  XATTR_ID,
  XATTR_ID_TABLE,
  XATTR_OUT_OF_LINE,
  XATTR_REFERENCE,
  XATTR_VALUE,
} from "./format.ts";
import { MetadataStream } from "./metadata.ts";
import type { OutputTail } from "./output.ts";
import { writeTable } from "./table.ts";

/** `type` of an attribute by its prefix. */
const PREFIXES = ["user.", "trusted.", "security."].map(encodeUtf8);
/** A value longer than this stands elsewhere: whoever looks for other attributes of the inode need not read it. */
const LONG_VALUE = 128;

interface EncodedXattr {
  fullName: Uint8Array;
  type: number;
  name: Uint8Array;
  value: Uint8Array;
}

/** The attribute sets of an image. */
export class XattrTable {
  readonly #sets: readonly (readonly Xattr[])[];
  /** By set of the tree: its number in the image. */
  readonly #numbers = new Map<number, number>();
  readonly #used: EncodedXattr[][] = [];

  constructor(sets: readonly (readonly Xattr[])[]) {
    this.#sets = sets;
  }

  /** The number of a set, as inodes hold it; `path` is for messages. */
  number(set: number, path: () => string): number {
    const known = this.#numbers.get(set);
    if (known !== undefined) return known;
    const attributes = this.#sets[set]!;
    const number = attributes.length === 0 ? ABSENT : this.#used.push(encodeSet(attributes, path())) - 1;
    this.#numbers.set(set, number);
    return number;
  }

  /** Writes the table; returns its position, or undefined where no inode has attributes. */
  async write(
    out: OutputTail,
    codec: Codec | undefined,
    breathe: () => Promise<void> | undefined,
  ): Promise<number | undefined> {
    if (this.#used.length === 0) return undefined;
    const pairsOff = out.offset;
    const stream = new MetadataStream(codec, (bytes) => out.append(bytes));
    const values = new Map<string, number>();
    const references = this.#used.map((set) => {
      for (const { value } of set) if (value.length > LONG_VALUE) keepValue(stream, values, value);
      const reference = stream.reference;
      for (const attribute of set) emitPair(stream, values, attribute);
      return reference;
    });
    stream.finish();
    const head = new Uint8Array(XATTR_ID_TABLE.byteSize);
    const view = new StructView(head.buffer);
    view.setU64(0, XATTR_ID_TABLE.xattr_table_start, pairsOff);
    view.setU32(0, XATTR_ID_TABLE.xattr_ids, this.#used.length);
    const emit = (into: StructView, at: number, index: number) => {
      const set = this.#used[index]!;
      into.setU64(at, XATTR_ID.xattr, references[index]!);
      into.setU32(at, XATTR_ID.count, set.length);
      into.setU32(at, XATTR_ID.size, measureSet(set));
    };
    const records = { count: this.#used.length, recordBytes: XATTR_ID.byteSize, emit, head };
    return writeTable(out, codec, records, breathe);
  }
}

/** What listxattr and the values of a set take together. */
function measureSet(set: readonly EncodedXattr[]): number {
  return set.reduce((sum, { fullName, value }) => sum + fullName.length + 1 + value.length, 0);
}

function encodeSet(set: readonly Xattr[], path: string): EncodedXattr[] {
  return orderSet(
    set.map((xattr) => encodeXattr(xattr, path)),
    path,
  );
}

function encodeXattr({ name: fullName, value }: Xattr, path: string): EncodedXattr {
  const limit = (why: string) => new ImageError("LIMIT", `${path}: attribute ${showBytes(fullName)}: ${why}`, { path });
  const type = PREFIXES.findIndex(
    (prefix) => fullName.length > prefix.length && compareBytes(fullName.subarray(0, prefix.length), prefix) === 0,
  );
  if (type < 0) throw limit("SquashFS holds user, trusted and security attributes only");
  if (fullName.length > MAX_NAME) throw limit("its name is longer than 255 bytes");
  if (fullName.indexOf(0) >= 0) throw limit("its name holds a NUL byte");
  if (value.length > XATTR_SIZE_MAX)
    throw limit(`its value has ${value.length} bytes; Linux reads ${XATTR_SIZE_MAX} at most`);
  return { fullName, type, name: fullName.subarray(PREFIXES[type]!.length), value };
}

/** Stores a value by itself, if it is not stored yet. */
function keepValue(stream: MetadataStream, values: Map<string, number>, value: Uint8Array): void {
  const key = latin1FromBytes(value);
  if (values.has(key)) return;
  values.set(key, stream.reference);
  emitValue(stream, value);
}

function emitValue(stream: MetadataStream, value: Uint8Array): void {
  stream.view.setU32(stream.at, XATTR_VALUE.vsize, value.length);
  stream.commit(stream.at + XATTR_VALUE.byteSize);
  stream.append(value);
}

function emitPair(stream: MetadataStream, values: Map<string, number>, { type, name, value }: EncodedXattr): void {
  const { view, bytes, at } = stream;
  const key = latin1FromBytes(value);
  // a repeated value shorter than a reference is better repeated
  const elsewhere = value.length > XATTR_REFERENCE.byteSize ? values.get(key) : undefined;
  view.setU16(at, XATTR_ENTRY.type, elsewhere === undefined ? type : type | XATTR_OUT_OF_LINE);
  view.setU16(at, XATTR_ENTRY.size, name.length);
  bytes.set(name, at + XATTR_ENTRY.byteSize);
  stream.commit(at + XATTR_ENTRY.byteSize + name.length);
  if (elsewhere === undefined) {
    values.set(key, stream.reference);
    emitValue(stream, value);
    return;
  }
  const valueAt = stream.at;
  view.setU32(valueAt, XATTR_VALUE.vsize, XATTR_REFERENCE.byteSize);
  view.setU64(valueAt + XATTR_VALUE.byteSize, XATTR_REFERENCE.vref, elsewhere);
  stream.commit(valueAt + XATTR_VALUE.byteSize + XATTR_REFERENCE.byteSize);
}
