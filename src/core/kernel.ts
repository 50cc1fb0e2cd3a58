/** Linux versions: what a kernel must be to read an image, and what a kernel that is asked for can read. */
import { OptionError } from "./options/option-error.ts";

/** A version as two numbers. */
export type KernelVersion = readonly [major: number, minor: number];

/** The first version with EROFS. */
export const FIRST_KERNEL = "5.4";

/** Reads `6.12` or `v6.12.3`. Throws `INPUT` for anything else, and for versions without EROFS. */
export function parseKernel(text: string): KernelVersion {
  const version = readVersion(text);
  if (isOlder(version, readVersion(FIRST_KERNEL))) {
    throw new OptionError("targetKernel", `Linux ${text} has no EROFS; ${FIRST_KERNEL} is the first`);
  }
  return version;
}

function readVersion(text: string): KernelVersion {
  const match = /^v?(\d{1,3})\.(\d{1,3})(\.\d+)*$/.exec(`${text}`);
  if (!match) throw new OptionError("targetKernel", `"${text}" is no version such as 6.12`);
  return [Number(match[1]), Number(match[2])];
}

/** Throws `INPUT` where `feature` came with a later version than `target`. */
export function checkKernel(target: KernelVersion, feature: string, since: string): void {
  if (!isOlder(target, parseKernel(since))) return;
  const why = `Linux ${target.join(".")} does not read ${feature}, which came with ${since}`;
  throw new OptionError("targetKernel", why);
}

/** The latest of some versions. */
export function latestKernel(versions: readonly string[]): string {
  return versions.reduce((latest, version) => (isOlder(parseKernel(latest), parseKernel(version)) ? version : latest));
}

/** Whether `target` reads what came with `since`. */
export function isAtLeast(target: string, since: string): boolean {
  return !isOlder(parseKernel(target), parseKernel(since));
}

function isOlder(a: KernelVersion, b: KernelVersion): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}
