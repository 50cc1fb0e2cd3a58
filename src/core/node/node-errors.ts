/** The operating system's refusals, said in this package's words. */
import { showBytes } from "../bytes.ts";
import { ImageError } from "../error.ts";

/** `EACCES`, `ENOSPC` …, or undefined for an error that the system did not make. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("syscall" in error)) return undefined;
  return (error as NodeJS.ErrnoException).code;
}

/** The system's own words for its error: `permission denied`. */
export function systemMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  // Node: "EACCES: permission denied, open '/path'"
  return /^[A-Z0-9]+: ([^,]*)/.exec(text)?.[1] ?? text;
}

/** Does `work` on a file of the caller's; what the system refuses is an `IO` about the path, as text that is to be shown. */
export function attempt<T>(path: string | Uint8Array, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof ImageError) throw cause;
    // bytes are made text here alone, as that takes longer than many a call of the system's
    throw refused(typeof path === "string" ? path : showBytes(path), cause);
  }
}

/** An `IO` about a path that the system has refused. */
function refused(shownPath: string, cause: unknown): ImageError {
  return new ImageError("IO", `${shownPath}: ${systemMessage(cause)}`, { path: shownPath, cause });
}

/** An error about a source entry that was there when its directory was read: gone or changed, or refused. */
export function sourceError(path: Uint8Array, cause: unknown): ImageError {
  if (cause instanceof ImageError) return cause;
  const shown = showBytes(path);
  const code = systemCode(cause);
  const details = { path: shown, cause };
  if (code === "ENOENT" && isNameLost(path)) return nameLost(path, cause);
  if (code === "ENOENT" || code === "ENOTDIR")
    return new ImageError("CHANGED", `${shown}: vanished while it was packed`, details);
  if (code === "ELOOP")
    return new ImageError("CHANGED", `${shown}: became a symbolic link while it was packed`, details);
  if (code === "ENXIO" || code === "ENODEV" || code === "EISDIR") {
    return new ImageError("CHANGED", `${shown}: became something else while it was packed`, details);
  }
  if (code === undefined) return new ImageError("INTERNAL", `${shown}: ${systemMessage(cause)}`, details);
  return new ImageError("IO", `${shown}: ${systemMessage(cause)}`, details);
}

/** U+FFFD, which stands for what is no UTF-8. */
const REPLACEMENT = Buffer.from("\ufffd");

/** Whether this is Deno, which tells less of files than Node does. */
export function isDeno(): boolean {
  return "deno" in process.versions;
}

/** Whether a path may have another name on disk: Deno makes texts of names, whatever is asked for. */
export function isNameLost(path: Uint8Array): boolean {
  return isDeno() && Buffer.from(path).includes(REPLACEMENT);
}

/** The refusal of a path that {@link isNameLost}. */
export function nameLost(path: Uint8Array, cause?: unknown): ImageError {
  const shown = showBytes(path);
  const why = "may have a name that is not UTF-8, which Deno does not tell: Node packs it";
  return new ImageError("INPUT", `${shown}: ${why}`, { path: shown, cause });
}
