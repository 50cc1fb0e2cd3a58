/**
 * Extended attributes. An inode's body follows it directly:
 *
 *     | name filter, shared count (12) | shared ids (4 each) | entry | entry | …      each entry padded to 4
 *     entry: | name_len | name_index | value_size | name without prefix | value |
 *
 * An attribute that many inodes have is stored once in the shared area and named by its offset there, in units of 4.
 * Entries and shared ids stand in byte order of the full names.
 */
import { compareBytes, encodeUtf8, latin1FromBytes, roundUp, showBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import type { XxHash } from "../../core/hash/xxhash.ts";
import { StructView } from "../../core/struct.ts";
import type { Xattr } from "../../stage/tree/xattrs.ts";
import { orderSet } from "../../stage/tree/xattrs.ts";
import { DIGEST_OFF, type Fingerprints } from "./fingerprint.ts";
import {
  LONG_PREFIX,
  LONG_PREFIX_HEAD,
  MAX_NAME,
  MAX_SHARED_XATTRS,
  MAX_XATTR_BODY,
  MAX_XATTR_VALUE,
  SHARED_XATTR,
  XATTR_ENTRY,
  XATTR_FILTER_SEED,
  XATTR_HEADER,
} from "./format.ts";
import type { PrefixPlace } from "./superblock.ts";

/** Before each item of the table of long prefixes stands how many bytes it has. */
const SIZE_BYTES = 2;

/** e_name_index by prefix; a name that is all prefix has an empty rest. */
const PREFIXES: readonly { index: number; prefix: Uint8Array; whole: boolean }[] = [
  { index: 1, prefix: encodeUtf8("user."), whole: false },
  { index: 2, prefix: encodeUtf8("system.posix_acl_access"), whole: true },
  { index: 3, prefix: encodeUtf8("system.posix_acl_default"), whole: true },
  { index: 4, prefix: encodeUtf8("trusted."), whole: false },
  { index: 6, prefix: encodeUtf8("security."), whole: false },
];

/** A beginning that names have in common, which an image holds once. */
export interface LongPrefix {
  /** The whole prefix. */
  prefix: Uint8Array;
  /** e_name_index of the namespace that it lies in. */
  base: number;
  /** What of it is not the namespace's. */
  infix: Uint8Array;
}

/** The name of an attribute that need be in no namespace, as a prefix of its own. */
export function wholePrefix(name: Uint8Array): LongPrefix {
  return parsePrefix(name) ?? { prefix: name, base: NO_NAMESPACE, infix: name };
}

/** The number of the namespace of names that are in none. */
const NO_NAMESPACE = 0;

/** Reads a prefix that begins with one of the namespaces; undefined for any other. */
export function parsePrefix(prefix: Uint8Array): LongPrefix | undefined {
  const found = PREFIXES.find(({ prefix: head, whole }) => !whole && startsWith(prefix, head));
  return found && { prefix, base: found.index, infix: prefix.subarray(found.prefix.length) };
}

function startsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  return compareBytes(bytes.subarray(0, head.length), head) === 0;
}

/** What inodes have of the attributes of an image. */
export interface XattrBodies {
  /** Body by attribute set; index 0, and any set without attributes, has none. */
  ibodies: (Uint8Array | undefined)[];
  /** What is filled into some of them of each file; undefined: nothing is. */
  fingerprints?: Fingerprints | undefined;
}

/** The attributes of a whole image, encoded. */
export interface XattrPlan extends XattrBodies {
  /** The shared area, and behind it the table of long prefixes. */
  shared: Uint8Array;
  hasFilter: boolean;
  /** Where in `shared` the table begins, and how many prefixes it has; undefined: there is none. */
  prefixes?: PrefixPlace | undefined;
  /** By set: where in its body the digest of a fingerprint stands; -1: it has none. */
  digestAt: Int32Array;
}

