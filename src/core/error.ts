/**
 * The one error class of this package. Every failure that a caller can meet is an {@link ImageError} with a
 * stable `code`; the command line prints `message` as its one line.
 */

/**
 * What kind of failure it was. Codes are stable: new ones may come, none changes its meaning.
 *
 * - `INPUT`     an option, a path or a tree that cannot be used as given
 * - `LIMIT`     the on-disk format cannot hold what the tree asks for
 * - `CHANGED`   a source file changed, vanished or became something else while it was read
 * - `IO`        the operating system refused a read or a write
 * - `DAMAGED`   an image being read does not hold together
 * - `ABORTED`   the caller's AbortSignal fired
 * - `INTERNAL`  a promise that this package makes to itself was broken: a bug, please report it
 */
export type ErrorCode = "INPUT" | "LIMIT" | "CHANGED" | "IO" | "DAMAGED" | "ABORTED" | "INTERNAL";

/** Where and why: all optional parts of an {@link ImageError}. */
export interface ErrorDetails {
  /** Path of the source entry, or of the output, that failed (bytes shown as UTF-8 where they are valid). */
  path?: string | undefined;
  /** Byte offset in the image, where that is known. */
  offset?: number | undefined;
  /** The error underneath, such as Node's own with its `code` (`ENOSPC`). */
  cause?: unknown;
}

/** A failure of this package; see {@link ErrorCode}. */
export class ImageError extends Error {
  override readonly name: string = "ImageError";
  /** What kind of failure it was. */
  readonly code: ErrorCode;
  /** Path of the source entry, or of the output, that failed. */
  readonly path: string | undefined;
  /** Byte offset in the image, where that is known. */
  readonly offset: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.path = details.path;
    this.offset = details.offset;
  }
}

/** The caller's AbortSignal fired: called as the platform calls such errors, with the signal's reason as `cause`. */
export class AbortedError extends ImageError {
  override readonly name: "AbortError" | "TimeoutError";

  constructor(reason: unknown) {
    super("ABORTED", "the build was aborted", { cause: reason });
    this.name = reason instanceof Error && reason.name === "TimeoutError" ? "TimeoutError" : "AbortError";
  }
}

/** The form in which an error crosses from one thread to another (structured clone drops classes). */
export interface PortableError {
  code: ErrorCode;
  message: string;
  path: string | undefined;
  offset: number | undefined;
  stack: string | undefined;
  /** Message and system code of the error underneath. */
  cause: { message: string; code: unknown } | undefined;
}

/** Any thrown value, in a form for other threads; what is not an {@link ImageError} becomes `INTERNAL`. */
export function toPortable(error: unknown): PortableError {
  const known = error instanceof ImageError ? error : undefined;
  return {
    code: known?.code ?? "INTERNAL",
    message: error instanceof Error ? error.message : String(error),
    path: known?.path,
    offset: known?.offset,
    stack: error instanceof Error ? error.stack : undefined,
    cause: known?.cause instanceof Error ? { message: known.cause.message, code: codeOf(known.cause) } : undefined,
  };
}

function codeOf(error: Error): unknown {
  return (error as { code?: unknown }).code;
}

/** The reverse of {@link toPortable}. */
export function fromPortable(portable: PortableError): ImageError {
  const { path, offset } = portable;
  const cause = portable.cause && Object.assign(new Error(portable.cause.message), { code: portable.cause.code });
  const error = new ImageError(portable.code, portable.message, { path, offset, cause });
  if (portable.stack !== undefined) error.stack = portable.stack;
  return error;
}
