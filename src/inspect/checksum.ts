/** Contents as a dump tells of them: by a checksum that two dumps can be compared by. */
import { isZero } from "../core/bytes.ts";
import type { XxHash } from "../core/hash/xxhash.ts";
import type { ImageBytes } from "./image.ts";

/** The first 48 bits of xxh64 of the bytes, in hexadecimal. */
export function checksum(bytes: Uint8Array, xxhash: XxHash): string {
  return short(xxhash.h64Raw(bytes));
}

/** The same of a range of an image; undefined where all of it is zero. */
export async function checksumOf(
  image: ImageBytes,
  at: number,
  end: number,
  xxhash: XxHash,
): Promise<string | undefined> {
  const hash = xxhash.create64();
  let zero = true;
  for (let from = at; from < end; ) {
    const bytes = await image.borrowSome(from, end - from);
    zero &&= isZero(bytes);
    hash.update(bytes);
    from += bytes.length;
  }
  return zero ? undefined : short(hash.digest());
}

function short(hash: bigint): string {
  return hash.toString(16).padStart(16, "0").slice(0, 12);
}
