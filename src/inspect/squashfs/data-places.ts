/** Where the data of a SquashFS image starts, file by file and fragment by fragment. */
import { BLOCK_WORD, FRAGMENT_ENTRY, WORD_RAW } from "../../squashfs/disk/format.ts";
import type { ImageBytes } from "../image.ts";
import { openSquashfs } from "./image.ts";
import { readInode } from "./inode.ts";
import { mapSquashfs } from "./map.ts";

/** Data that has a place of its own. */
export interface DataPlace {
  /** Image offset of its first byte. */
  readonly at: number;
  /** Path of the file, from the root on, that has blocks there; a number: it is this fragment block. */
  readonly owner: string | number;
}

/**
 * All of it, in the order of the bytes. Files that share blocks are told one by one; those of holes, or of an end in a
 * fragment alone, have none.
 *
 * @throws ImageError `DAMAGED` where the image does not hold together
 */
export async function listDataPlaces(bytes: ImageBytes): Promise<DataPlace[]> {
  const { image, places, paths, tables } = await mapSquashfs(await openSquashfs(bytes));
  const bytesOf = (name: string) => tables.find(({ place }) => place.name === name)?.table.bytes;
  const inodes = bytesOf("inodes")!;
  const found: DataPlace[] = [];
  for (const [owner, place] of places.entries()) {
    const { file, bodyAt } = await readInode(inodes, place, image.blockSize);
    if (file && (await hasBlocks(inodes, bodyAt, file.words))) {
      found.push({ at: file.startOff, owner: paths.show(owner).slice(1) });
    }
  }
  const fragments = bytesOf("fragments");
  for (let number = 0; fragments && number * FRAGMENT_ENTRY.byteSize < fragments.size; number++) {
    const view = await fragments.view(number * FRAGMENT_ENTRY.byteSize, FRAGMENT_ENTRY.byteSize);
    found.push({ at: Number(view.getU64(0, FRAGMENT_ENTRY.start_block)), owner: number });
  }
  return found.sort((a, b) => a.at - b.at);
}

/** Whether one of a file's blocks is no hole. */
async function hasBlocks(inodes: ImageBytes, at: number, words: number): Promise<boolean> {
  for (let word = 0; word < words; word++) {
    const view = await inodes.view(at + word * BLOCK_WORD.byteSize, BLOCK_WORD.byteSize);
    if ((view.getU32(0, BLOCK_WORD.size) & (WORD_RAW - 1)) !== 0) return true;
  }
  return false;
}
