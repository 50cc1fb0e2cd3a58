/** Whether an EROFS image holds together. */
import { compareBytes } from "../../core/bytes.ts";
import { crc32c } from "../../core/hash/crc32c.ts";
import { type EntryKind, kindOfMode } from "../../core/mode.ts";
import { COMPAT_SB_CHKSUM, SUPER, SUPER_OFFSET } from "../../erofs/disk/format.ts";
import { isDots } from "../entry-name.ts";
import { quote } from "../text.ts";
import { type CheckedStructure, Findings } from "../verify/finding.ts";
import { RAW, type StoredPieces } from "../verify/stored-pieces.ts";
import { TWICE } from "../walk.ts";
import type { Extent } from "./contents/extent.ts";
import type { Dirent } from "./directory.ts";
import type { ErofsImage } from "./image.ts";
import type { ErofsInode } from "./inode.ts";
import { type ErofsMap, type ErofsVisitor, mapErofs } from "./map.ts";
import type { ErofsReader } from "./reader.ts";

/** dirent.file_type by kind. */
const FILE_TYPES: Readonly<Record<EntryKind, number>> = {
  ...{ file: 1, directory: 2, char: 3, block: 4, fifo: 5, socket: 6, symlink: 7 },
};
/** The first inode that is gone through. */
const ROOT = 0;
/** See {@link StoredPiece.space}. */
const [IN_IMAGE, IN_BOX, IN_DEVICE] = [0, 1, 1] as const;

/** Goes through all structures of an image: see checkStructure. */
export async function checkErofs({ image }: ErofsReader, pieces: StoredPieces): Promise<CheckedStructure> {
  const findings = new Findings();
  const checker = new Checker(image, pieces, findings);
  const wrong = await findChecksum(image);
  if (wrong !== undefined) findings.add({ offset: SUPER_OFFSET, message: wrong });
  const map = await mapErofs(image, checker);
  checker.finish(map);
  for (const tiles of [map.tiles, map.boxTiles]) for (const _ of tiles?.inOrder() ?? []);
  return { findings, showOwner: (owner) => map.paths.show(owner) };
}

/** What is wrong with the checksum of the superblock: of its block from the superblock on, with zeros in its own place. */
async function findChecksum({ bytes, blockSize }: ErofsImage): Promise<string | undefined> {
  const view = await bytes.view(SUPER_OFFSET, SUPER.byteSize);
  if ((view.getU32(0, SUPER.feature_compat) & COMPAT_SB_CHKSUM) === 0) return undefined;
  const length = blockSize > SUPER_OFFSET ? blockSize - SUPER_OFFSET : blockSize;
  const block = (await bytes.read(SUPER_OFFSET, Math.min(length, bytes.size - SUPER_OFFSET))).slice();
  const said = view.getU32(0, SUPER.checksum);
  block.fill(0, SUPER.checksum, SUPER.checksum + 4);
  const is = crc32c(block);
  return is === said
    ? undefined
    : `the checksum is 0x${is.toString(16)}, and the superblock says 0x${said.toString(16)}`;
}

/** What is known of inodes, in the order in which they are gone through. */
interface Noted {
  readonly modes: number[];
  /** Names that they say they have, and those that they have. */
  readonly nlinks: number[];
  readonly names: number[];
  /** What the first of these says that they are. */
  readonly types: number[];
}

class Checker implements ErofsVisitor {
  readonly #image: ErofsImage;
  readonly #pieces: StoredPieces;
  readonly #findings: Findings;
  readonly #noted: Noted = { modes: [], nlinks: [], names: [], types: [] };
  /** The directory that is gone through, and its last name. */
  #directory = -1;
  #last: Uint8Array | undefined;

  constructor(image: ErofsImage, pieces: StoredPieces, findings: Findings) {
    this.#image = image;
    this.#pieces = pieces;
    this.#findings = findings;
  }

  inode({ mode, nlink }: ErofsInode): void {
    this.#noted.modes.push(mode);
    this.#noted.nlinks.push(nlink);
  }

  extent(
    { source, at, stored, length, algorithm, space, device, isPartial }: Extent,
    _: ErofsInode,
    owner: number,
  ): void {
    if (source === "hole" || source === "packed") return;
    const method = algorithm ?? RAW;
    const where = source === "device" ? IN_DEVICE + device : space === this.#image.box ? IN_BOX : IN_IMAGE;
    this.#pieces.add({ space: where, at, stored, length, method, isSpecial: source === "inode", isPartial, owner });
  }

  dirent({ name, fileType }: Dirent, { at }: ErofsInode, owner: number, child: number): void {
    if (owner !== this.#directory) this.#last = undefined;
    this.#directory = owner;
    if (this.#last !== undefined && compareBytes(this.#last, name) >= 0) {
      const message = `the name ${quote(name)} of a directory stands behind ${quote(this.#last)}`;
      this.#findings.add({ offset: at, message });
    }
    this.#last = name;
    const { names, types } = this.#noted;
    if (isDots(name)) return;
    names[child] = (names[child] ?? 0) + 1;
    types[child] ??= fileType;
    const known = types[child];
    if (known === fileType) return;
    this.#findings.add({ offset: at, message: `${quote(name)} is of type ${fileType}, and elsewhere of ${known}` });
  }

  /** What can be told once all inodes are known. */
  finish({ paths }: ErofsMap): void {
    const { modes, nlinks, names, types } = this.#noted;
    for (const [owner, mode] of modes.entries()) {
      const kind = kindOfMode(mode);
      const tell = (message: string) => this.#findings.add({ path: paths.show(owner), message });
      if (kind === undefined) tell(`no inode has the mode ${mode.toString(8)}`);
      const [count, type] = [names[owner], types[owner]];
      if (count === undefined || kind === undefined) continue;
      if (type !== FILE_TYPES[kind]) tell(`its directory says type ${type}, and it is a ${kind}`);
      if (kind !== "directory" && nlinks[owner] !== count) tell(`it has ${count} names, and says ${nlinks[owner]}`);
      if (kind === "directory" && (count > 1 || owner === ROOT)) tell(TWICE);
    }
  }
}
