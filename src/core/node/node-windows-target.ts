/** What is different about writing a file on Windows: some names are no files, and a file in use cannot be replaced. */
import { renameSync } from "node:fs";
import { win32 } from "node:path";
import { ImageError } from "../error.ts";

/** Names of devices, whatever stands behind a dot; in a path such as Node makes it they would become files no one can remove. */
const DEVICE_NAME = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:[. ].*)?$/i;
/** How often a rename is tried, and how long is waited between. */
const ATTEMPTS = 20;
const WAIT_MS = 50;

/** Throws `INPUT` for a path that an image cannot be written to on Windows. */
export function checkWindowsTarget(target: string, platform: string = process.platform): void {
  if (platform !== "win32") return;
  const why = findFault(target);
  if (why !== undefined) throw new ImageError("INPUT", `${target}: ${why}`, { path: target });
}

function findFault(target: string): string | undefined {
  if (/^[\\/]{2}\.[\\/]/.test(target)) return "devices of Windows cannot be written to";
  const name = win32.basename(target);
  if (DEVICE_NAME.test(name)) return "is the name of a device";
  if (/[. ]$/.test(name) && !/^\.+$/.test(name)) return "a name on Windows does not end with a dot or a blank";
  const wrong = /[<>:"|?*]/.exec(name)?.[0];
  return wrong && `a name on Windows does not hold ${wrong}`;
}

/**
 * Renames a file over another. On Windows that is refused while a program has one of them open, which may be a virus
 * scanner that looks at what is new: so it is tried for a second there, and then said what may be the matter.
 */
export function replaceFile(from: string, to: string, platform: string = process.platform, rename = renameSync): void {
  for (let attempt = 1; ; attempt++) {
    try {
      rename(from, to);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (platform !== "win32" || !(code === "EPERM" || code === "EACCES" || code === "EBUSY")) throw error;
      if (attempt === ATTEMPTS) throw new InUseError(error);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS);
    }
  }
}

/** In place of the system's error, which says something else. */
class InUseError extends Error {
  constructor(cause: unknown) {
    super("may not be replaced: it is read-only, or another program has it open", { cause });
  }
}
