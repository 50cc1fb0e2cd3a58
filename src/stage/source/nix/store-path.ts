/** What a store path looks like. */

/** 32 digits of Nix's base 32, which has no e, o, t and u, and a name of 211 characters at most. */
const STORE_PATH = /^(?:\/[^/\0]+)*\/[0-9a-df-np-sv-z]{32}-[0-9a-zA-Z+._?=-]{1,211}$/;

/** Whether a path is one that Nix's store can hold; where the store is does not matter. */
export function isStorePath(path: string): boolean {
  return STORE_PATH.test(path);
}
