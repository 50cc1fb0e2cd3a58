/**
 * A directory of an archive as the root: only what lies in it is taken, and links that lead there lead to where it is now.
 *
 *     usr/share            becomes  /
 *     usr/share/doc/a      becomes  doc/a
 *     usr/bin/x            is left out
 *     doc/b -> /usr/share/doc/a     becomes  doc/b -> /doc/a
 */
import { bytesFromLatin1, encodeUtf8, latin1FromBytes, showBytes } from "../../../../core/bytes.ts";
import { ImageError } from "../../../../core/error.ts";
import { compileGlob } from "../../../text/glob.ts";
import { S_IFDIR, S_IFLNK } from "../../../tree/tree.ts";
import type { TarMember } from "./tar-reader.ts";

/** Which members are taken, and where they go. */
export interface MemberChoice {
  /** The directory that becomes the root (`--root-becomes`). Default: the archive's root. */
  rootBecomes?: string | undefined;
  /** Symbolic links keep their targets where another directory becomes the root (`--no-symlink-retarget`). Default: false. */
  keepTargets?: boolean | undefined;
  /** Shell patterns; what they match is left out, with all that lies in it (`--exclude-dir`). Wildcards match slashes. */
  excludeMembers?: readonly string[] | undefined;
}

/** Chooses members by their paths in the archive, and gives them others. */
export class MemberChooser {
  readonly #root: string;
  readonly #keepsTargets: boolean;
  readonly #excluded: readonly ((path: string) => boolean)[];

  constructor({ rootBecomes = "", keepTargets = false, excludeMembers = [] }: MemberChoice) {
    this.#root = withoutDots(latin1Of(rootBecomes));
    this.#keepsTargets = keepTargets;
    this.#excluded = excludeMembers.map((pattern) => compileGlob(withoutDots(latin1Of(pattern))));
  }

  /** What becomes of a member; undefined where it is left out. Throws `INPUT` for a root that is no directory. */
  take(member: TarMember): TarMember | undefined {
    if (this.#root === "" && this.#excluded.length === 0) return member;
    const path = withoutDots(member.path);
    if (this.#isExcluded(path)) return undefined;
    if (this.#root === "") return member;
    const own = this.#below(path);
    if (own === undefined) return undefined;
    if (own === "" && member.kind !== S_IFDIR) {
      const shown = showBytes(bytesFromLatin1(path));
      throw new ImageError("INPUT", `${shown}: is no directory, and cannot become the root`, { path: shown });
    }
    member.path = own === "" ? "./" : own;
    if (member.target !== undefined) member.target = this.#retarget(member.kind, member.target);
    return member;
  }

  #isExcluded(path: string): boolean {
    if (this.#excluded.length === 0) return false;
    for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
      const above = path.slice(0, end);
      if (this.#excluded.some((matches) => matches(above))) return true;
    }
    return false;
  }

  /** A path of the archive as it is below the new root; undefined where it is not there. */
  #below(path: string): string | undefined {
    const root = this.#root;
    if (path === root) return "";
    return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : undefined;
  }

  #retarget(kind: number, target: string): string {
    if (kind === S_IFLNK && (this.#keepsTargets || target.split("/").includes(".."))) return target;
    const own = this.#below(withoutDots(target));
    if (own === undefined) return target;
    // a further name of a file has a path of the archive, a link one of the image
    return kind === S_IFLNK ? `/${own}` : own;
  }
}

/** A path without what says nothing. */
function withoutDots(path: string): string {
  return path
    .split("/")
    .filter((name) => name !== "" && name !== ".")
    .join("/");
}

function latin1Of(text: string): string {
  return latin1FromBytes(encodeUtf8(text));
}
