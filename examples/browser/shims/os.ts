/** `node:os`. */

/** Where temporary files are: in the only folder of fs.ts. */
export function tmpdir(): string {
  return "/";
}

/** Names of temporary files have it. */
export function hostname(): string {
  return "page";
}

/** One thread does all. */
export function availableParallelism(): number {
  return 1;
}
