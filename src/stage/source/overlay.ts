/** The marks by which overlayfs says what of the layers below a directory is gone. */
import { encodeUtf8 } from "../../core/bytes.ts";
import { S_IFCHR, type Tree } from "../tree/tree.ts";
import type { Xattr } from "../tree/xattrs.ts";

/** All of the directory below is gone. */
export const OPAQUE_NAME = "trusted.overlay.opaque";
/** The attribute that says so. */
export const OPAQUE_XATTR: Xattr = { name: encodeUtf8(OPAQUE_NAME), value: encodeUtf8("y") };
/** Has overlayfs look for whiteouts when it lists a directory. */
export const ORIGIN_XATTR: Xattr = { name: encodeUtf8("trusted.overlay.origin"), value: new Uint8Array(0) };

/** Whether an entry is a whiteout: a name that is gone. */
export function isWhiteout(tree: Tree, entry: number): boolean {
  return tree.kind(entry) === S_IFCHR && tree.ref.view[entry] === 0;
}
