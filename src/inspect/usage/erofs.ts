/** Who pays for which bytes of an EROFS image. */

import { roundUp } from "../../core/bytes.ts";
import type { Extent } from "../erofs/contents/extent.ts";
import { eachExtent } from "../erofs/contents/file-map.ts";
import { readDirents } from "../erofs/directory.ts";
import type { ErofsImage } from "../erofs/image.ts";
import { type ErofsInode, isCompressedInode, isDirectory, readInode } from "../erofs/inode.ts";
import { type ErofsKind, KINDS } from "../erofs/kinds.ts";
import { type ErofsMap, type ErofsVisitor, mapErofs } from "../erofs/map.ts";
import { ImageBytes } from "../image.ts";
import { type Claim, type Gap, type StructureKind, Tiles } from "../tiles.ts";
import { type CostTo, costsOf, PLAIN, type StoredPiece } from "./costs.ts";
import { isPadding } from "./gaps.ts";
import { Ledger, NOBODY, type Usage, type UsageKind } from "./ledger.ts";

/** What structures are for; data hangs on whose it is. */
const USES: Readonly<Record<ErofsKind["name"], UsageKind>> = {
  superblock: "superblock",
  configuration: "superblock",
  device: "tables",
  "long prefix": "tables",
  inode: "inodes",
  attributes: "attributes",
  "shared attribute": "attributes",
  "list of chunks": "indexes",
  "map header": "indexes",
  index: "indexes",
  tail: "tails",
  "superblock of the hash tree": "hashes",
  "level of the hash tree": "hashes",
  "directory block": "directories",
  data: "data",
};

/** Structures that no inode has. */
const HEADS: readonly ErofsKind[] = [
  KINDS.superblock,
  KINDS.configuration,
  KINDS.device,
  KINDS.prefix,
  KINDS.veritySuperblock,
  KINDS.hashes,
];
/** What of the packed inode is a file's. */
const FRAGMENT = { name: "fragment", sharing: "any" } as const satisfies StructureKind;
/** In place of where a file's last block is filled up: it has none that is. */
const FULL = -1;

/** Enters every byte of an image. */
export async function erofsUsage(image: ErofsImage): Promise<Usage> {
  const found = new Found(image, image.packedNid === 0 ? 0 : (await readInode(image, image.packedNid)).size);
  const map = await mapErofs(image, found);
  const books = new Books(map, found);
  await books.enter(map.tiles, image.bytes, PLAIN);
  if (map.boxTiles && image.box) {
    await books.enter(map.boxTiles, image.box, await costsOfInode(image, image.metaboxNid, books.box.bytes));
  }
  if (image.packedNid !== 0) books.enterFragments(await costsOfInode(image, image.packedNid, books.packed.bytes));
  return { format: "erofs", bytes: image.bytes.size, paths: map.paths, ledger: books.ledger };
}

/** What the bytes of an inode cost that others lie in, if all of it costs `total`. */
async function costsOfInode(image: ErofsImage, nid: number, total: number): Promise<CostTo> {
  const pieces: StoredPiece[] = [];
  await eachExtent(image, await readInode(image, nid), ({ length, stored }) => pieces.push({ length, stored }));
  return costsOf(pieces, total);
}

/** What is found on the way through the inodes. */
class Found implements ErofsVisitor {
  readonly fragments: Tiles<typeof FRAGMENT>;
  readonly #image: ErofsImage;
  /** By number of the map's paths. */
  readonly #isDirectory: boolean[] = [];
  readonly #fillers: number[] = [];

  constructor(image: ErofsImage, packedBytes: number) {
    this.#image = image;
    this.fragments = new Tiles(new ImageBytes({ size: packedBytes, readAt: () => 0 }, "the packed inode"));
  }

  inode(inode: ErofsInode): void {
    this.#isDirectory.push(isDirectory(inode));
    this.#fillers.push(FULL);
  }

  extent({ source, at, length, stored }: Extent, inode: ErofsInode, owner: number): void {
    if (source === "packed") this.fragments.add(FRAGMENT, at, at + stored, owner);
    const isFilled = source === "blocks" && length < stored && !isCompressedInode(inode);
    this.#fillers[owner] = isFilled ? at + length : FULL;
  }

  isDirectory(owner: number): boolean {
    return this.#isDirectory[owner]!;
  }