/** How attributes are to be stored; see ErofsLayoutOptions. */
export interface XattrOptions {
  tolerance: number;
  filter: boolean;
  prefixes: readonly LongPrefix[];
  /** The attribute that is a fingerprint, which only the last prefix names; undefined: there is none. */
  fingerprint?: Xattr | undefined;
}

/**
 * Encodes the attribute sets of an image; pure.
 *
 * @param sets attribute sets by index
 * @param uses number of inodes that have each set; a set nobody uses is left out
 * @param pathOf a path for messages about a set
 */
export function planXattrs(
  sets: readonly Xattr[][],
  uses: Uint32Array,
  options: XattrOptions,
  xxhash: XxHash,
  pathOf: (set: number) => string,
): XattrPlan {
  const { fingerprint, prefixes } = options;
  const used = options.tolerance < 0 ? [] : [...sets.keys()].filter((set) => uses[set]! > 0 && sets[set]!.length > 0);
  const encoded = new Map<number, EncodedXattr[]>();
  const seen = new Map<string, { inodes: number }>();
  for (const set of used) {
    const attributes = encodeSet(sets[set]!, options, pathOf(set));
    encoded.set(set, attributes);
    for (const attribute of attributes) {
      const known = seen.get(attribute.key);
      if (known) known.inodes += uses[set]!;
      else seen.set(attribute.key, { inodes: uses[set]! });
    }
  }
  // what is to be filled in is no two files' own
  const isOften = ({ key, isBlank }: EncodedXattr) => !isBlank && seen.get(key)!.inodes > options.tolerance;
  // what no inode has room to name, because it names 255 others, is not shared
  const sharable = [...encoded.values()].flatMap((set) => set.filter(isOften).slice(0, MAX_SHARED_XATTRS));
  const { shared, ids } = placeShared(new Map(sharable.map((attribute) => [attribute.key, attribute])));
  const ibodies: (Uint8Array | undefined)[] = [];
  const digestAt = new Int32Array(sets.length).fill(-1);
  for (const [set, attributes] of encoded) {
    const { body, blankAt } = encodeIbody(attributes, ids, options.filter, xxhash, pathOf(set));
    ibodies[set] = body;
    if (blankAt > 0) digestAt[set] = blankAt + DIGEST_OFF;
  }
  const plan = { ibodies, digestAt, hasFilter: options.filter && used.length > 0 };
  const hasTable = prefixes.length > 0 && (used.length > 0 || fingerprint !== undefined);
  if (!hasTable) return { ...plan, shared };
  const place = { off: shared.length, count: prefixes.length, fingerprint: fingerprint && prefixes.length - 1 };
  return { ...plan, shared: appendTable(shared, prefixes), prefixes: place };
}

/** The shared area with the table of long prefixes behind it, which begins at a multiple of 4 as it is a row of entries. */
function appendTable(shared: Uint8Array, prefixes: readonly LongPrefix[]): Uint8Array {
  const headBytes = SIZE_BYTES + LONG_PREFIX_HEAD.byteSize;
  const measure = ({ infix }: LongPrefix) => roundUp(headBytes + infix.length, 4);
  const bytes = new Uint8Array(prefixes.reduce((sum, each) => sum + measure(each), shared.length));
  bytes.set(shared);
  const view = new StructView(bytes.buffer);
  const sizes = new DataView(bytes.buffer);
  let at = shared.length;
  for (const each of prefixes) {
    sizes.setUint16(at, LONG_PREFIX_HEAD.byteSize + each.infix.length, true);
    view.setU8(at + SIZE_BYTES, LONG_PREFIX_HEAD.base_index, each.base);
    bytes.set(each.infix, at + headBytes);
    at += measure(each);
  }
  return bytes;
}

/** Where in an image the table of long prefixes is, of a shared area that begins at `off`. */
export function placePrefixes({ prefixes }: XattrPlan, off: number): XattrPlan["prefixes"] {
  return prefixes && { ...prefixes, off: off + prefixes.off };
}

