/** Listings of directories as they are read. Source: Linux fs/squashfs/dir.c. */
import { DIR_ENTRY, DIR_HEADER, MAX_GROUP } from "../../squashfs/disk/format.ts";
import type { ImageBytes } from "../image.ts";

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

/**
 * Goes through a listing.
 *
 * @throws ImageError `DAMAGED` where it does not end where it should
 */
export async function* readListing(table: ImageBytes, at: number, bytes: number): AsyncGenerator<ListingItem> {
  const limit = at + bytes;
  table.check(at, bytes);
  for (let from = at; from < limit; ) {
    const head = await table.view(from, DIR_HEADER.byteSize);
    const count = head.getU32(0, DIR_HEADER.count);
    const block = head.getU32(0, DIR_HEADER.start_block);
    const first = head.getU32(0, DIR_HEADER.inode_number);
    if (count >= MAX_GROUP) throw table.damaged(from, `a group of ${count} entries and one more`);
    yield {
      at: from,
      end: from + DIR_HEADER.byteSize,
      name: undefined,
      block,
      ...{ offset: 0, type: 0, number: first },
    };
    from += DIR_HEADER.byteSize;
    for (let entry = 0; entry <= count; entry++) {
      const view = await table.view(from, DIR_ENTRY.byteSize);
      const nameAt = from + DIR_ENTRY.byteSize;
      const end = nameAt + view.getU16(0, DIR_ENTRY.size) + 1;
      if (end > limit) throw table.damaged(from, `an entry of a listing goes on behind ${limit}`);
      const name = await table.read(nameAt, end - nameAt);
      const number = first + view.getS16(0, DIR_ENTRY.inode_number);
      const offset = view.getU16(0, DIR_ENTRY.offset);
      yield { at: from, end, name, block, offset, type: view.getU16(0, DIR_ENTRY.type), number };
      from = end;
    }
  }
}
