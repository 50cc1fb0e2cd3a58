/** Paths of an image: latin1 strings, relative to the root. */
import { showBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";

/** The names of a path of an image. */
export function splitPath(path: string): string[] {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  if (names.includes("..") || path.includes("\0")) throw refuse(path, "a path may hold neither .. nor NUL");
  return names;
}

/** An `INPUT` error about a path of an image, a latin1 string. */
export function refuse(path: string, why: string): ImageError {
  const shown = showBytes(Uint8Array.from(path, (char) => char.charCodeAt(0)));
  return new ImageError("INPUT", `${shown}: ${why}`, { path: shown });
}
