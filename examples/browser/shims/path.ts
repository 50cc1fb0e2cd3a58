/** `node:path`, of paths that are absolute and have slashes. */

/** What is between names. */
export const sep = "/";

/** The last name of a path. */
export function basename(path: string): string {
  return path.slice(path.lastIndexOf(sep) + 1);
}

/** All before the last name. */
export function dirname(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf(sep)));
}

/** Whether a path starts at the root. */
export function isAbsolute(path: string): boolean {
  return path.startsWith(sep);
}

/** One path of several. */
export function join(...paths: string[]): string {
  return paths.join(sep).replaceAll(/\/+/g, sep);
}
