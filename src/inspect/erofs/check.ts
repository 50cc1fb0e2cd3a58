/** Whether an EROFS image holds together. */
import { crc32c } from "../../core/hash/crc32c.ts";
import { type EntryKind, kindOfMode } from "../../core/mode.ts";
import { COMPAT_SB_CHKSUM, SUPER, SUPER_OFFSET } from "../../erofs/disk/format.ts";
import { Paths } from "../paths.ts";
import { IN_TWO, isDots } from "../rules/entry-name.ts";
import { quote } from "../text.ts";
import { type CheckedStructure, Findings } from "../verify/finding.ts";
import { RAW, type StoredPieces } from "../verify/stored-pieces.ts";
import type { Extent } from "./contents/extent.ts";
import { fragmentFault, NO_PACKED, PACKED_IN_ITSELF, plainFault } from "./data.ts";
import { type Dirent, NameOrder } from "./directory.ts";
import type { ErofsImage } from "./image.ts";
import { type ErofsInode, readInode } from "./inode.ts";
import { type ErofsVisitor, mapErofs } from "./map.ts";
import type { ErofsReader } from "./reader.ts";
import { type LongPrefixes, shownEntries, type XattrEntry } from "./xattrs.ts";

/** dirent.file_type by kind. */
const FILE_TYPES: Readonly<Record<EntryKind, number>> = {
  ...{ file: 1, directory: 2, char: 3, block: 4, fifo: 5, socket: 6, symlink: 7 },
};
/** See {@link StoredPiece.space}. */
const [IN_IMAGE, IN_BOX, IN_DEVICE] = [0, 1, 1] as const;
/** The owner that comes first. */
const ROOT = 0;

/** Goes through all structures of an image: see checkStructure. */
export async function checkErofs(reader: ErofsReader, pieces: StoredPieces): Promise<CheckedStructure> {
  const { image } = reader;
  const findings = new Findings();
  const wrong = await findChecksum(image);
  if (wrong !== undefined) findings.add({ offset: SUPER_OFFSET, message: wrong });
  const paths = new Paths();
  const rules: Rules = {
    packedSize: image.packedNid === 0 ? undefined : (await readInode(image, image.packedNid)).size,
    longPrefixes: await reader.longPrefixes(),
  };
  const checker = new Checker(reader, rules, { pieces, findings, paths });
  const { tiles, boxTiles } = await mapErofs(image, checker, paths);
  checker.finish();
  for (const each of [tiles, boxTiles]) for (const _ of each?.inOrder() ?? []);
  return { findings, showOwner: (owner) => paths.show(owner) };
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

/** What has to be known of an image to check an inode by itself. */
interface Rules {
  /** Bytes of the packed inode; undefined: there is none. */
  readonly packedSize: number | undefined;
  readonly longPrefixes: LongPrefixes;
}

/** Where what is found goes to. */
interface Found {
  readonly pieces: StoredPieces;
  readonly findings: Findings;
  readonly paths: Paths;
}

class Checker implements ErofsVisitor {
  readonly #reader: ErofsReader;
  readonly #rules: Rules;
  readonly #found: Found;
  readonly #noted: Noted = { modes: [], nlinks: [], names: [], types: [] };
  /** The directory that is gone through, and the order of its names. */
  #directory = -1;
  #order: NameOrder | undefined;

  constructor(reader: ErofsReader, rules: Rules, found: Found) {
    this.#reader = reader;
    this.#rules = rules;
    this.#found = found;
  }

  inode({ mode, nlink }: ErofsInode): void {
    this.#noted.modes.push(mode);
    this.#noted.nlinks.push(nlink);
  }

  link(inode: ErofsInode, owner: number): undefined | Promise<void> {
    return this.#found.findings.attempt(
      () => this.#reader.target(inode),
      () => this.#found.paths.show(owner),
    );
  }

  xattrs(shared: readonly XattrEntry[], own: readonly XattrEntry[], inode: ErofsInode, owner: number): void {
    this.#found.findings.attempt(
      () => shownEntries(inode, shared, own, this.#rules.longPrefixes),
      () => this.#found.paths.show(owner),
    );
  }

  extent(extent: Extent, inode: ErofsInode, owner: number): void {
    const { source, at, stored, length, algorithm, space, device, isPartial } = extent;
    if (source === "packed") this.#tell(inode, owner, this.#fragmentFault(extent, inode));
    if (source === "packed" || source === "hole") return;
    if (algorithm === undefined) this.#tell(inode, owner, plainFault(extent));
    const method = algorithm ?? RAW;
    const isInBox = space !== undefined && space === this.#reader.image.box;
    const where = source === "device" ? IN_DEVICE + device : isInBox ? IN_BOX : IN_IMAGE;
    this.#found.pieces.add({
      space: where,
      at,
      stored,
      length,
      method,
      isSpecial: source === "inode",
      isPartial,
      owner,
    });
  }

  dirent({ name, nid, fileType }: Dirent, inode: ErofsInode, owner: number, child: number): void {
    if (this.#order === undefined || owner !== this.#directory) this.#order = new NameOrder(inode);
    this.#directory = owner;
    const wrong = this.#order.fault(name, nid);
    if (wrong !== undefined) this.#tell(inode, owner, wrong);
    if (isDots(name)) return;
    const { names, types } = this.#noted;
    names[child] = (names[child] ?? 0) + 1;
    types[child] ??= fileType;
    const known = types[child];
    if (known !== fileType)
      this.#tell(inode, owner, `${quote(name)} is of type ${fileType}, and elsewhere of ${known}`);
  }

  /** What can be told once all inodes are known. */
  finish(): void {
    const { modes, nlinks, names, types } = this.#noted;
    for (const [owner, mode] of modes.entries()) {
      const kind = kindOfMode(mode);
      const tell = (message: string) => this.#found.findings.add({ path: this.#found.paths.show(owner), message });
      if (kind === undefined) tell(`no inode has the mode ${mode.toString(8)}`);
      const [count, type] = [names[owner], types[owner]];
      if (count === undefined || kind === undefined) continue;
      if (type !== FILE_TYPES[kind]) tell(`its directory says type ${type}, and it is a ${kind}`);
      if (kind !== "directory" && nlinks[owner] !== count) tell(`it has ${count} names, and says ${nlinks[owner]}`);
      if (kind === "directory" && count > (owner === ROOT ? 0 : 1)) tell(IN_TWO);
    }
  }

  #fragmentFault({ at, length }: Extent, { nid }: ErofsInode): string | undefined {
    const { packedSize } = this.#rules;
    if (packedSize === undefined) return NO_PACKED;
    return nid === this.#reader.image.packedNid ? PACKED_IN_ITSELF : fragmentFault(at, length, packedSize);
  }

  /** Tells what is wrong with an inode, if anything. */
  #tell({ at, space }: ErofsInode, owner: number, message: string | undefined): void {
    if (message === undefined) return;
    const { findings, paths } = this.#found;
    const offset = space === this.#reader.image.bytes ? { offset: at } : undefined;
    findings.add({ path: paths.show(owner), ...offset, message });
  }
}
