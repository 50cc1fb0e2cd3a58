/** What commands are told to write to. */
import { statSync } from "node:fs";
import { attempt } from "../core/node/node-errors.ts";
import { UsageError } from "./shared/getopt.ts";

const STANDARD_OUTPUT = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/**
 * The path of an image, where `-` is standard output, also where that was called by its path: else a file it leads to would
 * be replaced, and the report would stand behind the image.
 */
export function imagePath(given: string): string {
  return STANDARD_OUTPUT.includes(given) ? "-" : given;
}

/**
 * Whether an image would take the place of something, as it would of a file or what is on a block device. Pipes and
 * character devices hold nothing; why nothing can be written to the rest, the build says.
 */
export function isTaken(image: string): boolean {
  if (image === "-") return false;
  const found = attempt(image, () => statSync(image, { throwIfNoEntry: false }));
  return found !== undefined && (found.isFile() || found.isBlockDevice());
}

/** Throws UsageError for an image that cannot be read again. */
export function checkLogged(image: string): void {
  const found = image === "-" ? undefined : attempt(image, () => statSync(image, { throwIfNoEntry: false }));
  if (image !== "-" && (found === undefined || found.isFile() || found.isBlockDevice())) return;
  throw new UsageError(`-log: needs an image that can be read again, which ${image} cannot`);
}
