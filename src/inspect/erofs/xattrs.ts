/** Extended attributes as they are read. Source: Linux fs/erofs/xattr.c. */
import { concatBytes, encodeUtf8, roundUp } from "../../core/bytes.ts";
import type { StructView } from "../../core/struct.ts";
import { LONG_PREFIX, LONG_PREFIX_HEAD, SHARED_XATTR, XATTR_ENTRY, XATTR_HEADER } from "../../erofs/disk/format.ts";
import { type ImageBytes, viewOf } from "../image.ts";
import { XattrBounds } from "../rules/xattr-bounds.ts";
import { quote } from "../text.ts";
import { type ErofsImage, prefixSpace } from "./image.ts";
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

/** What is said of an attribute that does not end where what it lies in does. */
const TOO_LONG = "an attribute is longer than what it is in";

/** What Linux shows: attributes of other prefixes are there, and are told nowhere. */
const SHOWN = PREFIXES.map((prefix) => (prefix === "" || prefix === "lustre." ? undefined : encodeUtf8(prefix)));

/** An attribute where it is stored. */
export interface XattrEntry {
  /** In what. */
  readonly space: ImageBytes;
  readonly at: number;
  /** Where it ends, filled up to a multiple of 4. */
  readonly end: number;
  /** e_name_index: which prefix the name has. */
  readonly index: number;
  /** Bytes of the rest of the name, and behind it of the value. */
  readonly nameLen: number;
  readonly valueLen: number;
}

/** The attributes of an inode where they are named. */
export interface XattrIbody {
  /** Where the numbers of shared attributes stand, and where those attributes are. */
  readonly shared: readonly { readonly at: number; readonly entryAt: number }[];
  readonly own: readonly XattrEntry[];
}

/** The prefixes of the table by number, as whole names begin; undefined: Linux shows no attribute that has it. */
export type LongPrefixes = readonly (Uint8Array | undefined)[];

/**
 * Reads the body of attributes that follows an inode; undefined if it has none.
 *
 * @throws ImageError `DAMAGED` where it does not hold together
 */
export async function readXattrIbody(image: ErofsImage, inode: ErofsInode): Promise<XattrIbody | undefined> {
  const { xattrAt, end, space } = inode;
  if (end === xattrAt) return undefined;
  const bytes = space.borrow(xattrAt, end - xattrAt);
  const view = viewOf(bytes instanceof Promise ? await bytes : bytes);
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
    if (at + XATTR_ENTRY.byteSize > end) throw space.damaged(at, TOO_LONG);
    const entry = parseEntry(space, at, view, at - xattrAt);
    if (entry.end > end) throw space.damaged(at, TOO_LONG);
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

/** The table of long prefixes. */
export async function readLongPrefixes(image: ErofsImage): Promise<LongPrefixes> {
  const { prefixes } = image;
  const space = prefixSpace(image);
  const found: (Uint8Array | undefined)[] = [];
  for (let at = prefixes.at; found.length < prefixes.count; ) {
    const { index, infix, end } = await readLongPrefix(space, at);
    const base = SHOWN[index];
    found.push(base && concatBytes(base, infix));
    at = end;
  }
  return found;
}

/** Reads an attribute in what it lies; it must end at `limit` at the latest. */
export async function readXattrEntry(space: ImageBytes, at: number, limit: number): Promise<XattrEntry> {
  const entry = parseEntry(space, at, await space.view(at, XATTR_ENTRY.byteSize), 0);
  if (entry.end > limit) throw space.damaged(at, TOO_LONG);
  return entry;
}

function parseEntry(space: ImageBytes, at: number, view: StructView, from: number): XattrEntry {
  const nameLen = view.getU8(from, XATTR_ENTRY.e_name_len);
  const valueLen = view.getU16(from, XATTR_ENTRY.e_value_size);
  const index = view.getU8(from, XATTR_ENTRY.e_name_index);
  return { space, at, end: at + roundUp(XATTR_ENTRY.byteSize + nameLen + valueLen, 4), index, nameLen, valueLen };
}

/** The prefix of an attribute, for dumps. */
export function showPrefix({ index }: XattrEntry): string {
  return PREFIXES[index] ?? `(prefix ${index}).`;
}

/** The rest of an attribute's name. */
export function readName({ space, at, nameLen }: XattrEntry): Promise<Uint8Array> {
  return space.read(at + XATTR_ENTRY.byteSize, nameLen);
}

/** An attribute's value. */
export function readValue({ space, at, nameLen, valueLen }: XattrEntry): Promise<Uint8Array> {
  return space.read(at + XATTR_ENTRY.byteSize + nameLen, valueLen);
}

/** What the whole name of an attribute begins with; undefined: Linux shows none that begins so. */
export function prefixOf({ index, space, at }: XattrEntry, long: LongPrefixes): Uint8Array | undefined {
  if ((index & LONG_PREFIX) === 0) return SHOWN[index];
  if (index - LONG_PREFIX >= long.length) throw space.damaged(at, `there is no long prefix ${index - LONG_PREFIX}`);
  return long[index - LONG_PREFIX];
}

/**
 * Those of an inode's attributes that Linux shows, the shared ones first.
 *
 * @throws ImageError `DAMAGED` where it would list none of them, or where they come to more than there is
 */
export function shownEntries(
  inode: ErofsInode,
  shared: readonly XattrEntry[],
  own: readonly XattrEntry[],
  long: LongPrefixes,
): XattrEntry[] {
  const most = shared[0]?.space.size ?? 0;
  const bounds = new XattrBounds(most, (why) => inode.space.damaged(inode.at, why));
  for (const { at, end } of shared) bounds.addPlace(at, end - at);
  return [...shared, ...own].filter((entry) => {
    const prefix = prefixOf(entry, long);
    if (prefix === undefined) return false;
    bounds.addName(prefix.length + entry.nameLen);
    return true;
  });
}
