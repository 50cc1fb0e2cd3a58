/** Extended attributes as they are read. Source: Linux fs/erofs/xattr.c. */
import { encodeUtf8, roundUp } from "../../core/bytes.ts";
import { LONG_PREFIX_HEAD, SHARED_XATTR, XATTR_ENTRY, XATTR_HEADER } from "../../erofs/disk/format.ts";
import type { ImageBytes } from "../image.ts";
import { quote } from "../text.ts";
import type { ErofsImage } from "./image.ts";
import type { ErofsInode } from "./inode.ts";

/** Bytes of the length that stands before an item of the table of long prefixes. */
const SIZE_BYTES = 2;

/** Prefixes by e_name_index. */
const PREFIXES = [
  "",
  "user.",
  "system.posix_acl_access",
  "system.posix_acl_default",
  "trusted.",
  "lustre.",
  "security.",
];

/** What Linux shows: attributes of other prefixes are there, and are told nowhere. */
const SHOWN = PREFIXES.map((prefix) => (prefix === "" || prefix === "lustre." ? undefined : encodeUtf8(prefix)));

/** The bytes of a usual prefix; undefined: Linux shows no attribute that has it. */
export function usualPrefix(index: number): Uint8Array | undefined {
  return SHOWN[index];
}

/** An attribute where it is stored. */
export interface XattrEntry {
  readonly at: number;
  /** Where it ends, filled up to a multiple of 4. */
  readonly end: number;
  readonly prefix: string;
  /** e_name_index: which prefix that is. */
  readonly index: number;
  /** The rest of the name. */
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

/** The attributes of an inode where they are named. */
export interface XattrIbody {
  /** Where the numbers of shared attributes stand, and where those attributes are. */
  readonly shared: readonly { readonly at: number; readonly entryAt: number }[];
  readonly own: readonly XattrEntry[];
}

/**
 * Reads the body of attributes that follows an inode; undefined if it has none.
 *
 * @throws ImageError `DAMAGED` where it does not hold together
 */
export async function readXattrIbody(image: ErofsImage, inode: ErofsInode): Promise<XattrIbody | undefined> {
  const { xattrAt, end, space } = inode;
  if (end === xattrAt) return undefined;
  const view = await space.view(xattrAt, end - xattrAt);
  const count = view.getU8(0, XATTR_HEADER.h_shared_count);
  const ownAt = XATTR_HEADER.byteSize + count * SHARED_XATTR.byteSize;
  if (xattrAt + ownAt > end)
    throw space.damaged(xattrAt, `${count} shared attributes have no room in ${end - xattrAt} bytes`);
  const shared = Array.from({ length: count }, (_, index) => {
    const at = XATTR_HEADER.byteSize + index * SHARED_XATTR.byteSize;
    return { at: xattrAt + at, entryAt: image.xattrOff + 4 * view.getU32(at, SHARED_XATTR.id) };
  });
  const own: XattrEntry[] = [];
  for (let at = xattrAt + ownAt; at < end; ) {
    const entry = await readXattrEntry(space, at, end);
    own.push(entry);
    at = entry.end;
  }
  return { shared, own };
}

/** An item of the table of long prefixes. */
export interface LongPrefixItem {
  /** As a dump shows it. */
  readonly prefix: string;
  /** The usual prefix that it begins with, and the rest. */
  readonly index: number;
  readonly infix: Uint8Array;
  /** Where the next one begins. */
  readonly end: number;
}

/** Reads an item of the table of long prefixes. */
export async function readLongPrefix(bytes: ImageBytes, at: number): Promise<LongPrefixItem> {
  const head = await bytes.read(at, SIZE_BYTES + LONG_PREFIX_HEAD.byteSize);
  const length = head[0]! + 256 * head[1]!;
  if (length < LONG_PREFIX_HEAD.byteSize) throw bytes.damaged(at, "a long prefix has no bytes");
  const infix = await bytes.read(at + head.length, length - LONG_PREFIX_HEAD.byteSize);
  const base = PREFIXES[head[2]!] ?? `(prefix ${head[2]}).`;
  return { prefix: `${base}${quote(infix)}`, index: head[2]!, infix, end: roundUp(at + SIZE_BYTES + length, 4) };
}

/** Reads an attribute in what it lies; it must end at `limit` at the latest. */
export async function readXattrEntry(space: ImageBytes, at: number, limit: number): Promise<XattrEntry> {
  const head = await space.view(at, XATTR_ENTRY.byteSize);
  const nameLen = head.getU8(0, XATTR_ENTRY.e_name_len);
  const valueLen = head.getU16(0, XATTR_ENTRY.e_value_size);
  const index = head.getU8(0, XATTR_ENTRY.e_name_index);
  const bytes = roundUp(XATTR_ENTRY.byteSize + nameLen + valueLen, 4);
  if (at + bytes > limit) throw space.damaged(at, "an attribute is longer than what it is in");
  const nameAt = at + XATTR_ENTRY.byteSize;
  return {
    at,
    end: at + bytes,
    prefix: PREFIXES[index] ?? `(prefix ${index}).`,
    index,
    name: await space.read(nameAt, nameLen),
    value: await space.read(nameAt + nameLen, valueLen),
  };
}
