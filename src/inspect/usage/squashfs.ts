/** Who pays for which bytes of a SquashFS image. */
import { FRAGMENT_ENTRY, META_BLOCK, META_HEADER } from "../../squashfs/disk/format.ts";
import { ImageBytes } from "../image.ts";
import type { SquashfsImage, TableName } from "../squashfs/image.ts";
import type { SquashfsInode } from "../squashfs/inode.ts";
import { KINDS, TABLE_KINDS } from "../squashfs/kinds.ts";
import { type MappedTable, mapSquashfs, type SquashfsMap, type SquashfsVisitor } from "../squashfs/map.ts";
import type { MetaTable } from "../squashfs/metadata.ts";
import { type StructureKind, Tiles } from "../tiles.ts";
import { type CostTo, costsOf, type StoredPiece } from "./costs.ts";
import { isPadding } from "./gaps.ts";
import { Ledger, NOBODY, type Usage, type UsageKind } from "./ledger.ts";

/** What tables are for. */
const USES: Readonly<Record<TableName, UsageKind>> = {
  inodes: "inodes",
  directories: "directories",
  fragments: "tables",
  exports: "tables",
  ids: "tables",
  "xattr ids": "attributes",
  attributes: "attributes",
};

/** The end of a file in a fragment block. */
const FILE_END = { name: "end", sharing: "any" } as const satisfies StructureKind;
/** No set of attributes. */
const NO_SET = -1;

/** Enters every byte of an image. */
export async function squashfsUsage(image: SquashfsImage): Promise<Usage> {
  const found = new Found(image);
  const map = await mapSquashfs(image, found);
  const books = new Books(map, found);
  const fragments = new Float64Array(found.endBytes.length);
  for (const next of map.tiles.claims()) {
    if (next.isGap) {
      books.ledger.charge((await isPadding(image.bytes, next)) ? "padding" : "unknown", NOBODY, next.end - next.at);
      continue;
    }
    const { kind, at, from, end, owner, detail } = next;
    if (kind === KINDS.data) {
      books.ledger.share(owner, from - at);
      books.ledger.charge("data", owner, end - from);
    } else if (kind === KINDS.fragment) fragments[detail] = end - at;
    else if (kind === KINDS.table) await books.enterTable(map.tables[detail]!);
    else if (kind === KINDS.veritySuperblock || kind === KINDS.hashes) books.ledger.charge("hashes", NOBODY, end - at);
    else {
      const use = kind === KINDS.list ? USES[map.tables[detail]!.place.name] : undefined;
      books.ledger.charge(use ?? (kind === KINDS.xattrHead ? "attributes" : "superblock"), NOBODY, end - at);
    }
  }
  books.enterEnds(fragments);
  books.shareSets();
  return { format: "squashfs", bytes: image.bytes.size, paths: map.paths, ledger: books.ledger };
}

/** What inodes share. */
class Found implements SquashfsVisitor {
  /** Ends of files, in a space in which each fragment block has as much room as a block. */
  readonly ends: Tiles<typeof FILE_END>;
  /** Bytes of each fragment block that files have. */
  readonly endBytes: number[];
  /** Sets of attributes by number of the map's paths, and the first that has each. */
  readonly sets: number[] = [];
  readonly setOwners = new Map<number, number>();
  readonly #blockSize: number;

  constructor({ blockSize, tables }: SquashfsImage) {
    const bytes = tables.find(({ name }) => name === "fragments")?.bytes ?? 0;
    const count = bytes / FRAGMENT_ENTRY.byteSize;
    this.#blockSize = blockSize;
    this.endBytes = new Array(count).fill(0);
    this.ends = new Tiles(new ImageBytes({ size: count * blockSize, readAt: () => 0 }, "the fragment blocks"));
  }

  inode({ file, size, xattrSet = NO_SET }: SquashfsInode, owner: number): void {
    this.sets.push(xattrSet);
    if (!this.setOwners.has(xattrSet)) this.setOwners.set(xattrSet, owner);
    if (file?.fragment === undefined) return;
    const length = size - file.words * this.#blockSize;
    const at = file.fragment * this.#blockSize + file.fragmentOff;
    this.ends.add(FILE_END, at, at + length, owner);
    const end = Math.min(file.fragmentOff + length, this.#blockSize);
    this.endBytes[file.fragment] = Math.max(this.endBytes[file.fragment]!, end);
  }

  entry(): void {
    // what it costs is where its listing is
  }
}

class Books {
  readonly ledger: Ledger;
  readonly #map: SquashfsMap;
  readonly #found: Found;
  /** What each set of attributes costs. */
  readonly #setCosts = new Map<number, number>();

  constructor(map: SquashfsMap, found: Found) {
    this.#map = map;
    this.#found = found;
    this.ledger = new Ledger(map.paths.length);
  }

  /** Enters fragment blocks, stored in so many bytes each: every file's share of them, and as nobody's what none has. */
  enterEnds(fragments: Float64Array): void {
    const { blockSize } = this.#map.image;
    const pieces = this.#found.endBytes.flatMap((length, number): StoredPiece[] => {
      const stored = fragments[number]!;
      const rest = blockSize - length;
      return length === 0
        ? [{ length: rest, stored }]
        : [
            { length, stored },
            { length: rest, stored: 0 },
          ];
    });
    const costTo = costsOf(pieces);
    for (const next of this.#found.ends.claims()) {
      const from = next.isGap ? next.at : next.from;
      const owner = next.isGap ? NOBODY : next.owner;
      this.ledger.share(owner, costTo(from) - costTo(next.at));
      this.ledger.charge("fragments", owner, costTo(next.end) - costTo(from));
    }
  }

  /** Enters a table: to inodes what is theirs in proportion to its bytes. */
  async enterTable({ place, table, tiles }: MappedTable): Promise<void> {
    const use = USES[place.name];
    if (place.name !== "inodes" && place.name !== "directories" && place.name !== "attributes") {
      this.ledger.charge(use, NOBODY, place.end - place.at);
      return;
    }
    const costTo = costsOfTable(table);
    for (const next of tiles.claims()) {
      const cost = costTo(next.end) - costTo(next.at);
      if (next.isGap) {
        this.ledger.charge((await isPadding(table.bytes, next)) ? "padding" : "unknown", NOBODY, cost);
      } else if (next.kind === TABLE_KINDS.pairs) {
        this.#setCosts.set(next.owner, cost);
        this.ledger.charge(use, this.#found.setOwners.get(next.owner) ?? NOBODY, cost);
      } else this.ledger.charge(use, next.kind === TABLE_KINDS.value ? NOBODY : next.owner, cost);
    }
  }

  /** Tells what sharing of attributes has saved. */
  shareSets(): void {
    const { sets, setOwners } = this.#found;
    for (const [owner, set] of sets.entries()) {
      if (set !== NO_SET && setOwners.get(set) !== owner) this.ledger.share(owner, this.#setCosts.get(set) ?? 0);
    }
  }
}

/** What the bytes of a table cost: those of each block what that has, with its head. */
function costsOfTable({ blocks, bytes }: MetaTable): CostTo {
  return costsOf(
    blocks.map(({ stored }, number) => ({
      length: Math.min(META_BLOCK, bytes.size - number * META_BLOCK),
      stored: META_HEADER.byteSize + stored,
    })),
  );
}
