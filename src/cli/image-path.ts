/** What commands are told to write to. */

const STANDARD_OUTPUT = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/**
 * The path of an image, where `-` is standard output, also where that was called by its path: else a file it leads to would
 * be replaced, and the report would stand behind the image.
 */
export function imagePath(given: string): string {
  return STANDARD_OUTPUT.includes(given) ? "-" : given;
}
