/** Listings of directories as they are read. Source: Linux fs/squashfs/dir.c. */
import { DIR_ENTRY, DIR_HEADER, MAX_GROUP } from "../../squashfs/disk/format.ts";
import { type ImageBytes, viewOf } from "../image.ts";
import { isDots, isEntryName } from "../rules/entry-name.ts";
import { quote } from "../text.ts";

/** A structure of a listing: the head of a group, or an entry of it. */
export interface ListingItem {
  readonly at: number;
  readonly end: number;
  /** Of an entry; of a head undefined. */
  readonly name: Uint8Array | undefined;
  /** Of an entry: its inode's reference, in two halves. */
  readonly block: number;
  readonly offset: number;
  /** Of an entry: what its inode is, in the basic form, and the number that it has. */
  readonly type: number;
  readonly number: number;
}

/** What is wrong with the name of an entry, if anything: those of a directory itself and of its parent are in no listing. */
export function listedNameFault(name: Uint8Array): string | undefined {
  return isEntryName(name) && !isDots(name) ? undefined : `in a listing there can be no name ${quote(name)}`;
}

/** Bytes of a listing that are read at once. */
const WINDOW = 1 << 16;

/**
 * Goes through a listing.
 *
 * @throws ImageError `DAMAGED` where it does not end where it should
 */
export async function* readListing(table: ImageBytes, at: number, bytes: number): AsyncGenerator<ListingItem> {
  const limit = at + bytes;
  table.check(at, bytes);
  let window = viewOf(new Uint8Array(0));
  let start = at;
  const has = (from: number, length: number) => from + length <= start + window.byteLength;
  const load = async (from: number, length: number) => {
    window = await table.view(from, Math.max(length, Math.min(WINDOW, limit - from)));
    start = from;
  };
  for (let from = at; from < limit; ) {
    if (!has(from, DIR_HEADER.byteSize)) await load(from, DIR_HEADER.byteSize);
    const count = window.getU32(from - start, DIR_HEADER.count);
    const block = window.getU32(from - start, DIR_HEADER.start_block);
    const first = window.getU32(from - start, DIR_HEADER.inode_number);
    if (count >= MAX_GROUP) throw table.damaged(from, `a group of ${count} entries and one more`);
    const headEnd = from + DIR_HEADER.byteSize;
    yield { at: from, end: headEnd, name: undefined, block, offset: 0, type: 0, number: first };
    from = headEnd;
    for (let entry = 0; entry <= count; entry++) {
      if (!has(from, DIR_ENTRY.byteSize)) await load(from, DIR_ENTRY.byteSize);
      const nameLen = window.getU16(from - start, DIR_ENTRY.size) + 1;
      const end = from + DIR_ENTRY.byteSize + nameLen;
      if (end > limit) throw table.damaged(from, `an entry of a listing goes on behind ${limit}`);
      if (!has(from, end - from)) await load(from, end - from);
      const place = from - start;
      const number = first + window.getS16(place, DIR_ENTRY.inode_number);
      const [offset, type] = [window.getU16(place, DIR_ENTRY.offset), window.getU16(place, DIR_ENTRY.type)];
      const name = new Uint8Array(window.buffer, window.byteOffset + place + DIR_ENTRY.byteSize, nameLen);
      yield { at: from, end, name, block, offset, type, number };
      from = end;
    }
  }
}
