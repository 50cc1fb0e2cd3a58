/** `node:crypto`: the SHA-256 of what comes in parts, which browsers make only of what is all there. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/** A hash that takes parts. */
export function createHash(algorithm: string) {
  if (algorithm !== "sha256") throw new Error(`${algorithm} is not there in a page`);
  const state = sha256.create();
  const hash = {
    update(bytes: Uint8Array) {
      state.update(bytes);
      return hash;
    },
    digest: (encoding?: "hex") => (encoding === "hex" ? bytesToHex(state.digest()) : state.digest()),
  };
  return hash;
}
