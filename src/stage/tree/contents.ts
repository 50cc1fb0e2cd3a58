/** Reading what the files of a tree hold. */

/**
 * Contents of regular files by entry number. Calls come one at a time in each thread; reading on in the same file is
 * cheap. A result that is not a promise means that the bytes are there already, which spares the hot path its awaits.
 */
export interface Contents {
  /** Bytes that were read of the sources; whoever counts them sets it back to 0. */
  bytesRead: number;
  /**
   * Fills `into[at, at + length)` with the file's bytes from `offset`, all of them or an error. With `toEnd` the file
   * must end there: one byte behind the range may be scribbled on, and `into` must have room for it.
   */
  read(
    entry: number,
    offset: number,
    length: number,
    into: Uint8Array,
    at: number,
    toEnd: boolean,
  ): void | Promise<void>;
  /** Ends reading well: a file that is still open must not have changed since. */
  close(): void;
  /** Lets go of whatever is open, after a failure too; more reads may follow. */
  release(): void;
}
