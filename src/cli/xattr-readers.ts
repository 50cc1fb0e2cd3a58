/** What all commands say of the reading of extended attributes. */

/** What can be asked for. */
export const XATTR_READERS = ["auto", "none", "ffi", "napi", "getfattr"] as const;

/** What it means. */
export const XATTRS_HELP =
  "what reads extended attributes of files: ffi (Node 26.1 and later, on Linux), napi (the package @napi-rs/xattr), getfattr " +
  "(that program and xargs), auto (the first of these that is there), none";
