/** What symbolic links name, byte by byte. */
import { readlinkSync } from "node:fs";
import { ImageError } from "../error.ts";

/**
 * The bytes of a link's target. Asked for by the word `"buffer"`, Deno gives a text, which would go into an image as zeros.
 * Throws what the system says, and `INTERNAL` where what runs this gives no bytes.
 */
export function readLink(path: string | Uint8Array): Buffer {
  const target: unknown = readlinkSync(typeof path === "string" ? path : Buffer.from(path), { encoding: "buffer" });
  if (target instanceof Uint8Array) return Buffer.from(target.buffer, target.byteOffset, target.byteLength);
  throw new ImageError("INTERNAL", "what runs this package reads symbolic links as text, not as bytes");
}