  /** Where the last block of a file is filled up, if `end` is the end of that; else `end`. */
  fillerAt(owner: number, end: number): number {
    const at = this.#fillers[owner]!;
    return at !== FULL && roundUp(at, this.#image.blockSize) === end ? at : end;
  }
}

/** An inode that others lie in, and what its contents cost, which those are to pay. */
interface Inner {
  readonly owner: number;
  bytes: number;
}

class Books {
  readonly ledger: Ledger;
  readonly packed: Inner;
  readonly box: Inner;
  readonly #map: ErofsMap;
  readonly #found: Found;

  constructor(map: ErofsMap, found: Found) {
    const { nids, image, paths } = map;
    this.#map = map;
    this.#found = found;
    this.ledger = new Ledger(paths.length);
    this.packed = { owner: image.packedNid === 0 ? NOBODY : nids.indexOf(image.packedNid), bytes: 0 };
    this.box = { owner: image.metaboxNid === 0 ? NOBODY : nids.indexOf(image.metaboxNid), bytes: 0 };
  }

  /** Enters all of a space. */
  async enter(tiles: Tiles<ErofsKind>, space: ImageBytes, costTo: CostTo): Promise<void> {
    let owner = NOBODY;
    for (const next of tiles.claims()) {
      if (next.isGap) {
        const isOwned = next.end - next.at < this.#map.image.blockSize;
        await this.#enterGap(next, space, costTo, isOwned ? owner : NOBODY);
        continue;
      }
      owner = HEADS.includes(next.kind) ? NOBODY : next.owner;
      this.#share(next, costTo);
      if (next.from < next.end) await this.#enterClaim(next, space, costTo);
    }
  }

  /** Enters what lies in the packed inode, whose parts of it are theirs; the rest is nobody's. */
  enterFragments(costTo: CostTo): void {
    for (const { at, end, ...next } of this.#found.fragments.claims()) {
      if ("owner" in next) {
        this.#share({ ...next, at }, costTo);
        this.ledger.charge("fragments", next.owner, costTo(end) - costTo(next.from));
      } else this.ledger.charge("fragments", NOBODY, costTo(end) - costTo(at));
    }
  }

  /** Zeros behind a structure are its owner's if they only fill up. */
  async #enterGap(gap: Gap, space: ImageBytes, costTo: CostTo, owner: number): Promise<void> {
    const bytes = costTo(gap.end) - costTo(gap.at);
    if (!(await isPadding(space, gap))) this.ledger.charge("unknown", NOBODY, bytes);
    else this.#charge("padding", owner, bytes);
  }

  async #enterClaim(claim: Claim<ErofsKind>, space: ImageBytes, costTo: CostTo): Promise<void> {
    const { kind, from, end, owner } = claim;
    const cost = costTo(end) - costTo(from);
    if (HEADS.includes(kind)) this.ledger.charge(USES[kind.name], NOBODY, cost);
    else if (kind === KINDS.data || kind === KINDS.tail) {
      const inner = [this.packed, this.box].find((each) => each.owner !== NOBODY && each.owner === owner);
      if (inner) inner.bytes += cost;
      else this.#enterData(claim, costTo);
    } else if (kind === KINDS.directory) {
      const { end: namesEnd } = readDirents(await space.read(claim.at, end - claim.at), claim.at);
      this.#chargeParts("directories", claim, claim.at + namesEnd, costTo);
    } else this.#charge(USES[kind.name], owner, cost);
  }

  #enterData(claim: Claim<ErofsKind>, costTo: CostTo): void {
    const { kind, owner, end } = claim;
    const use = this.#found.isDirectory(owner) ? "directories" : USES[kind.name];
    this.#chargeParts(use, claim, kind === KINDS.data ? this.#found.fillerAt(owner, end) : end, costTo);
  }

  /** Charges a structure that is filled up from `fillerAt` on. */
  #chargeParts(use: UsageKind, { from, end, owner }: Claim<ErofsKind>, fillerAt: number, costTo: CostTo): void {
    const until = Math.max(from, fillerAt);
    this.#charge(use, owner, costTo(until) - costTo(from));
    this.#charge("padding", owner, costTo(end) - costTo(until));
  }

  #share({ at, from, owner }: Pick<Claim<StructureKind>, "at" | "from" | "owner">, costTo: CostTo): void {
    this.ledger.share(this.#payer(owner), costTo(from) - costTo(at));
  }

  #charge(use: UsageKind, owner: number, bytes: number): void {
    this.ledger.charge(use, this.#payer(owner), bytes);
  }

  /** Inodes without names are the image's. */
  #payer(owner: number): number {
    return owner === this.packed.owner || owner === this.box.owner ? NOBODY : owner;
  }
}
