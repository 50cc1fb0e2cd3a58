/**
 * Fingerprints, by which readers tell files with equal contents, also of other images: Linux 7.0 can have these share their
 * page cache. An attribute of every regular file that is not empty, whose name is all prefix: the superblock says which.
 *
 *     value: | "sha256:" | SHA-256 of the contents 32 |
 */
import { encodeUtf8 } from "../../core/bytes.ts";
import type { Xattr } from "../../stage/tree/xattrs.ts";

/** Bytes of a digest. */
export const DIGEST_BYTES = 32;
/** What stands before it in the value. */
const ALGORITHM = encodeUtf8("sha256:");
/** Where in the value the digest is. */
export const DIGEST_OFF: number = ALGORITHM.length;

/** What the attribute is called if nothing else is said: in no namespace, so that it is not listed. */
export const USUAL_FINGERPRINT = "erofs.fingerprint.v1";

/** Digests of the files of an image. Plain data, what grows with the tree in shared memory. */
export interface Fingerprints {
  /** By attribute set: where in its body the digest stands; -1: it has none. */
  at: Int32Array;
  /** By entry, DIGEST_BYTES each. */
  digests: Uint8Array;
  /** By entry: 1 where the digest is there. */
  known: Uint8Array;
}

/** No digests yet, of so many entries. @param at see {@link Fingerprints} */
export function shareFingerprints(entries: number, at: Int32Array): Fingerprints {
  const bytes = (count: number) => new Uint8Array(new SharedArrayBuffer(count));
  return { at, digests: bytes(DIGEST_BYTES * entries), known: bytes(entries) };
}

/** The digest of an entry, as a view. */
export function digestOf({ digests }: Fingerprints, entry: number): Uint8Array {
  return digests.subarray(DIGEST_BYTES * entry, DIGEST_BYTES * (entry + 1));
}

/** Has a file have the digest of one with the same contents. */
export function copyDigest(fingerprints: Fingerprints, entry: number, original: number): void {
  digestOf(fingerprints, entry).set(digestOf(fingerprints, original));
  fingerprints.known[entry] = 1;
}

/** The attribute under a name, its digest still zeros. */
export function blankFingerprint(name: Uint8Array): Xattr {
  const value = new Uint8Array(ALGORITHM.length + DIGEST_BYTES);
  value.set(ALGORITHM);
  return { name, value };
}
