/** What names of entries and targets of links can be: nothing that leads out of a directory, or that Linux shows otherwise. */

/** The slash, which no name has, and the dot. */
const [SLASH, DOT] = [0x2f, 0x2e] as const;
/** Bytes of a name. */
const MOST_NAME = 255;

/** Whether Linux shows an entry of this name. */
export function isEntryName(name: Uint8Array): boolean {
  if (name.length === 0 || name.length > MOST_NAME) return false;
  // quicker than to search so few bytes twice
  for (let at = 0; at < name.length; at++) if (name[at] === 0 || name[at] === SLASH) return false;
  return true;
}

/** Whether a name is one of the two that lead to a directory itself, and to its parent. */
export function isDots(name: Uint8Array): boolean {
  return name.length <= 2 && name.every((byte) => byte === DOT);
}

/** What is wrong with the length of a target, if anything. @param most that Linux reads */
export function targetLengthFault(length: number, most: number): string | undefined {
  return length === 0 || length > most ? `a link of ${length} bytes` : undefined;
}

/** What is wrong with a target, if anything. */
export function targetFault(target: Uint8Array): string | undefined {
  return target.includes(0) ? "the target of a link holds a zero" : undefined;
}

/** What is said of a directory that several entries name, or one below it. */
export const IN_TWO = "a directory is in two, or in itself";
