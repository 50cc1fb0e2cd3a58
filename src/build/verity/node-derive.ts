/** Salt and UUID where nobody has given them: from the image alone, so that they are the same everywhere. */
import { createHash } from "node:crypto";

function digest(what: string, bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(`ts-mkerofs dm-verity ${what}\0`).update(bytes).digest();
}

/** 32 bytes. @param start the image's first 4096 bytes, in which its superblock is */
export function deriveSalt(start: Uint8Array): Uint8Array {
  return digest("salt", start);
}

/** 16 bytes, marked as UUID version 8: application defined. */
export function deriveVerityUuid(rootHash: Uint8Array): Uint8Array {
  const uuid = digest("uuid", rootHash).slice(0, 16);
  uuid[6] = (uuid[6]! & 0x0f) | 0x80;
  uuid[8] = (uuid[8]! & 0x3f) | 0x80;
  return uuid;
}