/** The table of long prefixes on its own, and what is left of the plan: for an image that has the table elsewhere. */
export function takeTable({ prefixes, shared, ...rest }: XattrPlan): { plan: XattrPlan; table: Uint8Array } {
  const off = prefixes?.off ?? shared.length;
  return { plan: { ...rest, shared: shared.subarray(0, off) }, table: shared.subarray(off) };
}

/** A body of `length` bytes at least, filled up with entries that say nothing: all zeros. Linux takes none that has none. */
export function padBody(body: Uint8Array | undefined, length: number, filter: boolean): Uint8Array {
  const least = XATTR_HEADER.byteSize + XATTR_ENTRY.byteSize;
  const padded = new Uint8Array(Math.max(roundUp(length, XATTR_ENTRY.byteSize), least));
  if (body) padded.set(body);
  else if (filter) new StructView(padded.buffer).setU32(0, XATTR_HEADER.h_name_filter, NO_NAMES);
  return padded;
}

/** i_xattr_icount of a body. */
export function countXattrs(body: Uint8Array | undefined): number {
  return body === undefined ? 0 : (body.length - XATTR_HEADER.byteSize) / 4 + 1;
}

interface EncodedXattr {
  fullName: Uint8Array;
  index: number;
  /** The name without its prefix: what is stored. */
  name: Uint8Array;
  /** Number of the namespace, and the name without that: what the filter hashes. */
  base: number;
  baseName: Uint8Array;
  value: Uint8Array;
  /** Equal for equal attributes. */
  key: string;
  /** Its value is filled in for each inode. */
  isBlank: boolean;
}

function encodeSet(
  set: readonly Xattr[],
  { prefixes, fingerprint }: Pick<XattrOptions, "prefixes" | "fingerprint">,
  path: string,
): EncodedXattr[] {
  const encode = (xattr: Xattr) =>
    xattr === fingerprint ? encodeFingerprint(xattr, prefixes) : encodeXattr(xattr, prefixes, path);
  return orderSet(set.map(encode), path);
}

/** A fingerprint, whose name is all prefix. */
function encodeFingerprint({ name: fullName, value }: Xattr, prefixes: readonly LongPrefix[]): EncodedXattr {
  const index = prefixes.length - 1;
  const { base, infix } = prefixes[index]!;
  const name = fullName.subarray(fullName.length);
  return { fullName, index: LONG_PREFIX | index, name, base, baseName: infix, value, key: "", isBlank: true };
}

function encodeXattr({ name: fullName, value }: Xattr, prefixes: readonly LongPrefix[], path: string): EncodedXattr {
  const limit = (why: string) => new ImageError("LIMIT", `${path}: attribute ${showBytes(fullName)}: ${why}`, { path });
  const found = PREFIXES.find(({ prefix, whole }) => {
    const head = fullName.subarray(0, prefix.length);
    return (
      compareBytes(head, prefix) === 0 && (whole ? fullName.length === prefix.length : fullName.length > prefix.length)
    );
  });
  if (!found) throw limit("EROFS holds user, trusted and security attributes and POSIX ACLs only");
  const baseName = fullName.subarray(found.prefix.length);
  if (fullName.length > MAX_NAME) throw limit("its name is longer than 255 bytes");
  if (fullName.indexOf(0) >= 0) throw limit("its name holds a NUL byte");
  if (value.length > MAX_XATTR_VALUE)
    throw limit(`its value has ${value.length} bytes; EROFS holds ${MAX_XATTR_VALUE}`);
  const key = `${latin1FromBytes(fullName)}\0${latin1FromBytes(value)}`;
  // the first that fits, as mkfs.erofs has it
  const long = prefixes.findIndex(({ prefix, base }) => base === found.index && startsWith(fullName, prefix));
  const stored =
    long < 0
      ? { index: found.index, name: baseName }
      : { index: LONG_PREFIX | long, name: fullName.subarray(prefixes[long]!.prefix.length) };
  return { fullName, ...stored, base: found.index, baseName, value, key, isBlank: false };
}

