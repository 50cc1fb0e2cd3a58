/** What editors and shells of Windows put before a text: bytes that say how it is encoded. */
import { latin1FromBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";

/** Byte order marks, as latin1 strings. */
const UTF_8_MARK = "\xef\xbb\xbf";
const UTF_16_MARKS: readonly string[] = ["\xff\xfe", "\xfe\xff"];

/**
 * Where the text of a file begins: behind a mark that says UTF-8. Throws `INPUT` for UTF-16, which `>` of Windows
 * PowerShell writes.
 *
 * @param name what messages call the file
 */
export function findTextStart(bytes: Uint8Array, name: string): number {
  if (UTF_16_MARKS.includes(latin1FromBytes(bytes, 0, Math.min(2, bytes.length)))) {
    throw new ImageError("INPUT", `${name}: is in UTF-16; what this package reads is UTF-8`, { path: name });
  }
  return latin1FromBytes(bytes, 0, Math.min(3, bytes.length)) === UTF_8_MARK ? 3 : 0;
}

/** All of a file's text as a latin1 string, without such a mark; throws as {@link findTextStart} does. */
export function latin1Text(bytes: Uint8Array, name: string): string {
  return latin1FromBytes(bytes, findTextStart(bytes, name));
}
