/** Signatures of store paths: `NAME:BASE64` of ed25519, checked against keys that are trusted. */

import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { ImageError } from "../../../../core/error.ts";
import { excerpt } from "../../../../core/excerpt.ts";
import { decodeBase64 } from "../../../text/base64.ts";
import type { PathInfo } from "../path-info.ts";
import { fingerprint } from "./narinfo.ts";

/** What stands before the 32 bytes of a key in DER: an ed25519 key. See RFC 8410. */
const DER_HEAD = Buffer.from("302a300506032b6570032100", "hex");
const KEY_BYTES = 32;

/** Keys by name. */
export type TrustedKeys = ReadonlyMap<string, KeyObject>;

/** Reads keys, `NAME:BASE64` each. Throws `INPUT` for what is none. */
export function readTrustedKeys(keys: readonly string[]): TrustedKeys {
  return new Map(
    keys.map((key) => {
      const colon = key.indexOf(":");
      const bytes = decodeBase64(key.slice(colon + 1));
      if (colon < 1 || bytes?.length !== KEY_BYTES) {
        throw new ImageError("INPUT", `${excerpt(key)} is no public key of Nix, NAME:BASE64`);
      }
      const der = Buffer.concat([DER_HEAD, bytes]);
      return [key.slice(0, colon), createPublicKey({ key: der, format: "der", type: "spki" })];
    }),
  );
}

/** Throws `INPUT` where none of a path's signatures is by a trusted key. @param name what messages call that which says so */
export function checkSignatures(info: PathInfo, keys: TrustedKeys, name: string): void {
  const signed = Buffer.from(fingerprint(info));
  const { path, signatures = [] } = info;
  const isGood = signatures.some((signature) => {
    const colon = signature.indexOf(":");
    const key = keys.get(signature.slice(0, colon));
    const bytes = decodeBase64(signature.slice(colon + 1));
    return key !== undefined && bytes !== undefined && verify(null, signed, key, bytes);
  });
  if (isGood) return;
  const names = signatures.map((signature) => signature.slice(0, Math.max(0, signature.indexOf(":"))));
  const known = names.filter((each) => keys.has(each));
  const trusted = keys.size === 0 ? "no key is trusted" : `trusted are ${[...keys.keys()].join(", ")}`;
  const why =
    known.length > 0
      ? `its signature by ${known.join(", ")} is wrong`
      : `it is signed by ${names.length === 0 ? "nobody" : names.map(excerpt).join(", ")}, and ${trusted}`;
  throw new ImageError("INPUT", `${name}: ${path}: ${why}`, { path: name });
}
