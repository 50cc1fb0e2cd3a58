/** SHA-256 of images. */
import { createHash, type Hash } from "node:crypto";

/** The SHA-256 of bytes that come in order. */
export class Digest {
  readonly #hash: Hash = createHash("sha256");

  /** Adds bytes, which may be reused as soon as this returns. */
  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** As 64 hex digits. To be called once, when all bytes are there. */
  finish(): string {
    return this.#hash.digest("hex");
  }
}
