/** What Nix on macOS adds to names, and how it is taken off. */

/** Nix on macOS keeps names apart that differ in case only by this suffix and a number; it is no part of the name. */
const CASE_HACK = "~nix~case~hack~";

/** The name that an entry of a store has in the image, from the latin1 string of its name on disk. */
export function stripCaseHack(name: string): string {
  const at = name.lastIndexOf(CASE_HACK);
  return at > 0 && /^\d+$/.test(name.slice(at + CASE_HACK.length)) ? name.slice(0, at) : name;
}
