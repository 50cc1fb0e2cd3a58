/** Names, modes and times as they are printed. */

import { kindOfMode } from "../../../core/mode.ts";
import type { ImageInode } from "../../../inspect/reader.ts";

/** A name in one line: control characters are `\xNN`, as a terminal is not to follow them. */
export function showName(name: string): string {
  return name.replace(/\p{Cc}/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

const LETTERS = { file: "-", directory: "d", symlink: "l", char: "c", block: "b", fifo: "p", socket: "s" } as const;

/** A mode as ls(1) has it: `-rwxr-xr-x`. */
export function showMode(mode: number): string {
  const kind = kindOfMode(mode);
  const bits = [...(kind === undefined ? "?" : LETTERS[kind])];
  for (const [shift, special, letter] of [
    [6, 0o4000, "s"],
    [3, 0o2000, "s"],
    [0, 0o1000, "t"],
  ] as const) {
    const part = mode >> shift;
    bits.push(part & 4 ? "r" : "-", part & 2 ? "w" : "-");
    const runs = (part & 1) !== 0;
    bits.push((mode & special) === 0 ? (runs ? "x" : "-") : runs ? letter : letter.toUpperCase());
  }
  return bits.join("");
}

/** A time as UTC, to the nanosecond: `2026-11-30 02:00:43.000000000`. */
export function showTime({ mtime, mtimeNsec }: ImageInode): string {
  const date = new Date(mtime * 1000);
  if (Number.isNaN(date.getTime())) return `@${mtime}`;
  const [day = "", time = ""] = date.toISOString().split("T");
  return `${day} ${time.slice(0, 8)}.${String(mtimeNsec).padStart(9, "0")}`;
}
