/** What a name of an entry can be: nothing that leads out of its directory. */

/** The slash, which no name has, and the dot. */
const [SLASH, DOT] = [0x2f, 0x2e] as const;
/** Bytes of a name. */
const MOST_NAME = 255;

/** Whether Linux shows an entry of this name. */
export function isEntryName(name: Uint8Array): boolean {
  return name.length > 0 && name.length <= MOST_NAME && !name.includes(0) && !name.includes(SLASH);
}

/** Whether a name is one of the two that lead to a directory itself, and to its parent. */
export function isDots(name: Uint8Array): boolean {
  return name.length <= 2 && name.every((byte) => byte === DOT);
}
