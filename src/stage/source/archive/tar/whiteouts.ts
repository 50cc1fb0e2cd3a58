/**
 * Whiteouts, by which a layer of a container's filesystem says what of the layers below is gone. Archives have them in
 * AUFS's form, as files; overlayfs has devices and attributes.
 *
 *     dir/.wh.name           dir/name is gone          a character device 0:0, and "trusted.overlay.origin" of dir
 *     dir/.wh..wh..opq       all of dir is gone        "trusted.overlay.opaque" of dir is "y"
 */
import { latin1FromBytes } from "../../../../core/bytes.ts";
import { S_IFCHR } from "../../../tree/tree.ts";
import { OPAQUE_NAME, OPAQUE_XATTR, ORIGIN_XATTR } from "../../overlay.ts";
import type { MemberTree } from "../member-tree.ts";
import type { TarMember } from "./tar-reader.ts";

const PREFIX = ".wh.";
const OPAQUE = ".wh..wh..opq";

/** Makes overlayfs's marks from AUFS's, or leaves them out. */
export class Whiteouts {
  readonly #members: MemberTree;
  readonly #isAufs: boolean;
  readonly #strips: boolean;
  readonly #opaque = new Set<number>();
  readonly #withWhiteouts = new Set<number>();

  /** @param options see TarOptions */
  constructor(
    members: MemberTree,
    { aufs = false, overlay }: { aufs?: boolean | undefined; overlay?: string | undefined },
  ) {
    this.#members = members;
    this.#isAufs = aufs;
    this.#strips = overlay === "strip";
  }

  /** What becomes of a member; undefined where it is none of its own. */
  take(member: TarMember): TarMember | undefined {
    if (this.#strips && member.xattrs.length > 0)
      member.xattrs = member.xattrs.filter(({ name }) => latin1FromBytes(name) !== OPAQUE_NAME);
    if (!this.#isAufs || !member.path.includes(PREFIX)) return member;
    const slash = member.path.lastIndexOf("/");
    const name = member.path.slice(slash + 1);
    if (!name.startsWith(PREFIX) || name === PREFIX) return member;
    const folder = this.#members.folderOf(member.path);
    if (name === OPAQUE) {
      this.#opaque.add(folder);
      return undefined;
    }
    this.#withWhiteouts.add(folder);
    member.path = member.path.slice(0, slash + 1) + name.slice(PREFIX.length);
    member.kind = S_IFCHR;
    member.major = 0;
    member.minor = 0;
    return member;
  }

  /** Gives directories their marks, however often they have been described. */
  finish(): void {
    if (this.#strips) return;
    for (const folder of this.#opaque) this.#members.addXattr(folder, OPAQUE_XATTR);
    for (const folder of this.#withWhiteouts) this.#members.addXattr(folder, ORIGIN_XATTR);
  }
}
