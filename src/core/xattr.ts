/** What Linux bounds of extended attributes. */

/** XATTR_LIST_MAX: bytes of the names of all attributes of one inode, each with a zero behind it. */
export const MAX_XATTR_LIST = 0x10000;
/** Bytes of a value. */
export const XATTR_SIZE_MAX = 0x10000;
