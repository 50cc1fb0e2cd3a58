/** Which attributes of files go into images: those in the namespaces that Linux's image formats have. */
import { bytesFromLatin1 } from "../../../core/bytes.ts";
import type { StagePolicy } from "../../tree/policy.ts";
import { compileXattrNames } from "../../tree/xattrs.ts";
import { OPAQUE_NAME } from "../overlay.ts";

const HELD = /^(?:user|trusted|security)\../s;
/** Access control lists, which EROFS holds and SquashFS does not. */
const ACL = /^system\.posix_acl_(?:access|default)$/;

/** What becomes of an attribute: it is taken; rules leave it out; images of this format have no place for it. */
export type XattrFate = "taken" | "excluded" | "homeless";

/** Says of attributes what becomes of them, by their full names as latin1 strings. */
export class XattrNames {
  readonly #isAllowed: (name: Uint8Array) => boolean;
  readonly #hasAcls: boolean;
  readonly #strips: boolean;
  readonly #fates = new Map<string, XattrFate>();

  constructor({ xattrNames, holdsAcls, overlay }: StagePolicy) {
    this.#strips = overlay === "strip";
    this.#isAllowed = compileXattrNames(xattrNames);
    this.#hasAcls = holdsAcls;
  }

  /** What becomes of an attribute. */
  fate(name: string): XattrFate {
    let fate = this.#fates.get(name);
    if (fate === undefined) {
      const isHeld = HELD.test(name) || (this.#hasAcls && ACL.test(name));
      const isAllowed = this.#isAllowed(bytesFromLatin1(name)) && !(this.#strips && name === OPAQUE_NAME);
      fate = !isAllowed ? "excluded" : isHeld ? "taken" : "homeless";
      this.#fates.set(name, fate);
    }
    return fate;
  }
}
