/** Whether an EROFS image holds together. */
import { compareBytes } from "../../core/bytes.ts";
import { crc32c } from "../../core/hash/crc32c.ts";
import { type EntryKind, kindOfMode } from "../../core/mode.ts";
import { COMPAT_SB_CHKSUM, SUPER, SUPER_OFFSET } from "../../erofs/disk/format.ts";
import { quote } from "../text.ts";
import { type CheckedStructure, Findings } from "../verify/finding.ts";
import { RAW, type StoredPieces } from "../verify/stored-pieces.ts";
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

class Checker implements ErofsVisitor {
  readonly #image: ErofsImage;
  readonly #pieces: StoredPieces;
  readonly #findings: Findings;
  /** Names of an inode, and what the first of them says that it is. */
  readonly #names = new Map<number, { count: number; fileType: number }>();
  readonly #inodes: { nid: number; mode: number; nlink: number }[] = [];
  /** The directory that is gone through, its last name, and the directories in it. */
  #directory = -1;
  #last: Uint8Array | undefined;

  constructor(image: ErofsImage, pieces: StoredPieces, findings: Findings) {
    this.#image = image;
    this.#pieces = pieces;
    this.#findings = findings;
  }

  inode({ nid, mode, nlink }: ErofsInode): void {
    this.#inodes.push({ nid, mode, nlink });
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

  dirents(dirents: readonly Dirent[], { at }: ErofsInode, owner: number): void {
    if (owner !== this.#directory) this.#last = undefined;
    this.#directory = owner;
    for (const { name, nid, fileType } of dirents) {
      if (this.#last !== undefined && compareBytes(this.#last, name) >= 0) {
        this.#findings.add({
          offset: at,
          message: `the name ${quote(name)} of a directory stands behind ${quote(this.#last)}`,
        });
      }
      this.#last = name;
      const known = this.#names.get(nid);
      if (known) known.count++;
      else this.#names.set(nid, { count: 1, fileType });
      if (known && known.fileType !== fileType) {
        this.#findings.add({
          offset: at,
          message: `${quote(name)} is of type ${fileType}, and elsewhere of ${known.fileType}`,
        });
      }
    }
  }

  /** What can be told once all inodes are known. */
  finish({ paths }: ErofsMap): void {
    for (const [owner, { nid, mode, nlink }] of this.#inodes.entries()) {
      const named = this.#names.get(nid);
      const kind = kindOfMode(mode);
      const path = paths.show(owner);
      if (kind === undefined) this.#findings.add({ path, message: `no inode has the mode ${mode.toString(8)}` });
      if (named === undefined || kind === undefined) continue;
      if (named.fileType !== FILE_TYPES[kind]) {
        this.#findings.add({ path, message: `its directory says type ${named.fileType}, and it is a ${kind}` });
      }
      if (kind !== "directory" && nlink !== named.count) {
        this.#findings.add({ path, message: `it has ${named.count} names, and says ${nlink}` });
      }
    }
  }
}