function measureEntry({ name, value }: EncodedXattr): number {
  return roundUp(XATTR_ENTRY.byteSize + name.length + value.length, 4);
}

function emitEntry(out: Uint8Array, at: number, attribute: EncodedXattr): number {
  const { index, name, value } = attribute;
  const view = new StructView(out.buffer, out.byteOffset);
  view.setU8(at, XATTR_ENTRY.e_name_len, name.length);
  view.setU8(at, XATTR_ENTRY.e_name_index, index);
  view.setU16(at, XATTR_ENTRY.e_value_size, value.length);
  out.set(name, at + XATTR_ENTRY.byteSize);
  out.set(value, at + XATTR_ENTRY.byteSize + name.length);
  return at + measureEntry(attribute);
}

function placeShared(byKey: ReadonlyMap<string, EncodedXattr>): { shared: Uint8Array; ids: Map<string, number> } {
  const attributes = [...byKey.values()].sort(
    (a, b) => compareBytes(a.fullName, b.fullName) || compareBytes(a.value, b.value),
  );
  const shared = new Uint8Array(attributes.reduce((sum, attribute) => sum + measureEntry(attribute), 0));
  const ids = new Map<string, number>();
  let at = 0;
  for (const attribute of attributes) {
    ids.set(attribute.key, at / 4);
    at = emitEntry(shared, at, attribute);
  }
  return { shared, ids };
}

function encodeIbody(
  attributes: readonly EncodedXattr[],
  ids: ReadonlyMap<string, number>,
  filter: boolean,
  xxhash: XxHash,
  path: string,
): { body: Uint8Array; blankAt: number } {
  const shared = attributes.filter(({ key }) => ids.has(key)).slice(0, MAX_SHARED_XATTRS);
  const inline = attributes.filter((attribute) => !shared.includes(attribute));
  const length = inline.reduce(
    (sum, one) => sum + measureEntry(one),
    XATTR_HEADER.byteSize + SHARED_XATTR.byteSize * shared.length,
  );
  if (length > MAX_XATTR_BODY) {
    throw new ImageError("LIMIT", `${path}: its attributes take ${length} bytes; EROFS holds ${MAX_XATTR_BODY}`, {
      path,
    });
  }
  const body = new Uint8Array(length);
  const view = new StructView(body.buffer);
  if (filter) view.setU32(0, XATTR_HEADER.h_name_filter, nameFilter(attributes, xxhash));
  view.setU8(0, XATTR_HEADER.h_shared_count, shared.length);
  let at: number = XATTR_HEADER.byteSize;
  for (const { key } of shared) {
    view.setU32(at, SHARED_XATTR.id, ids.get(key)!);
    at += SHARED_XATTR.byteSize;
  }
  let blankAt = -1;
  for (const attribute of inline) {
    if (attribute.isBlank) blankAt = at + XATTR_ENTRY.byteSize + attribute.name.length;
    at = emitEntry(body, at, attribute);
  }
  return { body, blankAt };
}

/** The filter of an inode without attributes. */
const NO_NAMES = 0xffffffff;

/** A set bit says: no attribute of this inode has a name that hashes here. */
function nameFilter(attributes: readonly EncodedXattr[], xxhash: XxHash): number {
  let filter = NO_NAMES;
  for (const { base, baseName } of attributes) filter &= ~(1 << filterBit(base, baseName, xxhash));
  return filter >>> 0;
}

/** The filter's bit for a name without its prefix. */
export function filterBit(index: number, name: Uint8Array, xxhash: XxHash): number {
  return xxhash.h32Raw(name, (XATTR_FILTER_SEED + index) >>> 0) & 31;
}
