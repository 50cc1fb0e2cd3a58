/** Listings of directories as they are read. Source: Linux fs/squashfs/dir.c. */
import { decodeStruct } from "../../core/struct.ts";
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
    const { count, start_block: block } = decodeStruct(await table.view(from, DIR_HEADER.byteSize), 0, DIR_HEADER);
    if (count >= MAX_GROUP) throw table.damaged(from, `a group of ${count} entries and one more`);
    yield { at: from, end: from + DIR_HEADER.byteSize, name: undefined, block, offset: 0 };
    from += DIR_HEADER.byteSize;
    for (let entry = 0; entry <= count; entry++) {
      const { offset, size } = decodeStruct(await table.view(from, DIR_ENTRY.byteSize), 0, DIR_ENTRY);
      const end = from + DIR_ENTRY.byteSize + size + 1;
      if (end > limit) throw table.damaged(from, `an entry of a listing goes on behind ${limit}`);
      const name = await table.read(from + DIR_ENTRY.byteSize, size + 1);
      yield { at: from, end, name, block, offset };
      from = end;
    }
  }
}
