/** What reads extended attributes, as Node itself cannot. */

/** Asks the system about one file after another; every thread has its own. */
export interface XattrReader {
  /**
   * The full names of the attributes of what lies at `path`, no link followed, as latin1 strings; most files have those of
   * the one before, and then this is the same array. Undefined: it cannot spell the path or one of them. Throws what the
   * system answers, as Node does.
   */
  list(path: Buffer): readonly string[] | undefined;
  /** The value of one of them, which the next call may overwrite; undefined: it is not there any more. */
  value(name: string): Uint8Array | undefined;
}
