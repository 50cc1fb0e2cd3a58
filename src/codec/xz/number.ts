/** Numbers of any length as .xz has them: seven bits a byte, the lowest first. */
import { ImageError } from "../../core/error.ts";

/** Reads one, and goes on behind it. Throws `DAMAGED` for one that is none, or beyond 2^53. */
export function readNumber(bytes: Uint8Array, at: { at: number }): number {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at.at++];
    if (byte === undefined) throw new ImageError("DAMAGED", "a number ends too early");
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) {
      if ((byte === 0 && shift > 0) || value > Number.MAX_SAFE_INTEGER) break;
      return value;
    }
  }
  throw new ImageError("DAMAGED", "a number is none");
}

/** A number's bytes. */
export function numberBytes(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push(0x80 + (rest % 0x80));
  return [...bytes, rest];
}
